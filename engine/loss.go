package engine

import (
	"fmt"
	"slices"

	"reseal/plan"
)

// LossError says that the run was stopped because the endpoint lost something of
// an object that was put back, or that only a write changes: it would lose it of
// others, too.
type LossError struct {
	Bucket, Key string
	PutBack     []plan.Difference
	Lost        []plan.Difference // for good
}

// Error names the object and what it lost.
func (e *LossError) Error() string {
	if len(e.Lost) > 0 {
		return fmt.Sprintf("the endpoint did not keep all of s3://%s/%q; lost: %s", e.Bucket, e.Key, plan.Words(plan.NamesOf(e.Lost)))
	}
	return fmt.Sprintf("the endpoint did not keep all of s3://%s/%q; put back: %s", e.Bucket, e.Key, plan.Words(plan.NamesOf(e.PutBack)))
}

// doubts counts the objects that lost something which a client may have changed, by
// attribute: the second one that lost the same is a loss.
type doubts map[plan.Attribute]int

// lossOf is LossOf for a run that has seen the results before r.
func (d doubts) lossOf(r *Result) error {
	if r.Outcome == Failed && r.Err != nil && r.Err.InDoubt {
		for _, l := range r.Err.Lost {
			if d[l.Attribute]++; d[l.Attribute] > 1 && l.ByWrite() {
				return &LossError{Bucket: r.Task.Record.Bucket, Key: r.Task.Record.Key, Lost: r.Err.Lost}
			}
		}
	}
	return LossOf(r)
}

// LossOf returns why a run is to stop after r, nil where it is not.
func LossOf(r *Result) error {
	e := &LossError{Bucket: r.Task.Record.Bucket, Key: r.Task.Record.Key}
	switch {
	case r.Outcome == Done && len(r.Effect.PutBack) > 0:
		e.PutBack = r.Effect.PutBack
	case r.Outcome == Failed && r.Err != nil && !r.Err.InDoubt && slices.ContainsFunc(r.Err.Lost, plan.Difference.ByWrite):
		e.Lost = r.Err.Lost
	default:
		return nil
	}
	return e
}
