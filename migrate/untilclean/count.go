package untilclean

import (
	"context"
	"fmt"

	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/plan"
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
	g.Done, g.Failed, g.Spent, g.Left = s.Done, s.Failed, s.Spent, 0
	for reason, n := range s.Skipped {
		if reason != string(plan.AlreadyEncrypted) && reason != string(plan.Filtered) && reason != string(plan.Gone) {
			g.Left += n
		}
	}
	g.PutOff = s.Deferred
	switch {
	case s.Rows != nil:
		g.Rows = *s.Rows
		g.PutOff = max(*s.Rows-s.Settled, 0)
	case s.Damaged > 0:
		g.PutOff++ // nobody knows how many
	}
	return nil
}
