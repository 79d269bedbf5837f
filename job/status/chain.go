package status

import (
	"context"
	"fmt"

	"reseal/job"
	"reseal/job/generations"
)

// CheckChain refuses a job of that name whose chain says something else of a later
// generation than the state of that generation.
func CheckChain(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain) error {
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if !g.HasJob() || !g.Over() {
			continue
		}
		store, made, err := jobs.Load(ctx, generations.Name(name, g.Number))
		if err != nil {
			return fmt.Errorf("generation %d: %w", g.Number, err)
		}
		if err := chain.Holds(g, made); err != nil {
			return err
		}
		s, err := Read(ctx, store, made, job.Share{})
		if err != nil {
			return fmt.Errorf("generation %d: %w", g.Number, err)
		}
		if err := s.Agrees(g); err != nil {
			return err
		}
	}
	return nil
}
