package certify

import (
	"context"
	"errors"
	"fmt"

	"reseal/job"
	"reseal/job/generations"
	"reseal/verify"
)

// generations takes over what the evidence of the later generations comes to, and says
// what stands against them. It returns their runs, and how many rows are under the key by
// their verifications.
func (e *evidence) generations(ctx context.Context, c *Certificate, chain *generations.Chain) (runs []job.Run, under int64, err error) {
	if e.format < formatSpanning {
		for i := range chain.Generations { // each has a bundle by itself, which says it
			under += chain.Generations[i].Done
		}
		return nil, under, nil
	}
	parts := map[int]*part{}
	for _, p := range e.later {
		parts[p.number] = p
	}
	for i := range chain.Generations {
		g := &chain.Generations[i]
		p := parts[g.Number]
		delete(parts, g.Number)
		switch {
		case p == nil && g.HasJob():
			c.against(Unfinished, "generation %d has no evidence", g.Number)
			continue
		case p == nil:
			continue
		}
		more, note, err := c.generation(ctx, chain, i, p)
		if err != nil {
			return nil, 0, fmt.Errorf("generation %d: %w", g.Number, err)
		}
		runs = append(runs, more...)
		if note != nil {
			under += note.UnderKey(c.Key)
		}
	}
	for number := range parts {
		return nil, 0, fmt.Errorf("generation %d is none of %s", number, generations.File)
	}
	return runs, under, nil
}

// generation takes over what the evidence of one later generation comes to, the one at
// that place of the chain, and says what stands against it.
func (c *Certificate) generation(ctx context.Context, chain *generations.Chain, at int, p *part) ([]job.Run, *verify.Note, error) {
	g := &chain.Generations[at]
	made, runs, err := p.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := chain.Holds(g, made); err != nil {
		return nil, nil, err
	}
	if g.Over() && (p.state.Done != g.Done || p.state.Failed != g.Failed) {
		return nil, nil, errors.New(generations.File + " says something else of it than its state")
	}
	superseded := chain.Supersedes(g.Number)
	note := verify.ReadNote(ctx, p.docs)
	own := Certificate{Key: c.Key}
	own.unfinished(&p.state, made, superseded)
	c.Generations[at].Part = &Part{PlanHash: made.Hash, Rows: p.state.Settled, Skipped: p.state.skipped(), Runs: len(runs),
		Verified: own.verified(note, &p.state, made, superseded)}
	for _, o := range own.Against {
		c.against(o.Kind, "generation %d: %s", g.Number, o.What)
	}
	return runs, note, nil
}
