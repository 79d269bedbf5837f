package engine

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// VerifyConfig is what a verification needs. Rewriter is only asked to Inspect.
type VerifyConfig struct {
	Rewriter Rewriter
	Gate     Gate
	Policy   *plan.Policy
	Workers  int // HeadObjects in flight; default 64
	Attempts int // per request; default 12

	// Alive and Patience are those of Config: while the endpoint is gone or the
	// credentials have run out, the verification waits.
	Alive    func(context.Context) error
	Patience time.Duration

	Sample  float64   // share of the objects to look at, above 0 to 1
	Seed    uint64    // which ones: the same seed and share give the same objects
	Written time.Time // when the job was last written to

	// Bodies is the share of the objects, 0 to 1, whose data is read and compared
	// with the MD5 that their ETag in the report was. BodyReader reads it.
	Bodies     float64
	BodyReader BodyReader

	// Restate, where set, puts into a record what the object was when the job
	// did it, for objects that were written between the report and that.
	// Called from one goroutine.
	Restate func(*inventory.Record)

	// Expected tells whether the job claims to have dealt with the row. Rows
	// that it does not claim are not looked at. Called from several goroutines.
	Expected func(inventory.Position) bool

	// Unread, where set, is told of the parts of the report that cannot be read, and
	// the rest is verified; else the first of them is the error. Called from one
	// goroutine.
	Unread func(error)
	Stats  *Stats
}

// Check is what a look at one object showed.
type Check struct {
	Task    plan.Task
	Verdict plan.Verdict
	Why     string
	Body    plan.BodyProof
	Err     error // for VerdictUnknown
}

// Verify looks at the objects that a job claims to have re-encrypted and hands
// every Check to found, from one goroutine. The error is that of the reader, of
// found, or the cause of ctx.
func Verify(ctx context.Context, cfg VerifyConfig, batches iter.Seq2[inventory.Batch, error], found func(Check) error) error {
	base := Config{Rewriter: cfg.Rewriter, Gate: cfg.Gate, Policy: cfg.Policy, Workers: cfg.Workers, Attempts: cfg.Attempts,
		Alive: cfg.Alive, Patience: cfg.Patience, Stats: cfg.Stats}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{Config: base.withDefaults(), admit: ctx, work: ctx, stop: stop, tasks: make(chan assignment)}
	r.outage = newOutage(r)

	checks := make(chan Check)
	var workers, feeder sync.WaitGroup
	for range r.Workers {
		workers.Go(func() {
			for a := range r.tasks {
				if c, ok := r.look(a.task, &cfg); ok {
					checks <- c
				}
			}
		})
	}
	var readErr error
	feeder.Go(func() {
		defer close(r.tasks)
		readErr = r.sample(cfg, batches)
	})
	go func() {
		feeder.Wait()
		workers.Wait()
		r.outage.stop()
		close(checks)
	}()
	for c := range checks {
		if ctx.Err() == nil {
			if err := found(c); err != nil {
				stop(err)
			}
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return readErr
}

// sample hands out the tasks that are to be looked at.
func (r *run) sample(cfg VerifyConfig, batches iter.Seq2[inventory.Batch, error]) error {
	for batch, err := range batches {
		if err != nil {
			return err
		}
		for i := range batch.Records {
			rec := &batch.Records[i]
			r.Stats.Rows.Add(1)
			if cfg.Restate != nil {
				cfg.Restate(rec)
			}
			t := r.Policy.Decide(rec)
			if t.Action == plan.Skip || !cfg.Expected(rec.Pos) || !plan.Sampled(rec.Pos, cfg.Sample, cfg.Seed) {
				continue
			}
			select {
			case r.tasks <- assignment{t, batch.Segment}:
			case <-r.admit.Done():
				return nil
			}
		}
		switch {
		case batch.Err == nil:
		case cfg.Unread == nil:
			return batch.Err
		default:
			cfg.Unread(batch.Err)
		}
	}
	return nil
}

// look reads one object; false where the verification is stopping.
func (r *run) look(t plan.Task, cfg *VerifyConfig) (Check, bool) {
	gate := steps{run: r, sent: new(tally)}
	head, err := r.Rewriter.Inspect(r.work, &t, gate)
	if err != nil {
		return r.unseen(t, err)
	}
	c := Check{Task: t}
	c.Verdict, c.Why = r.Policy.Compare(&t, head, cfg.Written)
	if c.Verdict != plan.Proven || cfg.Bodies <= 0 || !plan.Sampled(t.Record.Pos, cfg.Bodies, cfg.Seed+1) {
		return c, true
	}
	c.Body = plan.BodyUnproven
	want, readable := plan.MD5Of(&t.Record), !head.Archived || head.Restored
	if want == "" || !readable || head.Size != t.Record.Size {
		return c, true
	}
	t.FromKMS = t.FromKMS || head.KMSKeyID != "" // as it is now
	got, err := cfg.BodyReader.BodyMD5(r.work, &t, head, gate)
	switch {
	case err != nil:
		return r.unseen(t, err)
	case got == want:
		c.Body = plan.BodyProven
	case head.LastModified.After(cfg.Written):
		c.Verdict, c.Why, c.Body = plan.ChangedSince, "written after the run, with other data", ""
	default:
		c.Verdict, c.Why, c.Body = plan.BodyDiffers, "the data has MD5 "+got+", but had "+want, "" // seen to differ, not unproven
	}
	return c, true
}

// unseen is what comes of a look that did not work.
func (r *run) unseen(t plan.Task, err error) (Check, bool) {
	var oe *ObjectError
	switch {
	case errors.Is(err, errNotSent) || r.work.Err() != nil:
		return Check{}, false
	case errors.As(err, &oe) && oe.Class == Gone:
		return Check{Task: t, Verdict: plan.VanishedSince, Why: "deleted since the report"}, true
	case errors.As(err, &oe) && oe.Class == Changed:
		return Check{Task: t, Verdict: plan.ChangedSince, Why: "written while it was looked at"}, true
	}
	return Check{Task: t, Verdict: plan.VerdictUnknown, Why: err.Error(), Err: err}, true
}
