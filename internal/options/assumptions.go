package options

import (
	"bytes"
	"time"

	"github.com/spf13/pflag"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/smallfile"
	"reseal/selfcheck"
)

// Assumptions are what an estimate rests on besides the report and the prices: what is
// stated of requests and readers.
type Assumptions struct {
	Latency  time.Duration
	CopyRate string
	Gets     int64
	Puts     int64
}

// Bind adds the flags of the assumptions.
func (a *Assumptions) Bind(f *pflag.FlagSet) {
	f.DurationVar(&a.Latency, "latency", 0, "time that one request takes, e.g. 60ms: adds the limit of --concurrency to the estimate of the time")
	f.StringVar(&a.CopyRate, "copy-rate", "", "bytes a second that one copy or part is assumed to move, e.g. 200MB, for the time (default 85000000 bytes: nobody states how fast S3 copies)")
	f.Int64Var(&a.Gets, "monthly-gets", 0, "GET requests a month that the bucket's readers send, for the running cost")
	f.Int64Var(&a.Puts, "monthly-puts", 0, "PUT requests a month that its writers send, for the running cost")
}

// Check refuses numbers that make no sense.
func (a *Assumptions) Check() error {
	switch {
	case a.Gets < 0 || a.Puts < 0:
		return cli.Usagef("--monthly-gets and --monthly-puts cannot be negative")
	case a.Latency < 0:
		return cli.Usagef("--latency %s: cannot be negative", a.Latency)
	}
	_, err := a.copyRate()
	return err
}

// Rate is --copy-rate in bytes a second, 0 where it is left out. It is checked.
func (a *Assumptions) Rate() int64 {
	rate, _ := a.copyRate()
	return rate
}

// copyRate is --copy-rate in bytes a second, 0 where it is left out.
func (a *Assumptions) copyRate() (int64, error) {
	if a.CopyRate == "" {
		return 0, nil
	}
	n, err := cli.ParseSize(a.CopyRate)
	if err != nil || n <= 0 {
		return 0, cli.Usagef("--copy-rate %q: want a size above 0, such as 200MB", a.CopyRate)
	}
	return n, nil
}

// Into writes the assumptions into what an estimate rests on. They are checked.
func (a *Assumptions) Into(p *cost.Params) {
	p.Latency, p.MonthlyGets, p.MonthlyPuts = a.Latency, a.Gets, a.Puts
	p.CopyRate = a.Rate()
}

// Prices are the built-in ones, under what a file says; "" names none.
func Prices(file string) (cost.Prices, error) {
	if file == "" {
		return cost.BuiltIn(), nil
	}
	text, err := smallfile.Read(file, cost.MaxPriceFile)
	if err != nil {
		return cost.Prices{}, cli.Usagef("--prices: %w", err)
	}
	own, err := cost.ReadPrices(bytes.NewReader(text))
	if err != nil {
		return cost.Prices{}, cli.Usagef("--prices %s: %w", file, err)
	}
	return cost.BuiltIn().With(own), nil
}

// Facts are those that a selfcheck left in a file; nil for "".
func Facts(file string) (*selfcheck.Facts, error) {
	if file == "" {
		return nil, nil
	}
	text, err := smallfile.Read(file, selfcheck.MaxFacts)
	if err != nil {
		return nil, cli.Usagef("--facts: %w", err)
	}
	facts, err := selfcheck.Read(bytes.NewReader(text))
	if err != nil {
		return nil, cli.Usagef("--facts %s: %w", file, err)
	}
	return facts, nil
}
