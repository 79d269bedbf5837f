package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/job/known"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// start is a run of which nothing was done yet, with what its flags say.
func (f *runFlags) start(p process) (*prepare.Start, error) {
	request, err := f.request.read()
	if err != nil {
		return nil, err
	}
	told := prepare.Told{
		Name: f.job, Command: "reseal " + f.rows.command, Program: programName(), Share: f.share, Request: request, Known: f.known(), Options: f.told, Later: f.generation,
		Rows: f.rows.Selection, AsMade: f.rows.asMade, Accepted: f.accept, Probe: f.probe, Force: f.force, FirstRows: f.noPlanPass, Whole: f.snapshots.objects,
		Outage: f.outage, Limits: f.startLimits(), Tick: f.output.surveyTicker(p),
	}
	if f.part != nil {
		told.Joins = f.part
	}
	return prepare.NewStart(told, &startScreen{f, p}), nil
}

// ready makes all ready for a run. A signal ends it at once: there is nothing to drain yet.
func (f *runFlags) ready(ctx context.Context, p process, s *prepare.Start) error {
	ctx, started := f.startLimits().Bound(ctx)
	defer started()
	return p.phase(ctx, s.Ready)
}

// startScreen shows how a run comes about, and asks.
type startScreen struct {
	f *runFlags
	p process
}

var _ prepare.Screen = (*startScreen)(nil)

// Met implements prepare.Screen.
func (s *startScreen) Met(seen known.Met, recorded bool) { s.f.tellMet(s.p, seen, recorded) }

// Made implements prepare.Screen.
func (s *startScreen) Made(seen known.Met) { tellMade(s.p, s.f.job, seen) }

// Crashed implements prepare.Screen.
func (s *startScreen) Crashed(before *checkpoint.Holder) {
	fmt.Fprintf(s.p.stderr, "The run before this one crashed or was killed (%s). Nothing is lost: going on where it stopped.\n", before)
}

// Unanswered implements prepare.Screen.
func (s *startScreen) Unanswered(why error) {
	fmt.Fprintf(s.f.output.messages(s.p), "note: %s;\nthe endpoint is asked again, for %s at most\n", explain.Words(why), s.f.outage)
}

// ReportOutage implements prepare.Screen.
func (s *startScreen) ReportOutage(file string, err error) {
	console.ReportOutage(s.f.output.messages(s.p), file, s.f.outage, err)
}

// Surveyed implements prepare.Screen.
func (s *startScreen) Surveyed(survey *migrate.Survey) error {
	if err := console.UnusedFilters(survey); err != nil && s.f.generation == nil { // what is new may be of other kinds
		return &cli.UsageError{Err: err}
	}
	_ = tellUnreadable(s.p, survey.Damage) // said before anybody is asked; what can be read is done
	return nil
}

// Planned implements prepare.Screen.
func (s *startScreen) Planned(start *prepare.Start, survey *migrate.Survey) error {
	if survey != nil && survey.Tally == nil {
		return s.provisional(start.Pre, survey)
	}
	err := s.brief(start)
	if survey == nil && s.f.share.Count > 0 {
		console.Divided(s.f.output.messages(s.p), s.f.held, s.f.divided())
	}
	return err
}

// provisional shows the price of a report of which nobody has read more than the first
// rows.
func (s *startScreen) provisional(pre *prepare.Prepared, survey *migrate.Survey) error {
	show := s.f.output.messages(s.p)
	v := &report.Provisional{Job: jobShown(pre.Env), Rows: survey.Rows, Million: migrate.PlainMillion(pre.Env, pre.Params()), Lines: s.f.results == "all", Remembered: survey.Evidence.Objects}
	if err := report.WriteProvisional(show, v); err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	remarks(show, pre, nil)
	return nil
}

