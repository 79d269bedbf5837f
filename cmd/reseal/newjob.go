package main

import (
	"context"
	"fmt"
	"maps"

	"reseal/console"
	"reseal/internal/connect"
	"reseal/job"
	"reseal/report"
)

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
