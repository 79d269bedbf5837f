#!/bin/sh
# Runs a program as a strict container does, from a folder that has the files of the
# image and nothing else: read-only but for /tmp, a user that stands in no file, no
# HOME. Plans, migrates and proves a small simulated bucket there, then runs the demo.
#   sh packaging/bare.sh FOLDER        needs root, unshare and chroot
set -eu
if [ "${2:-}" != inside ]; then
	exec unshare --mount sh "$0" "$1" inside
fi
root=$1
PATH=$PATH:/usr/sbin:/sbin
# A runtime of containers makes these two. The demo starts the program again, which
# takes both of them; nothing else needs any.
mkdir -p "$root/proc" "$root/dev"
: >"$root/dev/null"
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount -t tmpfs -o mode=1777 none "$root/tmp"
bare() { env -i TMPDIR=/tmp AWS_EC2_METADATA_DISABLED=true "$@"; }
inside="$(command -v chroot) --userspec=47110:47110 $root /usr/bin/reseal"
if touch "$root/x" 2>/dev/null; then
	echo "the folder can be written: nothing would be shown" >&2
	exit 1
fi

bare $inside --version
bare $inside simulate --objects 300 >"$root/tmp/variables" 2>"$root/tmp/said" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true' EXIT
while kill -0 $server 2>/dev/null && ! grep -q '^report:' "$root/tmp/said"; do sleep 0.2; done
set -- $(sed -n 's/^export //p' "$root/tmp/variables")
manifest=$(sed -n 's/^report: --manifest //p' "$root/tmp/said")
key=$(sed -n 's/.*KMS key //p' "$root/tmp/said")
bare "$@" $inside plan --manifest "$manifest" --sse-kms-key-id "$key" --job /tmp/job
bare "$@" $inside run /tmp/job --yes --probe-key-prefix reseal-probe/
bare "$@" $inside verify /tmp/job
mount -t proc none "$root/proc"
mount --bind /dev/null "$root/dev/null"
bare $inside demo --objects 600 --kms-rps 400
