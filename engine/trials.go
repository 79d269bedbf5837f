package engine

import (
	"context"
	"errors"
	"fmt"

	"reseal/plan"
)

// Trials has objects of every kind compared with what they were before, and
// holds the others of a kind back until one is proven. Safe for concurrent use.
type Trials interface {
	// Rewrite carries out t with rw. Where objects like t's are not proven yet it
	// reads all of the object before and after, or waits for another that is being
	// compared. It then returns ErrNotBegun if admit ends, and a *HeldBack where the
	// object must be put off. All its requests pass g.
	Rewrite(admit, work context.Context, t *plan.Task, g Gate, rw Rewriter) (Effect, error)
}

// ErrNotBegun is the error of an object that the end of admission found waiting:
// nothing of it was sent, and a later run takes it up.
var ErrNotBegun = errors.New("the run is stopping; the object was not begun")

// HeldBack is the error of an object that is put off, as nothing shows yet that objects
// like it keep what they have. Nothing is wrong with the object, and nothing was written.
// Trials return it, and a Rewriter does where the object has what Task.Untried names.
//
// The object ends as Deferred, without an error of its own.
type HeldBack struct {
	Task     *plan.Task
	Why      string           // in words
	Unproven []plan.Attribute // of Task.Untried, those that the object has; from a Rewriter
}

// Error names the object and the reason.
func (h *HeldBack) Error() string {
	return fmt.Sprintf("%s s3://%s/%q is put off: %s", h.Task.Action, h.Task.Record.Bucket, h.Task.Record.Key, h.Why)
}

// holdBack puts res off where err says so.
func holdBack(res *Result, err error) (held bool) {
	var h *HeldBack
	if held = errors.As(err, &h); held {
		res.Outcome, res.Reason, res.Err = Deferred, "", nil
	}
	return held
}

// rewrite carries out a task that was decided on.
func (r *run) rewrite(t *plan.Task, g Gate) (Effect, error) {
	if r.Trials == nil {
		return r.Rewriter.Rewrite(r.work, t, g)
	}
	return r.Trials.Rewrite(r.admit, r.work, t, g, r.Rewriter)
}
