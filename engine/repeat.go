package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"reseal/plan"
)

// Finishing is a Gate whose requests are sent even while a run stops: those of the
// look after a write, as an object is recorded once it was compared.
type Finishing struct{ Gate }

// Do implements Gate.
func (f Finishing) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	s.Finishes = true
	return f.Gate.Do(ctx, s, send)
}

// compareRepeat compares an object that this run's own copy re-encrypted, by all
// that is known without its answer, with the look before, and fails res where it
// lost something. Without a look before, or one after, nothing is said of it.
func (r *run) compareRepeat(res *Result, g steps) {
	t := &res.Task
	if w := &g.sent.wrote; w.ETag != "" && w.ETag != t.Head.ETag {
		return // another client's write
	}
	lost := r.lostBy(res, g)
	lost = slices.DeleteFunc(lost, func(d plan.Difference) bool { return slices.Contains(r.Accepted, d.Attribute) })
	if len(lost) == 0 {
		return
	}
	res.Outcome, res.Reason, res.Repeat = Failed, plan.Unfaithful, false
	res.Err = &ObjectError{Op: "HeadObject", Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Permanent, Reason: plan.Unfaithful, Lost: lost, InDoubt: true,
		Err: errors.New(plan.NotKept(plan.NamesOf(lost)))}
}

// lostBy returns what two looks, before and after, show to differ.
func (r *run) lostBy(res *Result, g steps) []plan.Difference {
	switch {
	case res.Before != nil && r.Snapshotter != nil:
		now := r.Policy.ByNow(res.Task)
		after, err := r.Snapshotter.Snapshot(r.work, &now, Finishing{g})
		if err != nil || after.Head.ETag != res.Task.Head.ETag {
			return nil // a later look says it: the one before is in the result
		}
		c := r.Policy.Options.Compare(res.Before, after, time.Now())
		return c.Differences
	case g.sent.before != nil:
		c := plan.CompareHeads(g.sent.before, res.Task.Head, time.Now())
		return c.Differences
	}
	return nil
}
