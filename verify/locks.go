package verify

import (
	"cmp"
	"fmt"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// locks compares the locks that the report has of an object with those that a look
// shows: what is weaker is lost. That a retention is longer or stricter is a client's
// work, or a new write's.
func (j *Judge) locks(f *Finding, p *Promise, h *plan.Head, lost func(plan.Attribute, string)) {
	hides := func(shown string, a plan.Attribute) bool {
		hidden := j.HiddenLocks && shown == ""
		if hidden {
			f.Unchecked = append(f.Unchecked, a)
		}
		return hidden
	}
	const since = " as in the report (lost, or changed by a client since the report)"
	r, at := &f.Task.Record, p.Time
	if at.IsZero() {
		at = j.Policy.Now
	}
	if r.LockMode != "" && r.LockRetainUntil.After(at) && weaker(r, h) && !hides(h.LockMode, plan.Retention) {
		is := cmp.Or(h.LockMode, "none")
		if h.LockMode != "" {
			is += " until " + h.LockRetainUntil.UTC().Format(time.RFC3339)
		}
		lost(plan.Retention, fmt.Sprintf("retention is %s, not %s until %s", is, r.LockMode, r.LockRetainUntil.UTC().Format(time.RFC3339))+since)
	}
	if r.LegalHold == "ON" && h.LegalHold != "ON" && !hides(h.LegalHold, plan.LegalHold) {
		lost(plan.LegalHold, "legal hold is "+cmp.Or(h.LegalHold, "none")+", not ON"+since)
	}
	if r.EventHold == "ON" && h.EventHold != "ON" && !hides(h.EventHold, plan.EventHold) {
		lost(plan.EventHold, "event hold is "+cmp.Or(h.EventHold, "none")+", not ON"+since)
	}
}

// weaker tells whether a look shows a retention that protects less than the one of the
// report, whose date has no fractions of a second on S3.
func weaker(r *inventory.Record, h *plan.Head) bool {
	const compliance = "COMPLIANCE"
	return h.LockMode == "" || r.LockMode == compliance && h.LockMode != compliance ||
		h.LockRetainUntil.Before(r.LockRetainUntil.Truncate(time.Second))
}
