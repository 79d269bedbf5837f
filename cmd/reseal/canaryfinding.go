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

// conclude ends the run where something got lost, or where nothing was proven of a
// bucket of which more is to be done, and forgets what was remembered where nothing
// was lost.
func (t *trials) conclude(ctx context.Context, lost []loss) error {
	if len(lost) > 0 {
		return t.refuse(lost)
	}
	var proven int64
	var failed []*engine.Result
	for _, one := range t.all {
		switch {
		case one.result != nil && one.result.Outcome == engine.Failed:
			failed = append(failed, one.result)
		case one.note != nil:
			proven++
		}
		if one.note == nil {
			continue
		}
		one.note = nil
		if err := t.note(one); err != nil {
			return err
		}
	}
	stop := proven == 0 && len(failed) > 0 && t.more
	if !stop {
		for _, p := range t.unproven {
			if err := t.journal.Note(p, unprovenNote, nil); err != nil {
				return fmt.Errorf("remember that the canary is through: %w", err)
			}
		}
		t.tell(proven, failed)
	}
	if err := t.journal.Flush(ctx); err != nil || !stop {
		return err
	}
	return &refusedError{&canaryError{int64(len(t.all)), failed}}
}

// tell says what was proven, and what failed.
func (t *trials) tell(proven int64, failed []*engine.Result) {
	all, left := int64(len(t.all)), int64(len(t.all))-proven-int64(len(failed))
	switch {
	case proven == all:
		fmt.Fprintf(t.talk, "Canary: %s re-encrypted, and all of them compared with what they were before: nothing got lost.\n", report.Plural(all, "object"))
	case proven > 0:
		fmt.Fprintf(t.talk, "Canary: %s of %s re-encrypted, and each compared with what it was before: nothing got lost.\n",
			report.Count(proven), report.Plural(all, "object"))
	default:
		fmt.Fprintf(t.talk, "Canary: none of %s re-encrypted, so nothing is proven of the way that they are.\n", report.Plural(all, "object"))
	}
	if left > 0 {
		fmt.Fprintf(t.talk, "  %s not compared: gone, under the key already, put off, or written by another client in between\n", report.Count(left))
	}
	if len(failed) > 0 {
		fmt.Fprintf(t.talk, "  %s failed:\n%s", report.Count(int64(len(failed))), failures(failed))
	}
}

// canaryError says that nothing of what was tried could be re-encrypted.
type canaryError struct {
	tried  int64
	failed []*engine.Result
}

// Error names what failed, and what to do.
func (e *canaryError) Error() string {
	return fmt.Sprintf("stopped by the canary: of %s, tried first, none could be re-encrypted, so nothing is proven of the rest\n%s"+
		"nothing got lost, and the rest of the bucket was not touched; once that is mended, the same command tries them again. To go on without a canary: --no-canary",
		report.Plural(e.tried, "object"), failures(e.failed))
}

// Unwrap returns the cause of the first failure, for a hint.
func (e *canaryError) Unwrap() error {
	if first := e.failed[0].Err; first != nil {
		return first
	}
	return nil
}

// failures is a line for each reason that objects failed for, with an example.
func failures(failed []*engine.Result) string {
	var reasons []plan.Reason
	of := map[plan.Reason][]*engine.Result{}
	for _, r := range failed {
		if of[r.Reason] == nil {
			reasons = append(reasons, r.Reason)
		}
		of[r.Reason] = append(of[r.Reason], r)
	}
	var b strings.Builder
	for _, reason := range reasons {
		first, more := of[reason][0], int64(len(of[reason])-1)
		fmt.Fprintf(&b, "  %s  %q", reason, first.Task.Record.Key)
		if more > 0 {
			fmt.Fprintf(&b, " and %s more", report.Count(more))
		}
		if first.Err != nil {
			fmt.Fprintf(&b, ": %s", answerOf(first.Err))
		}
		b.WriteByte('\n')
	}
	return b.String()
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
