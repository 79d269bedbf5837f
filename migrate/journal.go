package migrate

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/s3api"
)

// stateJournal writes what the engine tells it into the state of a job: outcomes,
// counters, notes, and what rows cost. One goroutine uses it.
type stateJournal struct {
	state    *checkpoint.Journal
	ledger   *ledger.Ledger
	uploads  *job.Notes
	canary   *job.Notes
	history  *job.HistoryWriter
	counters rowCounters
	reserve  *reserve        // nil: nothing is set aside
	others   *othersReserve  // the same of other divisions
	flushed  *atomic.Int64   // unix nanoseconds at which all was durable
	last     context.Context // ends some time after the work did; no write outlasts it

	counted job.RequestCount     // by rows settled in this run
	tried   []inventory.Position // by the canary of this run
	changes []counterChange      // of the row that is being counted; kept for its memory
}

var _ Journal = (*stateJournal)(nil)

// Admit implements engine.Journal.
func (j *stateJournal) Admit(ctx context.Context, p inventory.Position) error {
	return j.state.Admit(ctx, p)
}

// Doubt implements engine.Journal.
func (j *stateJournal) Doubt(p inventory.Position) error { return j.state.Doubt(p) }

// End implements engine.Journal.
func (j *stateJournal) End(segment int, rows int64, damage error) error {
	return j.state.End(segment, rows, damage)
}

// Snapshot implements Journal.
func (j *stateJournal) Snapshot() *checkpoint.Snapshot { return j.state.Snapshot() }

// Flush implements engine.Journal.
func (j *stateJournal) Flush(ctx context.Context) error { return j.save(ctx, j.state.Flush) }

// Rest implements engine.Journal.
func (j *stateJournal) Rest(ctx context.Context) error { return j.save(ctx, j.state.Rest) }

// save makes all durable with one of the flushes of the checkpoint.
func (j *stateJournal) save(ctx context.Context, flush func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(j.last, cancel)()
	notes := [...]*job.Notes{j.uploads, j.canary}
	for _, n := range notes {
		if err := n.Apply(j.state); err != nil {
			return err
		}
	}
	if err := flush(ctx); err != nil {
		if j.last.Err() != nil {
			return fmt.Errorf("the job gave no answer for %s: %w", LastWrites, err)
		}
		return err
	}
	for _, n := range notes {
		n.MarkDurable()
	}
	j.flushed.Store(time.Now().UnixNano())
	j.reserve.release(ctx, j.state, j.history, j.ledger)
	j.others.flushed(ctx, j.state)
	j.history.WriteIfDue(ctx)
	return nil
}

// Settle implements engine.Journal.
func (j *stateJournal) Settle(r *engine.Result) error {
	p := r.Task.Record.Pos
	if err := j.count(r, p); err != nil {
		return err
	}
	var failed error
	if r.Err != nil {
		failed = r.Err
	}
	if s3api.Told(r.Effect, failed) { // the result line has what the upload's note was kept for
		if err := j.uploads.Put(p, nil); err != nil {
			return err
		}
	}
	switch r.Outcome {
	case engine.Failed:
		return j.state.Fail(p)
	case engine.Deferred:
		return j.state.Defer(p)
	}
	return j.state.Done(p)
}

// count keeps the totals of the job. Failed rows are not counted here: the checkpoint
// knows which they are.
func (j *stateJournal) count(r *engine.Result, p inventory.Position) error {
	j.counted = j.counted.Plus(job.RequestCount{Requests: int64(r.Attempts), KMSMax: r.KMSMax})
	charged, most := j.ledger.Settle(p)
	if !r.Doubted {
		most = 0
	}
	j.changes = append(j.counters.appendTo(j.changes[:0], r),
		counterChange{job.CounterRequests, int64(r.Attempts)},
		counterChange{job.CounterKMSMax, r.KMSMax},
		counterChange{ledger.SpentCounter, int64(charged)},
		counterChange{ledger.DoubtedCounter, int64(most)})
	for _, c := range j.changes {
		if c.n == 0 {
			continue
		}
		if err := j.state.Count(p, c.name, c.n); err != nil {
			return err
		}
	}
	return nil
}
