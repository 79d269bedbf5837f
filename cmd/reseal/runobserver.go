package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/control"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/notify"
)

// runObserver shows a run to the person who watches it.
type runObserver struct {
	flags    *runFlags
	p        process
	pre      *prepare.Prepared
	plan     *job.Plan // as far as this process works on it, once the run is on
	messages io.Writer
	log      *slog.Logger
	told     *notify.Teller

	progress *console.Progress
	table    console.CanaryTable
}

var _ migrate.Observer = (*runObserver)(nil)

// Opened implements migrate.Observer.
func (o *runObserver) Opened(notices []string) {
	for _, n := range notices {
		fmt.Fprintln(o.p.stderr, n)
	}
}

// Beside implements migrate.Observer.
func (o *runObserver) Beside(run *migrate.Live) []func(context.Context) {
	o.plan = run.Plan
	o.flags.ended.spent = run.Spent.SpentIfPriced
	o.progress = console.RunProgress(o.p.screen(), o.flags.output.barless(), run, o.flags.rows.Selection)
	o.progress.Log = o.log
	o.progress.Forecast.Plan(o.flags.planned(o.pre, run.Plan, 0))
	return []func(context.Context){
		resources.FitCollector,
		o.progress.Watch,
		o.flags.tellRun(o.told, run, o.log),
	}
}

// Serving implements migrate.Observer.
func (o *runObserver) Serving(metrics string) { fmt.Fprintf(o.messages, "metrics: %s\n", metrics) }

// Notify implements migrate.Observer.
func (o *runObserver) Notify(n control.Notice) {
	console.Notice(o.messages, n)
	tellNoticed(o.told, n)
}

// ReportOutage implements migrate.Observer.
func (o *runObserver) ReportOutage(file string, err error) {
	console.ReportOutage(o.messages, file, o.flags.outage, err)
}

// Ending implements migrate.Observer.
func (o *runObserver) Ending(err error, t checkpoint.Totals) *control.Ending {
	return endOf(canaryWords(err), t)
}
