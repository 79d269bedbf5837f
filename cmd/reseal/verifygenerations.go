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

// verifiedGeneration is a generation and what was found of it.
type verifiedGeneration struct {
	Number       int                  `json:"number"`
	Verification *verify.Verification `json:"verification"`
}

// verifiedGenerations is the document of a verification of a job with later generations.
type verifiedGenerations struct {
	*verify.Verification // of the first one

	Later []verifiedGeneration `json:"generations"`
}

// all verifies each generation of a job. What an earlier one did not do, the last one had
// in its own report, as that is of all that is in the bucket: there it counts.
func (f *verifyFlags) all(ctx context.Context, p process, store job.Store, made *job.Plan, chain *generations.Chain) error {
	if err := f.recall(ctx, store, made); err != nil { // before it is copied, as the flags are those of f
		return err
	}
	earlier := *f
	earlier.looks.Allow = append(append([]string{}, f.looks.Allow...), string(verify.NotDone))
	v, err := earlier.one(ctx, p, store, made)
	if err != nil {
		return err
	}
	found := []verifiedGeneration{{generations.First, v}}
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if !g.HasJob() {
			continue
		}
		at := earlier
		if at.job = generations.Name(f.job, g.Number); i == len(chain.Generations)-1 {
			at.looks.Allow = f.looks.Allow
		}
		if at.manifest, at.keep = "", ""; g.Source == generations.Listing {
			at.manifest = g.Report(f.job)
		}
		if v, err = at.generation(ctx, p, g, chain); err != nil {
			return fmt.Errorf("generation %d: %w", g.Number, err)
		}
		found = append(found, verifiedGeneration{g.Number, v})
	}
	return f.tellAll(p, found, chain)
}

// generation verifies a later generation, once it is the one that the job was told of.
func (f *verifyFlags) generation(ctx context.Context, p process, g *generations.Generation, chain *generations.Chain) (*verify.Verification, error) {
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return nil, err
	}
	if err := chain.Holds(g, made); err != nil {
		return nil, err
	}
	return f.one(ctx, p, store, made)
}

// tellAll prints what was found of all generations, and turns it into the command's
// ending, which is the worst of them.
func (f *verifyFlags) tellAll(p process, found []verifiedGeneration, chain *generations.Chain) error {
	var err, worst error
	if f.output.json {
		err = writeJSON(p.stdout, verifiedGenerations{found[0].Verification, found[1:]})
	}
	for _, g := range found {
		if !f.output.json && err == nil {
			if _, err = fmt.Fprintf(p.stdout, "\nGeneration %d\n", g.Number); err == nil {
				err = console.Verification(p.stdout, g.Verification)
			}
		}
		f.tellUnread(p, g.Verification)
		if ending := verifiedEnding(g.Verification); ending != nil && (worst == nil || exitCode(ending) > exitCode(worst)) {
			worst = ending
		}
	}
	if err != nil {
		return fmt.Errorf("print verification: %w", err)
	}
	if last := chain.Last(); !last.Over() {
		fmt.Fprintf(p.stderr, "reseal: generation %d did not come to its end\nnext: %s\n", last.Number, explain.UntilClean(f.job))
		if worst == nil {
			worst = &finding{exitFailures}
		}
	}
	return worst
}
