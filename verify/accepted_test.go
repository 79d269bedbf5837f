package verify

import (
	"slices"
	"testing"
	"time"

	"reseal/plan"
)

// What somebody accepted to lose is counted beside the verdict, never hidden by it.
func TestAcceptedLossIsTold(t *testing.T) {
	rec := aRow(nil)
	task := aPolicy().Decide(&rec)
	before, after := &plan.Snapshot{Head: *aHead(nil), Tags: plan.Saw([]plan.Tag{{Key: "a", Value: "b"}})}, &plan.Snapshot{Head: *aHead(nil), Tags: plan.Saw([]plan.Tag(nil))}
	p := done("after", "")
	j := &Judge{Policy: aPolicy(), Accepted: []plan.Attribute{plan.Tags}}
	f := j.Compare(&task, &p, before, after, began)
	var sum Tally
	sum.Add(&f)
	if f.Verdict != Proven || !slices.Equal(f.Accepted, []plan.Attribute{plan.Tags}) || sum.Accepted[plan.Tags] != 1 {
		t.Errorf("%s, accepted %v, counted %v", f.Verdict, f.Accepted, sum.Accepted)
	}
	// An earlier try lost it, and the one that counts was told that this is accepted.
	p.Error = plan.NotKept([]plan.Attribute{plan.Tags})
	if f := j.Look(&task, &p, aHead(nil)); f.Verdict != Proven || len(f.Accepted) != 1 {
		t.Errorf("tried again: %s, accepted %v", f.Verdict, f.Accepted)
	}
	if f := (&Judge{Policy: aPolicy()}).Look(&task, &p, aHead(nil)); f.Verdict != LostAttribute {
		t.Errorf("tried again, not accepted: %s", f.Verdict)
	}
	// A row that failed for it did lose something.
	p.State, p.Reason = Failed, plan.Unfaithful
	if f := j.Look(&task, &p, aHead(nil)); f.Verdict != LostAttribute {
		t.Errorf("failed: %s", f.Verdict)
	}
}

// A row without a result line whose object is older than the job was left alone.
func TestOlderThanTheJobIsLeftAlone(t *testing.T) {
	rec := aRow(nil)
	task := aPolicy().Decide(&rec)
	p := Promise{State: Settled, Size: -1}
	j := &Judge{Policy: aPolicy()}
	old := aHead(func(h *plan.Head) { h.LastModified = began.Add(-time.Minute) })
	if f := j.Look(&task, &p, old); f.Verdict != LeftAlone || f.Reason != plan.AlreadyEncrypted || f.Key != theKey {
		t.Errorf("older: %s, %s under %s", f.Verdict, f.Reason, f.Key)
	}
	if f := j.Look(&task, &p, aHead(nil)); f.Verdict != Proven {
		t.Errorf("written by the job: %s", f.Verdict)
	}
}
