package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/report"
)

// runFlags is the command line of run.
type runFlags struct {
	request
	limits
	oversight
	accept accepts
	job    string
	probe  string
	yes    bool

	noPlanPass bool
	dryRun     bool
	dryrun     bool
	results    string
	output     output
	drain      time.Duration

	shardFlags
	share share
	retry bool // only the rows that failed
}

const runLong = `run re-encrypts the objects of a bucket in place.

It shows the plan and its price, asks, and runs. The job directory records what
was done, so that the same command goes on where an earlier one stopped, for
whatever reason it stopped.

  reseal run --manifest s3://reports/src/daily/2026-11-20T01-00Z/manifest.json \
             --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/... --job ./job

Ctrl-C finishes the requests that are under way and records them; a second one
ends at once. Nothing is lost either way.`

func newRunCommand(p process) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run --manifest URI --sse-kms-key-id ARN --job DIR",
		Short: "Re-encrypt the objects that a report lists",
		Long:  runLong,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.dryRun || f.dryrun {
				return planOnly(cmd.Context(), p, &planFlags{request: f.request, accept: f.accept, output: f.output})
			}
			return f.run(cmd.Context(), p)
		},
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.selection.bind(cmd)
	f.pace.bind(cmd)
	f.pricing.bind(cmd)
	f.limits.bind(cmd)
	f.oversight.bind(cmd)
	f.accept.bind(cmd)
	f.output.bind(cmd)
	f.shardFlags.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` that records the progress, or s3://bucket/prefix; made if it is not there")
	fs.BoolVar(&f.noPlanPass, "no-plan-pass", false, "start at once, without reading the whole report for the plan first: the price is provisional, and the canary is chosen among the first rows")
	fs.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&f.dryRun, "dry-run", false, "show the plan and change nothing, not even the job folder")
	fs.BoolVar(&f.dryrun, "dryrun", false, "the same, as the AWS CLI spells it")
	fs.StringVar(&f.results, "results", "failures", "result lines to write: failures (and surprises), or all")
	fs.StringVar(&f.probe, "probe-key-prefix", "", "off AWS: find out what the endpoint keeps on scratch objects under this `prefix`")
	fs.DurationVar(&f.drain, "drain-timeout", 2*time.Minute, "how long the requests under way may take after the first signal")
	return cmd
}

// check refuses what makes no sense before anything is opened.
func (f *runFlags) check() error {
	switch {
	case f.job == "":
		return usagef("--job is needed: the folder that records the progress")
	case f.results != "failures" && f.results != "all":
		return usagef("--results %q: want failures or all", f.results)
	case f.objects < 0 || f.duration < 0:
		return usagef("a limit cannot be negative")
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
	_, err = f.maxCost()
	return err
}

// run plans, asks, and runs.
func (f *runFlags) run(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	var err error
	if f.share, err = f.shardFlags.share(environment, f.job); err != nil {
		return err
	}
	p.stderr = p.screen() // a bar may be shown from here on
	r, err := f.ready(ctx, p)
	if err != nil {
		return err
	}
	lock, err := f.take(ctx, p, r)
	if err != nil {
		return err
	}
	defer lock.Release()
	log, closeLog, err := f.output.logger(f.job, p.stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	f.share.divide(&r.ground.caps)
	return f.execute(ctx, p, r.ground, r.store, r.job, f.stateOptions(r.job, r.ground.report.Manifest().Files, lock), log)
}

// take locks the job, and makes it where it is new. A signal ends that at once.
func (f *runFlags) take(ctx context.Context, p process, r *readiness) (*checkpoint.Lock, error) {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	lock, err := r.store.Lock(ctx, checkpoint.Self("reseal run"))
	if err != nil {
		return nil, causeOf(ctx, err)
	}
	if lock.Previous != nil {
		fmt.Fprintf(p.stderr, "The run before this one crashed or was killed (%s). Nothing is lost: going on where it stopped.\n", lock.Previous)
	}
	if r.resumed {
		return lock, nil
	}
	if err := writePlan(ctx, r.store, r.job); err != nil {
		return nil, errors.Join(causeOf(ctx, fmt.Errorf("make job %s: %w", f.job, err)), lock.Release())
	}
	return lock, nil
}

// readiness is all that has to be there before the first object is touched.
type readiness struct {
	ground  *ground
	store   jobStore
	job     *jobPlan
	resumed bool // the job was there: only its plan, or begun already
}

// ready finds the ground, shows the plan, asks, and makes the job's folder. A
// signal ends it at once: there is nothing to drain yet.
func (f *runFlags) ready(ctx context.Context, p process) (*readiness, error) {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	r := new(readiness)
	var err error
	if r.store, r.job, err = findJob(ctx, f.connection, f.job, f.share); err != nil {
		return nil, err
	}
	if f.share.count > 0 && r.job == nil {
		return nil, &refusedError{fmt.Errorf("share %s of a job that has no plan yet: make it once, with reseal plan --job %s", f.share, f.job)}
	}
	if r.ground, err = prepare(ctx, &f.request, r.job, time.Now()); err != nil {
		return nil, err
	}
	if r.resumed = r.job != nil; r.resumed {
		if err := r.job.agree(f.job, r.ground.frozen); err != nil {
			return nil, err
		}
		r.ground.learn(r.job.Tally, r.job.Unread == 0)
	} else if r.job, err = f.newJob(ctx, p, r.ground); err != nil {
		return nil, err
	}
	fresh := !r.resumed
	if r.resumed {
		began, err := begun(ctx, r.store)
		if err != nil {
			return nil, err
		}
		if fresh = !began; fresh {
			if err := f.showPlan(p, r.ground, r.job); err != nil {
				return nil, err
			}
		}
	}
	if err := f.checkRun(ctx, f.output.talk(p), r.ground, r.job, fresh); err != nil {
		return nil, err
	}
	if err := f.refuseHazards(r.ground, f.probing(r.ground)); err != nil {
		return nil, err
	}
	if err := f.refuseUpdates(r.ground); err != nil {
		return nil, err
	}
	if fresh {
		if err := f.consent(ctx, p, r.job); err != nil {
			return nil, err
		}
	}
	if err := f.probeEndpoint(ctx, f.output.talk(p), r.ground); err != nil {
		return nil, err
	}
	r.ground.bindToPlan(f.accept)
	if r.store == nil {
		if r.store, err = createJob(ctx, f.connection, f.job, f.share); err != nil {
			return nil, fmt.Errorf("make job %s: %w", f.job, err)
		}
	}
	return r, nil
}

// refuseHazards ends the run before it begins where a hazard was not accepted.
// Those that a probe will settle are left to it.
func (f *runFlags) refuseHazards(g *ground, probing bool) error {
	open := unaccepted(g.hazards, f.accept)
	if probing {
		open = slices.DeleteFunc(open, func(h hazard) bool { return h.byProbe })
	}
	if len(open) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "refused: nothing was written, as this bucket holds hazards that were not accepted\n")
	var names []string
	for _, h := range open {
		fmt.Fprintf(&b, "  %-16s %s\n", h.Name, h.Why)
		if h.Mend != "" {
			fmt.Fprintf(&b, "  %-16s %s\n", "", "→ "+h.Mend)
		}
		names = append(names, "--accept "+h.Name)
	}
	fmt.Fprintf(&b, "to go on all the same: %s", strings.Join(names, " "))
	return &refusedError{errors.New(b.String())}
}

// consent asks the person at the terminal.
func (f *runFlags) consent(ctx context.Context, p process, job *jobPlan) error {
	if f.yes || job.Todo == 0 {
		return nil
	}
	if !isTerminal(p.stdin) || !isTerminal(p.stderr) {
		return usagef("there is no terminal to ask at; add --yes to run without being asked")
	}
	what := "what is to be re-encrypted"
	if job.Todo != unknown {
		what = report.Plural(job.Todo, "object")
	}
	fmt.Fprintf(p.stderr, "\nRe-encrypt %s of %s in place? [y/N] ", what, job.Options.Bucket)
	answer := make(chan string, 1)
	go func() { // ends with the process: reading a terminal cannot be cut short
		line, _ := bufio.NewReader(p.stdin).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return &refusedError{errors.New("declined: nothing was written")}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// output is how a command talks.
type output struct {
	json       bool
	quiet      bool
	noProgress bool
	logLevel   string
	logFile    string
}

func (o *output) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "print the result as one JSON document on stdout")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but results and errors")
	f.BoolVar(&o.noProgress, "no-progress", false, "show no progress")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&o.logFile, "log-file", "", "where to log (default: reseal.log in the job folder)")
}

// talk is where a command explains itself: stderr, or nowhere if it is to be quiet.
func (o *output) talk(p process) io.Writer {
	if o.quiet {
		return io.Discard
	}
	return p.stderr
}

// surveyTicker returns what is called while the report is read: on a terminal
// it shows the number of rows.
func (o *output) surveyTicker(p process) func(rows int64) {
	if o.quiet || o.noProgress || !isTerminal(p.stderr) {
		return nil
	}
	last, out := time.Now(), p.screen()
	return func(rows int64) {
		if time.Since(last) > time.Second {
			last = time.Now()
			out.show("reading the report: " + report.Plural(rows, "row"))
		}
	}
}

// logger opens the log of a job. That of a job in a bucket goes to talk, for what is to be known at once.
func (o *output) logger(dir string, talk io.Writer) (*slog.Logger, func(), error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return nil, nil, usagef("--log-level %q: want debug, info, warn or error", o.logLevel)
	}
	name := o.logFile
	if name == "" && remoteJob(dir) {
		return slog.New(slog.NewTextHandler(talk, &slog.HandlerOptions{Level: max(level, slog.LevelWarn)})), func() {}, nil
	}
	if name == "" {
		name = dir + "/reseal.log"
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open log: %w", err)
	}
	return slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: level})), func() { file.Close() }, nil
}
