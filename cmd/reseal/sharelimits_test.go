package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/cost"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job/status"
)

// What a job may cost, and how many objects may fail, is meant for all of it: the shares have
// a part of it each, as of the rates, and each says so when it begins and when it is stopped.
func TestSharesDivideTheLimits(t *testing.T) {
	t.Parallel()
	const objects = 120
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true}, simaws.Report{RowsPerFile: objects / 4})
	w := serveWorld(t, sim, manifest)
	job := "s3://" + simaws.ReportBucket + "/jobs/limits"
	w.output(0, "plan", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--bucket-key-enabled=false")
	prices := filepath.Join(t.TempDir(), "dear.json")
	if err := os.WriteFile(prices, []byte(dearPrices), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(exit int, share string, more ...string) string {
		t.Helper()
		cmd := w.command(append([]string{"run", "--job", job, "--shard", share, "--yes", "--no-canary", "--snapshot", "0", "--no-progress", "--prices", prices,
			"--accept", "weak-conditions", "--accept", "drops-expires"}, more...)...)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exit {
			t.Fatalf("exit code %d, want %d:\n%s", cmd.ProcessState.ExitCode(), exit, out)
		}
		return unwrapped(string(out))
	}
	for _, share := range []string{"0/2", "1/2", "0/2"} { // the first one again has nothing left of its part
		out := run(exitStopped, share, "--max-cost", "40", "--max-failures", "5")
		for _, want := range []string{
			"limit in force: --max-cost 40, of which share " + share + " has $20.00",
			"limit in force: --max-failures 5, of which share " + share + " has 3",
			"stopped by --max-cost 40, of which share " + share + " has $20.00",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("share %s does not say %q:\n%s", share, want, out)
			}
		}
	}
	var s status.Status
	if err := json.Unmarshal(w.output(0, "status", "--job", job, "--json"), &s); err != nil {
		t.Fatal(err)
	}
	if s.Spent > 40*cost.Dollar || s.Spent < 30*cost.Dollar {
		t.Errorf("the shares spent %v together, want 40 dollars at most, and most of that", s.Spent)
	}
}
