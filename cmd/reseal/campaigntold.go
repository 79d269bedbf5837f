package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"reseal/control/metrics"
	"reseal/job"
	"reseal/notify"
)

// overseen is what a campaign takes of the oversight of runs: one message at its end, and
// one file of metrics.
var overseen = []string{"notify-command", "notify-url", "metrics-file"}

// told tells how the campaign ended, with err, and returns that. A command line that makes no
// sense, and a dry run, are told to who typed it alone.
func (f *campaignFlags) told(ctx context.Context, p process, err error) error {
	if f.dryRun || err != nil && exitCode(err) == exitUsage {
		return err
	}
	err = f.keepMetrics(ctx, p, err)
	if len(f.run.targets) > 0 {
		f.notify(ctx, p, err)
	}
	return err
}

// keepMetrics writes the metrics file, where one is named.
func (f *campaignFlags) keepMetrics(ctx context.Context, p process, err error) error {
	if f.run.ended.name == "" {
		return err
	}
	m := &metrics.EndedCampaign{Version: programVersion(), Campaign: f.job, At: time.Now(), Took: time.Since(f.began)}
	if err != nil {
		m.ExitCode = exitCode(err)
	}
	if f.work != nil && f.work.Last != nil {
		m.Buckets = f.work.Last.Metrics()
	}
	return f.run.ended.keep(ctx, p, err, func(ctx context.Context) error { return metrics.WriteFile(ctx, f.run.ended.name, m) })
}

// notify sends the one message of the campaign. What it counts is what this command did.
func (f *campaignFlags) notify(ctx context.Context, p process, err error) {
	t := f.run.tellerOf(ctx, p, f.job, job.Share{})
	code, e := exitDone, notify.Event{Kind: notify.Finished}
	if err != nil {
		code = exitCode(err)
	}
	if e.ExitCode = &code; f.work != nil && f.work.Last != nil {
		sum, before := f.work.Last.Sum, f.work.Before
		e.Reason = fmt.Sprintf("%d of %d buckets finished", sum.Finished, sum.Buckets)
		t.Begin("", func() notify.Progress {
			return notify.Progress{Done: sum.Done - before.Done, Failed: sum.Failed, Bytes: sum.Bytes - before.Bytes}
		}, slog.New(slog.DiscardHandler))
	}
	if code != exitDone && code != exitFailures {
		e.Kind = notify.Stopped
	}
	if err != nil && !errors.As(err, new(*finding)) {
		e.Reason = whyOf(err)
	}
	tellLast(ctx, p, t, e)
}

// checkOversight refuses what makes no sense of what is told and kept of the campaign.
func (f *campaignFlags) checkOversight(ctx context.Context) error {
	if err := f.run.checkNotify(); err != nil {
		return err
	}
	return f.run.ended.check(ctx, f.flags, f.job)
}
