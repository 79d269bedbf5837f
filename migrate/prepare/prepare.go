// Package prepare turns what is told of a run into one that may begin: report, key, bucket
// and quota are looked at, a plan is made, and the job is held. Nothing of the user's is
// written before all looks are done, and nothing but scratch objects and the job then.
package prepare

import (
	"context"
	"sync"
	"time"

	"reseal/cost"
	"reseal/internal/connect"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
	"reseal/selfcheck"
)

// Request is what is told of what is to be looked at.
type Request struct {
	Via      *connect.Settings // which go to where the job's requests went
	Report   *connect.Report
	Options  plan.Options // the bucket is the report's, the key has yet to be resolved
	Rates    preflight.Rates
	Prices   cost.Prices
	Assumed  Assumptions
	Measured Measured

	Remember    float64 // share of objects that are read as a whole before, 0 to 1
	NoTrials    bool    // no objects are tried before the rest
	Offline     bool    // send no request but those that read the report
	Concurrency int     // objects in flight at most
}

// Assumptions are what an estimate rests on besides report and prices.
type Assumptions struct {
	selfcheck.Assumptions
	Gets, Puts int64 // requests a month of the bucket's readers and writers
}

// Measured are the facts of a selfcheck, which stand in for what nobody states.
type Measured struct {
	Facts *selfcheck.Facts // nil for none
	File  string           // that they are from
}

// Prepared is what is known before the report is read.
type Prepared struct {
	Env       *preflight.Environment
	Found     *inventory.Located
	Elsewhere string   // says where the job's requests go now; "" where they went before
	StoodIn   []string // notes on what was measured

	Assumed     Assumptions
	Concurrency int
}

// Params are what an estimate rests on.
func (p *Prepared) Params() cost.Params {
	c := p.Env.CostParams()
	c.KMSUncounted, c.Concurrency = 1-p.Assumed.KeyWeight, p.Concurrency
	c.Latency, c.CopyRate = p.Assumed.Latency, p.Assumed.CopyRate
	c.MonthlyGets, c.MonthlyPuts = p.Assumed.Gets, p.Assumed.Puts
	return c
}

// Look looks around without changing anything: it reads the manifest, the key, the
// bucket's configuration and the quota. met is the job that is resumed, nil for a new one,
// which is decided on as of now.
func Look(ctx context.Context, r *Request, met *connect.Met, now time.Time) (*Prepared, error) {
	elsewhere, err := r.Via.Follow(ctx, met)
	if err != nil {
		return nil, err
	}
	client, err := r.Via.Worker(ctx, r.Concurrency)
	if err != nil {
		return nil, err
	}
	old := met.Plan()
	if old != nil {
		now = old.Now
	}
	found, err := r.open(ctx, client, old)
	if err != nil {
		return nil, err
	}
	ask, err := r.ask(ctx, client, found)
	if err != nil {
		return nil, err
	}
	out := &Prepared{Found: found, Elsewhere: elsewhere, Assumed: r.Assumed, Concurrency: r.Concurrency}
	if out.StoodIn, err = r.Measured.into(&out.Assumed, ask.Policy.Facts.Region); err != nil {
		return nil, err
	}
	ask.Planned = tableOf(old)
	ask.Policy.Now, ask.Policy.Weights = now.UTC(), out.weights(r.Options.BucketKey)
	if out.Env, err = preflight.FindEnvironment(ctx, ask); err != nil {
		return nil, &preflight.RefusedError{Err: err}
	}
	return out, nil
}

// open opens the report. Meanwhile it asks who the caller is, which the looks after it need
// to know; whoever needs it asks again, where that takes longer than the report.
func (r *Request) open(ctx context.Context, client *s3api.Client, old *job.Plan) (*inventory.Located, error) {
	if !r.Offline {
		asking, enough := context.WithCancel(ctx)
		var asked sync.WaitGroup
		asked.Go(func() { _, _ = client.Identity(asking) })
		defer asked.Wait()
		defer enough()
	}
	return r.Report.Of(old).Open(ctx, client)
}

// ask says which surroundings are to be looked at, and reads what the bucket's
// configuration says.
func (r *Request) ask(ctx context.Context, client *s3api.Client, found *inventory.Located) (*preflight.Request, error) {
	policy := &plan.Policy{Options: r.Options, NoTrials: r.NoTrials, Snapshots: r.Remember}
	policy.Options.Bucket = found.Report.Manifest().SourceBucket
	ask := &preflight.Request{Client: client, Report: found, Policy: policy, Prices: r.Prices, Rates: r.Rates, Offline: r.Offline, ReportKept: r.Report.Keep != ""}
	if r.Offline {
		policy.Facts = preflight.FactsWithoutAsking(client)
		return ask, nil
	}
	var err error
	if ask.Client, policy.Facts, ask.Unknown, err = preflight.BucketFacts(ctx, client, policy.Options.Bucket); err != nil {
		return nil, &preflight.RefusedError{Err: err}
	}
	return ask, nil
}

// into has what was measured stand in for what nobody states, and says so, a line each.
func (m Measured) into(a *Assumptions, region string) (notes []string, err error) {
	if m.Facts == nil {
		return nil, nil
	}
	if m.Facts.Region != region {
		return nil, &selfcheck.RegionError{File: m.File, Measured: m.Facts.Region, Bucket: region}
	}
	return m.Facts.StandIn(&a.Assumptions, m.File), nil
}

// weights are the KMS requests that S3 makes for each kind of request.
func (p *Prepared) weights(bucketKey bool) plan.Weights {
	w := plan.DefaultWeights(bucketKey)
	if n := p.Assumed.UpdateKMS; n > 0 {
		w.Update = plan.Exactly(int64(n))
	}
	return w
}

// tableOf is the table that a job was made of, nil for none.
func tableOf(made *job.Plan) *inventory.Table {
	if made == nil {
		return nil
	}
	return made.Table
}
