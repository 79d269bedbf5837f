package main

import (
	"context"
	"errors"

	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/s3api"
)

// startLimits bound the time before the run's first object: --max-duration counts from
// the start of the command, and --window-exit ends it with its window.
func (f *runFlags) startLimits() migrate.StartLimits {
	return migrate.StartLimits{Duration: f.duration, Since: f.began, Window: f.window, WindowExit: f.windowExit}
}

// recordStart records a run of a job that is held which ended before it began, by a
// limit, a signal, or an outage.
func (f *runFlags) recordStart(last context.Context, p process, r *prepare.Start, err error) {
	var sig *signalError
	if r.Claim.Lock == nil || !r.Claim.Found || !isStop(err) && !errors.As(err, &sig) && !s3api.Passes(err) {
		return
	}
	record, _ := job.Begin(last, r.Claim.Store, f.newRecord(p, whoRuns(last, nil))) // the same is tried again at once
	finish(last, record, err)
}
