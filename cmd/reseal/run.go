package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/explain"
	"reseal/internal/resources"
	"reseal/internal/terminal"
	"reseal/inventory"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/preflight"
	"reseal/report"
)

// execute runs an open job and says how it ended.
func (f *runFlags) execute(ctx context.Context, life *migrate.Lifetime, r *readiness, record *job.Record, observer *runObserver) error {
	e, p := r.pre.Env, observer.p
	starting, started := f.startLimits().Bound(ctx)
	defer started()
	config := f.runConfig(r, observer)
	config.Ordered = func(o control.Order) {
		life.Start(func(ctx context.Context) {
			if err := record.Order(ctx, o); err != nil && ctx.Err() == nil {
				observer.log.Warn("order not recorded", "error", err)
			}
		})
	}
	var m *migrate.Migration
	err := p.phase(starting, func(ctx context.Context) (err error) { // nothing to drain yet
		m, err = migrate.Open(ctx, config)
		return err
	})
	if m == nil {
		return err
	}
	if err != nil { // a signal, as it was opened: it ends in order
		life.Stop(err)
	}
	life.Start(func(ctx context.Context) { f.obeySignals(ctx, p, life) })
	out, err := m.Run(life)
	err = canaryWords(err)
	if out == nil {
		return err
	}
	f.ended.plan, f.ended.outcome = r.plan, out
	var denied bytes.Buffer
	retry := ""
	if out.Totals.Failed > 0 && !f.rows.Again() {
		retry = f.again()
	}
	asking, asked := p.interruptible(life.Last())
	tellDenied(asking, &denied, e, err, retry)
	asked()
	console.LateSkew(observer.messages, e)
	err = f.conclude(p, r.plan, out, err)
	_, _ = denied.WriteTo(p.stderr)
	console.Strays(p.stderr, e, out.Rewriter)
	return err
}

// runConfig is what a run works with.
func (f *runFlags) runConfig(r *readiness, observer *runObserver) migrate.Config {
	e := r.pre.Env
	whole, _ := f.maxCost() // checked before
	maxCost, costText := f.part.limit(f.share.PartOf(whole), f.maxCostText, f.generation)
	return migrate.Config{
		Client: e.Client, Report: e.Report, Policy: e.Policy, Prices: e.Prices,
		Accepted: f.accept.losses(), Canary: !f.noCanary, UpdateProven: e.UpdateProven(), LocksShown: e.LocksShown, Probe: &e.Sent,
		Store: r.claim.Store, State: f.stateOptions(r.plan, e.Report.Manifest().Files), Plan: r.plan, Share: f.share, Rows: f.rows.Selection,
		Lines: f.results == "all",
		Pace: migrate.Pace{
			KMSCap: e.Caps.KMS, Shared: f.part.cap(), KMSQuota: e.Caps.Quota, S3Writes: e.Caps.S3Writes, Concurrency: f.concurrency, Connections: resources.FileRoom().Slots(),
			KeyWeight: r.pre.Assumed.KeyWeight, Window: f.window, WindowExit: f.windowExit, FlagFile: f.flagFile,
		},
		Limits: migrate.Limits{
			Objects: f.objects, Duration: f.duration, Since: f.began, Cost: maxCost, CostText: costText + f.ofShare(maxCost.String()), Budget: f.failures.Of(f.share).Budget(f.divided()["max-failures"]),
			Attempts: f.attempts, Outage: f.outage, Drain: f.drain,
		},
		Services: migrate.Services{
			Socket: r.claim.Socket, Required: !job.InBucket(f.job), // the lock of a job in a bucket says more than a socket's name
			Metrics: f.metrics, JobName: job.ShortName(f.job), Headroom: e.Caps.Headroom,
		},
		Version: programVersion(), Log: observer.log, Observer: observer,
	}
}

// tellReportOutage says that a file of the report cannot be had for now.
func tellReportOutage(w io.Writer, file string, patience time.Duration, err error) {
	fmt.Fprintf(w, "\nnote: the report's file %s cannot be had for now;\nasking again, for %s at most: %s\n", file, patience, explain.Words(err))
}

