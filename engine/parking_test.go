package engine

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
)

// slowPrefix gives every second key a prefix that is not ready before a date.
func slowPrefix(i int, r *inventory.Record) {
	if i%2 == 0 {
		r.Key = "slow/" + r.Key
	}
}

func slowStore(n int) *store {
	s := newStore(n)
	for i := 0; i < n; i += 2 {
		s.objects["slow/"+key(i)] = s.objects[key(i)]
		delete(s.objects, key(i))
	}
	return s
}

func TestAThrottledPrefixDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := slowStore(200), newLog()
		start := time.Now()
		cfg := config(s, l)
		cfg.Ready = func(key string) bool { return !strings.HasPrefix(key, "slow/") || time.Since(start) > 20*time.Minute }
		var fastDone time.Duration
		s.before = func(_, key string, _ int) error {
			if !strings.HasPrefix(key, "slow/") {
				fastDone = time.Since(start)
			}
			return nil
		}
		if err := Run(t.Context(), t.Context(), cfg, batches(200, 20, slowPrefix)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		if len(s.copies) != 200 || len(l.durable) != 200 {
			t.Errorf("copied %d, recorded %d; want 200 of each", len(s.copies), len(l.durable))
		}
		if fastDone > 14*time.Minute { // 100 objects, 8 workers, a minute each
			t.Errorf("the other prefix was done after %v, want 13m as if it were alone", fastDone)
		}
	})
}

func TestWhatDoesNotFitTheRoomIsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := slowStore(200), newLog()
		var ready atomic.Bool
		cfg := config(s, l)
		cfg.Parking = 30
		cfg.Ready = func(key string) bool { return !strings.HasPrefix(key, "slow/") || ready.Load() }
		time.AfterFunc(20*time.Minute, func() { ready.Store(true) })
		stats := new(Stats)
		cfg.Stats = stats
		if err := Run(t.Context(), t.Context(), cfg, batches(200, 20, slowPrefix)); err != nil {
			t.Fatal(err)
		}
		if n := stats.Count(Deferred); n != 70 || stats.Count(Done) != 130 {
			t.Errorf("put off %d, done %d; want 70 and 130", n, stats.Count(Done))
		}

		// Another pass takes up what was put off, and only that.
		second := newLog()
		cfg = config(s, second)
		cfg.Settled = func(p inventory.Position) bool {
			o, ok := l.durable[keyAt(int(p.Row))]
			return ok && o != Deferred
		}
		if err := Run(t.Context(), t.Context(), cfg, batches(200, 20, slowPrefix)); err != nil {
			t.Fatal(err)
		}
		check(t, s, second)
		if len(s.copies) != 200 || len(second.durable) != 70 {
			t.Errorf("copied %d in all, %d in the second pass; want 200 and 70", len(s.copies), len(second.durable))
		}
	})
}

func keyAt(i int) string {
	if i%2 == 0 {
		return "slow/" + key(i)
	}
	return key(i)
}

func TestStopWhileParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := slowStore(100), newLog()
		cfg := config(s, l)
		cfg.Ready = func(key string) bool { return !strings.HasPrefix(key, "slow/") }
		admit, stop := withTimeout(t, 15*time.Minute)
		defer stop()
		err := Run(admit, t.Context(), cfg, batches(100, 10, slowPrefix))
		if err == nil || len(l.durable) != 50 {
			t.Errorf("Run = %v, recorded %d; want the deadline, and 50 rows: parked ones are not attempted", err, len(l.durable))
		}
	})
}

// A room that is full costs a row no more than an empty one: what waits there is
// looked at a few at a time, and goes all the same once it may.
func TestAFullRoomIsNotSearchedForEveryBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows = 20_000
		s, l := slowStore(rows), newLog()
		s.latency = time.Millisecond
		cfg := config(s, l)
		asked, atEnd := 0, 0 // by the goroutine that reads
		cfg.Ready = func(key string) bool {
			asked++
			return !strings.HasPrefix(key, "slow/") || atEnd > 0
		}
		err := Run(t.Context(), t.Context(), cfg, batches(rows, 10, func(i int, r *inventory.Record) {
			slowPrefix(i, r)
			if i == rows-1 {
				atEnd = asked
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		if atEnd > 20*rows {
			t.Errorf("%d times was asked whether a row is ready, %d times a row", atEnd, atEnd/rows)
		}
		if len(l.durable) != rows {
			t.Errorf("%d of %d rows settled", len(l.durable), rows)
		}
	})
}

func TestPoolFollowsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(4000), newLog()
		start := time.Now()
		cfg := config(s, l)
		cfg.Workers = 40
		cfg.Slots = func() int { // 4, then 100 (above the bound), then 2
			switch since := time.Since(start); {
			case since < 10*time.Minute:
				return 4
			case since < 20*time.Minute:
				return 100
			}
			return 2
		}
		stats := new(Stats)
		cfg.Stats = stats
		for _, at := range []struct {
			after time.Duration
			want  int64
		}{{9*time.Minute + 30*time.Second, 4}, {15*time.Minute + 30*time.Second, 40}, {30*time.Minute + 30*time.Second, 2}} {
			time.AfterFunc(at.after, func() {
				if n := stats.InFlight.Load(); n != at.want {
					t.Errorf("after %v: %d in flight, want %d", at.after, n, at.want)
				}
			})
		}
		admit, stop := withTimeout(t, 40*time.Minute)
		defer stop()
		_ = Run(admit, t.Context(), cfg, batches(4000, 100, nil))
		check(t, s, l)
	})
}
