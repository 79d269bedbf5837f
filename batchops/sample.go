package batchops

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

// MaxSample is how many objects are looked at before a report is believed. Of
// a report in which half of the objects are not as it says, one in 65,000
// passes; that of a job which did something else has none that are.
const MaxSample = 16

// Sample checks that all tasks are of objects that the job plans to do; otherwise it
// returns a *checkpoint.MismatchError. It picks up to MaxSample of the objects that
// succeeded, each as likely as any other.
func (m *Import) Sample(ctx context.Context) ([]inventory.Record, error) {
	var picked []inventory.Record
	var seen int64
	err := m.each(ctx, func(t *plan.Task, _ int, e ending) error {
		if !e.succeeded {
			return nil
		}
		seen++
		switch at := rand.Int64N(seen); {
		case len(picked) < MaxSample:
			picked = append(picked, t.Record.Clone())
		case at < MaxSample:
			picked[at] = t.Record.Clone()
		}
		return nil
	})
	return picked, err
}

// NotDoneError says that an object is not under the key although its task succeeded.
type NotDoneError struct {
	Key     string
	Verdict verify.Verdict
	Why     string
}

// Error names the object and asks whether the report is the right one.
func (e *NotDoneError) Error() string {
	return fmt.Sprintf("the report says that %q was done, but it is %s: %s; is it the report of another Batch Operations job? Nothing was recorded",
		e.Key, e.Verdict, e.Why)
}

// Look makes sure that objects whose tasks succeeded are under the key: a completion
// report does not tell which operation it is about. It returns a *NotDoneError for
// one that is not. All objects are looked at at once.
func (m *Import) Look(ctx context.Context, r engine.Rewriter, gate engine.Gate, records []inventory.Record) error {
	looks, ctx := errgroup.WithContext(ctx)
	for i := range records {
		looks.Go(func() error { return look(ctx, r, gate, m.Policy, &records[i]) })
	}
	return looks.Wait()
}

// look looks at one object.
func look(ctx context.Context, r engine.Rewriter, gate engine.Gate, policy *plan.Policy, rec *inventory.Record) error {
	task, judge := policy.ByNow(policy.Decide(rec)), verify.Judge{Policy: policy}
	head, err := r.Inspect(ctx, &task, gate)
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe) && oe.Class == engine.Gone:
		return nil
	case err != nil:
		return fmt.Errorf("look at an object that the report says was done: %w", err)
	}
	f := judge.Look(&task, &verify.Promise{State: verify.Settled, Line: true, Reason: report.Batch, Size: -1}, head)
	if policy.Options.WrongBucketKey(head) && f.Verdict.Grade() != verify.Fine {
		f.Verdict = verify.NotDone // as another job was to do it
	}
	switch f.Verdict {
	case verify.NotDone, verify.ChangedNotUnderKey, verify.NeverUnderKey:
		return &NotDoneError{rec.Key, f.Verdict, f.Why}
	}
	return nil
}
