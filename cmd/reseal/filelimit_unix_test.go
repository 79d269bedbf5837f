//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reseal/control"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// A system that lets a process have few files and connections open makes a run
// slower, and nothing else: big objects, whose parts are many requests, included.
func TestFewOpenFiles(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{64, 256} {
		for _, path := range []string{"", "--sdk-client"} {
			t.Run(fmt.Sprint(limit, path), func(t *testing.T) {
				t.Parallel()
				objects := 4 * limit // more than can be in flight
				w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: int64(objects), Seed: 1, Plain: true})
				job := filepath.Join(t.TempDir(), "job")
				args := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--no-progress",
					"--kms-rps", "20000", "--s3-rps", "20000", "--copy-via", "multipart", "--bucket-key-enabled=false", "--probe-key-prefix", "reseal-probe/"}
				if path != "" {
					args = append(args, path)
				}
				bound := w.command(args...)
				cmd := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$@"`, limit), "sh", bound.Path}, bound.Args[1:]...)...)
				cmd.Env = bound.Env
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("with at most %d open: %v\n%s", limit, err, out)
				}
				if n := w.encrypted(); n != objects {
					t.Errorf("%d objects are under the key, want %d", n, objects)
				}
				if want := fmt.Sprintf("this process may have %d files", limit); !strings.Contains(string(out), want) {
					t.Errorf("want %q in:\n%s", want, out)
				}
			})
		}
	}
}

// The parts are never more than the whole, and nobody is left with nothing.
func TestDealFiles(t *testing.T) {
	for limit := int64(16); limit < 1<<20; limit += 1 + limit/7 {
		b := dealFiles(limit, 16)
		if b.report < 1 || b.slots() < 1 || b.connections < 2 {
			t.Errorf("limit %d: %+v; want at least one of each", limit, b)
		}
		if need := int64(2*b.report + b.connections + stateFiles + sideConnections + ownFiles); limit >= 64 && need > limit {
			t.Errorf("limit %d: %+v, which takes %d", limit, b, need)
		}
	}
	if b := dealFiles(0, 5); b.slots() != control.MaxConcurrency || b.report != 5 || b.connections != 0 {
		t.Errorf("without a limit: %+v", b)
	}
}
