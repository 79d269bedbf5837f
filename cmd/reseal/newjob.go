package main

import (
	"context"
	"fmt"
	"maps"

	"reseal/console"
	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/connect"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/report"
)

// newJob finds out what a run would do, by reading the whole report, and shows
// it in short. With --no-plan-pass it reads no more than the first rows, to choose
// a canary of, and shows a provisional price.
func (f *runFlags) newJob(ctx context.Context, p process, pre *prepare.Prepared) (*job.Plan, error) {
	surveyor := migrate.Surveyor{Environment: pre.Env, Keep: f.snapshots.objects, Tick: f.output.surveyTicker(p)}
	if f.noPlanPass {
		return f.unplannedJob(ctx, p, pre, surveyor)
	}
	stop := resources.Fitting(ctx)
	s, err := surveyor.WholeReport(ctx)
	stop()
	if err != nil {
		return nil, err
	}
	if err := console.UnusedFilters(s); err != nil && f.generation == nil { // what is new may be of other kinds
		return nil, &cli.UsageError{Err: err}
	}
	_ = tellUnreadable(p, s.Damage) // said before anybody is asked; what can be read is done
	made := migrate.NewJob(pre.Env, s, migrate.Origin{Program: programName(), Endpoint: f.Endpoint, Estimate: cost.New(s.Tally, pre.Params()), Told: f.told, Generation: f.generation.Of()})
	return made, f.showPlan(p, pre, made)
}

// unplannedJob makes a job of a report of which nobody has read more than the
// first rows.
func (f *runFlags) unplannedJob(ctx context.Context, p process, pre *prepare.Prepared, surveyor migrate.Surveyor) (*job.Plan, error) {
	s, err := surveyor.FirstRows(ctx)
	if err != nil {
		return nil, err
	}
	show := f.output.messages(p)
	v := &report.Provisional{Job: jobShown(pre.Env), Rows: s.Rows, Million: migrate.PlainMillion(pre.Env, pre.Params()), Lines: f.results == "all", Remembered: s.Evidence.Objects}
	if err := report.WriteProvisional(show, v); err != nil {
		return nil, fmt.Errorf("print plan: %w", err)
	}
	remarks(show, pre, nil)
	return migrate.NewJob(pre.Env, s, migrate.Origin{Program: programName(), Endpoint: f.Endpoint, Told: f.told}), nil
}

// showPlan shows the plan of a job that was not begun yet, in short.
func (f *runFlags) showPlan(p process, pre *prepare.Prepared, made *job.Plan) error {
	if made.Tally == nil || made.Estimate == nil {
		return nil // it was made without
	}
	show := f.output.messages(p)
	v := planView(pre.Env, made.Tally, made.Estimate, f.accept)
	showEvidence(v, made.Evidence, f.results == "all")
	if f.probing(pre.Env) { // what the probe settles needs no word yet
		v.Hazards = nil
		for _, h := range pre.Env.Hazards() {
			if !h.ByProbe {
				v.Hazards = append(v.Hazards, report.Hazard{Name: h.Name, Text: h.Why, Accepted: f.accept.has(h.Name)})
			}
		}
	}
	if err := report.WritePlanBrief(show, v, "reseal plan, with the same options"); err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	remarks(show, pre, made.Estimate)
	limit, _ := f.maxCost() // checked before
	if limit == 0 {
		return nil
	}
	if why := unpriced(made.Estimate); why != "" {
		return &preflight.RefusedError{Err: fmt.Errorf("--max-cost cannot be kept: %s; --prices FILE can name it", why)}
	}
	if once := made.Estimate.Once.Total; once.Max > limit {
		fmt.Fprintf(show, "The run may stop before its end: it costs %s as expected and %s at most, and --max-cost is %s.\n",
			report.Money(once.Expected), report.Money(once.Max), report.Money(limit))
	}
	return nil
}

// planJob freezes a plan as a job, or leaves the one that is there as it is.
func (f *planFlags) planJob(ctx context.Context, p process, old, made *job.Plan, open []job.OpenHazard) error {
	if old != nil {
		fmt.Fprintf(f.output.messages(p), "The job in %s was made of the same decisions on %s; it was left as it is.\n", f.job, report.Time(old.Created))
		return f.tellNotKept(ctx, p, old, open)
	}
	made.Open = open
	if err := f.connection.Jobs().Freeze(ctx, f.job, made); err != nil {
		return fmt.Errorf("make job %s: %w", f.job, err)
	}
	if err := f.made(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: made}); err != nil {
		return err
	}
	fmt.Fprintf(f.output.messages(p), "Frozen in %s; carry it out with: %s\n", f.job, console.Settling(console.OnJob("run", f.job), open))
	return nil
}

// tellNotKept says which options were given for a job that does not hold them: plan
// records nothing in one that is there, and a limit that is given may not get lost.
func (f *planFlags) tellNotKept(ctx context.Context, p process, old *job.Plan, open []job.OpenHazard) error {
	store, _, err := f.connection.Jobs().Find(ctx, f.job, job.Share{})
	if err != nil {
		return err
	}
	given := old.Unbound(f.told)
	maps.DeleteFunc(given, func(option string, _ []string) bool { return decides(option) }) // those were compared
	changes, err := job.NotHeld(ctx, store, old.Told, given, job.Rules{Adds: []string{job.AcceptOption}, Drops: job.Replaced})
	if err != nil {
		return err
	}
	words := console.OptionWords(changes, given, func(option string) bool {
		flag := f.output.flags.Lookup(option)
		return flag != nil && flag.NoOptDefVal != ""
	})
	if words == "" {
		return nil
	}
	told, err := job.CurrentOptions(ctx, store, old)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "note: not kept in the job: %s; give it to the run: %s\n", words, console.Settling(console.OnJob("run", f.job)+" "+words, job.StillOpen(open, told)))
	return nil
}
