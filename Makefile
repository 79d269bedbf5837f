# make check is what CI runs. make soak runs what takes too long for that.

GO ?= go

.PHONY: check fmt vet lint test soak minio bench build

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
	$(GO) test -race -timeout 30m ./...

# The tests that need a server which nobody here wrote: starts MinIO (installed,
# pinned, into a cache folder) on loopback. Fails where it cannot be started.
minio:
	GO="$(GO)" sh .ci/minio.sh

# The long numbers; the results that were seen stand in bench/README.md.
soak:
	RESEAL_SOAK=1 $(GO) test -count=1 -timeout 120m -v -run 'Soak|Crash|Races' ./...

# reseal against its peers, on this machine and in one go (about four minutes):
# the table goes to standard output, every run to bench/results.
bench:
	cd bench/peers && $(GO) run . -o ../results
	cd bench/peers && $(GO) run . -o ../results -objects 3000 -rounds 1 -slow-rounds 0 -latency 30ms -in-flight 256
	cd bench/peers && $(GO) run . -o ../results -objects 3000 -rounds 1 -slow-rounds 0 -latency 80ms -in-flight 256
