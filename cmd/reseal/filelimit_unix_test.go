//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
