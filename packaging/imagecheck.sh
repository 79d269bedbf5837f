#!/bin/sh
# Makes the image twice and compares, then runs the program of it as a strict container
# does (packaging/bare.sh): as root, on Linux.
set -eu
cd "$(dirname "$0")/.."
rm -rf dist/*-image.tar dist/*-image.tar.digest .cache/image
sh packaging/image.sh
first=$(sha256sum dist/*-image.tar)
sh packaging/image.sh
if [ "$first" != "$(sha256sum dist/*-image.tar)" ]; then
	echo "the second image of the same commit has other bytes" >&2
	exit 1
fi
root=$(mktemp -d)
chmod 0755 "$root" # another user runs it
trap 'rm -rf "$root"' EXIT
(cd tools && "${GO:-go}" run ./image -extract "$root" -out "$(ls "$OLDPWD"/dist/*-image.tar)" "$("${GO:-go}" env GOARCH)")
(cd "$root" && find . | sort)
sh packaging/bare.sh "$root"
