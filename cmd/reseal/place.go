package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reseal/checkpoint"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/preflight"
	"reseal/report"
)

// jobs opens jobs, those in a bucket over this connection.
func (c connection) jobs() job.Opener {
	if c.keeper != nil {
		return c.keeper.jobs()
	}
	return job.Opener{Connect: c.client, BucketOwner: c.jobOwner, Waiting: c.waitingFor}
}

// waitingFor says whom a command waits for before it takes a job or a share over, so that
// nobody takes it for stuck.
func (c connection) waitingFor(name string, h checkpoint.Holder, until time.Time) {
	if c.stderr != nil {
		fmt.Fprint(c.stderr(), terminal.Wrapped("", fmt.Sprintf("note: %s is held: %s. Waiting for its next sign of life until %s; if there is none, this command takes over.",
			name, plain.Text(h.String()), report.Time(until))))
	}
}

// checkNewJob refuses a place where no new job can be kept, as a refusal where a
// bucket is the reason.
func checkNewJob(ctx context.Context, c connection, dir string) error {
	err := c.jobs().CheckNew(ctx, dir)
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
	return openJobAt(ctx, connection{}, dir)
}

// openJobAt opens a job that must be there already.
func openJobAt(ctx context.Context, c connection, dir string) (job.Store, *job.Plan, error) {
	if dir == "" {
		return nil, nil, usagef("--job is needed: the folder of the job")
	}
	return c.jobs().Load(ctx, dir)
}
