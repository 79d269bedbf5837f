package engine

import (
	"context"
	"iter"
	"sync"
	"time"

	"reseal/plan"
)

// Claim is an object that was re-encrypted, and what it was before.
type Claim struct {
	Task   plan.Task // names the version that it is now; Head is not used
	Before *plan.Snapshot
	ETag   string // as it was when it was done, "" where that is not known
}

// Proof is what a claim proved to be.
type Proof struct {
	Check
	After *plan.Snapshot // nil where it could not be read
}

// ProveConfig is what the proof of claims needs.
type ProveConfig struct {
	Snapshotter Snapshotter
	Gate        Gate
	Policy      *plan.Policy
	Written     time.Time // when the job was last written to
	Accepted    []plan.Attribute
	Workers     int // objects in flight; default 16
	Attempts    int // per request; default 12
}

// Prove looks at all of each object that a snapshot was taken of before, and
// hands what it found to found, from one goroutine, in any order. The error is
// that of claims, of found, or the cause of ctx.
func Prove(ctx context.Context, cfg ProveConfig, claims iter.Seq2[Claim, error], found func(Proof) error) error {
	if cfg.Workers == 0 {
		cfg.Workers = 16
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = 12
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo, proofs := make(chan Claim), make(chan Proof)
	gate := Patient(cfg.Gate, cfg.Attempts)
	var workers, feeder sync.WaitGroup
	for range cfg.Workers {
		workers.Go(func() {
			for c := range todo {
				if p := prove(ctx, &cfg, c, gate); ctx.Err() == nil {
					proofs <- p
				}
			}
		})
	}
	var readErr error
	feeder.Go(func() {
		defer close(todo)
		for c, err := range claims {
			if err != nil {
				readErr = err
				return
			}
			select {
			case todo <- c:
			case <-ctx.Done():
				return
			}
		}
	})
	go func() {
		feeder.Wait()
		workers.Wait()
		close(proofs)
	}()
	for p := range proofs {
		if ctx.Err() == nil {
			if err := found(p); err != nil {
				stop(err)
			}
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return readErr
}

// prove looks at one object.
func prove(ctx context.Context, cfg *ProveConfig, c Claim, g Gate) Proof {
	t := c.Task
	t.FromKMS = cfg.Policy.Options.SSE == plan.TargetKMS // as it is now
	after, err := cfg.Snapshotter.Snapshot(ctx, &t, g)
	if err != nil {
		check, _ := (&run{work: ctx}).unseen(c.Task, err)
		return Proof{Check: check}
	}
	p := Proof{Check: Check{Task: c.Task}, After: after}
	// Against the state before, not the report: that is days old.
	t.Record.Size, t.Record.StorageClass = c.Before.Head.Size, c.Before.Head.StorageClass
	p.Verdict, p.Why = cfg.Policy.Compare(&t, &after.Head, cfg.Written)
	switch p.Verdict {
	case plan.Proven, plan.ClassDiffers, plan.SizeDiffers: // told with all else that differs
		p.Verdict, p.Body, p.Why = plan.CompareSnapshots(c.Before, after, c.ETag, cfg.Accepted, time.Now())
	}
	if p.Verdict.Difference() && c.ETag != "" && c.ETag != after.Head.ETag {
		p.Verdict, p.Body, p.Why = plan.ChangedSince, "", "written after the run"
	}
	return p
}
