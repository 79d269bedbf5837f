package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"reseal/certify"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
)

// laterBundle is the bundle of a later generation, and where it goes.
type laterBundle struct {
	bundle *certify.Bundle
	out    string // new folder, "" for none
}

// later makes the bundles of the later generations of a job. What stands against one of
// them stands against the certificate of the job.
func (f *certifyFlags) later(ctx context.Context, whole *certify.Bundle) (all []laterBundle, err error) {
	chain := whole.Read.Chain
	last := chain.Last()
	under := underKey(whole)
	clean := last != nil && last.Verdict == generations.Clean
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if !g.HasJob() {
			continue
		}
		store, made, err := openJobAt(ctx, f.connection, generations.Name(f.job, g.Number))
		if err != nil {
			return nil, fmt.Errorf("generation %d: %w", g.Number, err)
		}
		if err := chain.Holds(g, made); err != nil {
			return nil, err
		}
		b := laterBundle{bundle: &certify.Bundle{Store: store, Program: whole.Program, Signer: whole.Signer, Bucket: whole.Bucket}}
		if f.out != "" {
			b.out = fmt.Sprintf("%s-generation-%06d", filepath.Clean(f.out), g.Number)
			if err := certify.CheckNew(b.out); err != nil {
				return nil, err
			}
		}
		if b.bundle.Read, err = status.Look(ctx, store, made, job.Share{}); err != nil {
			return nil, err
		}
		under += underKey(b.bundle)
		c, err := b.bundle.Preview(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range c.Against {
			done := clean && (o.Kind.Superseded() || o.Kind == certify.Unfinished)
			if o.Kind != certify.Open && o.Kind != certify.NoKey && !done { // the first are of the bucket
				whole.Against = append(whole.Against, certify.Objection{Kind: o.Kind, What: fmt.Sprintf("generation %d: %s", g.Number, o.What)})
			}
		}
		if c.Certified {
			all = append(all, b) // else there is no bundle by itself
		}
	}
	if under == 0 && slices.ContainsFunc(chain.Generations, func(g generations.Generation) bool { return g.Done > 0 }) { // without one the certificate says so itself
		whole.Against = append(whole.Against, certify.Objection{Kind: certify.Nothing, What: "the verifications of all generations saw no row under the key, so there is nothing to certify"})
	}
	return all, nil
}

// underKey is how many rows the verification of a generation saw under the key.
func underKey(b *certify.Bundle) int64 {
	if b.Read.Verified == nil {
		return 0
	}
	return b.Read.Verified.UnderKey(b.Read.Plan.Options.KMSKeyID)
}

// writeLater writes the bundles of the later generations beside that of the job.
func writeLater(ctx context.Context, all []laterBundle) error {
	for _, b := range all {
		if _, err := b.bundle.Write(ctx, b.out); err != nil {
			return err
		}
	}
	return nil
}
