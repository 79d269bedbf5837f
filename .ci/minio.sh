#!/bin/sh
# Runs the tests that need a real S3 server: installs MinIO, pinned, into a cache
# folder outside the clone, and lets the tests start it on loopback. It is a
# program of its own, under the AGPL, and no part of this module.
#
# Building it took 5 minutes on 2 cores (2026-11), and nothing once it is there.
# RESEAL_CACHE moves the folder, GO names another go.
set -eu

go=${GO:-go}
cd "$(dirname "$0")/.."
minio=$(sh packaging/goinstall.sh github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c)
RESEAL_MINIO_BIN=$minio "$go" test -vet=off -count=1 -timeout 15m -run MinIO "$@" ./cmd/reseal ./s3api ./selfcheck
