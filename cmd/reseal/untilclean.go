package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/job/generations"
	"reseal/migrate"
	"reseal/migrate/untilclean"
	"reseal/notify"
	"reseal/report"
)

// untilFlags say how long a run looks for what is new.
type untilFlags struct {
	untilClean bool
	every      time.Duration
	most       int
	deltaFrom  string
}

func (u *untilFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.BoolVar(&u.untilClean, "until-clean", false, "then list the bucket again and do what is new, as the next generation of the job, until one finds nothing to do")
	fs.DurationVar(&u.every, "every", 0, "with --until-clean, wait so long between two generations, e.g. 1h")
	fs.IntVar(&u.most, "max-generations", 10, "with --until-clean, stop after so many generations of this run")
	fs.StringVar(&u.deltaFrom, "delta-from", "", "with --until-clean, what a generation is made of: listing, of the bucket, or reports, the newest in the folder that --manifest names (default: reports where it names a folder)")
}

// check refuses what does not go together. f has the other flags of the run.
func (u *untilFlags) check(f *runFlags) error {
	switch {
	case u.every < 0:
		return usagef("--every %s: want a time above 0", u.every)
	case !u.untilClean:
		return nil // what the job was told of the others waits for it; retry-failed has none of them
	case u.most < 1:
		return usagef("--max-generations %d: want at least 1", u.most)
	case f.objects > 0:
		return usagef("--until-clean goes on until nothing is left, and --limit %d ends a trial: give one of the two", f.objects)
	}
	if u.deltaFrom == "" {
		return nil
	}
	return cli.Choose("--delta-from", u.deltaFrom, string(generations.Listing), fromReports)
}

// fromReports is the --delta-from of S3's own reports.
const fromReports = "reports"

// generations runs the job, and where that is asked for its later generations.
func (f *runFlags) generations(ctx context.Context, p process, told *notify.Teller) error {
	if !f.untilClean {
		return f.attempt(ctx, p, told)
	}
	if f.share.Count > 0 {
		return usagef("--until-clean lists the bucket as a whole, and share %s is a part of the job: run all shares without it, and then once: %s", f.share, explain.UntilClean(f.job))
	}
	f.chooseSource()
	first := *f // which prints no document: there is one for all generations
	first.output.json, first.output.quiet = false, f.output.quiet || f.output.json
	err := first.attempt(ctx, p, told)
	f.ended = first.ended
	if err = f.passable(p, err); err != nil {
		return err
	}
	life := migrate.NewLifetime(ctx)
	defer life.End()
	u := &untilScreen{flags: &first, p: p, told: told}
	work, err := u.work()
	if err != nil {
		return err
	}
	defer work.Claim.Release(life)
	if err := p.phase(ctx, work.Begin); err != nil {
		return err
	}
	last, err := u.loop(work).Run(ctx)
	f.ended = first.ended
	if f.output.json {
		err = cmp.Or(err, writeJSON(p.stdout, work.Chain))
	}
	return u.conclude(work, last, err)
}

// passable returns nil for an end of a pass after which the next generation can look,
// and says what it was.
func (f *runFlags) passable(p process, err error) error {
	var found *finding
	switch {
	case errors.As(err, &found) && found.code == exitFailures:
		return nil
	case errors.As(err, new(*migrate.UnfinishedError)):
		fmt.Fprintf(p.stderr, "note: %s\n", explain.Words(err))
		return nil
	}
	return err
}

// chooseSource has a job that is made of a folder of reports go on with these, and
// remember it: it keeps the name of the one report that it was made of.
func (f *runFlags) chooseSource() {
	if f.deltaFrom == "" && f.Columns == "" && connect.IsFolder(f.manifest) { // nobody delivers the next result of a query
		f.deltaFrom = fromReports
		f.told["delta-from"] = []string{fromReports}
	}
}

// untilScreen shows a person how generations come about, and runs each with the options of
// the first.
type untilScreen struct {
	flags *runFlags
	p     process
	told  *notify.Teller
}

var (
	_ untilclean.Screen = (*untilScreen)(nil)
	_ untilclean.Runner = (*untilScreen)(nil)
)

