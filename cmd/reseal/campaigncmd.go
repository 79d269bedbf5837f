package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/campaign"
	"reseal/campaign/list"
	"reseal/campaign/work"
	"reseal/console"
	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/resources"
	"reseal/internal/terminal"
	"reseal/preflight"
	"reseal/report"
)

// campaignFlags is the command line of campaign, and what it works with.
type campaignFlags struct {
	run      *runFlags // the options that all runs have in common, and how the campaign's folder is reached
	flags    *pflag.FlagSet
	file     string
	job      string
	order    string
	parallel int
	yes      bool
	dryRun   bool
	json     bool
	quiet    bool

	began   time.Time
	maxCost cost.Money
	shares  *campaign.Shares
	saying  sync.Mutex     // of stderr
	work    *work.Campaign // nil until it was opened
}

// passedOn are the options of run that a campaign takes for all of its runs.
var passedOn = []string{"sse-kms-key-id", "method", "bucket-key-enabled", "rekey", "versions", "acl", "confirm", "trust-inventory", "inspect-all", "memory",
	"accept", "probe-key-prefix", "no-canary", "snapshot", "results", "kms-share", "kms-rps", "s3-rps", "concurrency", "bucket-key-weight", "force", "window", "window-exit", "throttle-flag-file",
	"until-clean", "every", "max-generations", "delta-from",
	"max-failures", "max-outage", "attempts", "drain-timeout", "prices",
	"endpoint-url", "ca-bundle", "allow-http", "sdk-client", "region", "profile", "known-jobs", "log-level", "log-format"}

const campaignLong = `campaign re-encrypts the objects of many buckets as one job. FILE is the list that
reseal survey --campaign writes, with the keys named and the buckets chosen.

  reseal survey --campaign campaign.yaml
  reseal campaign campaign.yaml --job ./campaign --dry-run
  reseal campaign campaign.yaml --job ./campaign

It plans every bucket, shows one table and the sum, asks once, and runs. The job of
bucket media lies in ./campaign/media, and is one like any other: reseal status, run,
verify and report take it. The runs that go on at once share one cap on KMS requests
for each account and Region. A bucket that is refused does not stop the others.

The same command goes on after any end. docs/campaign.md has the rest.`

func newCampaignCommand(p process) *cobra.Command {
	f := &campaignFlags{}
	cmd := &cobra.Command{
		Use:   "campaign FILE --job DIR",
		Short: "Re-encrypt the objects of many buckets as one job",
		Long:  campaignLong,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s takes one argument, the list of buckets that reseal survey --campaign writes; got %q", cmd.CommandPath(), args)
			}
			f.file = args[0]
			return cli.CheckPath("campaign", f.file)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			f.run.asks(cmd)
			if err := f.checkOversight(cmd.Context()); err != nil {
				return err
			}
			return f.told(cmd.Context(), p, f.campaign(cmd.Context(), p))
		},
	}
	run, options := bindRun()
	f.run, f.flags = run, cmd.Flags()
	fs := f.flags
	for _, name := range slices.Concat(passedOn, overseen, []string{"max-cost", "max-duration", "job-bucket-owner"}) {
		fs.AddFlag(options.Flags().Lookup(name))
	}
	fs.StringVar(&f.job, "job", "", "`folder` of the campaign, with the job of each bucket in it, or s3://bucket/prefix; made if it is not there")
	fs.StringVar(&f.order, "order", string(campaign.ByFile), "which buckets begin first: file, as the list has them; price, the cheapest; size, those with the fewest objects; name")
	fs.IntVar(&f.parallel, "parallel-buckets", 2, "work on so many buckets at once at most")
	fs.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&f.dryRun, "dry-run", false, "show the table and change nothing, not even the folder of the campaign")
	fs.BoolVar(&f.json, "json", false, "print how the campaign stands at the end as one JSON document on stdout")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but results and errors")
	return cmd
}

// check refuses what makes no sense before anything is read or asked.
func (f *campaignFlags) check() (err error) {
	f.began = time.Now()
	switch {
	case f.job == "":
		return usagef("--job is needed: the folder of the campaign")
	case f.parallel < 1 || f.parallel > 64:
		return usagef("--parallel-buckets %d: want 1 to 64", f.parallel)
	}
	if err := cli.Choose("--order", f.order, campaign.Orders()...); err != nil {
		return err
	}
	if s, err := (&shardFlags{}).share(environment, "s3://bucket/prefix"); err != nil || s.Count > 0 {
		return usagef("a campaign is the work of one process, and the environment says that this is one of several: run its jobs by themselves, reseal run DIR/BUCKET")
	}
	shape := *f.run // with what each bucket has of its own
	shape.manifest = "s3://reports/"
	if shape.KeyID == "" {
		shape.KeyID = list.KeyPlaceholder
	}
	if err := shape.checkFlags(); err != nil {
		return err
	}
	f.maxCost, err = f.run.maxCost()
	return err
}

