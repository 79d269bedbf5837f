package main

import (
	"bytes"
	"context"

	"reseal/console"
	"reseal/control"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/prepare"
)

// execute runs an open job and says how it ended.
func (f *runFlags) execute(ctx context.Context, life *migrate.Lifetime, r *prepare.Start, record *job.Record, observer *runObserver) error {
	e, p := r.Pre.Env, observer.p
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
	f.ended.plan, f.ended.outcome = r.Plan, out
	end := &console.RunEnd{Job: f.job, Whole: f.generation.Whole(""), Share: f.share, Again: f.rows.Again(), Plan: r.Plan, Outcome: out}
	var denied bytes.Buffer
	asking, asked := p.interruptible(life.Last())
	tellDenied(asking, &denied, e, err, end.Retry())
	asked()
	console.LateSkew(observer.messages, e)
	err = f.conclude(p, end, err)
	_, _ = denied.WriteTo(p.stderr)
	console.Strays(p.stderr, e, out.Rewriter)
	return err
}

// runConfig is what a run works with.
func (f *runFlags) runConfig(r *prepare.Start, observer *runObserver) migrate.Config {
	e := r.Pre.Env
	whole, _ := f.maxCost() // checked before
	maxCost, costText := f.part.limit(f.share.PartOf(whole), f.maxCostText, f.generation)
	return migrate.Config{
		Client: e.Client, Report: e.Report, Policy: e.Policy, Prices: e.Prices,
		Accepted: f.accept.losses(), Canary: !f.noCanary, UpdateProven: e.UpdateProven(), LocksShown: e.LocksShown, Probe: &e.Sent,
		Store: r.Claim.Store, State: f.stateOptions(r.Plan, e.Report.Manifest().Files), Plan: r.Plan, Share: f.share, Rows: f.rows.Selection,
		Lines: f.results == "all",
		Pace: migrate.Pace{
			KMSCap: e.Caps.KMS, Shared: f.part.cap(), KMSQuota: e.Caps.Quota, S3Writes: e.Caps.S3Writes, Concurrency: f.concurrency, Connections: resources.FileRoom().Slots(),
			KeyWeight: r.Pre.Assumed.KeyWeight, Window: f.window, WindowExit: f.windowExit, FlagFile: f.flagFile,
		},
		Limits: migrate.Limits{
			Objects: f.objects, Duration: f.duration, Since: f.began, Cost: maxCost, CostText: costText + f.ofShare(maxCost.String()), Budget: f.failures.Of(f.share).Budget(f.divided()["max-failures"]),
			Attempts: f.attempts, Outage: f.outage, Drain: f.drain,
		},
		Services: migrate.Services{
			Socket: r.Claim.Socket, Required: !job.InBucket(f.job), // the lock of a job in a bucket says more than a socket's name
			Metrics: f.metrics, JobName: job.ShortName(f.job), Headroom: e.Caps.Headroom,
		},
		Version: programVersion(), Log: observer.log, Observer: observer,
	}
}

// conclude prints what was achieved, and turns it into the command's ending.
func (f *runFlags) conclude(p process, end *console.RunEnd, err error) error {
	out := end.Outcome
	if failed := f.output.summary(p, f.job, end.Plan, out); err == nil {
		err = failed
	}
	if err == nil {
		end.Notes(f.output.messages(p))
	}
	console.Damages(p.stderr, out.State)
	console.HeldUploads(p.stderr, f.job, heldUploads(out.State))
	switch {
	case err != nil:
		return end.Words(err)
	case out.Totals.Failed > 0 || out.Totals.Damaged > 0:
		end.Left(p.stderr)
		return &finding{exitFailures}
	case end.Again:
		end.Unfinished(f.output.messages(p))
	}
	return nil
}
