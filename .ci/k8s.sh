#!/bin/sh
# Runs the Job of deploy/kubernetes.yaml on a real Kubernetes control plane: builds
# kube-apiserver and kube-controller-manager, pinned, from the Go module proxy into a
# cache folder outside the clone. A test starts them on loopback, with etcd, and with a
# small kubelet that runs pods as processes (tools/k8s/kubelet). There is no container
# engine, no image, no node and no account in it.
#
# etcd has to be there (Debian: apt-get install etcd-server). Building takes 15
# minutes or more on 2 cores, and nothing once it is there. RESEAL_CACHE moves
# the folder, GO names another go.
set -eu

version=1.34.3
go=${GO:-go}
cache=${RESEAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reseal}
bin=$cache/kubernetes-$version

cd "$(dirname "$0")/.."
if ! command -v etcd >/dev/null; then
	echo "make k8s: NOT TRIED: there is no etcd here. Install it:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends etcd-server" >&2
	exit 1
fi
mkdir -p "$cache"
# Built aside and moved, so that a build that is cut off leaves no programs.
aside=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$aside"' EXIT
trap 'exit 1' HUP INT TERM
if [ ! -d "$bin" ]; then
	echo "building Kubernetes $version into $bin (once, 15 minutes or more)"
	mkdir "$aside/src" "$aside/bin"
	# Kubernetes requires its own libraries at v0.0.0, and replaces them by folders of
	# its repository. Here they are replaced by the releases of these libraries. Its go.mod
	# names all that is needed: to tidy would fetch what only tests of others need.
	(
		cd "$aside/src"
		export GOFLAGS=-mod=mod CGO_ENABLED=0
		"$go" mod init control-plane 2>/dev/null
		"$go" mod edit -require "k8s.io/kubernetes@v$version"
		mod=$("$go" mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
		"$go" mod edit $(sed -n 's/^[[:space:]]*\(k8s\.io\/[^ ]*\) v0\.0\.0$/\1/p' "$mod" | sort -u |
			sed "s/.*/-replace &=&@v0.${version#1.}/")
		for program in kube-apiserver kube-controller-manager; do
			"$go" build -trimpath -ldflags '-s -w' -o ../bin/ "k8s.io/kubernetes/cmd/$program"
		done
	)
	mv "$aside/bin" "$bin"
fi
mkdir "$aside/programs"
ln -s "$(command -v etcd)" "$bin"/kube-apiserver "$bin"/kube-controller-manager "$aside/programs"
(cd tools/k8s && CGO_ENABLED=0 "$go" build -o "$aside/programs/kubelet" ./kubelet)
RESEAL_KUBERNETES_DIR=$aside/programs "$go" test -count=1 -timeout 20m -v -run 'TestKubernetes$' "$@" ./cmd/reseal
