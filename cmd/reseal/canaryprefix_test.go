package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/canary"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// prefixWorld is a bucket with objects of one kind that have user metadata, the
// first lossy of them under the prefix p/, where the server loses the attribute.
func prefixWorld(t *testing.T, objects, lossy int, lose simulator.Attribute) *testWorld {
	t.Helper()
	sim, now := newAccount(t, simaws.Config{Seed: 1}), time.Now()
	for i := range objects {
		key := fmt.Sprintf("d/%05d", i)
		if i < lossy {
			key = fmt.Sprintf("p/%05d", i)
		}
		o := simulator.ObjectInfo{Key: key, Size: 100, LastModified: now.Add(-time.Hour), Metadata: &simulator.Metadata{User: map[string]string{"a": "b"}}, Tags: []simulator.Tag{{Key: "a", Value: "b"}}}
		if err := sim.World.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := sim.WriteReport(t.Context(), scriptBucket, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	sim.World.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: lose, How: simulator.Lose, Way: simulator.ByCopy, Key: "p/*"}}})
	return serveWorld(t, sim, manifest)
}

// What the server loses under one prefix alone is a loss: that objects of another
// prefix keep theirs proves nothing about it. Nor is it forgotten by the next run.
func TestLossUnderOnePrefix(t *testing.T) {
	for _, lose := range []simulator.Attribute{simulator.AttrUserMetadata, simulator.AttrTags} {
		t.Run(string(lose), func(t *testing.T) {
			t.Parallel()
			w := prefixWorld(t, 300, 60, lose)
			job := filepath.Join(t.TempDir(), "job")
			name := strings.ReplaceAll(string(lose), "-", " ")
			for try := range 2 {
				cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes",
					"--accept", "weak-conditions", "--accept", "drops-expires")
				out, _ := cmd.CombinedOutput()
				said := string(out)
				if code := cmd.ProcessState.ExitCode(); code != exitRefused || !strings.Contains(said, "not as before: "+name) || strings.Contains(said, "another client changed") {
					t.Fatalf("try %d: exit %d, want %d\n%s", try+1, code, exitRefused, said)
				}
				s := w.status(job)
				if s.Failed == 0 || s.Canary.Kinds[0].Verdict != canary.Lost {
					t.Errorf("try %d: %d failed, canary %+v", try+1, s.Failed, s.Canary)
				}
			}
			next, _ := w.command("status", "--job", job).Output()
			if want := "--accept drops-" + string(lose); !strings.Contains(string(next), want) || !strings.Contains(string(next), "differs: "+name) {
				t.Errorf("status does not say %q and what differs\n%s", want, next)
			}
			cmd := w.command("verify", "--job", job)
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitDifferent || !strings.Contains(string(out), "lost-attribute") {
				t.Errorf("verify: exit %d\n%s", cmd.ProcessState.ExitCode(), out)
			}
		})
	}
}

// A second job over the same report finds the object of the prefix that it would try
// first under the key, and has another one compared.
func TestSecondJobSeesLossUnderOnePrefix(t *testing.T) {
	t.Parallel()
	w := prefixWorld(t, 100, 14, simulator.AttrUserMetadata)
	for _, job := range []string{"first", "second"} {
		cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), job), "--yes",
			"--accept", "weak-conditions", "--accept", "drops-expires")
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != exitRefused || !strings.Contains(string(out), "not as before: user metadata") {
			t.Errorf("%s job: exit %d, want %d\n%s", job, code, exitRefused, out)
		}
	}
}
