package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// gone makes every request of s, and every question, fail with class c from one
// moment to another, counted from now. It returns the question.
func gone(s *store, c Class, from, to time.Duration) func(context.Context) error {
	start := time.Now()
	out := func() bool { d := time.Since(start); return d >= from && d < to }
	s.before = func(op, k string, _ int) error {
		if out() {
			return failure(op, k, c)
		}
		return nil
	}
	return func(context.Context) error {
		if out() {
			return failure("HeadBucket", "", c)
		}
		return nil
	}
}

// TestOutage lets the endpoint or the credentials go for much longer than the
// tries of one object last: no object fails, and little is sent meanwhile.
func TestOutage(t *testing.T) {
	for _, tt := range []struct {
		name    string
		class   Class
		workers int
	}{
		{"many at once", Transient, 2048},
		{"one at a time", Transient, 1},
		{"credentials", Expired, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 200
				s, l := newStore(n), newLog()
				s.latency = time.Second
				cfg := config(s, l)
				cfg.Workers, cfg.Stats = tt.workers, new(Stats)
				cfg.Alive = gone(s, tt.class, 500*time.Millisecond, 40*time.Minute)
				seen := make(chan *Outage, 1)
				time.AfterFunc(20*time.Minute, func() { seen <- cfg.Stats.Outage.Load() })
				if err := Run(t.Context(), t.Context(), cfg, batches(n, 20, nil)); err != nil {
					t.Fatal(err)
				}
				check(t, s, l)
				if done := cfg.Stats.Count(Done); done != n {
					t.Errorf("%d objects done, want %d", done, n)
				}
				// Those in flight, the one that is sent again, and until it is noticed.
				if sent, most := cfg.Stats.Requests.Load(), int64(n+min(n, 2*tt.workers)+2*silence); sent > most {
					t.Errorf("%d requests, want at most %d: nothing is to be sent during an outage", sent, most)
				}
				if o := <-seen; o == nil || o.Err.Class != tt.class {
					t.Errorf("in the middle of it, Stats.Outage = %v", o)
				}
				if o := cfg.Stats.Outage.Load(); o != nil {
					t.Errorf("afterwards, Stats.Outage = %v", o)
				}
			})
		})
	}
}

// TestOneObjectIsNoOutage: while the endpoint answers, an object that gets no
// answer fails by itself, also where it is the only one left.
func TestOneObjectIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(20), newLog()
		s.before = nthCopies(Transient, 1, 1<<30)
		cfg := config(s, l)
		asked := 0
		cfg.Alive = func(context.Context) error { asked++; return nil }
		if err := Run(t.Context(), t.Context(), cfg, batches(20, 20, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		if got, tries := l.durable[key(5)], s.calls["copy"+key(5)]; got != Failed || tries != 12 {
			t.Errorf("outcome %v after %d tries, want failed after 12", got, tries)
		}
		if asked != 1 {
			t.Errorf("the endpoint was asked %d times, want once, before the object failed", asked)
		}
	})
}

// TestOutageEndsTheRun: an outage that lasts too long stops the run without
// failing an object.
func TestOutageEndsTheRun(t *testing.T) {
	for _, tt := range []struct {
		name  string
		class Class
		alive bool // whether the run can ask
	}{
		{"endpoint", Transient, true},
		{"credentials", Expired, true},
		{"credentials that nobody renews", Expired, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(100), newLog()
				s.latency = time.Second
				cfg := config(s, l)
				cfg.Patience = 10 * time.Minute
				start := time.Now()
				alive := gone(s, tt.class, 2500*time.Millisecond, time.Hour)
				if tt.alive {
					cfg.Alive = alive
				}
				err := Run(t.Context(), t.Context(), cfg, batches(100, 20, nil))
				var b *BreakerError
				if !errors.As(err, &b) {
					t.Fatalf("Run = %v, want a BreakerError", err)
				}
				if took := time.Since(start); took > 11*time.Minute || tt.alive && took < 10*time.Minute {
					t.Errorf("stopped after %v", took)
				}
				check(t, s, l)
				for k, o := range l.durable {
					if o != Done {
						t.Errorf("%s ended as %v", k, o)
					}
				}
			})
		})
	}
}

