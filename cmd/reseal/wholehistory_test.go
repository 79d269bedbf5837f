package main

import (
	"encoding/json"
	"testing"
	"time"

	"reseal/cost"
	"reseal/internal/simulator"
	"reseal/report"
)

// The histories of shares add up to that of the job: runs that went on side by
// side were active once, and the cap is that of all shares that ran last.
func TestWholeHistory(t *testing.T) {
	at := func(minutes int) time.Time { return time.Date(2026, 11, 21, 1, minutes, 0, 0, time.UTC) }
	one := func(runs int64, kmsCap float64, spans ...int) *historyDoc {
		d := &historyDoc{Runs: runs, KMSCap: kmsCap, Spent: 10, Summary: new(report.Summary)}
		for i := 0; i < len(spans); i += 2 {
			d.Sessions = extend(d.Sessions, at(spans[i]), at(spans[i]+1))
			d.Sessions = extend(d.Sessions, at(spans[i]), at(spans[i+1]))
			d.Active += time.Duration(spans[i+1]-spans[i]) * time.Minute
		}
		d.First, d.Last = at(spans[0]), at(spans[len(spans)-1])
		d.Summary.Add(&report.Line{Time: d.First, Status: "done", Attempts: 1})
		d.KMSCaps = report.Caps{{Since: d.First, PerSecond: kmsCap}}
		d.Status = &runStatus{PID: int(kmsCap)}
		return d
	}
	type part struct {
		division string
		doc      *historyDoc
	}
	for _, tt := range []struct {
		name      string
		parts     []part
		runs      int64
		active    time.Duration
		cap       float64
		lastShare int // PID in its status
	}{
		{"one run", []part{{"", one(1, 9, 0, 10)}}, 1, 10 * time.Minute, 9, 9},
		{"shares side by side", []part{{"2", one(1, 4, 0, 10)}, {"2", one(1, 5, 2, 12)}}, 2, 12 * time.Minute, 9, 5},
		{"one after the other, with a pause", []part{{"2", one(1, 4, 0, 10)}, {"2", one(1, 5, 20, 25)}}, 2, 15 * time.Minute, 9, 5},
		{"resumed, and shorter within longer", []part{{"2", one(2, 4, 0, 10, 20, 30)}, {"2", one(1, 5, 1, 2)}}, 3, 20 * time.Minute, 9, 4},
		{"divided anew", []part{{"4", one(1, 1, 0, 1)}, {"4", one(1, 1, 0, 1)}, {"2", one(1, 7, 3, 5)}}, 3, 3 * time.Minute, 7, 7},
	} {
		w := wholeHistory{caps: map[string]float64{}, held: map[string][]report.Caps{}, ends: map[string]time.Time{}}
		for _, p := range tt.parts {
			w.add(p.doc, p.division)
		}
		got := w.doc()
		n := int64(len(tt.parts))
		if got.Runs != tt.runs || got.Active != tt.active || got.KMSCap != tt.cap || got.Status.PID != tt.lastShare || got.Spent != cost.Money(10*n) || got.Summary.Lines() != n {
			t.Errorf("%s: %d runs, active %v, cap %v, last %d, spent %v, %d lines; want %d, %v, %v, %d, %v, %d", tt.name,
				got.Runs, got.Active, got.KMSCap, got.Status.PID, got.Spent, got.Summary.Lines(), tt.runs, tt.active, tt.cap, tt.lastShare, cost.Money(10*n), n)
		}
	}
	w := wholeHistory{caps: map[string]float64{}, held: map[string][]report.Caps{}, ends: map[string]time.Time{}}
	w.add(one(1, 4, 0, 10), "2")
	w.add(one(1, 5, 2, 12), "2")
	w.add(one(1, 7, 20, 25), "")
	if got := w.doc().KMSCaps; len(got) != 3 || got[0].PerSecond != 4 || got[1].PerSecond != 9 || got[2].PerSecond != 7 {
		t.Errorf("caps of two shares and of a run after them: %v, want 4, 9, 7", got)
	}
	var many []session
	for i := range 3 * maxSessions {
		many = extend(many, at(2*i), at(2*i+1))
	}
	if len(many) != maxSessions || !many[0].From.Equal(at(0)) {
		t.Errorf("%d sessions are kept, the first from %v; want %d from %v", len(many), many[0].From, maxSessions, at(0))
	}
}

// A job in two shares, one after the other. In between verify proves what the
// first one did; a share takes its own failures again and no others; in the end
// report and status are about all of it.
func TestSharesInTurn(t *testing.T) {
	t.Parallel()
	const objects, perFile = 120, 30
	sim, err := newSimulation(simConfig{listen: "127.0.0.1:0", seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := sim.populateFiles(t.Context(), objects, perFile)
	if err != nil {
		t.Fatal(err)
	}
	// Two objects fail as long as this goes on; which share has which is of no matter.
	var faults []int
	for _, key := range []string{"*0000000003*", "*0000000113*"} {
		faults = append(faults, sim.world.AddFault(simulator.Fault{Op: "CopyObject", Code: "AccessDenied", HTTPStatus: 403, Key: key}))
	}
	w := serveWorld(t, sim, manifest)
	job := "s3://" + simReports + "/jobs/two"
	about := []string{"--manifest", manifest, "--sse-kms-key-id", simKey, "--job", job, "--bucket-key-enabled=false"}
	share := func(exit int, i string) {
		t.Helper()
		w.output(exit, append([]string{"run", "--yes", "--quiet", "--probe-key-prefix", "reseal-probe/", "--shard", i}, about...)...)
	}
	status := func() (s jobStatus) {
		t.Helper()
		if err := json.Unmarshal(w.output(0, "status", "--job", job, "--json"), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	w.output(0, append([]string{"plan"}, about...)...)
	share(exitFailures, "0/2")
	first := status()
	if first.State != "unfinished" || first.Done != objects/2-1 || first.Failed != 1 || first.Runs != 1 {
		t.Errorf("after one share: %+v, want half of %d done but for one that failed", first, objects)
	}
	var v verification
	if err := json.Unmarshal(w.output(0, "verify", "--job", job, "--json"), &v); err != nil {
		t.Fatal(err)
	}
	if v.Looked != first.Done || v.NotDone != objects-first.Done {
		t.Errorf("verify of the unfinished job looked at %d objects and missed %d, want %d and %d", v.Looked, v.NotDone, first.Done, objects-first.Done)
	}
	share(exitFailures, "1/2")
	sim.front.Locked(func(world *simulator.World) {
		for _, id := range faults {
			world.RemoveFault(id)
		}
	})
	w.output(0, "retry-failed", "--job", job, "--quiet", "--probe-key-prefix", "reseal-probe/", "--shard", "1/2")
	if s := status(); s.Failed != 1 || s.Done != objects-1 || s.State != "finished" {
		t.Errorf("after one share tried its failures again: %+v, want the other's one left", s)
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
