package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"reseal/control"
	"reseal/cost"
	"reseal/job"
	"reseal/report"
)

// forecast is how long the job takes by its plan, until the run knows its own rate.
type forecast struct{ planned atomic.Pointer[cost.Duration] }

// eta is how long left of the total objects take, by plan and meter. ok is false
// where nobody knows.
func (o *forecast) eta(left, total int64, m *control.Meter) (shortest, longest time.Duration, ok bool) {
	plan := o.planned.Load()
	if plan == nil || plan.Binding == "" {
		plan = new(cost.Duration)
	}
	shortest, _ = m.Remaining(left, total, plan.Shortest)
	longest, ok = m.Remaining(left, total, plan.Longest)
	return shortest, longest, ok
}

// planned is how long the job takes by its plan at the pace of this run; nil where
// nobody estimated that, as of a share or of what failed. Without a latency it
// is the plan's.
func (f *runFlags) planned(g *ground, made *job.Plan, latency time.Duration) *cost.Duration {
	if made.Tally == nil || made.Estimate == nil || made.Todo == job.Unknown || f.rows.Again() {
		return nil
	}
	params := f.params(g)
	if latency > 0 {
		params.Latency = latency
	}
	d := cost.New(made.Tally, params).Duration
	return &d
}

// retime works out the time of the job anew with the latency that the canary
// measured, which the plan did not know, and says so.
func (o *runObserver) retime(latency time.Duration) {
	if latency <= 0 {
		return
	}
	d := o.flags.planned(o.ground, o.plan, latency)
	if d == nil {
		return
	}
	o.progress.forecast.planned.Store(d)
	before := o.plan.Estimate.Duration
	was := "the plan knew of no limit"
	if before.Binding != "" {
		was = fmt.Sprintf("the plan said %s, bound by %s", report.Between(before.Shortest, before.Longest), before.Binding)
	}
	fmt.Fprint(o.talk, report.Wrapped("", fmt.Sprintf("Canary: a request took %s; at that the whole job takes %s, bound by %s (%s).",
		latency.Round(100*time.Microsecond), report.Between(d.Shortest, d.Longest), d.Binding, was)))
	o.log.Info("canary latency", "latency", latency, "shortest", d.Shortest, "longest", d.Longest, "bound_by", d.Binding)
}
