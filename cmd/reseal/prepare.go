package main

import (
	"context"
	"time"

	"reseal/internal/connect"
	"reseal/migrate/prepare"
	"reseal/selfcheck"
)

// request is all that plan and run are told on the command line about what to look at.
type request struct {
	connection
	selection
	pace
	pricing
	listed bool // a list says which objects are meant, and a campaign how long it may take: not the job
}

// read refuses flags that make no sense, before anything is sent.
func (r *request) read() (*prepare.Request, error) {
	out := &prepare.Request{Via: &r.Settings, NoTrials: r.noCanary, Offline: r.offline, Concurrency: r.concurrency}
	var err error
	if out.Options, err = r.options(); err != nil {
		return nil, err
	}
	if out.Report, err = r.report(); err != nil {
		return nil, err
	}
	if out.Rates, err = r.pace.rates(); err != nil {
		return nil, err
	}
	if out.Prices, err = r.pricing.prices(); err != nil {
		return nil, err
	}
	if out.Measured, err = r.pricing.measured(); err != nil {
		return nil, err
	}
	out.Remember = r.snapshots.share
	out.Assumed = prepare.Assumptions{Gets: r.Gets, Puts: r.Puts, Assumptions: selfcheck.Assumptions{
		Latency: r.Latency, CopyRate: r.Rate(), UpdateKMS: r.updateKMS, KeyWeight: r.keyWeight, BucketKey: out.Options.BucketKey}}
	return out, nil
}

// prepare looks around without changing anything. job is the one to be resumed, nil for a
// new one.
func (r *request) prepare(ctx context.Context, job *connect.Met) (*prepare.Prepared, error) {
	told, err := r.read()
	if err != nil {
		return nil, err
	}
	return prepare.Look(ctx, told, job, time.Now())
}
