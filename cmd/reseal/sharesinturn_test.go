package main

import (
	"encoding/json"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job/status"
	"reseal/report"
	"reseal/verify"
)

// A job in two shares, one after the other. In between verify proves what the
// first one did; a share takes its own failures again and no others; in the end
// report and status are about all of it.
func TestSharesInTurn(t *testing.T) {
	t.Parallel()
	const objects, perFile = 120, 30
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true}, simaws.Report{RowsPerFile: perFile})
	// Two objects fail as long as this goes on; which share has which is of no matter.
	var faults []int
	for _, key := range []string{"*0000000003*", "*0000000113*"} {
		faults = append(faults, sim.World.AddFault(simulator.Fault{Op: "CopyObject", Code: "AccessDenied", HTTPStatus: 403, Key: key}))
	}
	w := serveWorld(t, sim, manifest)
	job := "s3://" + simaws.ReportBucket + "/jobs/two"
	about := []string{"--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--bucket-key-enabled=false"}
	share := func(exit int, i string) {
		t.Helper()
		w.output(exit, append([]string{"run", "--yes", "--quiet", "--probe-key-prefix", "reseal-probe/", "--shard", i}, about...)...)
	}
	status := func() (s status.Status) {
		t.Helper()
		if err := json.Unmarshal(w.output(0, "status", "--job", job, "--json"), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	text := func() string { return unwrapped(string(w.output(0, "status", "--job", job))) }
	w.output(0, append([]string{"plan"}, about...)...)
	share(exitFailures, "0/2")
	first := status()
	if first.State != "unfinished" || first.Done != objects/2-1 || first.Failed != 1 || first.Runs != 1 {
		t.Errorf("after one share: %+v, want half of %d done but for one that failed", first, objects)
	}
	if left := "run " + job + " --shard 1/2"; !strings.Contains(text(), left) { // the first share has nothing left that run would do
		t.Errorf("after one share that has a failure the next command is not %q:\n%s", left, text())
	}
	var v verify.Verification
	if err := json.Unmarshal(w.output(exitFailures, "verify", "--job", job, "--json"), &v); err != nil {
		t.Fatal(err)
	}
	if v.Looked != first.Done || v.Verdicts[verify.NotDone] != objects-first.Done {
		t.Errorf("verify of the unfinished job looked at %d objects and missed %d, want %d and %d", v.Looked, v.Verdicts[verify.NotDone], first.Done, objects-first.Done)
	}
	share(exitFailures, "1/2")
	sim.Locked(func(world *simulator.World) {
		for _, id := range faults {
			world.RemoveFault(id)
		}
	})
	w.output(0, "retry-failed", "--job", job, "--quiet", "--probe-key-prefix", "reseal-probe/", "--shard", "1/2")
	if s := status(); s.Failed != 1 || s.Done != objects-1 || s.State != "finished" {
		t.Errorf("after one share tried its failures again: %+v, want the other's one left", s)
	}
	for i, want := range []int64{1, 0} {
		if s := status().Shares[i]; s.State != "finished" || s.Settled != objects/2 || s.Failed != want || s.Finished != 2 { // the one row that was tried again counts once
			t.Errorf("share %s: %+v, want it finished, with %d rows", s.Share, s, objects/2)
		}
	}
	w.output(exitUsage, "retry-failed", "--job", job, "--quiet", "--shard", "2/2")
	w.output(0, "retry-failed", "--job", job, "--quiet", "--probe-key-prefix", "reseal-probe/", "--shard", "0/2")
	s := status()
	if s.Failed != 0 || s.Done != objects || s.Runs != 4 || s.Active <= 0 || s.Active < first.Active {
		t.Errorf("at the end: %+v, want %d done in 4 runs", s, objects)
	}
	var r struct {
		Runs    int64
		Totals  report.Totals
		Summary struct {
			Timeline struct{ Slots []report.Slot }
		}
	}
	if err := json.Unmarshal(w.output(0, "report", "--job", job, "--format", "json"), &r); err != nil {
		t.Fatal(err)
	}
	var done, failed int64
	for _, slot := range r.Summary.Timeline.Slots {
		done, failed = done+slot.Done, failed+slot.Failed
	}
	if r.Totals.Done != objects || r.Runs != 4 || done != objects || failed != 2 {
		t.Errorf("the report has %d done in %d runs, and a timeline of %d done and %d failed; want %d, 4, %d and 2", r.Totals.Done, r.Runs, done, failed, objects, objects)
	}
}
