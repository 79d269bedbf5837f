package control

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/plan"
)

// slowGate lets requests wait for their turn.
type slowGate struct{}

func (slowGate) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	time.Sleep(time.Hour)
	return send(ctx)
}

// The latency is that of requests that succeed, from sending to answer, and of
// none that a run does not send; a slow first connection does not move it.
func TestStopwatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &Stopwatch{Next: slowGate{}}
		for _, r := range []struct {
			kind plan.StepKind
			took time.Duration
			err  error
		}{
			{plan.StepHead, 3 * time.Second, nil}, {plan.StepCopy, 40 * time.Millisecond, nil}, {plan.StepGetBody, time.Minute, nil}, {plan.StepGetBody, time.Minute, nil},
			{plan.StepHead, 20 * time.Millisecond, nil}, {plan.StepHead, time.Minute, errors.New("lost")}, {plan.StepGetTags, 30 * time.Millisecond, nil},
		} {
			if w.Latency() != 0 {
				t.Error("a latency of too few requests")
			}
			if err := w.Do(t.Context(), plan.Step{Kind: r.kind}, func(context.Context) error { time.Sleep(r.took); return r.err }); err != r.err {
				t.Errorf("%v: %v, want %v", r.kind, err, r.err)
			}
		}
		_ = w.Do(t.Context(), plan.Step{Kind: plan.StepConfirm}, func(context.Context) error { time.Sleep(25 * time.Millisecond); return nil })
		if got := w.Latency(); got != 30*time.Millisecond {
			t.Errorf("latency %s, want 30ms: the median of 20, 25, 30, 40 and 3000", got)
		}
	})
}
