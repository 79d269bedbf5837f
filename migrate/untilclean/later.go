package untilclean

import (
	"context"
	"fmt"

	"reseal/cost"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/preflight"
)

// Later is what makes a run that of a later generation of a job. That of the job itself,
// and of a job without any, is nil.
type Later struct {
	Job    string         // the whole one
	Link   job.Generation // that the plan has to state
	Plan   string         // that it has to have, as SHA-256 in hex; "" where it was not made yet
	Report string         // manifest of what the generation is made of
	Spent  cost.Money     // by all other generations, and by listing

	keep func(ctx context.Context, plan string) error // binds it in the chain
}

// Whole is the name of the job whose limits hold, of one of that name.
func (l *Later) Whole(name string) string {
	if l == nil {
		return name
	}
	return l.Job
}

// Of says in a new plan whose generation it is.
func (l *Later) Of() *job.Generation {
	if l == nil {
		return nil
	}
	return &l.Link
}

// Left is what of a limit the other generations left, and never none: the loop ends before
// that.
func (l *Later) Left(limit cost.Money) cost.Money {
	if l == nil {
		return limit
	}
	return max(limit-l.Spent, 1)
}

// Check refuses a job that is not the generation that is meant, and a generation where a
// job is meant.
func (l *Later) Check(ctx context.Context, c *migrate.Claim) error {
	switch {
	case l == nil:
		return checkWhole(ctx, c)
	case !c.Found && l.Plan == "":
		return nil
	case !c.Found:
		return l.wrong("is gone")
	case c.Plan.Generation == nil || *c.Plan.Generation != l.Link:
		return l.wrong("is of another job")
	case l.Plan == "":
		return nil
	}
	is, err := c.Plan.Digest()
	if err == nil && is != l.Plan {
		err = l.wrong("has another plan than the job was told of")
	}
	return err
}

func (l *Later) wrong(what string) error {
	return &generations.LinkError{What: fmt.Sprintf("generation %d of job %s %s", l.Link.Number, l.Job, what)}
}

// checkWhole refuses a generation by itself, and a job whose chain is not whole, whatever
// the run does.
func checkWhole(ctx context.Context, c *migrate.Claim) error {
	if !c.Found {
		return nil
	}
	if c.Plan.Generation != nil {
		return &preflight.RefusedError{Err: &job.GenerationError{Name: c.Name, Number: c.Plan.Generation.Number}}
	}
	chain, err := generations.Read(ctx, c.Store, c.Plan)
	if err != nil {
		return err
	}
	return status.CheckChain(ctx, c.Jobs, c.Name, chain)
}

// Bind writes down which plan the generation has, before it touches an object.
func (l *Later) Bind(ctx context.Context, store job.Store) error {
	if l == nil {
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
	return l.keep(ctx, plan)
}
