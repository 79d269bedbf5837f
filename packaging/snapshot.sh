#!/bin/sh
# Makes in dist/ what a release is made of, and sends nothing: archives, deb, rpm and
# checksums. goreleaser is installed, pinned, into the cache folder that .ci/minio.sh
# uses, and is no part of this module. RESEAL_CACHE moves the folder.
set -eu

cd "$(dirname "$0")/.."
program=$(sh packaging/goinstall.sh github.com/goreleaser/goreleaser/v2 v2.15.1)
GOTOOLCHAIN=$(sh packaging/toolchain.sh)
export GOTOOLCHAIN
if [ -z "$(git remote)" ]; then
	# goreleaser knows no commit where git has no remote; nothing is sent to this one.
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://localhost/reseal/reseal.git
fi
mode=--snapshot
if [ "${RELEASE:-}" = yes ]; then mode=--skip=publish,announce; fi # of a tag, whose name is the version
"$program" release "$mode" --clean --parallelism "${JOBS:-2}" "$@"
# goreleaser names the folders dist/reseal_OS_ARCH_LEVEL, the archives reseal_VERSION_OS_ARCH.
for archive in dist/*.tar.gz; do
	name=$(basename "$archive" .tar.gz)
	rest=${name#reseal_}
	release=${rest%_*_*}
	sh packaging/sbom.sh dist/reseal_"${rest#"$release"_}"_*/reseal "$release" "dist/$name.cdx.json"
	(cd dist && sha256sum "$name.cdx.json" >>SHA256SUMS)
done
(cd dist && sha256sum -c --quiet SHA256SUMS)
