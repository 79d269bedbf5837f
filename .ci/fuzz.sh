#!/bin/sh
# Runs every fuzz target of the module, or of the packages given (./inventory/...),
# one after the other: FUZZTIME each (default 60s), one worker, as the machine
# may have other work. Ends with 1 if one of them found a crash; the input that
# did it is then in the package's testdata/fuzz and is run by every go test.
set -u

cd "$(dirname "$0")/.."
go=${GO:-go}
failed=

for package in $("$go" list "${@:-./...}"); do
	dir=$("$go" list -f '{{.Dir}}' "$package")
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$dir"/*_test.go 2>/dev/null); do
		echo "== $package $target"
		"$go" test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" -fuzzminimizetime 10x -parallel 1 ||
			failed="$failed $package:$target"
	done
done
if [ -n "$failed" ]; then
	echo "fuzzing failed:$failed" >&2
	exit 1
fi
