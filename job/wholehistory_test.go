package job

import (
	"testing"
	"time"

	"reseal/control"
	"reseal/cost"
	"reseal/report"
)

// The histories of shares add up to that of the job: runs that went on side by
// side were active once, and the cap is that of all shares that ran last.
func TestWholeHistory(t *testing.T) {
	at := func(minutes int) time.Time { return time.Date(2026, 11, 21, 1, minutes, 0, 0, time.UTC) }
	one := func(runs int64, kmsCap float64, spans ...int) *History {
		d := &History{Runs: runs, KMSCap: kmsCap, Spent: 10, Summary: new(report.Summary)}
		for i := 0; i < len(spans); i += 2 {
			d.Sessions = extendSessions(d.Sessions, at(spans[i]), at(spans[i]+1))
			d.Sessions = extendSessions(d.Sessions, at(spans[i]), at(spans[i+1]))
			d.Active += time.Duration(spans[i+1]-spans[i]) * time.Minute
		}
		d.First, d.Last = at(spans[0]), at(spans[len(spans)-1])
		d.Summary.Add(&report.Line{Time: d.First, Status: "done", Attempts: 1})
		d.KMSCaps = report.Caps{{Since: d.First, PerSecond: kmsCap}}
		d.Status = &control.Status{PID: int(kmsCap)}
		return d
	}
	type part struct {
		division string
		doc      *History
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
	var many []Session
	for i := range 3 * maxSessions {
		many = extendSessions(many, at(2*i), at(2*i+1))
	}
	if len(many) != maxSessions || !many[0].From.Equal(at(0)) {
		t.Errorf("%d sessions are kept, the first from %v; want %d from %v", len(many), many[0].From, maxSessions, at(0))
	}
}
