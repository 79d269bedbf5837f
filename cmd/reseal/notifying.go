package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"reseal/control"
	"reseal/engine"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/job"
	"reseal/migrate"
	"reseal/notify"
)

// notifyGrace is how long a run that has ended waits for what is still to be told.
const notifyGrace = 10 * time.Second

// notifying is who is told of a run. A job does not remember it: who can write in a
// job must not decide which program runs, or who hears of it.
type notifying struct {
	notify  options.Notify
	targets []notify.Target
}

// checkNotify refuses what makes no sense.
func (n *notifying) checkNotify() (err error) {
	n.targets, err = n.notify.Targets()
	return err
}

// teller begins to tell of the run.
func (f *runFlags) teller(ctx context.Context, p process) *notify.Teller {
	return f.tellerOf(ctx, p, f.job, f.share)
}

// tellerOf begins to tell of what works on a job, or on a campaign.
func (n *notifying) tellerOf(ctx context.Context, p process, name string, share job.Share) *notify.Teller {
	return notify.Start(ctx, notify.Config{Targets: n.targets, Job: name, Share: share.Name(), Program: programName(),
		Failed: func(target string, e *notify.Event, err error) {
			fmt.Fprintf(p.stderr, "note: %s was not told of %q: %s\n", target, e.Kind, explain.Words(err))
		}})
}

// neverBegan tells that a run could not begin, as its job could not be read, and returns
// why. A command line that makes no sense is told to who typed it, and to nobody else.
func (f *runFlags) neverBegan(ctx context.Context, p process, err error) error {
	if exitCode(err) == exitUsage {
		return err
	}
	err = f.ended.write(ctx, p, f, err)
	if f.checkNotify() != nil || len(f.targets) == 0 {
		return err
	}
	tellEnded(ctx, p, f.teller(ctx, p), err)
	return err
}

// tellEnded tells how a run ended.
func tellEnded(ctx context.Context, p process, t *notify.Teller, err error) {
	code := exitDone
	if err != nil {
		code = exitCode(err)
	}
	e := notify.Event{Kind: notify.Finished, ExitCode: &code}
	if err != nil && !errors.As(err, new(*finding)) {
		e.Kind, e.Reason = notify.Stopped, whyOf(err)
	}
	tellLast(ctx, p, t, e)
}

// tellLast tells e, and waits a while for what is still to be told. A signal ends that.
func tellLast(ctx context.Context, p process, t *notify.Teller, e notify.Event) {
	t.Tell(e)
	sending, sent := p.interruptible(context.WithoutCancel(ctx))
	defer sent()
	t.Close(sending, notifyGrace)
}

// tellNoticed tells of a pause, or of its end.
func tellNoticed(t *notify.Teller, n control.Notice) {
	switch n.Kind {
	case control.Paused:
		t.Tell(notify.Event{Kind: notify.Paused, Reason: n.Text + ", " + n.Until})
	case control.Resumed:
		t.Tell(notify.Event{Kind: notify.Resumed, Reason: n.Text})
	}
}

// tellRun tells that the run begins, and returns what watches it.
func (n *notifying) tellRun(t *notify.Teller, run *migrate.Live, log *slog.Logger) func(context.Context) {
	s := run.Stats
	t.Begin(run.Plan.Options.Bucket, func() notify.Progress {
		return notify.Progress{Done: s.Count(engine.Done), Failed: s.Count(engine.Failed), Skipped: s.Count(engine.Skipped), Deferred: s.Count(engine.Deferred), Bytes: s.Bytes.Load()}
	}, log)
	t.Tell(notify.Event{Kind: notify.Started})
	return func(ctx context.Context) { t.Watch(ctx, n.notify.Thresholds(), run.Controller.Status) }
}
