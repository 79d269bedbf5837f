package verify

import (
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// A lock that is weaker than in the report is lost, whatever else is as promised.
func TestLocksAreComparedWithTheReport(t *testing.T) {
	until := began.Add(time.Hour)
	locked := func(mode string, until time.Time) func(*inventory.Record) {
		return func(r *inventory.Record) { r.LockMode, r.LockRetainUntil = mode, until }
	}
	shows := func(mode string, until time.Time) func(*plan.Head) {
		return func(h *plan.Head) { h.LockMode, h.LockRetainUntil = mode, until }
	}
	hold := func(r *inventory.Record) { r.LegalHold = "ON" }
	for _, tt := range []struct {
		name string
		row  func(*inventory.Record)
		head func(*plan.Head)
		want Verdict
	}{
		{"as before", locked("COMPLIANCE", until), shows("COMPLIANCE", until), Proven},
		{"a fraction of a second", locked("COMPLIANCE", until.Add(time.Millisecond)), shows("COMPLIANCE", until), Proven},
		{"longer and stricter", locked("GOVERNANCE", until), shows("COMPLIANCE", until.Add(time.Hour)), Proven},
		{"gone", locked("COMPLIANCE", until), nil, LostAttribute},
		{"in another mode", locked("COMPLIANCE", until), shows("GOVERNANCE", until), LostAttribute},
		{"shorter", locked("GOVERNANCE", until), shows("GOVERNANCE", until.Add(-time.Minute)), LostAttribute},
		{"run out before the run", locked("GOVERNANCE", began.Add(-time.Hour)), nil, Proven},
		{"hold", hold, func(h *plan.Head) { h.LegalHold = "ON" }, Proven},
		{"hold gone", hold, nil, LostAttribute},
		{"event hold gone", func(r *inventory.Record) { r.EventHold = "ON" }, func(h *plan.Head) { h.EventHold = "OFF" }, LostAttribute},
	} {
		rec, promise := aRow(tt.row), done("after", "")
		p := aPolicy()
		p.Facts.ObjectLock = plan.Yes
		task, j := p.Decide(&rec), Judge{Policy: p}
		if f := j.Look(&task, &promise, aHead(tt.head)); f.Verdict != tt.want {
			t.Errorf("%s: %s (%s), want %s", tt.name, f.Verdict, f.Why, tt.want)
		}
		hidden := Judge{Policy: p, HiddenLocks: true}
		if f := hidden.Look(&task, &promise, aHead(nil)); f.Verdict != Proven || (len(f.Unchecked) > 0) != (tt.row != nil && tt.name != "run out before the run") {
			t.Errorf("%s, hidden: %s (%s), not checked %v", tt.name, f.Verdict, f.Why, f.Unchecked)
		}
		accepting := Judge{Policy: j.Policy, Accepted: []plan.Attribute{plan.Retention, plan.LegalHold, plan.EventHold}}
		if f := accepting.Look(&task, &promise, aHead(tt.head)); f.Verdict != Proven {
			t.Errorf("%s, accepted: %s (%s)", tt.name, f.Verdict, f.Why)
		}
	}
}
