package control

import (
	"context"
	"testing"
	"time"

	"reseal/plan"
)

func TestBucketKeyWeight(t *testing.T) {
	for _, tt := range []struct {
		share float64
		r     plan.Range
		n     int
		want  int64
	}{
		{1, plan.Range{Min: 0, Max: 1}, 1000, 1000},
		{0, plan.Range{Min: 0, Max: 1}, 1000, 0},
		{0.05, plan.Range{Min: 0, Max: 1}, 1000, 50},
		{0.05, plan.Range{Min: 1, Max: 1}, 1000, 1000}, // what is certain is certain
		{0.25, plan.Range{Min: 1, Max: 3}, 1000, 1500},
		{1.0 / 3, plan.Range{Min: 0, Max: 1}, 3_000_000, 999_999},
	} {
		w := NewBucketKeyWeight(tt.share)
		var sum, most int64
		for range tt.n {
			n := w.of(tt.r)
			sum, most = sum+n, max(most, n)
		}
		if sum != tt.want || most > tt.r.Max {
			t.Errorf("%d requests of %v at a share of %v weigh %d, at most %d each; want %d", tt.n, tt.r, tt.share, sum, most, tt.want)
		}
	}
}

// TestQuestionsToTheEndpointAreNotTimed: they are about no object, and the counter of
// requests has them not either.
func TestQuestionsToTheEndpointAreNotTimed(t *testing.T) {
	var timed []string
	g := &CountingGate{Next: passing{}, Observe: func(op, outcome string, _ time.Duration) { timed = append(timed, op+" "+outcome) }}
	send := func(context.Context) error { return nil }
	_ = g.Do(t.Context(), plan.Step{Kind: plan.StepHead}, send)
	_ = g.Do(t.Context(), plan.Step{Kind: plan.StepHead, Key: "k"}, send)
	if len(timed) != 1 || timed[0] != "HeadObject ok" {
		t.Errorf("timed: %q", timed)
	}
}

// passing lets everything through.
type passing struct{}

func (passing) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}
