package engine

import (
	"context"
	"fmt"
	"time"
)

// hurry is how long a flush that somebody waits for waits for others to ask, too.
const hurry = 50 * time.Millisecond

// recorder is the one goroutine that owns journal and sink.
type recorder struct {
	*run
	failures failureLog
	broken   error // recording has become impossible: nothing that cannot be recorded may be claimed
}

// settle takes results until all workers are gone. Once recording is broken it only
// drains.
func (r *recorder) settle() error {
	tick := time.NewTicker(r.FlushEvery)
	defer tick.Stop()
	defer r.Stats.Recorded.Store(0)
	hurried := false
	for {
		r.Stats.Recorded.Store(time.Now().UnixNano())
		select {
		case ev, open := <-r.events:
			if !open {
				return r.last()
			}
			r.take(ev)
		case <-r.Hurry:
			if !hurried {
				hurried = true
				tick.Reset(hurry)
			}
		case <-tick.C:
			if hurried {
				hurried = false
				tick.Reset(r.FlushEvery)
			}
			r.failures.sweep(time.Now(), false)
			r.flush()
		}
	}
}

// fail ends the run where err says that recording has become impossible.
func (r *recorder) fail(err error) {
	if err != nil && r.broken == nil {
		r.broken = err
		r.Logger.Error("state cannot be recorded", "error", err)
		r.stop(err)
		r.Broken(err)
	}
}

// take does what one event asks for.
func (r *recorder) take(ev event) {
	switch {
	case ev.ack != nil:
		ev.ack <- r.admitRows(ev)
	case ev.fatal != nil:
		r.stop(&BreakerError{Seen: 1, Err: ev.fatal})
		if r.broken == nil {
			r.fail(r.record(ev.result))
		}
	case r.broken != nil:
	case ev.end != nil:
		if ev.end.Err != nil {
			r.Logger.Warn("part of the report cannot be read", "segment", ev.end.Segment, "error", ev.end.Err)
		}
		r.fail(r.Journal.End(ev.end.Segment, ev.end.Rows, ev.end.Err))
	case ev.result != nil:
		r.takeResult(ev.result)
	default:
		for i := range ev.skipped {
			r.fail(r.record(&ev.skipped[i]))
		}
	}
	r.checkBudgets()
}

// admitRows has the journal admit the rows of ev.
func (r *recorder) admitRows(ev event) error {
	if r.broken != nil {
		return r.broken
	}
	err := r.Journal.Admit(r.admit, *ev.admit)
	// Cut short by the end of admission it says nothing of the journal, which
	// has to take what is in flight.
	if r.admit.Err() == nil {
		r.fail(err)
	}
	return err
}

// takeResult records a result, and stops admission where it says that going on is
// pointless, or that a limit has no room for more.
func (r *recorder) takeResult(res *Result) {
	why := r.Denials.see(res)
	r.fail(r.record(res))
	switch res.Outcome {
	case Done, Failed, Skipped:
		r.Stats.Handled.Add(1)
	}
	if res.Left != nil {
		why = res.Left
	}
	if loss := r.doubts.lossOf(res); loss != nil {
		why = loss
	}
	if why != nil {
		r.stop(why)
	}
}

// flush makes durable what ended so far.
func (r *recorder) flush() {
	// What ended before belongs to this flush: else, after one that took long,
	// the next would come before the results that waited for it.
	for n := len(r.events); n > 0; n-- {
		r.take(<-r.events)
	}
	if r.broken != nil {
		return
	}
	// Cut short by the end of all work it says nothing of the journal: the last
	// flush writes what this one left.
	if err := r.Journal.Flush(r.work); r.work.Err() == nil {
		r.fail(err)
	}
}

// last is the flush that ends the run. The signal that ended the run must not cut it
// short.
func (r *recorder) last() error {
	r.failures.sweep(time.Now(), true)
	flush := r.Journal.Rest
	if r.broken != nil {
		flush = r.Journal.Flush // of what is not recorded nothing is known
	}
	if err := flush(context.WithoutCancel(r.work)); err != nil && r.broken == nil {
		return err
	}
	return r.broken
}

// record writes one result down: for people first, then for the resume.
func (r *recorder) record(res *Result) error {
	r.Stats.Outcomes[res.Outcome].Add(1)
	if res.Outcome == Failed {
		r.failures.add(res, time.Now())
	}
	if res.Outcome == Failed && res.Err != nil {
		r.Stats.Failure.Store(&Failure{At: res.Started.Add(res.Took).UTC(), Key: res.Task.Record.Key, Reason: string(res.Reason), Error: res.Err.Error()})
	}
	if res.Unsure {
		if err := r.Journal.Doubt(res.Task.Record.Pos); err != nil {
			return fmt.Errorf("record progress: %w", err)
		}
	}
	if res.Outcome == NotAttempted {
		if res.Unsure {
			r.Stats.Unsure.Add(1)
		}
		return nil
	}
	if res.Outcome == Done {
		r.Stats.Bytes.Add(res.Task.Record.Size)
		if res.Repeat {
			r.Stats.Repeats.Add(1)
		}
	}
	if res.Outcome != Deferred { // which is no result: another pass has it
		if err := r.Sink.Write(res); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	if err := r.Journal.Settle(res); err != nil {
		return fmt.Errorf("record progress: %w", err)
	}
	return nil
}

// checkBudgets stops admission where a limit of the user is reached.
func (r *recorder) checkBudgets() {
	if r.admit.Err() != nil {
		return
	}
	if limit := r.Budget(r.Stats); limit != "" {
		r.stop(&StopError{Limit: limit})
	}
}
