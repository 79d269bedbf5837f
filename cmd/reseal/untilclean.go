package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/cost"
	"reseal/engine"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/migrate/untilclean"
	"reseal/notify"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
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
	u := &untilSteps{flags: &first, p: p, told: told}
	defer u.claim.Release(life)
	if err := p.phase(ctx, u.begin); err != nil {
		return err
	}
	loop := &untilclean.Loop{Chain: u.chain, Store: u.claim.Store, Source: u.source(), Steps: u, Most: f.most, Every: f.every,
		Interruptible: u.bounded, Told: u.tell, Waiting: u.tellWait}
	last, err := loop.Run(ctx)
	f.ended = first.ended
	if jsonErr := u.document(f.output.json); jsonErr != nil && err == nil {
		err = jsonErr
	}
	return u.conclude(last, err)
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

// untilSteps do the work of generations for a loop.
type untilSteps struct {
	flags *runFlags
	p     process
	told  *notify.Teller
	claim migrate.Claim
	chain *generations.Chain
	met   *connect.Met
	limit cost.Money // --max-cost, or what a campaign set aside; 0 for none
	text  string     // that in words
}

var _ untilclean.Steps = (*untilSteps)(nil)

// begin holds the job, so that nobody else makes generations of it.
func (u *untilSteps) begin(ctx context.Context) (err error) {
	f := u.flags
	u.claim = migrate.Claim{Jobs: f.connection.Jobs(), Name: f.job, Socket: job.Socket(f.job, job.Share{}), Program: "reseal run"}
	if err := u.claim.Find(ctx); err != nil {
		return err
	}
	if !u.claim.Found {
		return &job.NoJobError{Name: f.job}
	}
	if err := u.claim.Hold(ctx); err != nil {
		return err
	}
	if u.met, err = f.meet(ctx, u.p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: u.claim.Plan}, true); err != nil {
		return err
	}
	own, _ := f.maxCost() // checked before
	u.limit, u.text = f.part.limit(own, f.maxCostText, nil)
	u.chain, err = generations.Read(ctx, u.claim.Store, u.claim.Plan)
	return err
}

// bounded is a part that a signal ends, and the limits of time.
func (u *untilSteps) bounded(ctx context.Context, part func(context.Context) error) error {
	ctx, done := u.flags.startLimits().Bound(ctx)
	defer done()
	return u.p.phase(ctx, part)
}

// source is what generations are made of.
func (u *untilSteps) source() generations.Source {
	if u.flags.deltaFrom == fromReports {
		return generations.Report
	}
	return generations.Listing
}

// chooseSource has a job that is made of a folder of reports go on with these, and
// remember it: it keeps the name of the one report that it was made of.
func (f *runFlags) chooseSource() {
	if f.deltaFrom == "" && f.Columns == "" && connect.IsFolder(f.manifest) { // nobody delivers the next result of a query
		f.deltaFrom = fromReports
		f.told["delta-from"] = []string{fromReports}
	}
}

// folderOf is the folder that has a report and its successors, by what is named.
func folderOf(manifest string) string {
	if connect.IsFolder(manifest) {
		return manifest
	}
	if job.InBucket(manifest) {
		bucket, name, _ := strings.Cut(strings.TrimPrefix(manifest, "s3://"), "/")
		return "s3://" + bucket + "/" + strings.TrimPrefix(path.Dir(path.Dir(name))+"/", "./")
	}
	return filepath.Dir(filepath.Dir(manifest))
}

// spent is what all generations may have cost but the run of that number, or of none
// where that is 0.
func (u *untilSteps) spent(ctx context.Context, except int) (cost.Money, error) {
	s, err := status.Read(ctx, u.claim.Store, u.claim.Plan, job.Share{})
	if err != nil {
		return 0, err
	}
	return s.Spent.Add(u.chain.Spent(except)), nil
}

// withinCost refuses to go on where nothing is left of --max-cost.
func (u *untilSteps) withinCost(spent cost.Money) error {
	if u.limit > 0 && spent >= u.limit {
		return &engine.StopError{Limit: "--max-cost " + u.text + ", over all generations"}
	}
	return nil
}

// Find implements untilclean.Steps.
func (u *untilSteps) Find(ctx context.Context, g *generations.Generation, keep func(context.Context) error) error {
	f, made := u.flags, u.claim.Plan
	if _, err := f.connection.Follow(ctx, u.met); err != nil {
		return err
	}
	client, err := f.connection.Client(ctx, f.concurrency)
	if err != nil {
		return err
	}
	if g.Source == generations.Report {
		return u.newest(ctx, client, g)
	}
	if client, err = client.ForBucket(ctx, made.Options.Bucket); err != nil {
		return err
	}
	spent, err := u.spent(ctx, 0)
	if err != nil {
		return err
	}
	if err := u.withinCost(spent); err != nil {
		return err
	}
	prices, err := f.prices()
	if err != nil {
		return err
	}
	region, _ := prices.Region(made.Region)
	l := &untilclean.Listing{Client: client, Job: f.job, Owner: f.JobOwner, Options: made.Options, Workers: f.concurrency, Region: region, Text: u.text,
		Since: u.since(g), Progress: u.progress()}
	if u.limit > 0 {
		l.Limit = u.limit - spent + g.Listing
	}
	governor := ratelimit.New(ratelimit.Config{Expected: ratelimit.Limits{Reads: f.S3RPS * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix}, MaxSlots: f.concurrency})
	defer governor.Start(ctx)()
	l.Gate = governor
	fmt.Fprintf(f.output.messages(u.p), "\nGeneration %d: listing %s, and looking at each object.\n", g.Number, made.Options.Bucket)
	return l.Make(ctx, g, keep)
}