// campaign plans, asks, and runs.
func (f *campaignFlags) campaign(ctx context.Context, p process) error {
	if p.outliveReaders != nil {
		p.outliveReaders()
	}
	p.stderr = p.screen() // one for all that is said
	life, end := context.WithCancel(ctx)
	defer end()
	f.shares = campaign.NewShares(life)
	defer f.shares.Close()
	planned := p.phase(ctx, func(ctx context.Context) error {
		if err := f.open(ctx, p); err != nil {
			return &preflight.UntouchedError{Err: err}
		}
		return f.plan(ctx, p)
	})
	defer func() { f.work.GiveBack(ctx) }()
	if planned != nil || f.dryRun {
		return planned
	}
	if err := p.phase(ctx, func(ctx context.Context) error { return f.begin(ctx, p) }); err != nil {
		return err
	}
	return f.conclude(life, p, f.work.Run(life, p.signals))
}

// open reads the list and the campaign that is there, and holds that.
func (f *campaignFlags) open(ctx context.Context, p process) error {
	l, err := list.Read(f.file)
	if err != nil {
		return &cli.UsageError{Err: err}
	}
	included := l.Included()
	if len(included) == 0 {
		return usagef("%s includes no bucket: set include: true for those that the campaign takes", f.file)
	}
	if err := campaign.Apart(included); err != nil {
		return &cli.UsageError{Err: err}
	}
	f.work, err = work.Open(ctx, work.Config{Name: f.job, Jobs: f.run.Jobs(), Program: programVersion(), Order: campaign.Order(f.order), Parallel: f.parallel,
		MaxCost: f.maxCost, Lasts: f.run.duration, Began: f.began, DryRun: f.dryRun, Runner: &campaignRunner{f, p}, Screen: &campaignScreen{f, p}}, included)
	if errors.As(err, new(*work.JobError)) {
		return &cli.UsageError{Err: err}
	}
	return err
}

// plan plans every bucket and shows the table.
func (f *campaignFlags) plan(ctx context.Context, p process) error {
	defer resources.Fitting(ctx)()
	f.work.Foresee(ctx)
	p.screen().Clear()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s, err := f.work.Status(ctx, nextOf)
	if err != nil {
		return err
	}
	f.planned(s)
	if f.json && f.dryRun {
		return writeJSON(p.stdout, s)
	}
	out := p.stderr
	if f.dryRun {
		out = p.stdout
	} else if f.quiet {
		return nil
	}
	if err := console.CampaignPlan(out, s); err != nil {
		return err
	}
	for _, u := range f.shares.Uses() {
		fmt.Fprint(out, terminal.Wrapped("", fmt.Sprintf("%s: at most %s for all together.", u.Quota, report.Rate(u.Cap))))
	}
	if f.dryRun {
		return f.dryEnd()
	}
	return nil
}

// planned has a status show what is still to be done by a run of each bucket, and how it
// stands before that.
func (f *campaignFlags) planned(s *campaign.Status) {
	for i, b := range f.work.Buckets {
		row := &s.Buckets[i]
		switch {
		case b.Failed != nil || b.Idle:
		case b.Fresh:
			row.State, row.Why, row.Planned, row.Left = campaign.New, "", &b.Left, &b.Left.Objects
		default:
			row.State, row.Why, row.Planned, row.Left = campaign.GoesOn, "", &b.Left, &b.Left.Objects
		}
	}
}

// dryEnd is the exit of a dry run: that of the buckets that cannot begin.
func (f *campaignFlags) dryEnd() error {
	var codes []int
	for _, b := range f.work.Buckets {
		if b.Failed != nil {
			codes = append(codes, exitCode(b.Failed))
		}
	}
	if code := campaign.Worst(codes); code != exitDone {
		return &finding{code}
	}
	return nil
}

// begin asks, and makes the campaign and the jobs that are not there yet.
func (f *campaignFlags) begin(ctx context.Context, p process) error {
	if fresh, objects := f.work.Asked(); fresh > 0 && !f.yes {
		if err := ask(ctx, p, fmt.Sprintf("Re-encrypt %s of %s in place?", report.Plural(objects, "object"), report.Plural(fresh, "bucket")), "declined: nothing was written"); err != nil {
			return err
		}
	}
	return f.work.Make(ctx)
}
