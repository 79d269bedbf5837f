package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/plan"
)

// What an earlier round of an object met is not said of how it ended.
func TestResultIsOfTheLastRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(20), newLog()
		s.before = func(op, k string, nth int) error {
			if op == "copy" && nth == 1 {
				return failure(op, k, Changed)
			}
			return nil
		}
		if err := Run(t.Context(), t.Context(), config(s, l), batches(20, 20, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		for _, r := range l.results {
			if r.Outcome != Done || r.Err != nil {
				t.Errorf("%s: %v with error %v, want done without one", r.Task.Record.Key, r.Outcome, r.Err)
			}
		}
	})
}

// once is a Snapshotter that reads one state, and is denied all others.
type once struct{ read int }

func (o *once) Snapshot(_ context.Context, t *plan.Task, _ Gate) (*plan.Snapshot, error) {
	if o.read++; o.read > 1 {
		return nil, failure("snapshot", t.Record.Key, Denied)
	}
	return &plan.Snapshot{Head: plan.Head{ETag: t.Record.ETag}}, nil
}

// A snapshot is of the state that was re-encrypted, or there is none.
func TestSnapshotIsOfTheLastRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(1), newLog()
		s.before = func(op, k string, nth int) error {
			if op == "copy" && nth == 1 {
				s.objects[k].etag = "v2" // another client's
				return failure(op, k, Changed)
			}
			return nil
		}
		cfg := config(s, l)
		cfg.Policy.Snapshots = 1
		cfg.Snapshotter = &once{}
		if err := Run(t.Context(), t.Context(), cfg, batches(1, 1, nil)); err != nil {
			t.Fatal(err)
		}
		if r := l.results[0]; r.Outcome != Done || r.Before != nil {
			t.Errorf("%v with a snapshot %+v, want done, and none of what was there before", r.Outcome, r.Before)
		}
	})
}

// Rows that are put off say nothing of permissions.
func TestBreakerIsNotResetByDeferredRows(t *testing.T) {
	var b breaker
	for i := range 1000 {
		err := b.see(&Result{Outcome: Failed, Err: failure("copy", "k", Denied), Task: plan.Task{Head: &plan.Head{}}})
		if err != nil {
			if i != confirmedDenials-1 {
				t.Errorf("stopped after %d denials, want %d", i+1, confirmedDenials)
			}
			return
		}
		if err := b.see(&Result{Outcome: Deferred}); err != nil {
			t.Fatal(err)
		}
	}
	t.Error("1,000 denials with rows put off between them did not stop the run")
}

// Those that a limit counted as begun are finished, parked ones too.
func TestLimitFinishesWhatIsParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(100), newLog()
		cfg := config(s, l)
		cfg.Limit = 50
		begun := time.Now()
		cfg.Ready = func(k string) bool { return time.Since(begun) > time.Hour || k[len(k)-1]%2 == 0 }
		var limit *StopError
		if err := Run(t.Context(), t.Context(), cfg, batches(100, 10, nil)); !errors.As(err, &limit) {
			t.Errorf("Run = %v, want the limit", err)
		}
		if len(s.copies) != 50 {
			t.Errorf("%d copies, want 50", len(s.copies))
		}
		check(t, s, l)
	})
}

// slowJournal takes its time to flush, and gives up when its context ends.
type slowJournal struct {
	*log
	takes time.Duration
}

func (j slowJournal) Flush(ctx context.Context) error {
	select {
	case <-time.After(j.takes):
		return j.log.Flush(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A flush that the end of all work cuts short is no broken journal: what was
// confirmed is recorded, and the run ends for the reason that ended it.
func TestEndDuringAFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(1000), newLog()
		work, kill := context.WithCancel(t.Context())
		defer kill()
		admit, drain := context.WithCancelCause(work)
		signal := errors.New("signal")
		time.AfterFunc(90*time.Second, func() { drain(signal) })
		time.AfterFunc(95*time.Second+300*time.Millisecond, kill)
		cfg := config(s, l)
		cfg.Journal = slowJournal{l, 500 * time.Millisecond}
		if err := Run(admit, work, cfg, batches(1000, 100, nil)); !errors.Is(err, signal) {
			t.Errorf("Run = %v, want what ended admission", err)
		}
		for k, n := range s.copies {
			if n != 1 || l.durable[k] != Done {
				t.Errorf("%s: copied %d times, recorded as %v", k, n, l.durable[k])
			}
		}
		if len(s.copies) == 0 {
			t.Error("nothing was copied")
		}
	})
}
