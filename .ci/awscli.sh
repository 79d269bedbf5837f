#!/bin/sh
# Clients that know nothing of this project call `reseal simulate`: the AWS CLI, a
# walk through with it, and boto3. Each prints a line a call, and each is skipped,
# and that is said, where its program is absent. With "boto3", only that is run.
#
#   RESEAL   a built binary; otherwise one is built
#   AWS      the aws command; PYTHON  a python3 that has boto3
set -eu
cd "$(dirname "$0")/.."
clients=cmd/reseal/testdata/clients
dir=$(mktemp -d)
pid=
stop() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	pid=
}
trap 'stop; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
which=${1:-all}
aws=$(command -v "${AWS:-aws}" || true)
python=
for p in "${PYTHON:-python3}" /usr/bin/python3; do
	if [ -z "$python" ] && "$p" -c 'import boto3' 2>/dev/null; then python=$p; fi
done
if [ -n "$aws$python" ] && [ -z "${RESEAL:-}" ]; then
	RESEAL=$dir/reseal
	"${GO:-go}" build -o "$RESEAL" ./cmd/reseal
fi

# part COMMAND...: on a simulator of its own.
failed=0
part() {
	echo "== $*"
	: >"$dir/env"
	TMPDIR=$dir "$RESEAL" simulate --tls >"$dir/env" 2>"$dir/log" &
	pid=$!
	while kill -0 "$pid" 2>/dev/null && [ ! -s "$dir/env" ]; do sleep 0.2; done
	(
		. "$dir/env"
		export AWS_PAGER= AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
		exec "$@"
	) || failed=1
	stop
}

if [ "$which" = boto3 ]; then
	:
elif [ -n "$aws" ]; then
	part sh "$clients/cli_calls.sh" "$aws"
	part sh "$clients/storage_blog.sh" "$aws"
else
	echo "SKIPPED: no aws command here, so the AWS CLI was NOT tried; install awscli and run: make awscli"
fi
if [ -n "$python" ]; then
	part "$python" "$clients/boto3_calls.py"
else
	echo "SKIPPED: no python3 with boto3 here, so boto3 was NOT tried; install python3-boto3 and run: make awscli"
fi
exit $failed
