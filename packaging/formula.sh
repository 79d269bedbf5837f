#!/bin/sh
# Prints a Homebrew formula for the archives in dist/, with their checksums:
#   BASE=https://example.com/releases/v1.2.3 HOMEPAGE=https://example.com sh packaging/formula.sh
# BASE is where the archives can be fetched. DIST names another folder.
set -eu
cd "$(dirname "$0")/.."
dist=${DIST:-dist}
base=${BASE:?where the archives can be fetched: BASE=https://...}
homepage=${HOMEPAGE:-$base}
for address in "$base" "$homepage"; do
	# What stands in the formula is code: no character of it may end a text there.
	case $address in
	*[!A-Za-z0-9._~:/@%+,-]*) echo "no address for a formula: $address" >&2 && exit 2 ;;
	https://?*) ;;
	*) echo "want an address with https://, not $address" >&2 && exit 2 ;;
	esac
done
one=$(sed -n 's/.*[ *]\(reseal_.*_linux_amd64\.tar\.gz\)$/\1/p' "$dist/SHA256SUMS")
version=${one#reseal_}
version=${version%_linux_amd64.tar.gz}
sum() {
	s=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]reseal_${version}_$1\.tar\.gz\$/\1/p" "$dist/SHA256SUMS")
	if [ -z "$s" ]; then
		echo "$dist/SHA256SUMS has no archive for $1" >&2
		exit 1
	fi
	echo "$s"
}
darwin_arm64=$(sum darwin_arm64)
darwin_amd64=$(sum darwin_amd64)
linux_arm64=$(sum linux_arm64)
linux_amd64=$(sum linux_amd64)
sed -e "s|@VERSION@|$version|g" -e "s|@BASE@|$base|g" -e "s|@HOMEPAGE@|$homepage|g" \
	-e "s|@DARWIN_ARM64@|$darwin_arm64|" -e "s|@DARWIN_AMD64@|$darwin_amd64|" \
	-e "s|@LINUX_ARM64@|$linux_arm64|" -e "s|@LINUX_AMD64@|$linux_amd64|" packaging/reseal.rb.in
