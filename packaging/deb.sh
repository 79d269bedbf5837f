#!/bin/sh
# Makes the .deb of this machine's architecture in dist/, without goreleaser: tools/deb
# reads the section of .goreleaser.yaml that a release reads. It is for trying; the
# version says so, unless the commit has a tag. DIST names another folder.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}
dist=${DIST:-dist}
seconds=$(git show -s --format=%ct)
committed=$(TZ=UTC git show -s --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
version=$(git describe --tags --exact-match 2>/dev/null || echo "v0.0.0-snapshot.$(git rev-parse --short HEAD)")
version=${version#v}
arch=$("$go" env GOHOSTARCH)
GOTOOLCHAIN=$(sh packaging/toolchain.sh)
export GOTOOLCHAIN CGO_ENABLED=0
mkdir -p "$dist"
rm -f "$dist"/reseal_*_"$arch".deb
dist=$(cd "$dist" && pwd)
sh packaging/extras.sh "$version" "$seconds"
cd tools
"$go" run -trimpath ./deb -arch "$arch" -version "$version" -committed "$committed" \
	-program ../.cache/extras/reseal -out "$dist"
