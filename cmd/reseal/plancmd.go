package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// planFlags is the command line of plan.
type planFlags struct {
	request
	stated
	accept accepts
	knownJobs
	job    string
	html   string
	output output
	told   job.Told // on the command line, for a job that is made of it
	dry    bool     // for run --dry-run: the job is looked at, and not made
}

const planLong = `plan reads the whole report and says what a run would do, what it would leave
alone and why, what it costs and how long it takes. It changes nothing: no
request that writes, and no KMS request of its own.

  reseal plan --manifest s3://reports/media/2026-11-20T01-00Z/manifest.json \
              --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/...

With --job it freezes the decisions in a new job folder, which a run then carries
out without reading the report twice: reseal run DIR is then all there is to
type. That one file is all it ever writes.

Without a report it prices a bucket that you describe:

  reseal plan --objects 10000 --object-size 1GB --region eu-west-2 \
              --monthly-gets 2000000 --monthly-puts 10000

by the recommended way, or the one that --method names. A GB is 2^30 bytes, as on
an AWS bill. docs/cost.md says what is in a price.`

func newPlanCommand(p process) *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "plan --manifest URI --sse-kms-key-id ARN",
		Short: "Say what a run would do, cost and take; writes nothing",
		Long:  planLong,
		Args:  jobArgument(&f.job),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.recall(cmd.Context(), p, cmd); err != nil {
				return err
			}
			f.methodNamed = cmd.Flags().Changed("method")
			return planOnly(cmd.Context(), p, f)
		},
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	f.selection.bind(cmd)
	f.pace.bind(cmd)
	f.pricing.bind(cmd)
	f.accept.bind(cmd)
	f.output.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "freeze the plan as a job in this new `folder`")
	fs.StringVar(&f.html, "html", "", "also write the plan as one HTML page to this `FILE`; - prints it in place of the text")
	f.stated.Bind(fs)
	remembers(cmd)
	return cmd
}

// planOnly shows the plan on stdout.
func planOnly(ctx context.Context, p process, f *planFlags) error {
	if err := options.Spare(ctx, f.output.flags, "html", f.job); err != nil {
		return err
	}
	if f.html == cli.Stdout && f.output.json {
		return usagef("--html - and --json both want stdout: name a file for the page")
	}
	if f.html != "" && f.html != cli.Stdout {
		if err := outfile.Check(f.html); err != nil {
			return err
		}
	}
	if f.stated.asked() {
		return f.workload(ctx, p)
	}
	if err := f.accept.check(); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	p.stderr = p.screen()
	met, err := f.findJob(ctx, p)
	if err != nil {
		return err
	}
	pre, err := f.request.prepare(ctx, met)
	if err != nil {
		return err
	}
	old := met.Plan()
	if old != nil {
		if err := old.CheckSame(f.job, pre.Env.Frozen(), pre.Env.Report.Manifest()); err != nil {
			return err
		}
	}
	defer resources.Fitting(ctx)()
	s, err := migrate.Surveyor{Environment: pre.Env, Keep: f.snapshots.objects, Tick: f.output.surveyTicker(p)}.WholeReport(ctx)
	p.screen().Clear()
	if err != nil {
		return err
	}
	if err := console.UnusedFilters(s); err != nil {
		return &cli.UsageError{Err: err}
	}
	if err := f.showAndFreeze(ctx, p, pre, s, old); err != nil {
		return err
	}
	return tellUnreadable(p, s.Damage)
}

// findJob finds the job that the plan is to be frozen in: nil where there is none yet, and
// one can be made. A dry run only looks whether it is there.
func (f *planFlags) findJob(ctx context.Context, p process) (*connect.Met, error) {
	if f.job == "" {
		return nil, nil
	}
	if err := f.known().Check(); err != nil {
		return nil, err
	}
	if !f.dry {
		if err := job.CheckWritable(f.job); err != nil {
			return nil, err
		}
	}
	_, old, err := f.connection.Jobs().Find(ctx, f.job, job.Share{})
	switch {
	case err != nil:
		return nil, err
	case old != nil:
		return f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: old}, false)
	case f.dry:
		return nil, nil
	}
	return nil, prepare.CheckNew(ctx, f.Jobs(), f.job)
}

// showAndFreeze shows the plan, and makes the job of it that the user names.
func (f *planFlags) showAndFreeze(ctx context.Context, p process, pre *prepare.Prepared, s *migrate.Survey, old *job.Plan) error {
	view := planView(pre.Env, s.Tally, cost.New(s.Tally, pre.Params()), f.accept)
	showEvidence(view, s.Evidence, true)
	if err := f.show(ctx, p, func(w io.Writer) error { return report.WritePlan(w, view) },
		func(w io.Writer) error { return report.WritePlanJSON(w, view) },
		func(w io.Writer) error { return report.WritePlanHTML(w, view) }); err != nil {
		return err
	}
	remarks(f.output.messages(p), pre, view.Estimate)
	if f.job == "" || f.dry {
		return nil
	}
	return f.planJob(ctx, p, old, migrate.NewJob(pre.Env, s, migrate.Origin{Program: programName(), Endpoint: f.Endpoint, Estimate: view.Estimate, Told: f.told}), migrate.OpenHazards(pre.Env, preflight.Unaccepted(pre.Env.Hazards(), f.accept)))
}

// programName is how a job names the program that made it.
func programName() string { return "reseal " + programVersion() }

// planView is what is shown of a plan.
func planView(e *preflight.Environment, tally *cost.Tally, estimate *cost.Estimate, a accepts) *report.Plan {
	return migrate.PlanView(e, tally, estimate, a, programVersion())
}

// jobShown describes what the command is about.
func jobShown(e *preflight.Environment) report.Job { return migrate.Described(e, programVersion()) }

// showEvidence adds to a plan the space that result lines and snapshots take.
func showEvidence(v *report.Plan, e *job.Evidence, lines bool) { migrate.AddEvidence(v, e, lines) }

// remarks says what a person should know but what stops nothing.
func remarks(w io.Writer, p *prepare.Prepared, estimate *cost.Estimate) {
	if note := p.Env.ReportEnd.Note(time.Now(), estimate); note != "" {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	for _, text := range console.Notes(p, p.Env.WayNotes()) {
		fmt.Fprintf(w, "note: %s\n", s3api.PlainText(text))
	}
	for _, u := range p.Env.Unknown {
		fmt.Fprintf(w, "unknown: %s\n", s3api.PlainText(u.String()))
	}
	console.Cap(w, p.Env.Caps)
}

// tellUnreadable says which files of the report could not be read, if any.
func tellUnreadable(p process, damage []error) error {
	if len(damage) == 0 {
		return nil
	}
	var texts []string
	for _, err := range damage {
		texts = append(texts, explain.Words(err))
	}
	console.Few(p.stderr, "reseal: ", texts)
	fmt.Fprintf(p.stderr, "hint: the figures are without the rest of %s\n", report.Plural(int64(len(damage)), "file"))
	return &finding{exitFailures}
}
