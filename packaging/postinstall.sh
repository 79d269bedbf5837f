#!/bin/sh
# Makes the user that reseal@.service runs as. Removal leaves the user and its jobs:
# they are the record of what was done to a bucket.
set -e
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers /usr/lib/sysusers.d/reseal.conf
elif ! getent passwd reseal >/dev/null; then
	useradd --system --user-group --no-create-home --home-dir /var/lib/reseal --shell /usr/sbin/nologin reseal
fi
if [ ! -e /var/lib/reseal ]; then
	install -d -o reseal -g reseal -m 0700 /var/lib/reseal
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
