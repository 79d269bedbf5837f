package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"reseal/cost"
	"reseal/internal/connect"
	"reseal/internal/resources"
	"reseal/inventory"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
	"reseal/selfcheck"
)

// request is all that plan and run are told on the command line about what to look at.
type request struct {
	connection
	selection
	pace
	pricing
}

// prepared is what plan and run know before the report is read.
type prepared struct {
	env      *preflight.Environment
	opening  []string // notes on this machine, the endpoint and the report
	measured []string // notes on what --facts states
}

// answers are the flags of a request, read.
type answers struct {
	options  plan.Options
	rates    preflight.Rates
	prices   cost.Prices
	measured *selfcheck.Facts // nil without --facts
	report   *connect.Report
}

// read refuses flags that make no sense, before anything is sent.
func (r *request) read() (a answers, err error) {
	if a.options, err = r.options(); err != nil {
		return a, err
	}
	if a.report, err = r.report(); err != nil {
		return a, err
	}
	if a.rates, err = r.pace.rates(); err != nil {
		return a, err
	}
	if a.prices, err = r.pricing.prices(); err != nil {
		return a, err
	}
	a.measured, err = r.pricing.readFacts()
	return a, err
}

// prepare looks around without changing anything: it reads the manifest, the key, the
// bucket's configuration and the quota. job is the one to be
// resumed, nil for a new one.
func prepare(ctx context.Context, r *request, job *connect.Met, now time.Time) (*prepared, error) {
	said, err := r.read()
	if err != nil {
		return nil, err
	}
	old := job.Plan()
	elsewhere, err := r.connection.Follow(ctx, job)
	if err != nil {
		return nil, err
	}
	client, err := r.connection.Worker(ctx, r.concurrency)
	if err != nil {
		return nil, err
	}
	found, err := said.report.Of(old).Open(ctx, client)
	if err != nil {
		return nil, err
	}
	if old != nil {
		now = old.Now
	}
	out := &prepared{opening: openingNotes(found, elsewhere, r.concurrency)}
	ask, err := r.lookAt(ctx, client, found, said)
	if err != nil {
		return nil, err
	}
	if old != nil {
		ask.Planned = old.Table
	}
	if out.measured, err = r.take(said.measured, ask.Policy.Facts.Region); err != nil {
		return nil, err
	}
	ask.Policy.Now, ask.Policy.Weights = now.UTC(), r.weights(said.options.BucketKey)
	if out.env, err = preflight.FindEnvironment(ctx, ask); err != nil {
		return nil, &preflight.RefusedError{Err: err}
	}
	return out, nil
}

// lookAt says which surroundings are to be looked at, and reads what the bucket's
// configuration says.
func (r *request) lookAt(ctx context.Context, client *s3api.Client, found *inventory.Located, said answers) (*preflight.Request, error) {
	policy := &plan.Policy{Options: said.options, NoTrials: r.noCanary, Snapshots: r.snapshots.share}
	policy.Options.Bucket = found.Report.Manifest().SourceBucket
	ask := &preflight.Request{Client: client, Report: found, Policy: policy, Prices: said.prices, Rates: said.rates,
		Offline: r.offline, ReportKept: r.keepInventory != ""}
	if r.offline {
		policy.Facts = preflight.FactsWithoutAsking(client)
		return ask, nil
	}
	var err error
	if ask.Client, policy.Facts, ask.Unknown, err = preflight.BucketFacts(ctx, client, policy.Options.Bucket); err != nil {
		return nil, &preflight.RefusedError{Err: err}
	}
	return ask, nil
}

// fileNote says that the limit on open files binds, where it does.
func fileNote(room resources.Files, wanted int) string {
	if room.Slots() >= wanted {
		return ""
	}
	return fmt.Sprintf("this process may have %s and connections open (ulimit -n): at most %s in flight, not %s",
		report.Plural(room.Limit, "file"), report.Plural(int64(room.Slots()), "request"), report.Count(int64(wanted)))
}

// openingNotes say what a person should know about this machine, the endpoint and the
// report.
func openingNotes(found *inventory.Located, elsewhere string, concurrency int) (notes []string) {
	for _, note := range []string{fileNote(resources.FileRoom(), concurrency), elsewhere} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	if found.Named != "" {
		notes = append(notes, fmt.Sprintf("%s belongs to the report %s, which is read", found.Named, found.URI))
	}
	if found.Newest != nil {
		notes = append(notes, fmt.Sprintf("the newest complete report is %s, %s old", found.URI, report.Duration(found.Newest.Age(time.Now()))))
	}
	for _, w := range found.Report.Warnings() {
		notes = append(notes, w.Error())
	}
	return notes
}

// notes say what a person should know but what stops nothing. about are those on the
// way that objects are re-encrypted.
func (p *prepared) notes(about []string) []string {
	var skew []string
	if note := preflight.SkewNote(p.env.Skew); note != "" {
		skew = append(skew, note)
	}
	var table []string
	if note := p.env.Table.Note(); note != "" {
		table = append(table, note)
	}
	return slices.Concat(p.opening, table, p.env.KeyNotes, p.measured, skew, about, p.env.Caps.Notes)
}

// tellSkew says at the end of a run that the clocks went apart in its course.
func tellSkew(w io.Writer, e *preflight.Environment) {
	if note := e.LateSkewNote(); note != "" {
		fmt.Fprintf(w, "note: %s\n", note)
	}
}
