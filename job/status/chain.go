package status

import (
	"context"
	"fmt"
	"slices"

	"reseal/job"
	"reseal/job/generations"
)

// LookWhole is Look, and a look at each later generation of the job. Where its chain says
// something else of one than that one's own records, the error is a
// *generations.LinkError. Of one that goes on the reading has what it did so far.
func LookWhole(ctx context.Context, jobs job.Opener, store job.Store, made *job.Plan, share job.Share) (*Reading, error) {
	r, err := Look(ctx, store, made, share)
	if err != nil {
		return nil, err
	}
	return r, r.CheckChain(ctx, jobs)
}

// CheckChain looks at each later generation of the job that was read, as LookWhole does.
func (r *Reading) CheckChain(ctx context.Context, jobs job.Opener) error {
	all, later, err := readChain(ctx, jobs, r.Name, r.Chain)
	if err != nil {
		return err
	}
	r.Later = later
	chain := *r.Chain
	chain.Generations = all
	r.Chain = &chain
	return nil
}

// CheckChain refuses a job of that name whose chain says something else of a later
// generation than the state of that generation.
func CheckChain(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain) error {
	_, _, err := readChain(ctx, jobs, name, chain)
	return err
}

// readChain looks at each later generation of the job of that name, and returns the chain's
// generations with what their own records say, and of those that are jobs how each is.
func readChain(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain) (all []generations.Generation, later map[int]*Status, err error) {
	all, later = slices.Clone(chain.Generations), map[int]*Status{}
	for i := range all {
		g := &all[i]
		if !g.HasJob() {
			continue
		}
		s, err := readGeneration(ctx, jobs, name, chain, g)
		if err != nil {
			return nil, nil, err
		}
		later[g.Number] = s
		if g.Over() {
			if err := s.Agrees(g); err != nil {
				return nil, nil, err
			}
			g.Bytes = s.Bytes // chains of before do not have it
			continue
		}
		s.countSoFar(g)
	}
	return all, later, nil
}

// readGeneration reads the job that g is, of the chain of the job of that name.
func readGeneration(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain, g *generations.Generation) (*Status, error) {
	store, made, err := jobs.Load(ctx, generations.Name(name, g.Number))
	if err != nil {
		return nil, fmt.Errorf("generation %d: %w", g.Number, err)
	}
	if err := chain.Holds(g, made); err != nil {
		return nil, err
	}
	s, err := Read(ctx, store, made, job.Share{})
	if err != nil {
		return nil, fmt.Errorf("generation %d: %w", g.Number, err)
	}
	return s, nil
}
