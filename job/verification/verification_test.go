package verification

import (
	"context"
	"errors"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/jobtest"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/internal/simulator/simtest"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/verify"
)

// objects are how many there are in the bucket.
const objects = 24

// unbegun is a verification of a job that nobody has begun, on a simulated account.
func unbegun(t *testing.T) Config {
	t.Helper()
	account, err := simaws.New(simaws.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	uri, err := account.Populate(t.Context(), "media", simulator.Population{N: objects, Seed: 1, Plain: true}, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	client := simtest.Client(t, account)
	at, err := inventory.ParseLocation(uri)
	if err != nil {
		t.Fatal(err)
	}
	found, err := inventory.Locate(t.Context(), at, func(name string) inventory.Source { return client.Source(name) }, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	segments, err := found.Report.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made := &job.Plan{Segments: segments, Rows: objects, Todo: objects, Frozen: plan.Frozen{ManifestMD5: found.Report.Manifest().MD5, Now: time.Now(),
		Options: plan.Options{Bucket: "media", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simaws.Key, BucketKey: true}.Normal()}}
	at0, err := checkpoint.Read(t.Context(), jobtest.Locked(t))
	if err != nil {
		t.Fatal(err)
	}
	return Config{Name: "j", Plan: made, State: at0, Client: client, Report: found.Report, Sample: 1, SampleText: "100%", Seed: 1,
		ReadRate: 5000, Workers: 8, Patience: time.Minute, Note: func(string) {}}
}

// Of a job that never began all is left to do. What runs beside the looks sees them, and
// has ended when they have.
func TestVerificationOfAJobThatNeverBegan(t *testing.T) {
	c := unbegun(t)
	var seen, total int64
	over := false
	c.Beside = func(ctx context.Context, l *Live) {
		<-ctx.Done()
		seen, total, over = l.Seen.Load(), l.Rows, true
	}
	v, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !v.NeverBegan || v.Rows != objects || v.Verdicts[verify.NotDone] != objects || v.Result() != verify.Open || v.Bucket != "media" || v.Endpoint == "" {
		t.Errorf("%+v", v)
	}
	if !over || seen != objects || total != objects {
		t.Errorf("beside it %d of %d were seen, over: %v", seen, total, over)
	}
}

// A report of other rows is another job's, and nothing is looked at.
func TestVerificationByAnotherReport(t *testing.T) {
	c := unbegun(t)
	c.Plan.ManifestMD5 = "0123"
	var mismatch *checkpoint.MismatchError
	if v, err := Run(t.Context(), c); !errors.As(err, &mismatch) || v != nil {
		t.Errorf("%+v, %v", v, err)
	}
}

// A verification that is interrupted ends, and so does what is beside it.
func TestVerificationIsInterrupted(t *testing.T) {
	c := unbegun(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := false
	c.Beside = func(ctx context.Context, _ *Live) {
		cancel()
		<-ctx.Done()
		ended = true
	}
	c.ReadRate, c.Workers = 1, 1
	if v, err := Run(ctx, c); err == nil || !ended {
		t.Errorf("%+v, %v; what is beside it has ended: %v", v, err, ended)
	}
}
