// Package verification verifies a job: it reads the report once more, and looks at the
// objects at the rates that it may.
package verification

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/s3api"
	"reseal/verify"
)

// Config is what a verification of a job works with.
type Config struct {
	Name   string // of the job
	Plan   *job.Plan
	State  *checkpoint.Snapshot
	Client *s3api.Client
	Report *inventory.Report // that the job was made of, wherever it is now

	Sample     float64 // share of the objects to look at, above 0, at most 1
	SampleText string  // as it was asked for
	Seed       uint64  // which objects a sample takes
	Bodies     float64 // share of the objects whose data is read, from 0 to 1

	Accepted []plan.Attribute // whose loss is accepted

	Superseded bool // a later generation of the job may have done what this one did not

	Allowed []verify.Verdict // that are no reason for another result than verify.Fine

	KMSRate  float64       // cap on KMS requests a second; 0 is half of the Region's default quota
	ReadRate float64       // S3 read requests a second to start from
	Workers  int           // looks in flight at most
	Patience time.Duration // how long to wait for an endpoint that is gone
	Note     func(string)  // is told what a person should know

	// Beside runs beside the looks, until its context ends; nil for nothing.
	Beside func(context.Context, *Live)
}

// Live is a verification that goes on.
type Live struct {
	Rows   int64         // of the report; 0 or below where nobody knows
	Seen   *atomic.Int64 // of them
	Region string        // of the bucket
	Pace   func() ratelimit.Status
}

// Run goes through the report of a job once more, and looks at the objects. It writes
// nothing. A report that is not the job's is a checkpoint.MismatchError.
func Run(ctx context.Context, c Config) (*verify.Verification, error) {
	if err := c.Plan.CheckReport(c.Name, c.Report.Manifest()); err != nil {
		return nil, err
	}
	o := c.Plan.Options
	client, err := c.Client.ForBucket(ctx, o.Bucket)
	if err != nil {
		return nil, err
	}
	facts, _, err := client.Facts(ctx, o.Bucket)
	if err != nil {
		return nil, err
	}
	facts.ForeignKey = client.ForeignKey(o.KMSKeyID)
	policy := &plan.Policy{Options: o, Facts: facts, Now: c.Plan.Now, Weights: plan.DefaultWeights(o.BucketKey),
		AnyBucketKey: slices.Contains(c.Accepted, plan.BucketKey)}
	hidden, err := preflight.HiddenFrom(ctx, client, policy, c.Report, c.Plan.CanaryRecords())
	if err != nil {
		return nil, err
	}
	if hidden != "" {
		c.Note(hidden)
	}
	v := &verify.Verification{Job: c.Name, Bucket: o.Bucket, Key: o.KMSKeyID, Sample: c.SampleText, Allowed: c.Allowed, Losses: c.Accepted,
		NeverBegan: !job.Begun(c.State)}
	if err := c.look(ctx, client, policy, hidden != "", v); err != nil {
		return nil, err
	}
	nameManagedKey(ctx, client, v)
	if facts.AWS != plan.Yes {
		v.Endpoint = client.Endpoint().URL
	}
	if v.Sampled > 0 && !v.Exact() {
		bound := verify.UpperBound(v.Wrong, v.Sampled)
		v.Bound = &bound
	}
	return v, nil
}

// look looks at the objects, at the rates that are allowed, and adds up what it sees.
func (c *Config) look(ctx context.Context, client *s3api.Client, policy *plan.Policy, hiddenLocks bool, v *verify.Verification) error {
	reading := policy.Options
	reading.Method = plan.MethodCopy // nothing is written: an endpoint need not be proven to be looked at
	reading.Tags = nil               // nor is anything selected
	rewriter, err := client.Rewriter(s3api.RewriteConfig{Options: reading, Facts: policy.Facts})
	if err != nil {
		return err
	}
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: c.kmsCap(policy.Facts.Region)}, Expected: ratelimit.Limits{Reads: c.ReadRate}, MaxSlots: c.Workers})
	defer governor.Start(ctx)()
	live := &Live{Rows: c.Plan.CountOrUnknown(c.Plan.Rows), Seen: new(atomic.Int64), Region: policy.Facts.Region, Pace: governor.Status}
	defer c.beside(ctx, live)()
	err = verify.Run(ctx, verify.Config{
		Report: c.Report, Segments: c.Plan.Segments, Rows: live.Rows, Seen: live.Seen, Job: c.State, Policy: policy, Accepted: c.Accepted, HiddenLocks: hiddenLocks, Superseded: c.Superseded,
		Rewriter: rewriter, Snapshotter: rewriter, BodyReader: rewriter, Gate: governor, Workers: c.Workers,
		Sample: c.Sample, Seed: c.Seed, Bodies: c.Bodies,
		Alive: func(ctx context.Context) error { return client.Alive(ctx, policy.Options.Bucket) }, Patience: c.Patience,
		Noted: func(err error) { c.Note(err.Error() + "; what these lines said is not known") },
	}, &v.Tally, func(found *verify.Finding) error {
		v.List(found)
		return nil
	})
	if err != nil {
		return err
	}
	used := governor.Status().KMS
	v.KMS = verify.KMSUse{Released: used.Released, Fullest: used.FullestSecond}
	return nil
}

// beside starts what runs beside the looks, and returns what ends it.
func (c *Config) beside(ctx context.Context, live *Live) (end func()) {
	if c.Beside == nil {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { c.Beside(ctx, live) })
	return func() {
		stop()
		running.Wait()
	}
}

// kmsCap is the cap on KMS requests a second while data is read.
func (c *Config) kmsCap(region string) float64 {
	if c.KMSRate > 0 {
		return c.KMSRate
	}
	return cost.KMSQuota(region) / 2
}

// nameManagedKey asks for the AWS managed key where objects are under keys of others.
// Where it cannot be asked for, keys are named by their ARN only.
func nameManagedKey(ctx context.Context, client *s3api.Client, v *verify.Verification) {
	for key := range v.OtherKeys {
		if !plan.SameKey(key, v.Key) {
			k, _ := client.Key(ctx, s3api.ManagedKeyAlias)
			v.AWSKey = k.ARN
			return
		}
	}
}
