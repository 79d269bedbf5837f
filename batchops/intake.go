package batchops

import (
	"context"
	"encoding/json"
	"fmt"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
)

// Intake takes a completion report into a job that the caller holds.
type Intake struct {
	Job    string // its name, for errors
	Store  job.Store
	Plan   *job.Plan
	State  checkpoint.Options // that the job is opened with
	Client *s3api.Client
	Report *inventory.Report // that the job was made of
	Policy *plan.Policy      // of the job
	Tasks  *inventory.BatchTasks
	Memory int64 // bytes that the tasks may take that are held at a time

	KMSRate  float64 // cap on KMS requests a second, for looks
	ReadRate float64 // S3 requests a second to start from, for looks
	AllLines bool    // objects that are done get a result line, too
}

// Run checks that the report is of objects that the job plans to do, looks at some of
// those that it calls done, and records what it says of each. What it returns beside an
// error was recorded all the same; nil is nothing.
func (i *Intake) Run(ctx context.Context) (*Counts, error) {
	if err := CheckSelection(&i.Policy.Options); err != nil {
		return nil, err
	}
	in := &Import{Job: i.Job, Tasks: i.Tasks, Report: i.Report, Segments: i.Plan.Segments, Policy: i.Policy, Memory: i.Memory}
	sample, err := in.Sample(ctx)
	if err != nil {
		return nil, err
	}
	if err := i.look(ctx, in, sample); err != nil {
		return nil, err
	}
	return i.record(ctx, in)
}

// look makes sure that objects which the other engine says it did are under the key.
func (i *Intake) look(ctx context.Context, in *Import, records []inventory.Record) error {
	if len(records) == 0 {
		return nil
	}
	reading := i.Policy.Options
	reading.Method = plan.MethodCopy // nothing is written: an endpoint need not be proven to be looked at
	reading.Tags = nil               // nor is anything selected
	rewriter, err := i.Client.Rewriter(s3api.RewriteConfig{Options: reading, Facts: i.Policy.Facts})
	if err != nil {
		return err
	}
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: i.KMSRate}, Expected: ratelimit.Limits{Reads: i.ReadRate}, MaxSlots: MaxSample})
	defer governor.Start(ctx)()
	sending, gate, stop := engine.Outlast(ctx, engine.Endurance{Gate: governor})
	defer stop()
	return in.Look(sending, rewriter, gate, records)
}

// record writes down what the report says of each object, as far as the job does
// not know better, and adds it to the job's history.
func (i *Intake) record(ctx context.Context, in *Import) (*Counts, error) {
	state, snapshot, err := checkpoint.Open(ctx, i.Store, i.Plan.StateHash(), i.Plan.Segments, i.State)
	if err != nil {
		return nil, err
	}
	before, err := migrate.Stand(ctx, snapshot, migrate.Every)
	if err != nil {
		return nil, err
	}
	past, version, err := job.ReadHistory(ctx, i.Store, job.HistoryFile)
	if err != nil {
		past = job.History{Summary: new(report.Summary)}
	}
	sink := &report.Writer{Log: job.LineLog{Context: context.WithoutCancel(ctx), State: state}, All: i.AllLines, Summary: past.Summary}
	n, err := in.Record(ctx, before, state, sink)
	if err != nil {
		return &n, fmt.Errorf("%w; the same command goes on", err)
	}
	if n.Done+n.Failed == 0 {
		return &n, nil
	}
	data, err := json.Marshal(&past)
	if err == nil {
		_, err = i.Store.Put(context.WithoutCancel(ctx), job.HistoryFile, append(data, '\n'), version)
	}
	if err != nil {
		return &n, fmt.Errorf("write the history of the job: %w", err)
	}
	return &n, nil
}
