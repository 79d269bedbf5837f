#!/bin/sh
# Writes what a program is made of, as CycloneDX: Go's standard library and all modules
# that are linked into it, by what the program itself records. Compares the list with
# that of go version -m. No time and no random number is in it: the same program gives
# the same file.
#   sh packaging/sbom.sh PROGRAM VERSION FILE
set -eu

version=v1.10.0
go=${GO:-go}
bin=${RESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reseal}/bin
maker=$bin/cyclonedx-gomod-$version
if [ ! -x "$maker" ]; then
	mkdir -p "$bin"
	build=$(mktemp -d "$bin/build.XXXXXX")
	trap 'rm -rf "$build"' EXIT
	trap 'exit 1' HUP INT TERM
	echo "installing cyclonedx-gomod $version into $bin (once)"
	GOFLAGS='' GOBIN=$build "$go" install -trimpath -ldflags '-s -w' "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$version"
	mv "$build/cyclonedx-gomod" "$maker"
fi
"$maker" bin -json -noserial -notimestamp -std -version "$2" -output "$3" "$1"

modules=$("$go" version -m "$1" | awk '$1 == "dep" || $1 == "=>" {print $2 "@" $3}' | sort)
listed=$(sed -n 's|^ *"bom-ref": "pkg:golang/\([^?"]*\).*|\1|p' "$3" | sort -u | grep -v -e '^std@' -e '^reseal@' || true)
if [ -z "$modules" ] || [ "$modules" != "$listed" ]; then
	echo "$3 does not list what go version -m does:" >&2
	echo "$modules" >"$3.modules"
	echo "$listed" | diff "$3.modules" - >&2 || true
	rm -f "$3.modules"
	exit 1
fi
