package status

import (
	"context"
	"time"
)

// Follow reads a job every so often and has show show it, until the job is finished and
// nobody works on it, or ctx ends.
func Follow(ctx context.Context, every time.Duration, read func(context.Context) (*Status, error), show func(*Status) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		s, err := read(ctx)
		switch {
		case err != nil && ctx.Err() != nil: // which is why
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		if err := show(s); err != nil {
			return err
		}
		if s.State == Finished && s.Run == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
