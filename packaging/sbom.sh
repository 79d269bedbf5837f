#!/bin/sh
# Writes what a program is made of, as CycloneDX: Go's standard library and all modules
# that are linked into it, by what the program itself records. Compares the list with
# that of go version -m. No time and no random number is in it: the same program gives
# the same file.
#   sh packaging/sbom.sh PROGRAM VERSION FILE
set -eu

go=${GO:-go}
maker=$(sh "$(dirname "$0")/goinstall.sh" github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod v1.10.0)
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
