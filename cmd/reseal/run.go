package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
)

// execute is the second screen of the architecture, the only place where all
// packages meet: report -> decision -> engine -> gate -> store, and back from
// the store into journal and results.
func (f *runFlags) execute(ctx context.Context, p process, g *ground, store checkpoint.Store, job *jobPlan, opts checkpoint.Options, log *slog.Logger) error {
	opening, opened := p.interruptible(ctx) // nothing to drain yet
	state, snapshot, err := checkpoint.Open(opening, store, job.state(), job.Segments, opts)
	err = causeOf(opening, err)
	opened()
	if err != nil {
		return err
	}
	for _, n := range snapshot.Notices() {
		fmt.Fprintln(p.stderr, n)
	}
	job = f.share.of(job, opts.Own)
	uploads, err := newNotes(ctx, snapshot)
	if err != nil {
		return err
	}
	var lost func(inventory.Position) bool
	if f.retry {
		found, err := findLosses(ctx, snapshot, f.accept.losses())
		if err != nil {
			return err
		}
		lost = found.has
	}
	rewriter, err := g.client.Rewriter(s3api.RewriteConfig{
		Options: g.policy.Options, Facts: g.policy.Facts, AcceptLoss: f.accept.losses(), Notes: uploads,
		UpdateProven: g.updateProven, LocksShown: g.locksShown,
	})
	if err != nil {
		return &refusedError{err}
	}
	governor := ratelimit.New(ratelimit.Config{
		Caps:     ratelimit.Limits{KMS: g.caps.kms},
		Expected: ratelimit.Limits{Writes: g.caps.s3, Reads: g.caps.s3 * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix},
		MaxSlots: maxConcurrency, // steering has the word on it
	})
	past := openHistory(ctx, store, f.share.historyName(), g.caps.kms, log)
	spent := newLedger(g.prices, g.policy.Facts.Region, g.policy.Now, max(past.Spent, cost.Money(snapshot.Totals().Counters[spentCounter])))
	past.ledger = spent
	stats := new(engine.Stats)

	work, kill := context.WithCancel(ctx)
	defer kill()
	last, written := lingering(work, lastWrites)
	defer written()
	ahead := newAdvance(work, store, spendingName(f.share.historyName()), log)
	spent.cover = ahead.cover
	admit, stop := context.WithCancelCause(work)
	defer stop(nil)
	helm := f.steering(governor, stats, stop, log, f.output.talk(p), g.caps)
	flushed := new(atomic.Int64)
	past.status, past.caps = helm.status, helm.heldCaps
	doors, err := f.openDoors(helm, &runCollector{
		todo: job.inAll(job.Todo), earlier: f.settledBefore(snapshot.Totals()), status: helm.status, rows: stats.Rows.Load, spent: spent.known, flushed: flushed,
	})
	if err != nil {
		return err
	}
	defer doors.close()
	var running sync.WaitGroup
	background := func(do func(context.Context)) {
		running.Go(func() { do(work) })
	}
	finished := make(chan struct{})
	background(func(ctx context.Context) { governor.Run(ctx) })
	background(fitCollector)
	background(func(context.Context) { f.heed(p, stop, kill, finished) })
	if f.duration > 0 {
		timer := time.AfterFunc(f.duration, func() { stop(&engine.StopError{Limit: "--max-duration " + f.duration.String()}) })
		defer timer.Stop()
	}
	if limit, _ := f.maxCost(); limit > 0 { // checked before
		ahead.limit = limit
		spent.below(limit, func(t *plan.Task) { stop(&engine.StopError{Limit: "--max-cost " + f.maxCostText + spent.why(t)}) })
	}
	background(func(context.Context) { helm.watch(admit) })
	background(func(ctx context.Context) { ahead.keep(ctx, spent.spent) })
	doors.open(admit, background, g.client)
	show := f.progress(p.screen(), job, snapshot.Totals(), stats, helm, spent)
	show.outlook.of.Store(f.planned(g, job, 0))
	watching, watched := context.WithCancel(work)
	background(func(context.Context) { show.watch(watching) })

	g.report.WaitFor(f.outage, func(name string, err error) {
		log.Warn("a file of the report cannot be had for now", "file", name, "error", err)
		fmt.Fprintf(f.output.talk(p), "\nnote: the report's file %s cannot be had for now; asking again, for %s at most: %v\n", name, f.outage, err)
	})
	started := time.Now()
	over := passes
	if f.retry {
		over = retryPasses
	}
	cfg := engine.Config{
		Rewriter: paying{rewriter, spent, admit}, Snapshotter: payingSnapshots{rewriter, spent, admit}, Gate: doors.gate(governor, g.policy), Policy: g.policy,
		Sink:    &report.Writer{Log: lines{last, state}, All: f.results == "all", Summary: past.Summary},
		Workers: maxConcurrency, Slots: helm.slots, Ready: governor.Ready, Attempts: f.attempts,
		Alive: func(ctx context.Context) error { return g.client.Alive(ctx, g.policy.Options.Bucket) }, Patience: f.outage,
		Limit: f.objects, MaxFailures: f.failures.count, Budget: f.failures.budget(),
		Hurry: uploads.hurry, Broken: uploads.fail, Lost: lost,
		Stats: stats, Logger: log,
	}
	rows := &journal{Journal: state, ledger: spent, notes: uploads, history: past, flushed: flushed, last: last}
	if snapshot, err = f.tryFirst(admit, work, p, g.report, job, &cfg, rows, payingSnapshots{rewriter, spent, admit}, snapshot, f.retimed(f.output.talk(p), log, g, job, &show.outlook)); err == nil {
		err = over(admit, cfg, work, g.report, rows, snapshot)
	}
	ending := helm.status()
	ending.Ended = endOf(err, state.Totals())
	close(finished)
	watched()
	kill()
	running.Wait()
	past.status = func() runStatus { return ending } // not that of a governor that has ended
	past.write(last)
	ahead.end(last, spent.spent())

	log.Info("run ended", "took", time.Since(started), "done", stats.Count(engine.Done), "failed", stats.Count(engine.Failed), "error", err)
	return f.conclude(p, job, state, past.historyDoc, stats, ending, time.Since(started), err)
}

