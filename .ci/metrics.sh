#!/bin/sh
# Holds the metrics of runs, the dashboard and the alert rules against a real
# Prometheus: promtool checks and plays the rules, then Prometheus scrapes runs on the
# simulator on loopback, and every query of the dashboard is asked of it.
#
# Prometheus and promtool are those of the path, or of Debian's package, unpacked into a
# cache folder outside the clone: nothing is installed, and no service starts. Where
# neither can be had this fails, and says what to type.
# RESEAL_CACHE moves the folder, GO names another go.
set -eu

go=${GO:-go}
cache=${RESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reseal}/prometheus
rules=deploy/monitoring
cd "$(dirname "$0")/.."

if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
	bin=$(dirname "$(command -v promtool)")
else
	bin=$cache/usr/bin
	if [ ! -x "$bin/promtool" ]; then
		echo "unpacking Debian's package prometheus into $cache (once)"
		aside=$(mktemp -d)
		trap 'rm -rf "$aside"' EXIT
		trap 'exit 1' HUP INT TERM
		if ! (cd "$aside" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } >/dev/null 2>"$aside/log" && dpkg -x prometheus_*.deb root); then
			sed 's/^/  /' "$aside/log" >&2
			echo "make metrics: NOT TRIED: there is no prometheus and no promtool here. Install them:" >&2
			echo "  apt-get update && apt-get install -y --no-install-recommends prometheus" >&2
			exit 1
		fi
		mkdir -p "$(dirname "$cache")"
		rm -rf "$cache"
		mv "$aside/root" "$cache"
	fi
fi
"$bin/promtool" --version 2>&1 | head -1
"$bin/promtool" check rules "$rules/prometheus-rules.yaml"
"$bin/promtool" test rules "$rules/prometheus-rules-test.yaml"
RESEAL_PROMETHEUS_DIR=$bin "$go" test -vet=off -count=1 -timeout 10m -v -run 'Prometheus' "$@" ./cmd/reseal
