#!/bin/sh
# Runs the tests against versitygw, a correct S3 server without encryption, on
# which reseal must never report success. It is installed, pinned, into the cache
# folder that .ci/minio.sh uses, by its source from the Go module proxy; nothing of
# it is part of this module (it is under the Apache License 2.0).
#
# Optional: where it cannot be installed this says so, loudly, and fails.
set -eu

version=v1.8.0
go=${GO:-go}
cd "$(dirname "$0")/.."
if ! program=$(sh packaging/goinstall.sh github.com/versity/versitygw/cmd/versitygw "$version"); then
	echo "NOT RUN: versitygw $version could not be installed; nothing was shown" >&2
	exit 1
fi
RESEAL_VERSITYGW_BIN=$program "$go" test -count=1 -timeout 10m -v -run Versitygw "$@" ./cmd/reseal
