package migrate

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// recheck compares what earlier runs wrote, or began to, and did not compare or
// found to differ. Rows that were done otherwise than their objects show are settled
// anew, and objects that differ are not tried again.
func (r *firstTry) recheck(ctx context.Context) error {
	if len(r.left) == 0 {
		return nil
	}
	stand, err := Stand(ctx, r.first.at, func(s inventory.Segment) bool {
		for p := range r.left {
			if s.Contains(p) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	sending, gate, stop := engine.Outlast(ctx, engine.Endurance{Gate: r.cfg.Gate, Attempts: r.cfg.Attempts, Alive: r.cfg.Alive, Patience: r.cfg.Patience, Stats: r.cfg.Stats})
	defer stop()
	var loss error
	for p, one := range r.left {
		lossy, err := r.recheckOne(sending, gate, one, stand)
		if err != nil {
			return err
		}
		if lossy != nil {
			r.first.journal.tried = append(r.first.journal.tried, p)
			loss = cmp.Or(loss, lossy.loss)
		}
	}
	return cmp.Or(r.first.journal.Flush(ctx), asCanaryLoss(loss))
}

// rechecked is a row that was settled anew.
type rechecked struct{ loss error } // what its object lost, nil for nothing

// recheckOne compares one object. It returns nil where its row stays as it is.
func (r *firstTry) recheckOne(ctx context.Context, gate engine.Gate, one *job.Uncompared, stand *Standing) (*rechecked, error) {
	p := one.Task.Record.Pos
	one.Task.Demand = r.cfg.Policy.SnapshotDemand(&one.Task, true)
	before := r.canary.trials.Compared()
	res := &engine.Result{Task: one.Task, Started: time.Now()}
	err := r.payOff(ctx, one, gate, res)
	lossy := err != nil || len(res.Effect.PutBack) > 0
	if err == nil {
		err = r.canary.trials.Recheck(ctx, &one.Task, &one.Note, gate)
	}
	switch failed := (*engine.ObjectError)(nil); {
	case errors.As(err, &failed) && failed.Class != engine.Fatal:
		res.Outcome, res.Reason, res.Err = engine.Failed, failed.Reason, failed
	case err != nil:
		return nil, err
	case len(res.Effect.PutBack) > 0:
		res.Outcome, res.Repeat = engine.Done, true
	case stand.Failed(p) && r.canary.trials.Compared() > before:
		res.Outcome, res.Repeat, res.Effect = engine.Done, true, engine.Effect{ETag: one.Note.ETag, VersionID: one.Note.VersionID}
	default:
		r.canary.meter.Settle(&one.Task)
		return nil, nil
	}
	r.all = slices.DeleteFunc(r.all, func(c *chosen) bool { return c.task.Record.Pos == p })
	if !stand.Known(p) || stand.Failed(p) && err != nil {
		return nil, nil // another share's, or known already
	}
	if err := cmp.Or(r.cfg.Sink.Write(res), r.first.journal.Settle(res)); err != nil {
		return nil, err
	}
	done := new(rechecked)
	if lossy {
		done.loss = engine.LossOf(res)
	}
	return done, nil
}

// payOff gives an object what it is owed by the note of an upload before it is
// compared, as a run does that looks at it, and puts into res what had been lost.
func (r *firstTry) payOff(ctx context.Context, one *job.Uncompared, g engine.Gate, res *engine.Result) error {
	if r.first.journal.uploads.Get(one.Task.Record.Pos) == nil {
		return nil
	}
	var head *plan.Head
	now := r.cfg.Policy.ByNow(one.Task)
	err := r.flushing(ctx, func() (err error) {
		head, err = r.cfg.Rewriter.Inspect(ctx, &now, g)
		return err
	})
	var oe *engine.ObjectError
	switch {
	case err == nil && len(head.PutBack) > 0:
		res.Effect = engine.Effect{ETag: head.ETag, VersionID: head.VersionID, KMSKeyID: head.KMSKeyID, RequestID: head.RequestID, PutBack: head.PutBack}
	case errors.As(err, &oe) && oe.Reason != plan.Unfaithful && oe.Class != engine.Fatal:
		return nil // the comparison meets the same, and says so
	}
	return err
}

// flushing does what may wait for a note to become durable, as the engine does that
// is not running yet.
func (r *firstTry) flushing(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	for {
		select {
		case err := <-done:
			return err
		case <-r.first.journal.uploads.FlushRequests:
			if err := r.first.journal.Flush(ctx); err != nil {
				r.cfg.Broken(err)
				return cmp.Or(<-done, err)
			}
		}
	}
}
