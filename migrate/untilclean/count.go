package untilclean

import (
	"context"
	"fmt"

	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
)

// Count fills in what the run of g came to, by the job of that name that it is.
func Count(ctx context.Context, jobs job.Opener, name string, g *generations.Generation) error {
	store, made, err := jobs.Load(ctx, name)
	if err != nil {
		return err
	}
	s, err := status.Read(ctx, store, made, job.Share{})
	if err != nil {
		return fmt.Errorf("read generation %d: %w", g.Number, err)
	}
	s.CountInto(g)
	return nil
}
