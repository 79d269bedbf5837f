package status

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"reseal/job"
	"reseal/job/generations"
)

// LookWhole is Look, and a look at each later generation of the job. Where its chain says
// something else of one than that one's own records, the error is a
// *generations.LinkError. Of one that goes on the reading has what it did so far.
func LookWhole(ctx context.Context, jobs job.Opener, store job.Store, made *job.Plan, share job.Share) (*Reading, error) {
	return new(Again).LookWhole(ctx, jobs, store, made, share)
}

// CheckChain looks at each later generation of the job that was read, as LookWhole does.
func (r *Reading) CheckChain(ctx context.Context, jobs job.Opener) error {
	return new(Again).check(ctx, jobs, r)
}

// CheckChain refuses a job of that name whose chain says something else of a later
// generation than the state of that generation.
func CheckChain(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain) error {
	_, _, err := new(Again).readChain(ctx, jobs, name, chain)
	return err
}

// Again is for somebody who looks again and again: no run changes a generation that ended,
// so each is read once, and again where the chain says another thing of it. The zero value
// has read none. It is for one job and one goroutine.
type Again struct{ ended map[int]ended }

// ended is a generation that was read after its end.
type ended struct {
	says string // the chain of it
	is   *Status
}

// LookWhole is LookWhole of what was not read yet.
func (a *Again) LookWhole(ctx context.Context, jobs job.Opener, store job.Store, made *job.Plan, share job.Share) (*Reading, error) {
	r, err := Look(ctx, store, made, share)
	if err != nil {
		return nil, err
	}
	return r, a.check(ctx, jobs, r)
}

// check looks at each later generation of the job that was read.
func (a *Again) check(ctx context.Context, jobs job.Opener, r *Reading) error {
	all, later, err := a.readChain(ctx, jobs, r.Name, r.Chain)
	if err != nil {
		return err
	}
	r.Later = later
	chain := *r.Chain
	chain.Generations = all
	r.Chain = &chain
	return nil
}

// readChain looks at each later generation of the job of that name, and returns the chain's
// generations with what their own records say, and of those that are jobs how each is.
func (a *Again) readChain(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain) (all []generations.Generation, later map[int]*Status, err error) {
	all, later = slices.Clone(chain.Generations), map[int]*Status{}
	for i := range all {
		g := &all[i]
		if !g.HasJob() {
			continue
		}
		s, err := a.read(ctx, jobs, name, chain, g)
		if err != nil {
			return nil, nil, err
		}
		later[g.Number] = s
		if g.Over() {
			g.Bytes = s.Bytes // chains of before do not have it
			continue
		}
		s.countSoFar(g)
	}
	return all, later, nil
}

// read reads a generation that was not read since its end, and holds what the chain says
// of it against that.
func (a *Again) read(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain, g *generations.Generation) (*Status, error) {
	says, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	if e := a.ended[g.Number]; g.Over() && e.says == string(says) {
		return e.is, nil
	}
	s, err := readGeneration(ctx, jobs, name, chain, g)
	if err != nil || !g.Over() {
		return s, err
	}
	if err := s.Agrees(g); err != nil {
		return nil, err
	}
	if a.ended == nil {
		a.ended = map[int]ended{}
	}
	a.ended[g.Number] = ended{string(says), s}
	return s, nil
}

// readGeneration reads the job that g is, of the chain of the job of that name.
func readGeneration(ctx context.Context, jobs job.Opener, name string, chain *generations.Chain, g *generations.Generation) (*Status, error) {
	store, made, err := chain.Load(ctx, jobs, name, g)
	if err != nil {
		return nil, err
	}
	s, err := Read(ctx, store, made, job.Share{})
	if err != nil {
		return nil, fmt.Errorf("generation %d: %w", g.Number, err)
	}
	return s, nil
}
