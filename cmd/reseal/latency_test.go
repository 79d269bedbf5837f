package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/cost"
	"reseal/engine"
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
		w := &stopwatch{Gate: slowGate{}}
		for _, r := range []struct {
			kind plan.StepKind
			took time.Duration
			err  error
		}{
			{plan.StepHead, 3 * time.Second, nil}, {plan.StepCopy, 40 * time.Millisecond, nil}, {plan.StepGetBody, time.Minute, nil}, {plan.StepGetBody, time.Minute, nil},
			{plan.StepHead, 20 * time.Millisecond, nil}, {plan.StepHead, time.Minute, errors.New("lost")}, {plan.StepGetTags, 30 * time.Millisecond, nil},
		} {
			if w.latency() != 0 {
				t.Error("a latency of too few requests")
			}
			if err := w.Do(t.Context(), plan.Step{Kind: r.kind}, func(context.Context) error { time.Sleep(r.took); return r.err }); err != r.err {
				t.Errorf("%v: %v, want %v", r.kind, err, r.err)
			}
		}
		_ = w.Do(t.Context(), plan.Step{Kind: plan.StepConfirm}, func(context.Context) error { time.Sleep(25 * time.Millisecond); return nil })
		if got := w.latency(); got != 30*time.Millisecond {
			t.Errorf("latency %s, want 30ms: the median of 20, 25, 30, 40 and 3000", got)
		}
	})
}

// Until a run has a rate of its own, its progress shows what the canary's latency
// makes of the plan: of what is left.
func TestProgressBeforeThereIsARate(t *testing.T) {
	p := &progress{total: 400, earlier: 100, stats: new(engine.Stats), slow: func() string { return "" },
		spent: func() (string, bool) { return "", false }, kms: func() (float64, float64) { return 0, 0 }}
	if got := p.text(0); got != "0/s" {
		t.Errorf("%q, want nothing about the time", got)
	}
	p.outlook.of.Store(&cost.Duration{Shortest: 4 * time.Minute, Longest: 8 * time.Minute, Binding: "concurrency"})
	if got, want := p.text(0), "0/s  ETA 3m 00s to 6m 00s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.text(10), "10/s  ETA 30s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
