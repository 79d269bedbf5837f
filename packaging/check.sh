#!/bin/sh
# Installs the .deb of dist/ on this machine, runs it, and removes it again. Needs
# root and dpkg; changes nothing where a package reseal is installed already. The user
# reseal and /var/lib/reseal stay, as they do for whoever removes the package. Images of
# containers tell dpkg to leave pages out; here all is installed. DIST names another folder.
set -eu
cd "$(dirname "$0")/.."
package=$(ls "${DIST:-$PWD/dist}"/reseal_*_"$(dpkg --print-architecture)".deb)
version=$(dpkg-deb -f "$package" Version)
if dpkg -s reseal >/dev/null 2>&1; then
	echo "a package reseal is installed here: remove it first" >&2
	exit 1
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"; dpkg -r reseal >/dev/null 2>&1 || true' EXIT
trap 'exit 1' HUP INT TERM
dpkg --path-include='/usr/*' -i "$package"

said=$(/usr/bin/reseal --version)
echo "$said"
case $(echo "$said" | tr -- -~ ..) in
*$(echo "$version" | tr -- -~ ..)*) ;;
*) echo "the package is of version $version, the program of another" >&2; exit 1 ;;
esac
for file in /usr/share/man/man1/reseal-run.1 /usr/share/bash-completion/completions/reseal /usr/share/doc/reseal/copyright /etc/reseal; do
	[ -e "$file" ] || { echo "the package lacks $file" >&2; exit 1; }
done
if file=$(ldd /usr/bin/reseal 2>&1); then
	echo "the program is not static: $file" >&2
	exit 1
fi
getent passwd reseal
[ "$(stat -c %U:%a /var/lib/reseal)" = reseal:700 ]
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify reseal@example.service
fi
(cd "$dir" && env -i PATH=/usr/bin:/bin HOME=/nonexistent TMPDIR="$dir" reseal demo --objects 600 --kms-rps 400)

dpkg -r reseal
dpkg-deb --fsys-tarfile "$package" | tar -t | sed -n 's/^\.\(.*[^/]\)$/\1/p' >"$dir/files"
[ -s "$dir/files" ]
while read -r file; do
	[ ! -e "$file" ] || { echo "$file is still there after the package was removed" >&2; exit 1; }
done <"$dir/files"
[ "$(stat -c %U:%a /var/lib/reseal)" = reseal:700 ]
echo "$(basename "$package"): installed, run and removed again"
