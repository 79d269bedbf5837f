package control

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"reseal/engine"
	"reseal/plan"
)

// CountingGate is a Gate that counts and times what passes it. It also lowers the
// weight of KMS requests that a bucket key may spare.
type CountingGate struct {
	Next      engine.Gate
	KeyWeight *BucketKeyWeight                             // nil: requests weigh what they may take at most
	Own       *OwnCalls                                    // nil: not counted
	Observe   func(op, outcome string, took time.Duration) // of requests about objects; nil: not timed
}

// Do implements engine.Gate.
func (t *CountingGate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	certain := s.Demand.KMS.Min
	if t.KeyWeight != nil {
		s.Demand.KMS.Max = t.KeyWeight.of(s.Demand.KMS)
	}
	return t.Next.Do(ctx, s, func(ctx context.Context) error {
		began := time.Now()
		if t.Own != nil && certain > 0 {
			t.Own.add(began, certain)
		}
		err := send(ctx)
		if t.Observe != nil && s.Key != "" { // a question to the endpoint is about no object
			t.Observe(s.Kind.String(), outcomeOf(err), time.Since(began))
		}
		return err
	})
}

// OutcomeOK is the outcome of a request that did what it was sent for.
const OutcomeOK = "ok"

// outcomeOf is the word for how a request ended.
func outcomeOf(err error) string {
	var oe *engine.ObjectError
	switch {
	case err == nil:
		return OutcomeOK
	case errors.As(err, &oe):
		return oe.Class.String()
	}
	return "other"
}

// BucketKeyWeight spreads a share over whole requests: at a share of 0.05 each
// twentieth request that a bucket key may spare weighs 1. Safe for concurrent use.
type BucketKeyWeight struct {
	millionths int64
	sum        atomic.Int64 // of the shares so far, in millionths of a request
}

// NewBucketKeyWeight returns the weight for a share of 0 to 1. The share says how
// many of the KMS requests that a bucket key may spare are made all the same.
func NewBucketKeyWeight(share float64) *BucketKeyWeight {
	return &BucketKeyWeight{millionths: int64(math.Round(share * 1e6))}
}

// of returns what a request of demand r weighs.
func (w *BucketKeyWeight) of(r plan.Range) int64 {
	open := (r.Max - r.Min) * w.millionths
	if open <= 0 {
		return r.Min
	}
	after := w.sum.Add(open)
	return r.Min + after/1e6 - (after-open)/1e6
}
