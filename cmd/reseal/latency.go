package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
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

// outlook is how long the rest of a run takes by its plan, until the run itself
// shows how fast it goes.
type outlook struct{ of atomic.Pointer[cost.Duration] }

// text is the range, "" where nobody knows yet. left is the share of the job
// that is not done.
func (o *outlook) text(left float64) string {
	d := o.of.Load()
	if d == nil || d.Binding == "" {
		return ""
	}
	share := func(d time.Duration) time.Duration { return time.Duration(float64(d) * left) }
	return report.Between(share(d.Shortest), share(d.Longest))
}

// retimed works out the time of the job anew with the latency that the canary
// measured, which the plan did not know, and says so.
func (f *runFlags) retimed(talk io.Writer, log *slog.Logger, g *ground, job *jobPlan, o *outlook) func(time.Duration) {
	return func(latency time.Duration) {
		if latency <= 0 || job.Tally == nil || job.Estimate == nil || job.Todo == unknown || f.retry { // nobody estimated a share, or what failed
			return
		}
		params := f.params(g)
		params.Latency = latency
		d := cost.New(job.Tally, params).Duration
		o.of.Store(&d)
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
