package main

import (
	"context"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// unconfirmedCounter is the counter of a job for updates that nobody looked at
// the effect of, as --confirm has it.
const unconfirmedCounter = "unconfirmed"

// journal lets the engine write to a checkpoint: it puts outcomes into the
// checkpoint's words. Segments are counted as in the list that this run reads,
// which has only the unfinished ones of the job's.
type journal struct {
	*checkpoint.Journal
	segments []inventory.Segment // as read by this run
	indexes  []int               // of each, in the job
	ledger   *ledger
	notes    *notes
	history  *history
	flushed  *atomic.Int64   // unix nanoseconds at which all was durable
	last     context.Context // ends some time after the work did; no write outlasts it

	tried map[inventory.Position]bool // by the canary of this run
}

// Flush implements engine.Journal.
func (j *journal) Flush(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(j.last, cancel)()
	if err := j.notes.apply(j.Journal); err != nil {
		return err
	}
	if err := j.Journal.Flush(ctx); err != nil {
		return err
	}
	j.notes.saved()
	j.flushed.Store(time.Now().UnixNano())
	j.history.flush(ctx)
	return nil
}

// Settle implements engine.Journal.
func (j *journal) Settle(r *engine.Result) error {
	p := r.Task.Record.Pos
	if err := j.count(r, p); err != nil {
		return err
	}
	switch r.Outcome {
	case engine.Failed:
		return j.Fail(p)
	case engine.Deferred:
		return j.Defer(p)
	}
	return j.Done(p)
}

// count keeps the totals that status and report print after any number of
// resumes. Failed rows are not counted here: the checkpoint knows which they are.
func (j *journal) count(r *engine.Result, p inventory.Position) error {
	type counter struct {
		name string
		n    int64
	}
	counters := [...]counter{
		{"requests", int64(r.Attempts)},
		{"kms_calls_max", r.KMSMax},
		{spentCounter, int64(j.ledger.settle(r))},
	}
	for _, c := range counters {
		if c.n != 0 {
			if err := j.Count(p, c.name, c.n); err != nil {
				return err
			}
		}
	}
	name := ""
	switch r.Outcome {
	case engine.Done:
		if r.Repeat {
			if err := j.Count(p, "repeats", 1); err != nil {
				return err
			}
		}
		if r.Task.Action == plan.Update && r.Task.Unconfirmed && !r.Repeat {
			if err := j.Count(p, unconfirmedCounter, 1); err != nil {
				return err
			}
		}
		if err := j.Count(p, "bytes", max(r.Task.Record.Size, 0)); err != nil {
			return err
		}
		name = "done." + r.Task.Action.String()
		if r.Repeat {
			name = "done.repeat"
		}
	case engine.Skipped:
		name = "skipped." + string(r.Reason)
	default:
		return nil
	}
	return j.Count(p, name, 1)
}

// End implements engine.Journal.
func (j *journal) End(segment int, rows int64, damage error) error {
	return j.Journal.End(j.indexes[segment], j.segments[segment].First+rows, damage)
}

// resume tells what earlier runs of the job did with a row. It does not change,
// so it is safe for concurrent use.
type resume struct {
	files map[int][]earlier // by file, in order of rows
}

// earlier is what is known of one segment.
type earlier struct {
	segment inventory.Segment
	rows    *checkpoint.Rows
}

// newResume reads how the rows of the given segments stand: a few bytes for
// each as a rule, one bit a row at most.
func newResume(ctx context.Context, s *checkpoint.Snapshot, segments []inventory.Segment, indexes []int) (*resume, error) {
	rows, err := s.RowsOf(ctx, indexes)
	if err != nil {
		return nil, err
	}
	r := &resume{files: map[int][]earlier{}}
	for i, seg := range segments {
		r.files[seg.File] = append(r.files[seg.File], earlier{seg, rows[i]})
	}
	return r, nil
}

// of returns what is known of p's segment, nil where nothing is.
func (r *resume) of(p inventory.Position) *checkpoint.Rows {
	for _, e := range r.files[p.File] {
		if e.segment.Contains(p) {
			return e.rows
		}
	}
	return nil
}

// settled tells whether the row needs nothing more.
func (r *resume) settled(p inventory.Position) bool {
	rows := r.of(p)
	return rows != nil && rows.Settled(p.Row)
}

// uncertain tells whether the row may have been worked on without a record.
func (r *resume) uncertain(p inventory.Position) bool {
	rows := r.of(p)
	return rows != nil && rows.Uncertain(p.Row)
}
