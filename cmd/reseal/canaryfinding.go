package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// finding of the canary: what of which object is not as it was.
type loss struct {
	key, why string
	lost     []plan.Attribute // that could be accepted
}

// compare looks at all that was remembered.
func (t *trials) compare(ctx context.Context) ([]loss, error) {
	var lost []loss
	claims := func(yield func(engine.Claim, error) bool) {
		for _, one := range t.all {
			if one.note == nil {
				continue
			}
			if !yield(engine.Claim{Task: one.task, Before: one.note.Before, ETag: one.note.ETag}, nil) {
				return
			}
		}
	}
	err := engine.Prove(ctx, engine.ProveConfig{
		Snapshotter: t.looks, Gate: t.cfg.Gate, Policy: t.cfg.Policy, Written: time.Now(), Accepted: t.accepted, Attempts: t.cfg.Attempts,
	}, claims, func(p engine.Proof) error {
		if !p.Verdict.Difference() {
			return nil
		}
		l := loss{key: p.Task.Record.Key, why: p.Why}
		if before := t.before(p.Task.Record.Pos); before != nil && p.After != nil {
			l.lost = plan.Without(before.Lost(p.After, time.Now()), t.accepted)
		}
		lost = append(lost, l)
		return nil
	})
	slices.SortFunc(lost, func(a, b loss) int { return strings.Compare(a.key, b.key) })
	return lost, err
}

func (t *trials) before(p inventory.Position) *plan.Snapshot {
	for _, one := range t.all {
		if one.task.Record.Pos == p && one.note != nil {
			return one.note.Before
		}
	}
	return nil
}

// conclude ends the run where something got lost, and forgets what was
// remembered where nothing did.
func (t *trials) conclude(ctx context.Context, lost []loss) error {
	if len(lost) > 0 {
		return t.refuse(lost)
	}
	var compared int64
	for _, one := range t.all {
		if one.note == nil {
			continue
		}
		compared++
		one.note = nil
		if err := t.note(one); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.talk, "Canary: %s re-encrypted, and all of them compared with what they were before: nothing got lost.\n", report.Plural(compared, "object"))
	return t.journal.Flush(ctx)
}

// refuse says what got lost, and how it could be accepted.
func (t *trials) refuse(lost []loss) error {
	var b strings.Builder
	b.WriteString("stopped by the canary: objects are not as they were before")
	names, hopeless := map[string]bool{}, false
	for _, l := range lost {
		fmt.Fprintf(&b, "\n  %q: %s", l.key, l.why)
		acceptable := slices.DeleteFunc(slices.Clone(l.lost), func(a plan.Attribute) bool { return a == plan.Body || a == plan.Length })
		hopeless = hopeless || len(acceptable) == 0 || len(acceptable) < len(l.lost)
		for _, a := range acceptable {
			names["--accept "+a.Hazard()] = true
		}
	}
	b.WriteString("\nthe rest of the bucket was not touched. Where another client wrote the very same data again in that moment, with other metadata, " +
		"that looks the same: look at the object, and go on with --no-canary")
	if !hopeless {
		fmt.Fprintf(&b, "; to go on all the same: %s", strings.Join(slices.Sorted(maps.Keys(names)), " "))
	}
	return &refusedError{errors.New(b.String())}
}
