#!/bin/sh
# Runs one job of reseal on a machine of EC2, and ends the machine. Give it as user
# data, with the settings below filled in. docs/ec2.md tells how.
#
# Start the machine with InstanceInitiatedShutdownBehavior=terminate: it is paid for
# until it is gone. The state lies in a bucket, so another machine goes on.
set -eu

# --- settings ------------------------------------------------------------------
ARCHIVE=s3://ARTIFACTS/reseal_linux_amd64.tar.gz # made by make snapshot
SHA256=0000000000000000000000000000000000000000000000000000000000000000
JOB=s3://STATE-BUCKET/PREFIX  # planned beforehand
MANIFEST=s3://REPORT-BUCKET/PREFIX/manifest.json # of that plan
KEY=arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
LOGS=s3://LOG-BUCKET/reseal   # where the log goes, once a minute
REGION=eu-west-1              # of the bucket
ACCEPT=                       # hazards that are accepted, with commas between
STARTS=10                     # starts at most
PAUSE=60                      # seconds between two starts
WORK=/var/lib/reseal          # log and scratch files
BIN=/usr/local/bin            # where the program goes
RUN_AS=nobody                 # who runs it
# -------------------------------------------------------------------------------

umask 077
mkdir -p "$WORK"
log=$WORK/$(date -u +%Y%m%dT%H%M%SZ)-$(hostname).log
child=
shipper=

say() { printf '%s user-data: %s\n' "$(date -u +%FT%TZ)" "$*" >>"$log"; }

ship() {
	# A log that does not arrive ends nothing: the state is what counts.
	aws s3 cp --only-show-errors --region "$REGION" "$log" "$LOGS/${log##*/}" || say "the log could not be sent"
}

# Whatever happens, the last of the log is sent and the machine ends.
finish() {
	status=$?
	trap '' TERM INT HUP
	trap - EXIT
	[ -z "$shipper" ] || kill "$shipper" 2>/dev/null || :
	say "ends with $status"
	ship
	shutdown -h now
	exit "$status"
}

# A machine that is taken away (spot, a person) ends this script with SIGTERM: reseal
# finishes what is under way and records it.
drain() {
	say "asked to stop"
	stopping=yes
	[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :
}

stopping=
trap finish EXIT
trap drain TERM INT HUP

(while :; do
	sleep 60
	ship
done) &
shipper=$!

say "installs $ARCHIVE"
aws s3 cp --only-show-errors --region "$REGION" "$ARCHIVE" "$WORK/reseal.tar.gz" 2>>"$log"
echo "$SHA256  $WORK/reseal.tar.gz" | sha256sum --check --status || {
	say "$ARCHIVE has another checksum than SHA256 says: nothing was run"
	exit 1
}
mkdir -p "$WORK/unpacked" "$WORK/tmp"
tar -xzf "$WORK/reseal.tar.gz" -C "$WORK/unpacked" --strip-components=1
install -m 0755 "$WORK/unpacked/reseal" "$BIN/reseal"
chown "$RUN_AS" "$WORK/tmp"
chmod 0711 "$WORK"

start=0
while :; do
	start=$((start + 1))
	say "start $start of $STARTS"
	# A new machine remembers no job. One with another report or key is refused all the
	# same, as the command names both. docs/security.md says what else holds.
	setpriv --reuid "$RUN_AS" --clear-groups --no-new-privs \
		env HOME="$WORK/tmp" TMPDIR="$WORK/tmp" AWS_REGION="$REGION" RESEAL_ACCEPT="$ACCEPT" RESEAL_KNOWN_JOBS=off \
		"$BIN/reseal" run --manifest "$MANIFEST" --sse-kms-key-id "$KEY" --job "$JOB" --yes --no-progress \
		--log-format json --log-level info --drain-timeout 60s >>"$log" 2>&1 &
	child=$!
	# A signal ends wait early: wait until the process itself has ended.
	status=0
	wait "$child" || status=$?
	while kill -0 "$child" 2>/dev/null; do
		status=0
		wait "$child" || status=$?
	done
	child=
	say "reseal ended with $status"
	[ -z "$stopping" ] || exit "$status"
	case $status in
	# Done, or another start would end alike. 4 is a limit of your own.
	0 | 2 | 3 | 4 | 5 | 7) exit "$status" ;;
	esac
	[ "$start" -lt "$STARTS" ] || exit "$status"
	sleep "$PAUSE" &
	child=$!
	wait "$child" || :
	child=
	[ -z "$stopping" ] || exit "$status"
done
