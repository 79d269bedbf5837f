package main

import (
	"context"
	"fmt"

	"reseal/certify"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
)

// later reads the later generations of a job, each once it is the one that the job was
// told of.
func (f *certifyFlags) later(ctx context.Context, chain *generations.Chain) (all []certify.Later, err error) {
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if !g.HasJob() {
			continue
		}
		l := certify.Later{Number: g.Number}
		var made *job.Plan
		if l.Store, made, err = chain.Load(ctx, f.connection.Jobs(), f.job, g); err != nil {
			return nil, err
		}
		if l.Read, err = status.Look(ctx, l.Store, made, job.Share{}); err != nil {
			return nil, fmt.Errorf("generation %d: %w", g.Number, err)
		}
		if err := l.Read.Status().Agrees(g); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}
