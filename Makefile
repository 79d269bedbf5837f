# make check is what CI runs. make soak runs what takes too long for that.

GO ?= go

.PHONY: check fmt vet lint test soak fuzz minio versitygw bench bench-quick build

check: fmt vet lint test

build:
	$(GO) build -trimpath -o reseal ./cmd/reseal

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt these files:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

test:
	$(GO) test -race -parallel 4 -timeout 30m ./...

# The tests that need a server which nobody here wrote: starts MinIO (installed,
# pinned, into a cache folder) on loopback. Fails where it cannot be started.
minio:
	GO="$(GO)" sh .ci/minio.sh

# The same against versitygw, a correct server without encryption, on which no
# success may be reported. Optional: it is no part of what CI runs.
versitygw:
	GO="$(GO)" sh .ci/versitygw.sh

# The long numbers, and each fuzz target for a minute (make fuzz); the results
# that were seen stand in bench/README.md.
soak:
	RESEAL_SOAK=1 $(GO) test -count=1 -timeout 120m -v -run 'Soak|Crash|Night|Races' ./...
	$(MAKE) fuzz

# FUZZ names packages to fuzz, FUZZTIME the time for each target.
fuzz:
	GO="$(GO)" sh .ci/fuzz.sh $(FUZZ)

# reseal against its peers, on this machine and in one go (about forty
# minutes): HTTP and TLS, 0, 30 and 80 ms. The tables go to standard output, every
# run to bench/results. bench-quick is TLS without latency, two rounds.
bench:
	cd bench/peers && $(GO) run . -o ../results

bench-quick:
	cd bench/peers && $(GO) run . -rounds 2 -slow-rounds 1 -schemes https -latencies 0ms
