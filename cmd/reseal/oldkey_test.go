package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// A key that some objects are under, and that is disabled, fails these objects alone:
// the rest is done, each of the failures names its key, and once the key is enabled
// they are done as well.
func TestDisabledOldKey(t *testing.T) {
	for _, tt := range []struct {
		name string
		more []string
	}{
		{"looked at", []string{"--inspect-all"}},
		{"by the report", nil},
		{"with a canary", nil},
		{"a list", nil},
		{"changed since", nil},
		{"a large file", []string{"--copy-via", "multipart"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
				for i := range 25 {
					o := simulator.ObjectInfo{Key: fmt.Sprintf("k/%02d", i), Size: 100}
					if i%5 == 0 && tt.name != "changed since" {
						o.Encryption = simulator.Encryption{Type: simulator.SSEKMS, KMSKeyARN: otherKey}
					}
					if err := seed(w, o); err != nil {
						return err
					}
				}
				return w.SetKeyState(otherKey, simulator.KeyDisabled)
			}, "")
			if tt.name == "changed since" {
				n.sim.Locked(func(w *simulator.World) {
					for i := range 25 {
						o := simulator.ObjectInfo{Key: fmt.Sprintf("k/%02d", i), Size: 100}
						if i%5 == 0 {
							o.Encryption = simulator.Encryption{Type: simulator.SSEKMS, KMSKeyARN: otherKey}
							if err := seed(w, o); err != nil {
								t.Fatal(err)
							}
						}
					}
				})
			}
			if tt.name == "a list" {
				n.manifest = filepath.Join(t.TempDir(), "list.csv")
				var lines strings.Builder
				for i := range 25 {
					fmt.Fprintf(&lines, "%s,k/%02d\n", scriptBucket, i)
				}
				if err := os.WriteFile(n.manifest, []byte(lines.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			n.as(false)
			job := filepath.Join(t.TempDir(), "job")
			run := append([]string{"run", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--rekey", "--accept", "missing-columns", "--accept", "unproven-endpoint", "--job", job, "--yes", "--quiet", "--accept", "weak-conditions", "--accept", "drops-expires"}, tt.more...)
			if tt.name != "with a canary" {
				run = append(run, "--no-canary")
			}
			code, _, messages := n.command(run...)
			if code != exitFailures {
				t.Errorf("exit code %d, want %d:\n%s", code, exitFailures, messages)
			}
			_, text, _ := n.command("report", job)
			if said := unwrapped(text); !strings.Contains(said, "aws kms enable-key --key-id "+otherKey+" --region us-east-1") {
				t.Errorf("the report does not say how the objects' key is enabled:\n%s", text)
			}
			if histogram := n.sim.Rewrites(scriptBucket, "reseal-probe"); histogram[1] != 20 {
				t.Errorf("objects by number of copies: %v, want the 20 that are not under the disabled key", histogram)
			}
			n.sim.Locked(func(w *simulator.World) {
				if err := w.SetKeyState(otherKey, simulator.KeyEnabled); err != nil {
					t.Fatal(err)
				}
			})
			if code, _, messages := n.command("retry-failed", "--job", job, "--quiet", "--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "unproven-endpoint"); code != exitDone {
				t.Errorf("once the key is enabled: exit code %d:\n%s", code, messages)
			}
		})
	}
}
