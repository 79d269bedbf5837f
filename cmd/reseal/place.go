package main

import (
	"context"

	"reseal/internal/connect"
	"reseal/job"
)

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