// passes runs over what remains of the report, and again over the rows that
// were put off because their prefix was throttled.
func passes(admit context.Context, cfg engine.Config, work context.Context, rep *inventory.Report, rows *journal, at *checkpoint.Snapshot) error {
	for {
		rows.segments, rows.indexes = at.Remaining()
		before, err := newResume(admit, at, rows.segments, rows.indexes)
		if err != nil {
			if cause := context.Cause(admit); cause != nil {
				return cause // it was stopped before it began
			}
			return err
		}
		cfg.Journal, cfg.Settled, cfg.Uncertain = rows, before.settled, before.uncertain
		if err := engine.Run(admit, work, cfg, rep.Read(admit, rows.segments)); err != nil || rows.Totals().Deferred == 0 {
			return err
		}
		at = rows.Snapshot()
	}
}

// retryPasses runs over the rows that failed, and again over those of them that
// were put off.
func retryPasses(admit context.Context, cfg engine.Config, work context.Context, rep *inventory.Report, rows *journal, at *checkpoint.Snapshot) error {
	segments, indexes, err := failedRows(admit, at)
	if err != nil || len(segments) == 0 {
		return err
	}
	for again := false; ; again = true {
		before, err := newResume(admit, at, segments, indexes)
		if err != nil {
			return err
		}
		todo := before.failed
		if again {
			todo = before.deferred
		}
		part := &partial{journal: rows}
		cfg.Journal, cfg.Uncertain = part, nil
		cfg.Settled = func(p inventory.Position) bool { return !todo(p) || rows.tried[p] }
		if err := engine.Run(admit, work, cfg, rep.Read(admit, segments)); err != nil {
			return err
		}
		if part.damage != nil {
			return fmt.Errorf("read the failed rows: %w", part.damage)
		}
		if rows.Totals().Deferred == 0 {
			return nil
		}
		at = rows.Snapshot()
	}
}

// heed ends admission at the first signal, and everything at the second or
// when the drain takes too long.
func (f *runFlags) heed(p process, stop context.CancelCauseFunc, kill func(), finished <-chan struct{}) {
	var sig os.Signal
	select {
	case sig = <-p.signals:
	case <-finished:
		return
	}
	stop(&signalError{sig})
	fmt.Fprintf(p.stderr, "%s: finishing the requests under way (at most %s); again to end at once.\n", signalName(sig), report.Duration(f.drain))
	timer := time.NewTimer(f.drain)
	defer timer.Stop()
	select {
	case <-p.signals:
	case <-timer.C:
	case <-finished:
		return
	}
	kill()
}

// conclude prints what was achieved, and turns it into the command's ending.
func (f *runFlags) conclude(p process, job *jobPlan, state *checkpoint.Journal, past historyDoc, stats *engine.Stats, status runStatus, took time.Duration, runErr error) error {
	totals, snapshot := state.Totals(), state.Snapshot()
	if err := f.output.summary(p, f.job, job, snapshot, past, stats, status, took); err != nil && runErr == nil {
		runErr = err
	}
	tellDamages(p.stderr, snapshot)
	var (
		breaker *engine.BreakerError
		stopped *engine.StopError
		sig     *signalError
	)
	switch {
	case runErr == nil && (totals.Failed > 0 || totals.Damaged > 0):
		return &finding{exitFailures}
	case errors.As(runErr, &sig), errors.As(runErr, &stopped), errors.As(runErr, &breaker):
		failed, goesOn := "", ", the same command goes on"
		if breaker != nil {
			goesOn = "; once that is mended, the same command goes on" // before, it would stop again
		}
		if totals.Failed > 0 {
			failed = fmt.Sprintf(", and reseal retry-failed tries the %s that failed", report.Plural(totals.Failed, "object"))
		}
		return fmt.Errorf("%w; everything done is recorded%s%s", runErr, goesOn, failed)
	}
	return runErr
}
