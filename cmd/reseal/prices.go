package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/smallfile"
	"reseal/preflight"
)

// pricing is what an estimate rests on besides the report: prices, and what is
// stated of requests and readers.
type pricing struct {
	file    string
	latency time.Duration
	rate    string // --copy-rate
	gets    int64
	puts    int64
	facts   string // --facts
}

func (p *pricing) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	pathVar(f, &p.file, "prices", "prices from this `FILE` instead of the built-in list: reseal's own JSON, or AWS's offer file of a Region")
	f.DurationVar(&p.latency, "latency", 0, "time that one request takes, e.g. 60ms: adds the limit of --concurrency to the estimate of the time")
	f.StringVar(&p.rate, "copy-rate", "", "bytes a second that one copy or part is assumed to move, e.g. 200MB, for the time (default 85000000 bytes: nobody states how fast S3 copies)")
	pathVar(f, &p.facts, "facts", "`FILE` that selfcheck wrote: what it measured stands in for assumptions that no flag states")
	f.Int64Var(&p.gets, "monthly-gets", 0, "GET requests a month that the bucket's readers send, for the running cost")
	f.Int64Var(&p.puts, "monthly-puts", 0, "PUT requests a month that its writers send, for the running cost")
}

// check refuses numbers that make no sense.
func (p *pricing) check() error {
	switch {
	case p.gets < 0 || p.puts < 0:
		return usagef("--monthly-gets and --monthly-puts cannot be negative")
	case p.latency < 0:
		return usagef("--latency %s: cannot be negative", p.latency)
	}
	if _, err := p.copyRate(); err != nil {
		return err
	}
	return nil
}

// copyRate is --copy-rate in bytes a second, 0 where it is left out.
func (p *pricing) copyRate() (int64, error) {
	if p.rate == "" {
		return 0, nil
	}
	n, err := cli.ParseSize(p.rate)
	if err != nil || n <= 0 {
		return 0, usagef("--copy-rate %q: want a size above 0, such as 200MB", p.rate)
	}
	return n, nil
}

// prices returns the price list: the built-in one, under what the file says.
func (p *pricing) prices() (cost.Prices, error) {
	if err := p.check(); err != nil {
		return cost.Prices{}, err
	}
	if p.file == "" {
		return cost.BuiltIn(), nil
	}
	text, err := smallfile.Read(p.file, cost.MaxPriceFile)
	if err != nil {
		return cost.Prices{}, usagef("--prices: %w", err)
	}
	own, err := cost.ReadPrices(bytes.NewReader(text))
	if err != nil {
		return cost.Prices{}, usagef("--prices %s: %w", p.file, err)
	}
	return cost.BuiltIn().With(own), nil
}

// params are what an estimate rests on.
func (r *request) params(e *preflight.Environment) cost.Params {
	p := e.CostParams()
	p.KMSUncounted, p.Concurrency, p.Latency = 1-r.keyWeight, r.concurrency, r.pricing.latency
	p.CopyRate, _ = r.pricing.copyRate() // checked before
	p.MonthlyGets, p.MonthlyPuts = r.pricing.gets, r.pricing.puts
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
