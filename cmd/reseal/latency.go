package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/plan"
	"reseal/report"
)

// stopwatch is a Gate that times the requests that pass it: from when they are
// sent to their answer, without what they wait for their turn.
type stopwatch struct {
	engine.Gate

	mu   sync.Mutex
	took []time.Duration // of those that succeeded; a canary sends a few hundred
}

// Do implements engine.Gate. Bodies are read by the canary alone, and are no
// measure of what a run sends.
func (w *stopwatch) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	return w.Gate.Do(ctx, s, func(ctx context.Context) error {
		began := time.Now()
		err := send(ctx)
		if err == nil && s.Kind != plan.StepGetBody {
			took := time.Since(began)
			w.mu.Lock()
			w.took = append(w.took, took)
			w.mu.Unlock()
		}
		return err
	})
}

// fewestTimed is how many requests a latency has to rest on.
const fewestTimed = 5

// latency is the median, which a slow first connection does not move; 0 where too
// few requests were timed.
func (w *stopwatch) latency() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.took) < fewestTimed {
		return 0
	}
	slices.Sort(w.took)
	return w.took[len(w.took)/2]
}

// outlook is how long the job takes by its plan, which the run believes less and
// less the longer it knows how fast it is itself.
type outlook struct{ of atomic.Pointer[cost.Duration] }

// eta is how long left of the total objects take: by the plan while the meter has
// seen nothing, by the meter once it has seen enough, and between by both, each
// rate counting for as much as it is worth. ok is false where nobody knows.
func (o *outlook) eta(left, total int64, m *meter) (shortest, longest time.Duration, ok bool) {
	plan := o.of.Load()
	at := func(whole time.Duration) time.Duration {
		rate := m.now()
		if whole > 0 {
			rate = m.weight*rate + (1-m.weight)*float64(total)/whole.Seconds()
		}
		ok = rate > 0
		return time.Duration(min(float64(left)/rate*float64(time.Second), math.MaxInt64/2))
	}
	if plan == nil || plan.Binding == "" {
		only := at(0)
		return only, only, ok
	}
	return at(plan.Shortest), at(plan.Longest), ok
}

// planned is how long the job takes by its plan at the pace of this run; nil where
// nobody estimated that, as of a share or of what failed. Without a latency it
// is the plan's.
func (f *runFlags) planned(g *ground, job *jobPlan, latency time.Duration) *cost.Duration {
	if job.Tally == nil || job.Estimate == nil || job.Todo == unknown || f.retry {
		return nil
	}
	params := f.params(g)
	if latency > 0 {
		params.Latency = latency
	}
	d := cost.New(job.Tally, params).Duration
	return &d
}

// retimed works out the time of the job anew with the latency that the canary
// measured, which the plan did not know, and says so.
func (f *runFlags) retimed(talk io.Writer, log *slog.Logger, g *ground, job *jobPlan, o *outlook) func(time.Duration) {
	return func(latency time.Duration) {
		if latency <= 0 {
			return
		}
		d := f.planned(g, job, latency)
		if d == nil {
			return
		}
		o.of.Store(d)
		before := job.Estimate.Duration
		was := "the plan knew of no limit"
		if before.Binding != "" {
			was = fmt.Sprintf("the plan said %s, bound by %s", report.Between(before.Shortest, before.Longest), before.Binding)
		}
		fmt.Fprintf(talk, "Canary: a request took %s; at that the whole job takes %s, bound by %s (%s).\n",
			latency.Round(100*time.Microsecond), report.Between(d.Shortest, d.Longest), d.Binding, was)
		log.Info("canary latency", "latency", latency, "shortest", d.Shortest, "longest", d.Longest, "bound_by", d.Binding)
	}
}
