# make check is what CI runs. make soak runs what takes too long for that.

GO ?= go

.PHONY: check fmt vet lint test race soak fuzz mutants minio versitygw awscli boto3 metrics k8s aws bench bench-quick bench-reading limits build cross snapshot snapshot-check deb deb-check vulncheck image image-check workflows chart publish-check deploy-check

check: fmt vet lint workflows test

# The whole project under another path, built and vetted in a copy (CONTRIBUTING.md, Publishing).
publish-check:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && cd tools && $(GO) run ./publish .. example.com/acme/reseal "$$dir/copy"

# Without cgo: with it, where there is a C compiler, the program needs the libc of this machine.
build:
	CGO_ENABLED=0 $(GO) build -trimpath -o reseal ./cmd/reseal

# Builds all packages for all systems that a release has (.goreleaser.yaml), with the Go of
# releases where it can be had: make vulncheck finds the packages built. Nothing is kept
# but the build cache; where that is empty it takes minutes.
CROSS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
cross:
	@toolchain=$$(GO="$(GO)" sh packaging/toolchain.sh) && for t in $(CROSS); do echo "build for $$t"; \
		GOTOOLCHAIN=$$toolchain CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -trimpath ./... || exit 1; done

# deploy/kubernetes.yaml is what the chart makes of placeholders; a test compares them.
chart:
	cd tools && $(GO) test ./deploy -count=1 -run 'TestManifestIsTheChart|TestEveryValueIsRecorded' -update

# Archives, packages and checksums in dist/, as a release has them; sends nothing. The
# check makes them twice and compares, installs the .deb, runs it and removes it: as root.
snapshot:
	GO="$(GO)" sh packaging/snapshot.sh

snapshot-check: snapshot
	cp dist/SHA256SUMS .cache/SHA256SUMS.first
	GO="$(GO)" sh packaging/snapshot.sh
	cmp dist/SHA256SUMS .cache/SHA256SUMS.first
	sh packaging/check.sh

# The .deb of this machine alone, from the section that releases are made of, without
# goreleaser, which compiles for a quarter of an hour. The check, which CI runs, installs it,
# runs it and removes it: as root.
deb:
	GO="$(GO)" sh packaging/deb.sh

deb-check:
	GO="$(GO)" sh .ci/deb.sh

# Known vulnerabilities, of a database that is pinned: .ci/vulncheck.sh.
vulncheck:
	GO="$(GO)" sh .ci/vulncheck.sh

# A container image in dist/, for amd64 and arm64; the check makes it twice, compares,
# and runs its program with nothing but its files around it: as root.
image:
	GO="$(GO)" sh packaging/image.sh

image-check:
	GO="$(GO)" sh packaging/imagecheck.sh

# The workflows of GitHub, checked without it.
workflows:
	$(GO) tool -modfile=tools/go.mod actionlint -shellcheck= -pyflakes=

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt these files:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

# Whole processes come last and by themselves: they tell the time, and want it. Under the
# race detector run those in which much goes on at once; make race has all of them. SERIAL
# starts no goroutine (a test looks), and takes minutes under the detector. make vet looks
# for more than go test would, which would look again for each way to build: -vet=off.
test:
	CGO_ENABLED=1 $(GO) test -vet=off -race -parallel 4 -timeout 30m $$($(GO) list ./... | grep -v -e /cmd/ $(SERIAL:./%=-e /%$$))
	$(GO) test -vet=off -parallel 4 -timeout 15m $(SERIAL)
	$(GO) test -vet=off -parallel 4 -timeout 40m ./cmd/...
	CGO_ENABLED=1 $(GO) test -vet=off -race -parallel 4 -timeout 20m -run '$(RACY)' ./cmd/reseal
	cd tools && $(GO) test $(TOOLS)

SERIAL = ./cost ./inventory/orc ./inventory/parquet ./plan

RACY = ^Test(Races|Shards|Crashes|TwoHolders|CapOverHTTP|ManyWorkersFailAtOnce|PausedRunAndItsLimits|HangUp|LivePage|WatchedStatus|StopsWithRequestsThatHang)$$

# What is behind make test, with the race detector in every process: 15 minutes and more.
race:
	CGO_ENABLED=1 $(GO) test -race -parallel 4 -timeout 60m ./...

