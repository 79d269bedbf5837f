#!/bin/sh
# Looks for known vulnerabilities in the program, built as a release is: in its
# modules and in Go's standard library. Fails where the program has a vulnerable
# function in it. The database is a Go module, pinned, so that a check of one commit
# always says the same; VULNDB=latest takes the newest there is. Where the database or
# the Go of releases cannot be had, that is said, and fails only with REQUIRED=yes.
set -eu

VULNDB=${VULNDB:-v0.0.0-20261105234957-e22db6528018}
go=${GO:-go}
module=golang.org/x/vulndb
cd "$(dirname "$0")/.."

skip() {
	echo "SKIPPED: $1, so NO vulnerability was looked for" >&2
	if [ "${REQUIRED:-}" = yes ]; then exit 1; fi
	exit 0
}

# govulncheck reads the folder of reports as it lies in the module.
if ! got=$(cd / && GOFLAGS=-mod=mod "$go" mod download -json "$module@$VULNDB"); then
	echo "$got" >&2
	skip "the database $module@$VULNDB cannot be had here"
fi
value() { echo "$got" | sed -n "s/^[[:space:]]*\"$1\": \"\(.*\)\",*$/\1/p"; }
version=$(value Version)
date=$(echo "$version" | sed 's/.*-\(....\)\(..\)\(..\)......-.*/\1-\2-\3/')
mkdir -p .cache
toolchain=$(sh packaging/toolchain.sh)
if [ "$toolchain" = local ]; then skip "the Go of releases cannot be had here"; fi
GOTOOLCHAIN=$toolchain CGO_ENABLED=0 "$go" build -trimpath -o .cache/vulncheck ./cmd/reseal
echo "looking for vulnerabilities known on $date (database $version) in a program built by $("$go" version .cache/vulncheck | sed 's/.*: //')"
"$go" tool -modfile=tools/go.mod govulncheck -mode=binary -db "file://$(value Dir)/data/osv" .cache/vulncheck
