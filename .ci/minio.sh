#!/bin/sh
# Runs the tests that need a real S3 server: installs MinIO, pinned, into a cache
# folder outside the clone, and lets the tests start it on loopback. It is a
# program of its own, under the AGPL, and no part of this module.
#
# Building it took 5 minutes on 2 cores (2026-11), and nothing once it is there.
# RESEAL_CACHE moves the folder, GO names another go.
set -eu

version=v0.0.0-20260212201848-7aac2a2c5b7c
go=${GO:-go}
bin=${RESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reseal}/bin
minio=$bin/minio-$version

cd "$(dirname "$0")/.."
if [ ! -x "$minio" ]; then
	mkdir -p "$bin"
	# Built aside and moved, so that a build that is cut off leaves no program.
	build=$(mktemp -d "$bin/build.XXXXXX")
	trap 'rm -rf "$build"' EXIT
	trap 'exit 1' HUP INT TERM
	echo "installing MinIO $version into $bin (once, some minutes)"
	GOFLAGS='' GOBIN=$build "$go" install -trimpath -ldflags '-s -w' "github.com/minio/minio@$version"
	mv "$build/minio" "$minio"
fi
RESEAL_MINIO_BIN=$minio "$go" test -count=1 -timeout 15m -run MinIO "$@" ./cmd/reseal ./s3api ./selfcheck