// work is what generations are made by.
func (u *untilScreen) work() (*untilclean.Work, error) {
	f := u.flags
	source, err := f.report()
	if err != nil {
		return nil, err
	}
	prices, err := f.prices()
	if err != nil {
		return nil, err
	}
	own, _ := f.maxCost() // checked before
	limit, text := f.part.limit(own, f.maxCostText, nil)
	return &untilclean.Work{
		Claim: migrate.Claim{Jobs: f.Jobs(), Name: f.job, Socket: job.Socket(f.job, job.Share{}), Program: "reseal run"},
		Via:   &f.Settings, Known: f.known(), Told: f.told, Report: *source,
		Prices: prices, Reads: untilclean.ReadsBeside(f.S3RPS), Workers: f.concurrency, Limit: limit, Text: text,
		Screen: u, Runner: u,
	}, nil
}

// loop makes generations until one finds nothing to do.
func (u *untilScreen) loop(work *untilclean.Work) *untilclean.Loop {
	f := u.flags
	l := &untilclean.Loop{Chain: work.Chain, Store: work.Claim.Store, Source: generations.Listing, Steps: work, Most: f.most, Every: f.every,
		Interruptible: u.bounded, Told: u.tell, Waiting: u.tellWait}
	if f.deltaFrom == fromReports {
		l.Source = generations.Report
	}
	return l
}

// bounded is a part that a signal ends, and the limits of time.
func (u *untilScreen) bounded(ctx context.Context, part func(context.Context) error) error {
	ctx, done := u.flags.startLimits().Bound(ctx)
	defer done()
	return u.p.phase(ctx, part)
}

// Listing implements untilclean.Screen.
func (u *untilScreen) Listing(g *generations.Generation, bucket string) (progress func(listed, kept int64)) {
	messages := u.flags.output.messages(u.p)
	fmt.Fprintf(messages, "\nGeneration %d: listing %s, and looking at each object.\n", g.Number, bucket)
	show := u.p.nowAndThen(messages, time.Now())
	return func(listed, kept int64) {
		show(func() string {
			return fmt.Sprintf("%s listed, %s not under the key", report.Plural(listed, "object"), report.Count(kept))
		})
	}
}

// Found implements untilclean.Screen.
func (u *untilScreen) Found(g *generations.Generation) {
	fmt.Fprintf(u.flags.output.messages(u.p), "\nGeneration %d: the report %s.\n", g.Number, g.Manifest)
}

// RunLater implements untilclean.Runner.
func (u *untilScreen) RunLater(ctx context.Context, whole *job.Plan, of *untilclean.Later) error {
	run := u.flags.later(whole, of)
	err := run.attempt(ctx, u.p, u.told)
	u.flags.ended = run.ended
	return u.flags.passable(u.p, err)
}

// later returns the flags of a later generation: what the job was made with and is told,
// about another report.
func (f *runFlags) later(whole *job.Plan, of *untilclean.Later) *runFlags {
	g := *f
	g.generation, g.job = of, generations.Name(f.job, of.Link.Number)
	g.selection.adopt(whole)
	g.manifest, g.keepInventory, g.Columns, g.OnlyBucket, g.noChecksum = of.Report, "", "", "", false
	g.yes, g.noPlanPass = true, false
	g.held = maps.Clone(f.held)
	for _, option := range []string{"keep-inventory", "columns", "only-bucket", "until-clean", "every", "max-generations", "delta-from"} {
		delete(g.held, option)
	}
	g.held["manifest"] = []string{of.Report}
	g.told = g.held
	return &g
}

// tell says what a generation came to.
func (u *untilScreen) tell(g *generations.Generation) {
	if part := u.flags.part; part != nil {
		part.tell(g)
	}
	console.Generation(u.flags.output.messages(u.p), g)
}

func (u *untilScreen) tellWait(until time.Time) {
	fmt.Fprintf(u.flags.output.messages(u.p), "The next generation begins at %s (--every %s). Ctrl-C ends the wait; nothing is under way.\n", report.Time(until), u.flags.every)
}

// conclude turns the end of the loop into that of the command.
func (u *untilScreen) conclude(work *untilclean.Work, last *generations.Generation, err error) error {
	switch {
	case errors.As(err, new(*untilclean.MostError)):
		return fmt.Errorf("%w; everything done is recorded, the same command goes on. Who writes is named above; %s closes the bucket for them", err,
			"reseal enforce --bucket "+work.Claim.Plan.Options.Bucket)
	case errors.As(err, new(*untilclean.IdleError)):
		return fmt.Errorf("%w; the same command goes on", err)
	case errors.As(err, new(*untilclean.OneReportError)):
		return &cli.UsageError{Err: err}
	case err != nil:
		return err
	}
	console.UntilClean(u.flags.output.messages(u.p), u.flags.job, work.Chain)
	if last.Verdict == generations.Left {
		return &finding{exitFailures}
	}
	return nil
}
