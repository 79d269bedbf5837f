package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"reseal/cost"
	"reseal/internal/options"
	"reseal/preflight"
	"reseal/selfcheck"
)

// pricing is what an estimate rests on besides the report.
type pricing struct {
	options.Assumptions
	file  string
	facts string // --facts
}

func (p *pricing) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	p.Assumptions.Bind(f)
	pathVar(f, &p.file, "prices", "prices from this `FILE` instead of the built-in list: reseal's own JSON, or AWS's offer file of a Region")
	pathVar(f, &p.facts, "facts", "`FILE` that selfcheck wrote: what it measured stands in for assumptions that no flag states")
}

// prices returns the price list: the built-in one, under what the file says.
func (p *pricing) prices() (cost.Prices, error) {
	if err := p.Assumptions.Check(); err != nil {
		return cost.Prices{}, err
	}
	return options.Prices(p.file)
}

// readFacts reads the file that --facts names; nil where it names none.
func (p *pricing) readFacts() (*selfcheck.Facts, error) { return options.Facts(p.facts) }

// take has what was measured stand in for what no flag states, and says so, a
// line each. Figures of another Region are refused: they say nothing of this one.
func (r *request) take(f *selfcheck.Facts, region string) (notes []string, err error) {
	if f == nil {
		return nil, nil
	}
	if f.Region != region {
		return nil, usagef("--facts %s was measured in %s, and the bucket is in %s", r.facts, f.Region, region)
	}
	stated := selfcheck.Assumptions{Latency: r.Latency, CopyRate: r.CopyRate, UpdateKMS: r.updateKMS, KeyWeight: r.keyWeight, BucketKey: r.BucketKey}
	notes = f.StandIn(&stated, r.facts)
	r.Latency, r.CopyRate, r.updateKMS, r.keyWeight = stated.Latency, stated.CopyRate, stated.UpdateKMS, stated.KeyWeight
	return notes, nil
}

// params are what an estimate rests on.
func (r *request) params(e *preflight.Environment) cost.Params {
	p := e.CostParams()
	p.KMSUncounted, p.Concurrency = 1-r.keyWeight, r.concurrency
	r.Assumptions.Into(&p)
	return p
}

// unpriced says what of an estimate has no price, "" where all has one.
func unpriced(e *cost.Estimate) string {
	switch {
	case !e.Priced:
		return fmt.Sprintf("no price is known in Region %q", e.Region)
	case !e.Once.Complete():
		return fmt.Sprintf("no price is known in %s for: %s", e.Region, e.Once.Missing[0])
	}
	return ""
}
