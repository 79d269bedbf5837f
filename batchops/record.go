package batchops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// Counts are the tasks of a completion report and what became of them.
type Counts struct {
	Tasks  int64
	Done   int64 // recorded now
	Failed int64 // recorded now
	Known  int64 // left as the job had them before
}

// Standing tells how the rows of a job stand.
type Standing interface {
	Done(inventory.Position) bool
	Failed(inventory.Position) bool
}

// Record writes down what the report says of each object, as far as the job does
// not know better: before is how its rows stood. What it counts beside an error was
// recorded all the same. The journal is flushed about once a second.
func (m *Import) Record(ctx context.Context, before Standing, j *checkpoint.Journal, sink engine.Sink) (Counts, error) {
	var n Counts
	// By now: the tasks of one object may be in several portions.
	done, failed := roaring64.New(), roaring64.New()
	flushed := time.Now()
	err := m.each(ctx, func(t *plan.Task, segment int, e ending) error {
		p, row := t.Record.Pos, t.Record.Pos.Number()
		if before.Done(p) || done.Contains(row) || !e.succeeded && (before.Failed(p) || failed.Contains(row)) {
			n.Known++
			return nil
		}
		res := e.result(t, segment)
		if err := sink.Write(res); err != nil {
			return err
		}
		if err := settle(j, res); err != nil {
			return err
		}
		if e.succeeded {
			done.Add(row)
			n.Done++
			if failed.Contains(row) {
				n.Failed--
			}
		} else {
			failed.Add(row)
			n.Failed++
		}
		if time.Since(flushed) < time.Second {
			return nil
		}
		flushed = time.Now()
		return j.Flush(ctx)
	})
	n.Tasks = m.read
	if err := errors.Join(err, j.Flush(context.WithoutCancel(ctx))); err != nil {
		return n, fmt.Errorf("record the completion report: %w", err)
	}
	return n, nil
}

// settle records one result.
func settle(j *checkpoint.Journal, r *engine.Result) error {
	p := r.Task.Record.Pos
	if r.Outcome == engine.Failed {
		return j.Fail(p)
	}
	for name, n := range map[string]int64{
		job.CounterImported: 1, job.CounterDone + r.Task.Action.String(): 1, job.CounterBytes: max(r.Task.Record.Size, 0),
	} {
		if err := j.Count(p, name, n); err != nil {
			return err
		}
	}
	return j.Done(p)
}
