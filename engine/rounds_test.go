package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
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

// grown is a store whose objects one request does not copy.
type grown struct{ uploads }

func (g grown) Rewrite(ctx context.Context, t *plan.Task, gate Gate) (Effect, error) {
	if t.Action == plan.MultipartCopy {
		return g.uploads.Rewrite(ctx, t, gate)
	}
	err := gate.Do(ctx, t.Step(plan.StepCopy), func(ctx context.Context) error {
		return g.request(ctx, "copy", t.Record.Key, func(*object) error { return failure("copy", t.Record.Key, InParts) })
	})
	return Effect{}, err
}

// What turns out to need a copy in parts is decided on anew: it is done where such
// copies were accepted or need not be, else it is not begun, and says why.
func TestWhatTurnsOutToNeedParts(t *testing.T) {
	for _, tt := range []struct {
		name string
		open []string
		want Outcome
	}{
		{"accepted", nil, Done},
		{"not accepted", []string{"unproven-endpoint"}, Failed},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, l := newStore(8), newLog()
			cfg := config(s, l)
			cfg.Rewriter = grown{uploads{s}}
			policy := *cfg.Policy
			policy.NoParts = tt.open
			cfg.Policy = &policy
			if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
				t.Fatal(err)
			}
			check(t, s, l)
			for _, r := range l.results {
				created := s.calls[plan.StepCreate.String()+r.Task.Record.Key]
				if r.Outcome != tt.want || r.Task.Action != plan.MultipartCopy || (created > 0) != (tt.want == Done) {
					t.Errorf("%s: %v of %v, %d uploads; want %v", tt.name, r.Outcome, r.Task.Action, created, tt.want)
				}
				if tt.want == Failed && (r.Reason != plan.NeedsParts || !strings.Contains(r.Err.Error(), "--accept unproven-endpoint")) {
					t.Errorf("%s: %s: %v", tt.name, r.Reason, r.Err)
				}
			}
		})
	}
}

// An endpoint that finds an object gone which HeadObject shows, or changed which it
// shows as it was, is named, and no other client blamed. One that other clients
// change each time is another thing.
func TestEndpointThatContradictsItself(t *testing.T) {
	for _, tt := range []struct {
		name   string
		class  Class
		status int
		write  bool // another client writes the object each time
		want   plan.Reason
		tries  int
	}{
		{"404 for what is there", Gone, 404, false, plan.Unaddressable, 2},
		{"412 for what is as it was", Changed, 412, false, plan.RequestError, 2},
		{"404 while others write", Gone, 404, true, plan.Changing, 4},
		{"412 while others write", Changed, 412, true, plan.Changing, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, l := newStore(1), newLog()
			tries := 0
			s.before = func(op, k string, nth int) error {
				if op != "copy" {
					return nil
				}
				tries++
				if tt.write {
					s.objects[k].etag = fmt.Sprint("v", nth)
				}
				err := failure(op, k, tt.class)
				err.HTTPStatus = tt.status
				return err
			}
			cfg := config(s, l)
			cfg.Policy.Options.InspectAll = true
			cfg.Policy.Facts = plan.Facts{}
			cfg.Rounds = 4
			if err := Run(t.Context(), t.Context(), cfg, batches(1, 1, nil)); err != nil {
				t.Fatal(err)
			}
			if r := l.results[0]; r.Outcome != Failed || r.Reason != tt.want || tries != tt.tries {
				t.Errorf("%s: %v, %s after %d copies: %v; want %s after %d", tt.name, r.Outcome, r.Reason, tries, r.Err, tt.want, tt.tries)
			}
		})
	}
}

// A loss that was put back ends the run: the endpoint would lose more.
func TestLossEndsTheRun(t *testing.T) {
	lost := []plan.Difference{{Attribute: plan.Tags, Change: plan.WasLost, Before: "{}"}}
	var loss *LossError
	if err := LossOf(&Result{Outcome: Done, Effect: Effect{PutBack: lost}}); !errors.As(err, &loss) || len(loss.PutBack) != 1 {
		t.Errorf("put back: %v", err)
	}
	if err := LossOf(&Result{Outcome: Done}); err != nil {
		t.Errorf("nothing lost: %v", err)
	}
	failed := func(change plan.Change) error {
		d := plan.Difference{Attribute: plan.UserMetadata, Change: change, Before: `{"a":"b"}`}
		return LossOf(&Result{Outcome: Failed, Err: &ObjectError{Lost: []plan.Difference{d}}})
	}
	if err := failed(plan.WasLost); !errors.As(err, &loss) || len(loss.Lost) != 1 {
		t.Errorf("metadata lost: %v", err)
	}
	if err := failed(plan.WasChanged); err != nil {
		t.Errorf("metadata that a client may have written: %v", err)
	}
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

// gaveBack is a store whose look at an object gives back what an earlier attempt's
// write of it had lost.
type gaveBack struct{ *store }

func (s gaveBack) Inspect(ctx context.Context, t *plan.Task, g Gate) (*plan.Head, error) {
	h, err := s.store.Inspect(ctx, t, g)
	if err == nil {
		h.PutBack = []plan.Difference{{Attribute: plan.Tags, Change: plan.WasLost, Before: "{}"}}
	}
	return h, err
}

// What a look puts back, as an attempt was cut off before it did, is told and ends
// the run like a loss without a crash; also where that attempt's line says that it
// is lost.
func TestLossOfACrashEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, lost := range []bool{false, true} {
			s, l := newStore(1), newLog()
			for _, o := range s.objects {
				o.encrypted = true
			}
			cfg := config(s, l)
			cfg.Rewriter, cfg.Lost = gaveBack{s}, func(inventory.Position) bool { return lost }
			cfg.Policy.Options.InspectAll = true
			var loss *LossError
			if err := Run(t.Context(), t.Context(), cfg, batches(1, 1, nil)); !errors.As(err, &loss) || len(loss.PutBack) != 1 {
				t.Errorf("the run ends with %v, want the loss", err)
			}
			if r := l.results[0]; r.Outcome != Done || !r.Repeat || len(r.Effect.PutBack) != 1 {
				t.Errorf("%v, repeat %v, put back %v", r.Outcome, r.Repeat, r.Effect.PutBack)
			}
		}
	})
}

// contrary is a Snapshotter of an endpoint that says two things of the object.
type contrary struct{}

func (contrary) Snapshot(_ context.Context, t *plan.Task, _ Gate) (*plan.Snapshot, error) {
	err := failure("snapshot", t.Record.Key, Permanent)
	err.Contradicted = true
	return nil, err
}

// What HeadObject shows is not sent along where another request contradicts it. A copy
// that goes by the report alone has nothing of it.
func TestContradictedLookIsNotGoneBy(t *testing.T) {
	for _, looks := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s, l := newStore(1), newLog()
			cfg := config(s, l)
			cfg.Policy.Options.InspectAll = looks
			cfg.Policy.Snapshots = 1
			cfg.Snapshotter = contrary{}
			if err := Run(t.Context(), t.Context(), cfg, batches(1, 1, nil)); err != nil {
				t.Fatal(err)
			}
			if r := l.results[0]; (r.Outcome == Failed) != looks || (r.Outcome == Done) == looks {
				t.Errorf("looked at %v: %v, %v", looks, r.Outcome, r.Err)
			}
		})
	}
}
