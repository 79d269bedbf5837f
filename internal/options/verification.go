package options

import (
	"time"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/job/verification"
	"reseal/verify"
)

// Verification is how much of a job is looked at again, and at which rates.
type Verification struct {
	Sample      string
	Seed        uint64
	Concurrency int
	ReadRPS     float64
	KMSRPS      float64
	Bodies      string
	Outage      time.Duration
	Allow       []string
}

// Bind adds the flags of a verification.
func (v *Verification) Bind(f *pflag.FlagSet) {
	f.StringVar(&v.Sample, "sample", "100%", "share of the objects to look at")
	f.Uint64Var(&v.Seed, "seed", 1, "which objects a sample takes")
	f.IntVar(&v.Concurrency, "concurrency", 256, "HeadObjects in flight at most")
	f.DurationVar(&v.Outage, "max-outage", time.Hour, "stop after waiting this long for an endpoint that is gone, or for credentials that have expired")
	f.StringVar(&v.Bodies, "bodies", "0%", "share of the objects whose data is read and compared")
	f.Var((*cli.Rate)(&v.KMSRPS), "kms-rps", "cap on the KMS requests that reading data makes S3 send (default: half of the Region's default quota)")
	cli.NamesVar(f, &v.Allow, "allow", "let rows with this `VERDICT` be no reason for an exit other than 0: not-done, changed-since-NOT-under-key, never-under-key, lost-attribute, could-not-look or not-compared (repeatable, or several with commas)")
	f.Float64Var(&v.ReadRPS, "s3-rps", 5500, "S3 read requests a second to start from")
}

// Read turns the flags into those parts of a verification that they are about, with
// values checked.
func (v *Verification) Read() (c verification.Config, err error) {
	c = verification.Config{SampleText: v.Sample, Seed: v.Seed, KMSRate: v.KMSRPS, ReadRate: v.ReadRPS, Workers: v.Concurrency, Patience: v.Outage}
	c.Sample, err = cli.ParsePercent(v.Sample)
	switch {
	case err != nil || c.Sample <= 0:
		return c, cli.Usagef("--sample %q: want a share above 0%%, such as 1%%", v.Sample)
	case v.Concurrency < 1 || !(v.ReadRPS > 0) || v.KMSRPS < 0:
		return c, cli.Usagef("--concurrency, --s3-rps and --kms-rps must be above 0")
	case v.Outage <= 0:
		return c, cli.Usagef("--max-outage %s: want a time above 0", v.Outage)
	}
	if c.Bodies, err = cli.ParsePercent(v.Bodies); err != nil {
		return c, cli.Usagef("--bodies: %w", err)
	}
	var names []string
	for _, a := range verify.Allowable() {
		names = append(names, string(a))
	}
	for _, name := range v.Allow {
		if err := cli.Choose("--allow", name, names...); err != nil {
			return c, err
		}
		c.Allowed = append(c.Allowed, verify.Verdict(name))
	}
	return c, nil
}