# What is quick to build of the tools. Helm, Prometheus and the types of Kubernetes take
# minutes of CPU to compile, and so have a lane of their own.
TOOLS = $(patsubst tools/%/,./%,$(filter-out tools/deploy/ tools/k8s/,$(wildcard tools/*/)))

# The chart, the manifests, the templates and the alerts, read by the libraries of those
# who will read them. After a change below deploy/; a workflow runs it beside the checks.
deploy-check:
	cd tools && $(GO) test ./deploy
	cd tools/k8s && $(GO) test ./...

# The tests that need a server which nobody here wrote: starts MinIO (installed,
# pinned, into a cache folder) on loopback. Fails where it cannot be started.
minio:
	GO="$(GO)" sh .ci/minio.sh

# The same against versitygw, a correct server without encryption, on which no
# success may be reported. Optional: it is no part of what CI runs.
versitygw:
	GO="$(GO)" sh .ci/versitygw.sh

# The AWS CLI and boto3 on the built-in simulator; each is skipped, and that is
# said, where it is absent. boto3 takes seconds, each call of the CLI one or two.
awscli:
	GO="$(GO)" sh .ci/awscli.sh

boto3:
	GO="$(GO)" sh .ci/awscli.sh boto3

# A real Prometheus scrapes runs on the simulator; the alert rules are played, and every
# query of the dashboard has to have data. Takes Debian's package, unpacked into a cache.
metrics:
	GO="$(GO)" sh .ci/metrics.sh

# The Job of deploy/kubernetes.yaml on a real API server and Job controller, with a small
# kubelet that runs pods as processes. Takes Debian's etcd; builds Kubernetes, pinned,
# into a cache folder the first time: 15 minutes or more.
k8s:
	GO="$(GO)" sh .ci/k8s.sh

# What each object takes of instructions, memory and requests, against bench/limits.txt:
# on whatever machine, however busy. The tests have it without instructions, which take
# valgrind. UPDATE=1 writes the limits anew, from the least of three counts.
limits:
	@toolchain=$$(GO="$(GO)" sh packaging/toolchain.sh) && RESEAL_LIMITS=instructions GOTOOLCHAIN=$$toolchain \
		$(GO) test -count=1 -timeout 20m -v -run TestLimits ./bench $(if $(UPDATE),-update)

# An AWS account: the self-check, then a whole migration of nine small objects in
# a scratch bucket. Costs a few cents; see docs/selfcheck.md.
#   make aws RESEAL_AWS_BUCKET=acme-scratch RESEAL_AWS_KEY=arn:aws:kms:...
aws:
	GO="$(GO)" RESEAL_AWS_BUCKET="$(RESEAL_AWS_BUCKET)" RESEAL_AWS_KEY="$(RESEAL_AWS_KEY)" sh .ci/aws.sh

# The long numbers, and each fuzz target for a minute (make fuzz); the results
# that were seen stand in bench/results/README.md.
soak: race
	RESEAL_SOAK=1 $(GO) test -count=1 -timeout 120m -v -run 'Soak|Crash|Night|Races|Model|TwoHolders' ./...
	$(MAKE) fuzz
	$(MAKE) mutants

# FUZZ names packages to fuzz, FUZZTIME the time for each target.
fuzz:
	GO="$(GO)" sh .ci/fuzz.sh $(FUZZ)

# Changes one operator at a time and runs the tests of its package (hours for all).
# Fails where more than 5 % of a package's changes go unnoticed; those that change
# nothing stand in docs/equivalent-mutants.txt. DIFF=main: only changed lines.
PACKAGES ?= ./engine ./checkpoint ./ratelimit ./canary ./plan ./s3api ./policy ./verify
mutants:
	cd tools && $(GO) run ./mutants $(if $(DIFF),-diff $(DIFF)) .. $(PACKAGES)

# reseal against its peers, on this machine and in one go (about forty
# minutes): HTTP and TLS, 0, 30 and 80 ms. The tables go to standard output, every
# run to bench/results. bench-quick is TLS without latency, two rounds.
bench:
	cd bench/peers && $(GO) run . -o ../results

bench-quick:
	cd bench/peers && $(GO) run . -rounds 2 -slow-rounds 1 -schemes https -latencies 0ms

# plan over the reports that lie below the folder REPORTS, which others wrote: bench/reports
# makes some. BEFORE=FILE is another build of reseal, to take turns with.
bench-reading:
	RESEAL_BENCH_REPORTS="$(REPORTS)" RESEAL_BENCH_BEFORE="$(BEFORE)" $(GO) test ./bench -run xxx -bench 'BenchmarkReading' -benchtime 1x -timeout 60m -v
