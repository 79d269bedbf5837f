package main

import (
	"context"
	"fmt"

	"reseal/console"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/job/generations"
	"reseal/verify"
)

// verifiedGenerations is the document of a verification of a job with later generations.
type verifiedGenerations struct {
	*verify.Verification // of the first one

	Later []console.VerifiedGeneration `json:"generations"`

	Whole string `json:"all_generations"` // what all of them come to: fine, open or wrong
}

// all verifies each generation of a job. What an earlier one did not do is looked at: a
// later one may have done it.
func (f *verifyFlags) all(ctx context.Context, p process, store job.Store, made *job.Plan, chain *generations.Chain) error {
	if err := f.recall(ctx, store, made); err != nil { // before it is copied, as the flags are those of f
		return err
	}
	first := *f
	first.superseded = chain.Supersedes(generations.First)
	v, err := first.one(ctx, p, store, made)
	if err != nil {
		return err
	}
	found := []console.VerifiedGeneration{{Number: generations.First, Verification: v}}
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if !g.HasJob() {
			continue
		}
		at := *f
		at.job, at.superseded = generations.Name(f.job, g.Number), chain.Supersedes(g.Number)
		if at.manifest, at.keep = "", ""; g.Source == generations.Listing {
			at.manifest = g.Report(f.job)
		}
		store, made, err := chain.Load(ctx, f.connection.Jobs(), f.job, g)
		if err != nil {
			return err
		}
		if v, err = at.one(ctx, p, store, made); err != nil {
			return fmt.Errorf("generation %d: %w", g.Number, err)
		}
		found = append(found, console.VerifiedGeneration{Number: g.Number, Verification: v})
	}
	return f.tellAll(p, found, chain)
}

// tellAll prints what was found of all generations, and turns it into the command's
// ending, which is the worst of them.
func (f *verifyFlags) tellAll(p process, found []console.VerifiedGeneration, chain *generations.Chain) error {
	all := make([]*verify.Verification, len(found))
	for i := range found {
		all[i] = found[i].Verification
	}
	last := chain.Last()
	worst := verify.Worst(all)
	if !last.Over() {
		worst = max(worst, verify.Open)
	}
	var err error
	if f.output.json {
		err = writeJSON(p.stdout, verifiedGenerations{all[0], found[1:], worst.String()})
	} else {
		err = console.VerifiedGenerations(p.stdout, f.job, found, last.Over())
	}
	if err != nil {
		return fmt.Errorf("print verification: %w", err)
	}
	for _, v := range all {
		f.tellUnread(p, v)
	}
	if !last.Over() {
		fmt.Fprintf(p.stderr, "reseal: generation %d did not come to its end\nnext: %s\n", last.Number, explain.UntilClean(f.job))
	}
	return verifiedEnding(worst)
}
