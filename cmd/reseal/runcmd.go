package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/control/metrics"
	"reseal/internal/cli"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/untilclean"
	"reseal/notify"
	"reseal/preflight"
)

// runFlags is the command line of run.
type runFlags struct {
	request
	limits
	oversight
	accept accepts
	knownJobs
	untilFlags
	job   string
	probe string
	yes   bool

	noPlanPass bool
	dryRun     bool
	dryrun     bool
	results    string
	output     output
	drain      time.Duration

	shardFlags
	share job.Share
	part  *campaignPart // of what a campaign has; nil for a run of its own

	told job.Told // on this command line, of what a job remembers
	held job.Told // that, and what the job was told before

	usual func(option string) string // its default

	rows chosenRows

	began time.Time // the command

	generation *untilclean.Later // nil for the job itself
}

const runLong = `run re-encrypts the objects of a bucket in place.

It shows the plan and its price, asks, and runs. The job directory records what
was done, and what it was told: reseal run DIR goes on where an earlier one
stopped, for whatever reason it stopped, with the same options. An option that
you give anew replaces the old one, unless the job is bound to it.

  reseal run --manifest s3://reports/media/2026-11-20T01-00Z/manifest.json \
             --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/... \
             --job ./job

Ctrl-C, SIGTERM and a terminal that is closed finish the requests that are under
way and record them; a second signal ends at once. Nothing is lost either way.`

func newRunCommand(p process) *cobra.Command {
	f, cmd := bindRun()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.recall(cmd.Context(), p, cmd); err != nil {
			if f.dryRun || f.dryrun {
				return &preflight.UntouchedError{Err: err}
			}
			return f.neverBegan(cmd.Context(), p, &preflight.UntouchedError{Err: err})
		}
		f.held = options.Given(cmd.Flags())
		if f.dryRun || f.dryrun {
			if err := f.checkDry(); err != nil {
				return err
			}
			return planOnly(cmd.Context(), p, &planFlags{request: f.request, knownJobs: f.knownJobs, accept: f.accept, job: f.job, output: f.output, told: f.told, dry: true})
		}
		return f.run(cmd.Context(), p)
	}
	return cmd
}

