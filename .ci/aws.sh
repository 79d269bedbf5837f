#!/bin/sh
# What is open of AWS, asked of an account: the self-check, then a whole migration
# of nine small objects. RESEAL_AWS_BUCKET names a scratch bucket, RESEAL_AWS_KEY
# the ARN of a KMS key; credentials and Region come as for the AWS CLI. All that it
# writes lies below reseal-selfcheck/ and reseal-lane/, and is deleted again. It
# costs a few cents at most. RESEAL_AWS_OUT is the folder that selfcheck.json goes to.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${RESEAL_AWS_BUCKET:-}" ] || [ -z "${RESEAL_AWS_KEY:-}" ]; then
	echo "This asks an AWS account. Name a scratch bucket and a key:" >&2
	echo "  make aws RESEAL_AWS_BUCKET=acme-scratch RESEAL_AWS_KEY=arn:aws:kms:..." >&2
	exit 2
fi
out=${RESEAL_AWS_OUT:-$PWD}
go=${GO:-go}
failed=0
"$go" run ./cmd/reseal selfcheck --yes --bucket "$RESEAL_AWS_BUCKET" --sse-kms-key-id "$RESEAL_AWS_KEY" --out "$out/selfcheck.json" || failed=$?
RESEAL_AWS_BUCKET=$RESEAL_AWS_BUCKET RESEAL_AWS_KEY=$RESEAL_AWS_KEY "$go" test -count=1 -v -run 'TestAWS$' ./cmd/reseal || failed=1
exit $failed
