package main

import (
	"context"
	"errors"

	"reseal/internal/connect"
	"reseal/job"
	"reseal/preflight"
)

// checkNewJob refuses a place where no new job can be kept, as a refusal where a
// bucket is the reason.
func checkNewJob(ctx context.Context, c connection, dir string) error {
	err := c.Jobs().CheckNew(ctx, dir)
	switch {
	case errors.As(err, new(*job.UnwritableError)):
		return &preflight.RefusedError{Err: causeOf(ctx, err)}
	case errors.As(err, new(*job.RetentionError)):
		return &preflight.RefusedError{Err: err}
	}
	return err
}

// openJob opens a job that must be there already, with the connection that the
// environment gives where it is in a bucket.
func openJob(ctx context.Context, dir string) (job.Store, *job.Plan, error) {
	return openJobAt(ctx, connection{connect.Settings{Product: "reseal/" + programVersion()}}, dir)
}

// openJobAt opens a job that must be there already.
func openJobAt(ctx context.Context, c connection, dir string) (job.Store, *job.Plan, error) {
	if dir == "" {
		return nil, nil, usagef("--job is needed: the folder of the job")
	}
	return c.Jobs().Load(ctx, dir)
}