// TestDrainInAnOutage: whoever waits for the endpoint lets go when the run is to end.
func TestDrainInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(100), newLog()
		s.latency = time.Second
		cfg := config(s, l)
		cfg.Alive = gone(s, Transient, 1500*time.Millisecond, time.Hour)
		ctx, cancel := withTimeout(t, 5*time.Minute)
		defer cancel()
		start := time.Now()
		if err := Run(ctx, t.Context(), cfg, batches(100, 100, nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run = %v", err)
		}
		if took := time.Since(start); took > 5*time.Minute+time.Second {
			t.Errorf("the drain took until %v", took)
		}
		check(t, s, l)
		if len(l.durable) != 8 {
			t.Errorf("recorded %d rows, want the 8 before the outage", len(l.durable))
		}
	})
}

// closed is a gate that lets nothing through for a time, from now on.
type closed struct {
	from, to time.Duration
	start    time.Time
}

func (c closed) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	if d := time.Since(c.start); d >= c.from && d < c.to {
		select {
		case <-time.After(c.to - d):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return send(ctx)
}

// Hours for which a window is shut are no part of the patience with an endpoint.
func TestPatienceDoesNotCountAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(100), newLog()
		s.latency = time.Second
		cfg := config(s, l)
		cfg.Gate = closed{time.Minute, 10 * time.Hour, time.Now()}
		cfg.Alive = gone(s, Transient, 5*time.Second, 10*time.Hour+time.Minute)
		cfg.Patience = 10 * time.Minute
		if err := Run(t.Context(), t.Context(), cfg, batches(100, 100, nil)); err != nil {
			t.Errorf("Run = %v, want no error: the endpoint was asked for two minutes of it", err)
		}
		check(t, s, l)
	})
}

// Whoever was waiting for an answer when a run gives up on an endpoint is not failed:
// its re-encryption may have taken effect, as after a crash.
func TestWhatAnOutageCutsOffIsNotAttempted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 40
		s, l := newStore(n), newLog()
		s.latency = time.Second
		cfg := config(s, l)
		cfg.Stats, cfg.Patience, cfg.Attempts = new(Stats), time.Minute, 2
		start := time.Now()
		out := func() bool { return time.Since(start) > 2500*time.Millisecond }
		s.lose = func(op, key string) bool { return op == "copy" && out() } // committed, and the answer lost
		s.before = func(op, key string, nth int) error {
			if out() && (op != "copy" || nth > 1) {
				return failure(op, key, Transient)
			}
			return nil
		}
		cfg.Alive = func(context.Context) error {
			if out() {
				return failure("HeadBucket", "", Transient)
			}
			return nil
		}
		err := Run(t.Context(), t.Context(), cfg, batches(n, 20, nil))
		var b *BreakerError
		if !errors.As(err, &b) {
			t.Fatalf("Run = %v, want a BreakerError", err)
		}
		check(t, s, l)
		if failed := cfg.Stats.Count(Failed); failed != 0 || cfg.Stats.Unsure.Load() != 8 {
			t.Errorf("%d failed, %d may have taken effect; want none, and the 8 in flight", failed, cfg.Stats.Unsure.Load())
		}

		// The next run recognises them.
		again := newLog()
		cfg = config(s, again)
		cfg.Stats = new(Stats)
		cfg.Settled = func(p inventory.Position) bool { _, ok := l.durable[key(int(p.Row))]; return ok }
		cfg.Uncertain = func(p inventory.Position) bool { return p.Row <= l.admitted[0] }
		s.lose, s.before = nil, func(string, string, int) error { return nil }
		if err := Run(t.Context(), t.Context(), cfg, batches(n, 20, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, again)
		if repeats := cfg.Stats.Repeats.Load(); repeats != 8 || len(l.durable)+len(again.durable) != n {
			t.Errorf("%d repeats, %d and %d recorded; want 8 repeats, %d in all", repeats, len(l.durable), len(again.durable), n)
		}
	})
}
