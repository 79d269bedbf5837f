package engine

import (
	"context"
	"errors"

	"reseal/plan"
)

// Trials has objects of every kind compared with what they were before, and
// holds the others of a kind back until one is proven. Safe for concurrent use.
type Trials interface {
	// Rewrite carries out t with rw. Where objects like t's are not proven yet it
	// reads all of the object before and after, or waits for another that is being
	// compared. It then returns ErrNotBegun if admit ends, and an error of class
	// Held where the object has to be put off. All its requests pass g.
	Rewrite(admit, work context.Context, t *plan.Task, g Gate, rw Rewriter) (Effect, error)
}

// ErrNotBegun is the error of an object that the end of admission found waiting:
// nothing of it was sent, and a later run takes it up.
var ErrNotBegun = errors.New("the run is stopping; the object was not begun")

// rewrite carries out a task that was decided on.
func (r *run) rewrite(t *plan.Task, g Gate) (Effect, error) {
	if r.Trials == nil {
		return r.Rewriter.Rewrite(r.work, t, g)
	}
	return r.Trials.Rewrite(r.admit, r.work, t, g, r.Rewriter)
}