// conclude prints what was achieved, and turns it into the command's ending.
func (f *runFlags) conclude(p process, made *job.Plan, out *migrate.Outcome, runErr error) error {
	totals := out.Totals
	if err := f.output.summary(p, f.job, made, out); err != nil && runErr == nil {
		runErr = err
	}
	if runErr == nil && f.share.Empty(made) {
		fmt.Fprint(f.output.messages(p), terminal.Wrapped("", fmt.Sprintf("Share %s is empty: there are more shares than segments of the report, and none is left for it. There was nothing to do.", f.share)))
	}
	if runErr == nil {
		console.Untagged(f.output.messages(p), made, totals)
	}
	tellDamages(p.stderr, out.State)
	if n := heldUploads(out.State); n > 0 {
		fmt.Fprintf(p.stderr, "%s in parts begun and not completed; they cost storage until the next run\n  goes on with them. To give them up: %s --sweep\n", report.Plural(n, "upload"), console.OnJob("uploads", f.job))
	}
	var (
		breaker *engine.BreakerError
		stopped *engine.StopError
		sig     *signalError
		left    *migrate.UnfinishedError
		lossy   *engine.LossError
		outage  *inventory.OutageError
		lost    *engine.UnrecordedError
	)
	switch {
	case errors.As(runErr, &lost):
		return fmt.Errorf("%w; what was recorded before counts, and the same command finds out about the rest%s", runErr, f.orRetried(totals.Failed))
	case errors.As(runErr, &outage):
		return fmt.Errorf("%w; everything done is recorded, and nothing is wrong with what is not; once it answers again, the same command goes on%s", runErr, f.orRetried(totals.Failed))
	case errors.As(runErr, &lossy) && errors.As(runErr, new(*preflight.RefusedError)):
		return runErr // the canary has said what to do
	case errors.As(runErr, &lossy):
		return fmt.Errorf("stopped: %w; everything done is recorded, and no further object was begun. %s", runErr, console.GoOnAfter(lossy))
	case errors.As(runErr, &left):
		return fmt.Errorf("%w; everything done is recorded, the same command tries them again%s%s", runErr, f.orRetried(totals.Failed), f.nextLines(made, out))
	case runErr == nil && (totals.Failed > 0 || totals.Damaged > 0):
		tellLeft(p.stderr, f.job, totals, f.nextLines(made, out))
		return &finding{exitFailures}
	case runErr == nil && f.rows.Again():
		f.tellUnfinished(f.output.messages(p), made, out)
	case errors.As(runErr, &sig), errors.As(runErr, &stopped), errors.As(runErr, &breaker):
		goesOn := ", the same command goes on"
		if breaker != nil {
			goesOn = "; once that is mended, the same command goes on" // before, it would stop again
		}
		return fmt.Errorf("%w; everything done is recorded%s%s", runErr, goesOn, f.orRetried(totals.Failed))
	}
	return runErr
}

// nextLines is the command that goes on after a run that left something, and what
// it does, in lines of their own.
func (f *runFlags) nextLines(made *job.Plan, out *migrate.Outcome) string {
	next := console.NextStep(status.New(f.job, made, out.Totals, out.History), f.share)
	if out.Totals.Damaged > 0 { // segments that cannot be read count as finished
		next = console.Step{Command: console.OnJob("run", f.job), Does: "reads what could not be read again"}
	}
	if next.Command == "" { // somebody works on each share
		return ""
	}
	return "\nnext: " + next.Command + "\n      " + strings.ReplaceAll(next.Does, "\n", "\n      ")
}

// tellUnfinished says, of a job whose failed rows were all dealt with, what else is
// to be done in it, and by which command.
func (f *runFlags) tellUnfinished(w io.Writer, made *job.Plan, out *migrate.Outcome) {
	s := status.New(f.job, made, out.Totals, out.History)
	if s.State == status.Finished {
		return
	}
	left := "the job is not finished"
	if s.Rows != nil {
		left = report.Plural(max(*s.Rows-s.Settled, 0), "row") + " of the report not done yet"
	}
	fmt.Fprintf(w, "Nothing that failed is left; %s%s\n", left, f.nextLines(made, out))
}

// tellLeft says what a run left that came to its end, and the command that is next.
func tellLeft(w io.Writer, dir string, t checkpoint.Totals, next string) {
	if t.Failed > 0 {
		fmt.Fprintf(w, "reseal: %s failed; why: %s", report.Plural(t.Failed, "object"), console.OnJob("report", dir))
	} else {
		fmt.Fprintf(w, "reseal: %s of the report could not be read", report.Plural(int64(t.Damaged), "file"))
	}
	fmt.Fprintln(w, next)
}

// again is the command that tries failed objects again: a generation is not run by itself.
func (f *runFlags) again() string {
	if f.generation != nil {
		return explain.UntilClean(f.generation.job)
	}
	return console.OnJob("retry-failed", f.job)
}

// orRetried says what tries so many failed objects again.
func (f *runFlags) orRetried(failed int64) string {
	if failed == 0 {
		return ""
	}
	if f.generation != nil {
		return fmt.Sprintf(", and the %s that failed, too", report.Plural(failed, "object"))
	}
	return fmt.Sprintf(", and reseal retry-failed tries the %s that failed", report.Plural(failed, "object"))
}
