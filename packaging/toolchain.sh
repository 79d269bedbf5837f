#!/bin/sh
# Prints the Go that releases are built with: the toolchain line of go.mod. go fetches
# it, where it is another than the one installed. Where it cannot be had, that is said
# on stderr, and the installed one is named: what it builds is no release.
set -eu
cd "$(dirname "$0")/.."
wanted=$(sed -n 's/^toolchain //p' go.mod)
if GOTOOLCHAIN=$wanted "${GO:-go}" version >/dev/null 2>&1; then
	echo "$wanted"
else
	echo "NOT AS A RELEASE: $wanted cannot be had here; building with $("${GO:-go}" env GOVERSION)" >&2
	echo local
fi
