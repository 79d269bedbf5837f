#!/bin/sh
# Makes a container image for linux/amd64 and linux/arm64 in dist/, in the OCI image
# layout, and its digest beside it. No daemon, no registry and no base image is needed.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}
revision=$(git rev-parse HEAD)
created=$(TZ=UTC git show -s --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
version=$(git describe --tags --exact-match 2>/dev/null || echo "v0.0.0-snapshot.$(git rev-parse --short HEAD)")
version=${version#v}
toolchain=$(sh packaging/toolchain.sh)
mkdir -p .cache/image dist
for arch in amd64 arm64; do
	GOTOOLCHAIN=$toolchain CGO_ENABLED=0 GOOS=linux GOARCH=$arch "$go" build -trimpath \
		-ldflags "-s -w -X main.version=$version" -o ".cache/image/$arch" ./cmd/reseal
done
out=$PWD/dist/reseal-$version-image.tar
digest=$(cd tools && "$go" run ./image -version "$version" -revision "$revision" -created "$created" \
	-out "$out" "amd64=../.cache/image/amd64" "arm64=../.cache/image/arm64")
echo "$digest" >"$out.digest"
echo "$out $digest"
