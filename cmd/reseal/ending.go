package main

import (
	"context"
	"errors"
	"time"

	"reseal/job"
	"reseal/migrate"
	"reseal/s3api"
)

// windowIsOver is the end of a run by --window-exit.
func (f *runFlags) windowIsOver() error { return f.window.Closed(time.Now()) }

// outsideWindow tells whether --window-exit ends a run now.
func (f *runFlags) outsideWindow() bool { return f.windowExit && !f.window.Open(time.Now()) }

// starting bounds the time before a run's first object by the limits that bound the
// run: --max-duration counts from the start of the command, and --window-exit ends it
// with its window.
func (f *runFlags) starting(ctx context.Context) (bounded context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var timers []*time.Timer
	if f.duration > 0 {
		timers = append(timers, time.AfterFunc(time.Until(f.began.Add(f.duration)), func() { cancel(migrate.TimeIsUp(f.duration)) }))
	}
	if now := time.Now(); f.windowExit && f.window.Open(now) {
		timers = append(timers, time.AfterFunc(time.Until(f.window.Change(now)), func() { cancel(f.windowIsOver()) }))
	}
	return ctx, func() {
		for _, t := range timers {
			t.Stop()
		}
		cancel(nil)
	}
}

// recordStart records a run of a job that is held which ended before it began, by a
// limit, a signal, or an outage.
func (f *runFlags) recordStart(last context.Context, p process, r *readiness, err error) {
	var sig *signalError
	if r.claim.Lock == nil || !r.claim.Found || !isStop(err) && !errors.As(err, &sig) && !s3api.Passes(err) {
		return
	}
	record, _ := job.Begin(last, r.claim.Store, f.newRecord(p, whoRuns(last, nil))) // the same is tried again at once
	finish(last, record, err)
}