// bindRun makes the command run with its options, which does nothing yet.
func bindRun() (*runFlags, *cobra.Command) {
	f := &runFlags{rows: unsettledRows()}
	cmd := &cobra.Command{
		Use:   "run JOB | run --manifest URI --sse-kms-key-id ARN --job JOB",
		Short: "Re-encrypt the objects that a report lists",
		Long:  runLong,
		Args:  jobArgument(&f.job),
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	f.selection.bind(cmd)
	f.pace.bind(cmd)
	f.pricing.bind(cmd)
	f.limits.bind(cmd)
	f.oversight.bind(cmd)
	f.accept.bind(cmd)
	f.output.bind(cmd)
	f.shardFlags.bind(cmd)
	f.untilFlags.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` that records the progress, or s3://bucket/prefix; made if it is not there")
	fs.BoolVar(&f.noPlanPass, "no-plan-pass", false, "start at once, without a first pass over the report: the price is provisional, and the canary is chosen among the first rows")
	fs.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&f.dryRun, "dry-run", false, "show the plan and change nothing, not even the job folder")
	fs.BoolVar(&f.dryrun, "dryrun", false, "the same, as the AWS CLI spells it")
	fs.StringVar(&f.results, "results", "all", "result lines to write: all, one for every object, or failures (and surprises)")
	fs.StringVar(&f.probe, "probe-key-prefix", "", "off AWS: find out what the endpoint keeps on scratch objects under this `prefix`")
	fs.DurationVar(&f.drain, "drain-timeout", 2*time.Minute, "how long the requests under way may take once the run is to end: after a signal, a limit, the end of a window, ctl drain")
	remembers(cmd)
	return f, cmd
}

// check refuses what makes no sense before anything is opened.
func (f *runFlags) check(ctx context.Context) error {
	if f.job == "" {
		return usagef("--job is needed: the folder that records the progress")
	}
	if err := f.checkFlags(); err != nil {
		return err
	}
	if err := options.Spare(ctx, f.output.flags, "log-file", f.job); err != nil {
		return err
	}
	if err := f.ended.check(ctx, f.output.flags, f.job); err != nil {
		return err
	}
	if f.output.logFile != "" {
		if err := outfile.Check(f.output.logFile); err != nil {
			return &preflight.UntouchedError{Err: err}
		}
	}
	if f.metrics != "" {
		if err := metrics.Try(f.metrics); err != nil {
			return &preflight.UntouchedError{Err: err}
		}
	}
	var err error
	f.share, err = f.shardFlags.share(environment, f.job)
	return err
}

// checkDry refuses for a dry run what the run itself would refuse. It needs no
// job: that of a share, where none is named, may be in any bucket.
func (f *runFlags) checkDry() error {
	if err := f.checkFlags(); err != nil {
		return err
	}
	_, err := f.shardFlags.share(environment, cmp.Or(f.job, "s3://bucket/prefix"))
	return err
}

// resultLines are which result lines a job can have.
func resultLines() []string { return []string{"failures", "all"} }

// checkFlags refuses values that no run takes.
func (f *runFlags) checkFlags() error {
	if err := cli.Choose("--results", f.results, resultLines()...); err != nil {
		return err
	}
	switch {
	case f.objects < 0 || f.duration < 0:
		return usagef("a limit cannot be negative")
	case f.drain <= 0:
		return usagef("--drain-timeout %s: want a time above 0", f.drain)
	case f.outage <= 0:
		return usagef("--max-outage %s: want a time above 0", f.outage)
	case f.attempts < 1:
		return usagef("--attempts %d: want at least 1", f.attempts)
	case f.noPlanPass && f.maxCostText != "":
		return usagef("--max-cost needs the plan, and --no-plan-pass leaves it out: give one of the two")
	case f.offline:
		return usagef("--offline is for plan; a run needs the endpoint")
	}
	if err := f.accept.check(); err != nil {
		return err
	}
	var err error
	if f.failures, err = parseFailureLimit(f.failuresText); err != nil {
		return usagef("--max-failures %w", err)
	}
	if err := f.oversight.check(); err != nil {
		return err
	}
	if err := f.untilFlags.check(f); err != nil {
		return err
	}
	if err := f.output.checkLog(); err != nil {
		return err
	}
	if _, err := f.maxCost(); err != nil {
		return err
	}
	if _, err := f.pace.rates(); err != nil {
		return err
	}
	_, err = f.selection.options()
	return err
}

// run plans, asks, and runs.
func (f *runFlags) run(ctx context.Context, p process) error {
	if err := f.check(ctx); err != nil {
		return err
	}
	if p.outliveReaders != nil {
		p.outliveReaders()
	}
	p.stdout, p.stderr = terminal.Unbroken(p.stdout), p.screen() // a bar may be shown from here on
	var debug profileServer
	if err := debug.serve(ctx, p.stderr, &f.profile); err != nil {
		return err
	}
	defer debug.close()
	told := f.teller(ctx, p)
	err := f.generations(ctx, p, told)
	err = f.ended.write(ctx, p, f, err)
	tellEnded(ctx, p, told, err)
	return err
}

// attempt is a run that told is told of.
func (f *runFlags) attempt(ctx context.Context, p process, told *notify.Teller) error {
	life := migrate.NewLifetime(ctx)
	defer life.End()
	var page livePage
	defer page.close() // once nobody holds the job any more: it shows how that is
	r, err := f.start(p)
	if err != nil {
		return err
	}
	defer r.Claim.Release(life)
	if err := f.ready(ctx, p, r); err != nil || r.Idle {
		life.Kill()
		f.recordStart(life.Last(), p, r, err)
		if isStop(err) {
			return fmt.Errorf("%w before it began; the same command goes on", err)
		}
		return err
	}
	if err := f.generation.Bind(ctx, r.Claim.Store); err != nil {
		return err
	}
	log, closeLog, err := f.openLog(ctx, p)
	if err != nil {
		return err
	}
	defer closeLog()
	r.Pre.Env.Client.LogTo(log)
	if err := page.show(p, f, ctx, log); err != nil {
		return err
	}
	record, err := f.begin(ctx, p, r)
	if err == nil {
		observer := &runObserver{flags: f, p: p, pre: r.Pre, plan: r.Plan, messages: f.output.messages(p), log: log, told: told}
		err = f.execute(ctx, life, r, record, observer)
	}
	life.Kill()
	finish(life.Last(), record, err)
	return err
}

// openLog opens the log of the job. A FIFO waits for its reader, and a signal ends that.
func (f *runFlags) openLog(ctx context.Context, p process) (log *slog.Logger, done func(), err error) {
	err = p.phase(ctx, func(ctx context.Context) (err error) {
		log, done, err = f.output.logger(ctx, f.job, p.stderr)
		return err
	})
	if err != nil && done != nil { // the signal came as it was opened
		done()
	}
	return log, done, err
}

// finish records how a run ended.
func finish(last context.Context, r *job.Record, err error) {
	end := endOf(err, checkpoint.Totals{})
	_ = r.End(last, end.ExitCode, console.Ended(end)) // the run itself is recorded in the job's state
}
