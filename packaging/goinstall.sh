#!/bin/sh
# Prints the path of a program that is built from the Go module proxy, pinned, and kept in
# a cache folder outside the clone. It is no part of this module. RESEAL_CACHE moves the
# folder, GO names another go.
#   program=$(sh packaging/goinstall.sh github.com/minio/minio VERSION)
set -eu

package=$1
version=$2
go=${GO:-go}
bin=${RESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reseal}/bin
name=$(basename "${package%/v[0-9]*}") # of a path that ends in /v2, the name before
program=$bin/$name-$version
if [ ! -x "$program" ]; then
	mkdir -p "$bin"
	# Built aside and moved, so that a build that is cut off leaves no program.
	build=$(mktemp -d "$bin/build.XXXXXX")
	trap 'rm -rf "$build"' EXIT
	trap 'exit 1' HUP INT TERM
	echo "installing $name $version into $bin (once, some minutes)" >&2
	GOFLAGS='' GOBIN=$build "$go" install -trimpath -ldflags '-s -w' "$package@$version" >&2
	mv "$build/$name" "$program"
fi
echo "$program"
