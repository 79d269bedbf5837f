package engine

import (
	"errors"
	"fmt"

	"reseal/plan"
)

// LeftForLater is the error of an object that this run leaves to a later one. Nothing
// is wrong with the object: a limit has no room for its next request, which was not
// sent. A Rewriter and the Gate that it is given may return it.
//
// The object ends as NotAttempted, and is in doubt where an earlier request may have
// taken effect. Why ends admission, unless something else has ended it before.
type LeftForLater struct {
	Task *plan.Task
	Why  *StopError // the limit; never nil
}

// Error names the object and the limit.
func (l *LeftForLater) Error() string {
	return fmt.Sprintf("%s s3://%s/%q is left for a later run: %v", l.Task.Action, l.Task.Record.Bucket, l.Task.Record.Key, l.Why)
}

// Unwrap returns the limit.
func (l *LeftForLater) Unwrap() error { return l.Why }

// leave sets res by err where err says nothing of the object: the run is stopping, or
// has no room for it.
func (r *run) leave(res *Result, err error) (left bool) {
	var limit *LeftForLater
	switch {
	case errors.As(err, &limit):
		res.Left = limit.Why
	case errors.Is(err, errNotSent), errors.Is(err, ErrNotBegun), r.work.Err() != nil:
	default:
		return false
	}
	res.Outcome, res.Reason = NotAttempted, ""
	return true
}
