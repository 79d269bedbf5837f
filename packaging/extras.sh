#!/bin/sh
# Writes man pages and completions into .cache/extras, for archives and packages, and
# leaves the program that wrote them beside:
#   sh packaging/extras.sh VERSION SECONDS     the time of the commit, for the pages
set -eu
cd "$(dirname "$0")/.."
version=$1
export SOURCE_DATE_EPOCH="$2" CGO_ENABLED=0
out=.cache/extras
rm -rf "$out"
mkdir -p "$out/man" "$out/completions"
"${GO:-go}" build -trimpath -ldflags "-s -w -X main.version=$version" -o "$out/reseal" ./cmd/reseal
"$out/reseal" man "$out/man"
for shell in bash zsh fish; do
	"$out/reseal" completion "$shell" >"$out/completions/reseal.$shell"
done
