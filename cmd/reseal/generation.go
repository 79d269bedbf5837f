package main

import (
	"context"
	"fmt"
	"maps"

	"reseal/cost"
	"reseal/job"
	"reseal/job/generations"
	"reseal/migrate"
	"reseal/preflight"
)

// generationRun is what makes a run that of a later generation of a job. That of the
// job itself, and of a job without any, is nil.
type generationRun struct {
	job   string         // the whole one
	link  job.Generation // that the plan has to state
	plan  string         // that it has to have, as SHA-256 in hex; "" where it was not made yet
	spent cost.Money     // by all other generations, and by listing

	keep func(ctx context.Context, plan string) error // binds it in the chain
}

// whole is the name of the job whose limits hold, of one of that name.
func (g *generationRun) whole(name string) string {
	if g == nil {
		return name
	}
	return g.job
}

// of says in a new plan whose generation it is.
func (g *generationRun) of() *job.Generation {
	if g == nil {
		return nil
	}
	return &g.link
}

// left is what of a limit the other generations left, and never none: the loop ends before
// that.
func (g *generationRun) left(limit cost.Money) cost.Money {
	if g == nil {
		return limit
	}
	return max(limit-g.spent, 1)
}

// check refuses a job that is not the generation that is meant, and a generation where
// a job is meant.
func (g *generationRun) check(ctx context.Context, conn connection, c *migrate.Claim) error {
	if g == nil {
		if c.Found && c.Plan.Generation != nil {
			return &preflight.RefusedError{Err: &job.GenerationError{Name: c.Name, Number: c.Plan.Generation.Number}}
		}
		if !c.Found {
			return nil
		}
		chain, err := generations.Read(ctx, c.Store, c.Plan) // which must be whole, whatever the run does
		if err != nil {
			return err
		}
		return agreeing(ctx, conn, c.Name, chain)
	}
	linkError := func(what string) error {
		return &generations.LinkError{What: fmt.Sprintf("generation %d of job %s %s", g.link.Number, g.job, what)}
	}
	if !c.Found {
		if g.plan != "" {
			return linkError("is gone")
		}
		return nil
	}
	if c.Plan.Generation == nil || *c.Plan.Generation != g.link {
		return linkError("is of another job")
	}
	if g.plan == "" {
		return nil
	}
	is, err := c.Plan.Digest()
	if err == nil && is != g.plan {
		err = linkError("has another plan than the job was told of")
	}
	return err
}

// bind writes down which plan the generation has, before it touches an object.
func (g *generationRun) bind(ctx context.Context, store job.Store) error {
	if g == nil {
		return nil
	}
	made, err := job.ReadPlan(ctx, store)
	if err != nil {
		return err
	}
	plan, err := made.Digest()
	if err != nil {
		return err
	}
	return g.keep(ctx, plan)
}

// later returns the flags of a later generation: what the job was made with and is told,
// about another report.
func (f *runFlags) later(whole *job.Plan, run *generationRun, manifest string) *runFlags {
	g := *f
	g.generation, g.job = run, generations.Name(f.job, run.link.Number)
	g.selection.adopt(whole)
	g.manifest, g.keepInventory, g.Columns, g.OnlyBucket, g.noChecksum = manifest, "", "", "", false
	g.yes, g.noPlanPass = true, false
	g.held = maps.Clone(f.held)
	for _, option := range []string{"keep-inventory", "columns", "only-bucket", "until-clean", "every", "max-generations", "delta-from"} {
		delete(g.held, option)
	}
	g.held["manifest"] = []string{manifest}
	g.told = g.held
	return &g
}
