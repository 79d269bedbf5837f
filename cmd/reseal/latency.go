package main

import (
	"fmt"
	"time"

	"reseal/cost"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/migrate/prepare"
	"reseal/report"
)

// planned is how long the job takes by its plan at the pace of this run; nil where
// nobody estimated that, as of a share or of what failed. Without a latency it
// is the plan's.
func (f *runFlags) planned(pre *prepare.Prepared, made *job.Plan, latency time.Duration) *cost.Duration {
	if made.Tally == nil || made.Estimate == nil || made.Todo == job.Unknown || f.rows.Again() {
		return nil
	}
	params := pre.Params()
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
	d := o.flags.planned(o.pre, o.plan, latency)
	if d == nil {
		return
	}
	o.progress.Forecast.Plan(d)
	before := o.plan.Estimate.Duration
	was := "the plan knew of no limit"
	if before.Binding != "" {
		was = fmt.Sprintf("the plan said %s, bound by %s", report.Bounds(&before), before.Binding)
	}
	fmt.Fprint(o.messages, terminal.Wrapped("", fmt.Sprintf("Canary: a request took %s; at that pace the job takes %s, bound by %s (%s).",
		latency.Round(100*time.Microsecond), report.Bounds(d), d.Binding, was)))
	o.log.Info("canary latency", "latency_s", latency.Seconds(), "shortest_s", d.Shortest.Seconds(), "longest_s", d.Longest.Seconds(), "bound_by", string(d.Binding))
}
