package main

import (
	"github.com/spf13/cobra"

	"reseal/cost"
	"reseal/internal/options"
	"reseal/migrate/prepare"
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

// measured reads the file that --facts names.
func (p *pricing) measured() (prepare.Measured, error) {
	facts, err := options.Facts(p.facts)
	return prepare.Measured{Facts: facts, File: p.facts}, err
}
