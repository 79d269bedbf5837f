package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Run decides on every record of batches and carries out what was decided.
//
// admit must end when work does. Cancelling admit stops taking up new objects
// and lets requests that are under way finish; cancelling work ends those as
// well. Objects that were not begun
// are not recorded, so the same job takes them up again.
//
// The error is
//   - nil when every row was settled or put off (Stats.Count(Deferred)); another Run
//     over the same report takes up what was put off,
//   - *StopError where a limit of the configuration was reached,
//   - *BreakerError where going on was pointless,
//   - the cause of admit where that ended the run,
//   - else what the reader or the journal returned.
//
// Failed objects and damaged files are not errors of the run: they are in cfg.Stats
// and in the journal.
func Run(admit, work context.Context, cfg Config, batches iter.Seq2[inventory.Batch, error]) error {
	admit, stop := context.WithCancelCause(admit)
	defer stop(nil)
	work, kill := context.WithCancel(work)
	defer kill()
	r := &run{
		Config: cfg.withDefaults(),
		admit:  admit,
		work:   work,
		stop:   stop,
		events: make(chan event, 256),
		tasks:  make(chan assignment),
		doubts: doubts{},
	}
	r.outage = newOutage(r)
	var draining sync.Once
	r.drain = func(cause error) {
		draining.Do(func() {
			timer := time.AfterFunc(r.Drain, func() {
				r.stop(cause)
				r.Cut() // before the work ends: nothing is told after Run has returned
				kill()
			})
			context.AfterFunc(work, func() { timer.Stop() })
		})
	}
	defer context.AfterFunc(admit, func() { r.drain(context.Cause(admit)) })()
	r.stop = func(cause error) {
		stop(cause)
		r.Ending(context.Cause(admit))
	}

	var pool, feeder sync.WaitGroup
	fed := make(chan struct{})
	pool.Go(func() { r.pool(fed) })
	var readErr error
	feeder.Go(func() {
		defer close(fed)
		defer close(r.tasks)
		r.Stats.Fed.Store(false)
		readErr = r.feed(batches)
		r.Stats.Fed.Store(true)
	})
	go func() {
		feeder.Wait()
		pool.Wait()
		r.outage.stop()
		close(r.events)
	}()
	err := (&recorder{run: r, failures: failureLog{log: r.Logger}}).settle() // returns after events is closed: nothing is left running
	return r.ending(err, readErr)
}

// ending is the error of a run whose recorder returned err, and whose reader readErr.
func (r *run) ending(err, readErr error) error {
	cause := context.Cause(r.admit)
	switch {
	case err != nil:
		why := cause
		if why == nil {
			why = readErr
		}
		if why == nil || errors.Is(err, why) {
			return err
		}
		return &UnrecordedError{Cause: why, Err: err}
	case cause != nil:
		return cause
	case readErr != nil:
		return readErr
	case r.Continued:
		return nil
	}
	return r.Denials.end()
}

// run is one call of Run.
type run struct {
	Config
	admit, work context.Context
	stop        context.CancelCauseFunc
	events      chan event
	tasks       chan assignment
	parked      room // by the feeder
	outage      *outage
	doubts      doubts            // of the goroutine that records
	drain       func(cause error) // gives what is under way a last time to end in
}

// assignment is a task on its way to a worker.
type assignment struct {
	task    plan.Task
	segment int
}

// event is what reader and workers tell the one goroutine that owns journal
// and sink. One of its parts is set; a fatal error comes with the result it was met at.
type event struct {
	result  *Result
	skipped []Result
	end     *inventory.Batch
	admit   *inventory.Position
	ack     chan<- error // for admit
	fatal   error
}

// feed reads batches, decides, and hands out what is to be done.
func (r *run) feed(batches iter.Seq2[inventory.Batch, error]) error {
	begun := r.Begun
	var todo []plan.Task // of one batch; used again for the next, as tasks are handed out as copies
	for batch, err := range batches {
		if err != nil {
			return err
		}
		if r.admit.Err() != nil {
			return nil
		}
		var skipped []Result
		todo = todo[:0]
		for i := range batch.Records {
			rec := &batch.Records[i]
			if r.Settled(rec.Pos) {
				r.Stats.Earlier.Add(1)
				continue
			}
			t := r.Policy.Decide(rec)
			if t.Action == plan.Skip {
				skipped = append(skipped, r.skipResult(t, batch.Segment))
				continue
			}
			// An update leaves no trace in the ETag: what an earlier run may have
			// updated is looked at, so that it is recognised and not done twice.
			t.NeedHead = t.NeedHead || t.Action == plan.Update && r.Uncertain(rec.Pos)
			todo = append(todo, t)
		}
		r.Stats.Rows.Add(int64(len(batch.Records)))
		if len(skipped) > 0 {
			r.events <- event{skipped: skipped} // settle drains until closed: cannot block for ever
		}
		if len(todo) > 0 {
			if err := r.reserve(todo[len(todo)-1].Record.Pos); err != nil {
				return err
			}
		}
		for _, t := range todo {
			if r.Limit > 0 && begun >= r.Limit {
				reached := &StopError{Limit: fmt.Sprintf("--limit %d", r.Limit)}
				r.clearRoom() // those begun are finished
				r.drain(reached)
				return reached
			}
			if !r.offer(assignment{t, batch.Segment}) {
				return nil
			}
			begun++
		}
		if !r.unpark(2*len(todo) + leastLooks) { // more than can have come, so that the room empties
			return nil
		}
		if batch.End || batch.Err != nil {
			end := batch
			end.Records = nil
			r.events <- event{end: &end}
		}
	}
	r.clearRoom()
	return nil
}

// skipResult is the result of a row that is left alone by its report row. A row
// of another bucket is not left alone rightly: the report is not this job's. Nor is one
// that names no version of those that it is about.
func (r *run) skipResult(t plan.Task, segment int) Result {
	res := Result{Task: t, Segment: segment, Outcome: Skipped, Reason: t.Reason}
	if t.Reason.OfRow() {
		res.Outcome = Failed
		res.Err = &ObjectError{Op: "read report", Bucket: t.Record.Bucket, Key: t.Record.Key, Class: Permanent, Reason: t.Reason,
			Err: fmt.Errorf("the row names bucket %q, but the job is for %q", t.Record.Bucket, r.Policy.Options.Bucket)}
		switch t.Reason {
		case plan.NoKey:
			res.Err.Err = fmt.Errorf("row %d of file %d of the report names no key, so nothing was written, and the rows after it are done", t.Record.Pos.Row+1, t.Record.Pos.File+1)
		case plan.NoVersion:
			res.Err.Err = errors.New("the row may be about a noncurrent version and does not name it, so nothing was written: the report needs the column VersionId")
		}
	}
	return res
}

// reserve has the journal admit the rows up to p before any of them is begun.
func (r *run) reserve(p inventory.Position) error {
	ack := make(chan error, 1)
	r.events <- event{admit: &p, ack: ack}
	return <-ack // settle answers every event until the channel is closed
}
