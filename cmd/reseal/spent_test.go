package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/cost"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// spentCmd checks what a job has cost, by its own account and at the prices of
// maxcost.txt by the simulator's, of which probes are a small part:
//
//	spent JOB LOW HIGH
func spentCmd(ts *testscript.TestScript, neg bool, args []string) {
	low, high := float64(number(ts, args[1])), float64(number(ts, args[2]))
	snapshot, err := readStatus(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	if got := float64(snapshot.Spent) / float64(cost.Dollar); got < low || got > high {
		ts.Fatalf("the job says that it cost %.2f, want %.0f to %.0f", got, low, high)
	}
	histogram := sceneOf(ts).sim.Rewrites(scriptBucket)
	var copies int64
	for times, n := range histogram {
		copies += int64(times) * n
	}
	if float64(copies) > high {
		ts.Fatalf("%d copies at a dollar, want %.0f at most", copies, high)
	}
}

// A copy at a dollar, a look at ten cents.
const dearPrices = `{"format": "reseal-prices/1", "currency": "USD", "date": "2026-11-21", "source": "made up",
	"regions": {"us-east-1": {"kms_10000_requests": 0, "classes": {"STANDARD": {"put_1000": 1000, "get_1000": 100}}}}}`

// What a job says that it spent is never below what the simulator counted, also
// after runs were killed: not when one has just been, nor at the end.
func TestSpentCountsWhatKilledRunsDid(t *testing.T) {
	t.Parallel()
	const objects, kills = 300, 3
	w := newTestWorld(t, simaws.Config{Seed: 1, Latency: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true})
	dir := t.TempDir()
	job, prices := filepath.Join(dir, "job"), filepath.Join(dir, "prices.json")
	if err := os.WriteFile(prices, []byte(dearPrices), 0o600); err != nil {
		t.Fatal(err)
	}
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--no-canary", "--prices", prices,
		"--accept", "weak-conditions", "--accept", "drops-expires", "--concurrency", "8", "--max-cost", "2000"}
	counted := func() cost.Money {
		w.audit.mu.Lock()
		defer w.audit.mu.Unlock()
		took := w.audit.jobs[auditKey{auditTag(job), scriptBucket}].all
		return cost.Money(took.writes)*cost.Dollar + cost.Money(took.reads)*cost.Dollar/10
	}
	spent := func() cost.Money {
		s, err := readStatus(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		return s.Spent
	}
	for n := range kills {
		cmd := w.command(run...)
		ended := startCommand(t, cmd)
		w.waitForCopies(ended, int64(n+1)*objects/(kills+1))
		_ = cmd.Process.Kill()
		if err := <-ended; err == nil {
			t.Fatal("the run ended before it could be killed")
		}
		if got, low := spent(), counted(); got < low {
			t.Errorf("after kill %d: spent %s by the job's account; the simulator counted %s", n, got, low)
		}
	}
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("last run: %v\n%s", err, out)
	}
	got, low := spent(), counted()
	if high := 2*low + kills*cost.Dollar; got < low || got > high { // each run may be ahead by as much as it spent
		t.Errorf("spent %s by the job's account; the simulator counted %s, want %s at most", got, low, high)
	}
	t.Logf("spent %s by the job's account, %s counted", got, low)
}
