package main

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"reseal/engine"
	"reseal/plan"
)

// traffic is a Gate that counts and times what passes it, and weighs what only
// a bucket key may spare.
type traffic struct {
	engine.Gate
	weight *bucketKeyWeight // nil: requests weigh what they may take at most
	own    *ownCalls        // nil: nobody asks
	timed  func(op string, outcome string, took time.Duration)
}

// Do implements engine.Gate.
func (t *traffic) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	certain := s.Demand.KMS.Min
	if t.weight != nil {
		s.Demand.KMS.Max = t.weight.of(s.Demand.KMS)
	}
	return t.Gate.Do(ctx, s, func(ctx context.Context) error {
		began := time.Now()
		if t.own != nil && certain > 0 {
			t.own.add(began, certain)
		}
		err := send(ctx)
		if t.timed != nil {
			t.timed(s.Kind.String(), outcomeOf(err), time.Since(began))
		}
		return err
	})
}

// outcomeOf is the word for how a request ended.
func outcomeOf(err error) string {
	var oe *engine.ObjectError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &oe):
		return oe.Class.String()
	}
	return "other"
}

// bucketKeyWeight is the share of the KMS requests a bucket key may spare that
// is assumed to be made all the same. Requests are whole: of a share of 0.05
// each twentieth weighs 1.
type bucketKeyWeight struct {
	millionths int64
	sum        atomic.Int64 // of the shares so far, in millionths of a request
}

func newBucketKeyWeight(share float64) *bucketKeyWeight {
	return &bucketKeyWeight{millionths: int64(math.Round(share * 1e6))}
}

// of returns what a request of demand r weighs.
func (w *bucketKeyWeight) of(r plan.Range) int64 {
	open := (r.Max - r.Min) * w.millionths
	if open <= 0 {
		return r.Min
	}
	after := w.sum.Add(open)
	return r.Min + after/1e6 - (after-open)/1e6
}
