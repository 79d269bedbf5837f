#!/bin/sh
# Makes the .deb of this machine, installs it, runs it and removes it again. Only root
# can install, and only where there is dpkg. Elsewhere the package is made, and that it
# was not tried is said; REQUIRED=yes makes that a failure.
set -eu
cd "$(dirname "$0")/.."
sh packaging/deb.sh

skip() {
	echo "SKIPPED: $1, so the package was made and NOT installed. To try it$2" >&2
	if [ "${REQUIRED:-}" = yes ]; then exit 1; fi
	exit 0
}
if ! command -v dpkg >/dev/null; then skip "there is no dpkg here" ", on Debian or Ubuntu: sudo make deb-check"; fi
if [ "$(id -u)" != 0 ]; then skip "this is not root" ": sudo sh packaging/check.sh"; fi
sh packaging/check.sh