// since is when what came before g was listed.
func (u *untilSteps) since(g *generations.Generation) time.Time {
	if i := g.Number - generations.First - 2; i >= 0 {
		return u.chain.Generations[i].Created
	}
	return u.claim.Plan.Now
}

// newest takes the newest report of the folder, where it is newer than the last one.
func (u *untilSteps) newest(ctx context.Context, client *s3api.Client, g *generations.Generation) error {
	f, made := u.flags, u.claim.Plan
	sel := f.selection
	sel.noChecksum, sel.manifest = false, folderOf(sel.manifest)
	found, err := openReport(ctx, client, &sel)
	if err != nil {
		return err
	}
	if found.Newest == nil {
		return usagef("--delta-from reports: --manifest names one report, %s; name the folder that S3 delivers them into", sel.manifest)
	}
	last := u.since(g)
	if g.Number == generations.First+1 {
		before := f.selection
		before.manifest = made.Manifest
		first, err := openReport(ctx, client, &before)
		if err != nil {
			return fmt.Errorf("open the report of the first generation, to see whether another one is newer: %w", err)
		}
		last = first.Report.Manifest().Created
	}
	created := found.Report.Manifest().Created
	if !created.After(last) || found.URI == made.Manifest {
		return fmt.Errorf("%w in %s than the one of %s, which is done; wait for the next with --every 1h, or list the bucket with --delta-from listing",
			untilclean.ErrNoneNewer, sel.manifest, report.Time(last))
	}
	if bucket := found.Report.Manifest().SourceBucket; bucket != made.Options.Bucket {
		return &preflight.RefusedError{Err: fmt.Errorf("the newest report, %s, is of the bucket %s, and the job is about %s", found.URI, bucket, made.Options.Bucket)}
	}
	g.Manifest, g.Created = found.URI, created.UTC()
	fmt.Fprintf(f.output.messages(u.p), "\nGeneration %d: the report %s.\n", g.Number, found.URI)
	return nil
}

// progress says how far a listing is, now and then.
func (u *untilSteps) progress() func(listed, kept int64) {
	show := u.p.nowAndThen(u.flags.output.messages(u.p), time.Now())
	return func(listed, kept int64) {
		show(func() string {
			return fmt.Sprintf("%s listed, %s not under the key", report.Plural(listed, "object"), report.Count(kept))
		})
	}
}

// Run implements untilclean.Steps.
func (u *untilSteps) Run(ctx context.Context, g *generations.Generation, link func(context.Context, string) error) error {
	spent, err := u.spent(ctx, g.Number)
	if err != nil {
		return err
	}
	if err := u.withinCost(spent); err != nil {
		return err
	}
	f := u.flags
	manifest := g.Manifest
	if g.Source == generations.Listing {
		manifest = below(f.job, manifest)
	}
	run := f.later(u.claim.Plan, &generationRun{job: f.job, link: job.Generation{Of: u.chain.Plan, Number: g.Number}, plan: g.Plan, spent: spent, keep: link}, manifest)
	err = run.attempt(ctx, u.p, u.told)
	f.ended = run.ended
	return f.passable(u.p, err)
}

// below is the name of a file of a job, as a manifest is named: whole, where it is a path.
func below(name, file string) string {
	name = job.Below(name, file)
	if job.InBucket(name) {
		return name
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// Count implements untilclean.Steps.
func (u *untilSteps) Count(ctx context.Context, g *generations.Generation) error {
	return untilclean.Count(ctx, u.flags.connection.Jobs(), generations.Name(u.flags.job, g.Number), g)
}

// tell says what a generation came to.
func (u *untilSteps) tell(g *generations.Generation) {
	if part := u.flags.part; part != nil {
		part.tell(g)
	}
	console.Generation(u.flags.output.messages(u.p), g)
}

func (u *untilSteps) tellWait(until time.Time) {
	fmt.Fprintf(u.flags.output.messages(u.p), "The next generation begins at %s (--every %s). Ctrl-C ends the wait; nothing is under way.\n", report.Time(until), u.flags.every)
}

// document prints the generations as one document, where that is asked for.
func (u *untilSteps) document(asked bool) error {
	if !asked {
		return nil
	}
	return writeJSON(u.p.stdout, u.chain)
}

// conclude turns the end of the loop into that of the command.
func (u *untilSteps) conclude(last *generations.Generation, err error) error {
	f := u.flags
	var most *untilclean.MostError
	switch {
	case errors.As(err, &most):
		return fmt.Errorf("%w; everything done is recorded, the same command goes on. Who writes is named above; %s closes the bucket for them", err,
			"reseal enforce --bucket "+u.claim.Plan.Options.Bucket)
	case errors.As(err, new(*untilclean.IdleError)):
		return fmt.Errorf("%w; the same command goes on", err)
	case err != nil:
		return err
	}
	console.UntilClean(f.output.messages(u.p), f.job, u.chain)
	if last.Verdict == generations.Left {
		return &finding{exitFailures}
	}
	return nil
}
