package migrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/job"
	"reseal/report"
)

// CanaryFailedError says that none of the objects that were tried first could be
// re-encrypted, so that nothing is proven of the rest. No further object was begun.
type CanaryFailedError struct {
	Tried  int64
	Failed []*engine.Result
}

func (e *CanaryFailedError) Error() string {
	return fmt.Sprintf("stopped by the canary: of %s, tried first, none could be re-encrypted, so nothing is proven of the rest", report.Plural(e.Tried, "object"))
}

// Unwrap returns the cause of the first failure.
func (e *CanaryFailedError) Unwrap() error {
	if len(e.Failed) > 0 && e.Failed[0].Err != nil {
		return e.Failed[0].Err
	}
	return nil
}

// CanaryLossError says that the endpoint lost something of an object that was tried
// first, which the error that it wraps names. No further object was begun.
type CanaryLossError struct{ Err error }

func (e *CanaryLossError) Error() string { return fmt.Sprintf("stopped by the canary: %v", e.Err) }
func (e *CanaryLossError) Unwrap() error { return e.Err }

// FirstTried is what the objects that a run tried first showed.
type FirstTried struct {
	Objects, Compared int64
	Failed            []*engine.Result
	Table             *canary.Table
	Latency           time.Duration // of a request, 0 where none succeeded
}

// canaryRun is the canary of a run. Some objects of every kind in the report are tried
// before all else; whatever kind shows up later is tried when it does.
type canaryRun struct {
	trials   *canary.Trials // nil where there is no canary
	observer Observer
	cfg      *engine.Config
	rows     Selection
	notes    job.CanaryNotes
	meter    *ledger.Meter
	ended    atomic.Bool // the passes came to their end: no object waits for a proof
}

// newCanary makes the canary of a run and has its engine use it. It goes on where
// earlier runs of the job ended. stop ends the admission of objects.
func (r *run) newCanary(cfg *engine.Config) *canaryRun {
	c := &canaryRun{observer: r.cfg.Observer, cfg: cfg, rows: r.cfg.Rows, notes: job.CanaryNotes{Notes: r.canaryNotes, Policy: r.cfg.Policy}, meter: r.meter}
	if !r.cfg.Canary {
		return c
	}
	c.trials = canary.New(canary.Config{Snapshotter: r.meter, Notes: c.notes, Policy: cfg.Policy, Accepted: cfg.Accepted, Stop: r.life.stop}, r.history.Canary)
	cfg.Trials = c.trials
	return c
}

// table is what was proven so far, nil where there is no canary.
func (c *canaryRun) table() *canary.Table {
	if c.trials == nil {
		return nil
	}
	return c.trials.Table(c.ended.Load())
}

// firstObjects are what the objects that are tried first are chosen from.
type firstObjects struct {
	report  Report
	plan    *job.Plan
	journal *stateJournal
	at      *checkpoint.Snapshot
}

// first tries the objects that the plan chose, where they were not before, has what
// earlier runs did not compare compared, and returns the state of the job after it.
// The objects that it began count towards the limit of the run.
func (c *canaryRun) first(admit, work context.Context, o *firstObjects) (*checkpoint.Snapshot, error) {
	if c.trials == nil {
		return o.at, nil
	}
	if err := context.Cause(admit); err != nil {
		return o.at, err // ended before it began, as outside its hours
	}
	r, err := c.choose(admit, work, o)
	if err != nil {
		return o.at, err
	}
	if err := r.recheck(work); err != nil {
		return o.at, err
	}
	if loss := c.loss(); loss != nil {
		c.cfg.Logger.Error("canary loss", "error", loss)
		c.observer.CanaryTable(c.trials.Table(true))
		return o.journal.Snapshot(), loss
	}
	r.limit(c.cfg.Limit)
	if len(r.all) > 0 {
		err = asCanaryLoss(r.run(admit, work))
	}
	if loss := c.loss(); loss != nil { // in all its values
		c.cfg.Logger.Error("canary loss", "error", loss)
		c.observer.CanaryTable(c.trials.Table(true))
		return o.journal.Snapshot(), loss
	}
	switch {
	case err != nil:
		return o.at, err
	case len(r.all) == 0:
		return o.journal.Snapshot(), nil
	}
	if !c.rows.Again() {
		c.cfg.Stats.Handled.Add(-r.handledAgain()) // an earlier run counted them
	}
	o.journal.tried = append(o.journal.tried, r.tried()...)
	if err := c.afterFirst(r); err != nil {
		return o.at, err
	}
	if limit := c.cfg.Limit; limit > 0 {
		if c.cfg.Begun = int64(len(o.journal.tried)); c.cfg.Begun >= limit {
			return o.at, &engine.StopError{Limit: fmt.Sprintf("--limit %d", limit)}
		}
	}
	return o.journal.Snapshot(), nil
}

// afterFirst says what the first objects proved. Where that is nothing at all, the
// rest of the bucket is not begun.
func (c *canaryRun) afterFirst(r *firstTry) error {
	var failed []*engine.Result
	for _, one := range r.all {
		if one.result != nil && one.result.Outcome == engine.Failed {
			failed = append(failed, one.result)
		}
	}
	all := int64(len(r.all))
	c.cfg.Logger.Info("canary", "objects", all, "compared", c.trials.Compared()-r.before, "failed", len(failed), "latency_s", r.watch.Latency().Seconds())
	// Where some were denied, or others did them meanwhile, others of their kind are tried.
	if c.trials.Compared() == 0 && r.more && all == int64(len(failed)) && !slices.ContainsFunc(failed, isDenied) {
		return &CanaryFailedError{all, failed}
	}
	c.observer.CanaryTried(FirstTried{Objects: all, Compared: c.trials.Compared() - r.before, Failed: failed, Table: c.trials.Table(false), Latency: r.watch.Latency()})
	return nil
}

// isDenied tells whether a result says something of its object's permissions alone.
func isDenied(r *engine.Result) bool { return r.Err != nil && r.Err.Class == engine.Denied }

// conclude is how the passes over the report ended, which err says, with what could
// not be proven in them.
func (c *canaryRun) conclude(ctx context.Context, j *stateJournal, err error) error {
	if c.trials == nil {
		return err
	}
	var left *UnfinishedError
	var open *canary.UnprovenError
	if errors.As(err, &open) {
		return err
	}
	if err != nil && !errors.As(err, &left) { // it was stopped: the next run goes on with what is missing
		c.observer.CanaryTable(c.trials.Table(false))
		return err
	}
	c.ended.Store(true)
	if !errors.As(c.trials.Unproven(), &open) {
		c.observer.CanaryTable(c.trials.Table(true)) // elsewhere the error does
	}
	if broken := j.Flush(ctx); broken != nil {
		return broken
	}
	return cmp.Or(c.trials.Unproven(), err)
}

// loss returns the loss that ended the run, a *canary.LossError, and nil where there
// was none.
func (c *canaryRun) loss() error {
	if c.trials == nil {
		return nil
	}
	if loss := c.trials.Loss(); loss != nil {
		return loss
	}
	return nil
}

// asCanaryLoss wraps the error of the first objects where the endpoint lost something
// of one of them.
func asCanaryLoss(err error) error {
	if !errors.As(err, new(*engine.LossError)) {
		return err
	}
	return &CanaryLossError{err}
}