// brief shows the plan of a job that was not begun yet, in short.
func (s *startScreen) brief(start *prepare.Start) error {
	f, pre, made := s.f, start.Pre, start.Plan
	if made.Tally == nil || made.Estimate == nil {
		return nil // it was made without
	}
	show := f.output.messages(s.p)
	v := planView(pre.Env, made.Tally, made.Estimate, f.accept)
	showEvidence(v, made.Evidence, f.results == "all")
	if start.Probing() { // what the probe settles needs no word yet
		all := slices.DeleteFunc(pre.Env.Hazards(), func(h preflight.Hazard) bool { return h.ByProbe })
		v.Hazards = migrate.HazardsView(all, f.accept)
	}
	if err := report.WritePlanBrief(show, v, "reseal plan, with the same options"); err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	remarks(show, pre, made.Estimate)
	limit, _ := f.maxCost() // checked before
	if limit == 0 {
		return nil
	}
	if why := made.Estimate.Unpriced(); why != "" {
		return &preflight.RefusedError{Err: &prepare.UnpricedError{Why: why}}
	}
	if once := made.Estimate.Once.Total; once.Max > limit {
		fmt.Fprintf(show, "The run may stop before its end: it costs %s as expected and %s at most, and --max-cost is %s.\n",
			report.Money(once.Expected), report.Money(once.Max), report.Money(limit))
	}
	return nil
}

// Resumed implements prepare.Screen. What the plan said of the bucket is not said again.
func (s *startScreen) Resumed(start *prepare.Start) {
	f, w, o := s.f, s.f.output.messages(s.p), &start.Plan.Options
	target := "SSE-S3"
	if o.SSE == plan.TargetKMS {
		target = o.KMSKeyID
	}
	fmt.Fprintf(w, "%s, to %s.\n", f.rows.goingOn(f.job, start.Plan.CountOrUnknown(start.Plan.Todo), start.At.Totals()), target)
	console.Cap(w, start.Pre.Env.Caps)
	console.Limits(w, f.held, f.divided(), f.objects)
	for _, text := range console.Notes(start.Pre, nil) {
		fmt.Fprintf(w, "note: %s\n", s3api.PlainText(text))
	}
}

// Nothing implements prepare.Screen: it says how the job stands, and ends like a run that
// came to this.
func (s *startScreen) Nothing(ctx context.Context, start *prepare.Start) error {
	f, p, at := s.f, s.p, start.At
	past, _ := job.ReadWholeHistory(ctx, start.Claim.Store) // nothing but a look back
	st := status.New(f.job, start.Claim.Plan, at.Totals(), past)
	st.Damages = status.Damages(at)
	fmt.Fprintln(f.output.messages(p), f.rows.none(f.job, at.Totals()))
	var err error
	switch {
	case f.output.json:
		err = writeJSON(p.stdout, st)
	case !f.output.quiet:
		st.Damages = nil // told last of all
		err = console.Status(p.stdout, st, console.Step{}, time.Now())
	}
	if err == nil && (st.Failed > 0 || st.Damaged > 0) {
		console.Damages(p.stderr, at)
		return &finding{exitFailures}
	}
	return err
}

// Checked implements prepare.Screen: it shows all that is not as it should be.
func (s *startScreen) Checked(found []preflight.Finding) error {
	console.WithHints(found)
	stop, err := console.RunChecks(s.f.output.messages(s.p), found)
	if err == nil && stop != nil {
		err = &preflight.RefusedError{Err: fmt.Errorf("refused: nothing was written: %s: %s", stop.Name, stop.Why)}
	}
	return err
}

// Refused implements prepare.Screen.
func (s *startScreen) Refused(start *prepare.Start, open []preflight.Hazard) error {
	return &hazardsError{console.Hazards(open), s.p.settlingAgain(migrate.OpenHazards(start.Pre.Env, open), s.f.told[job.AcceptOption])}
}

// Consent implements prepare.Screen.
func (s *startScreen) Consent(ctx context.Context, made *job.Plan) error {
	if s.f.yes {
		return nil
	}
	what := "what is to be re-encrypted"
	if made.Todo != job.Unknown {
		what = report.Plural(made.Todo, "object")
	}
	return ask(ctx, s.p, fmt.Sprintf("Re-encrypt %s of %s in place?", what, made.Options.Bucket), "declined: nothing was written")
}

// Probed implements prepare.Screen.
func (s *startScreen) Probed(v *preflight.Verdict) {
	console.Endpoint(s.f.output.messages(s.p), v)
}
