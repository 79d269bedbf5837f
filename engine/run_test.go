package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// check fails the test where the log saw something out of order, or where the
// store was copied to more than once.
func check(t *testing.T, s *store, l *log) {
	t.Helper()
	for _, d := range l.disorder {
		t.Errorf("out of order: %s", d)
	}
	for k, n := range s.copies {
		if n > 1 {
			t.Errorf("%s was copied %d times, want once", k, n)
		}
	}
	for k := range l.settled {
		if l.durable[k] != l.settled[k] {
			t.Errorf("%s was settled as %v but never flushed", k, l.settled[k])
		}
	}
}

func TestRunSettlesEveryRowOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(100), newLog()
		err := Run(t.Context(), t.Context(), config(s, l), batches(100, 7, func(i int, r *inventory.Record) {
			switch {
			case i%10 == 3:
				r.Encryption = inventory.SSEKMS
			case i%10 == 4:
				r.Bucket = "other"
			}
		}))
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		check(t, s, l)
		count := map[Outcome]int{}
		for _, o := range l.durable {
			count[o]++
		}
		if count[Done] != 80 || count[Skipped] != 10 || count[Failed] != 10 {
			t.Errorf("outcomes = %v, want 80 done, 10 skipped, 10 failed (rows of another bucket)", count)
		}
		if len(s.copies) != 80 || s.heads != 0 {
			t.Errorf("copies = %d, HEADs = %d; want 80 and 0: the facts allow leaving HEAD out", len(s.copies), s.heads)
		}
		if l.rows[0] != 100 || l.ends[0] != nil {
			t.Errorf("end of segment: rows %d, damage %v; want 100, none", l.rows[0], l.ends[0])
		}
	})
}

func TestFirstSignalDrainsSecondEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		second time.Duration // after which work is cancelled, 0 = never
		copies int
	}{
		{"drain", 0, 16},                    // 8 workers, copies of a minute: two rounds were begun by second 90
		{"end at once", 5 * time.Second, 8}, // the second round is cut off
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(1000), newLog()
				work, kill := context.WithCancel(t.Context())
				admit, drain := context.WithCancel(work)
				time.AfterFunc(90*time.Second, drain)
				if tt.second > 0 {
					time.AfterFunc(90*time.Second+tt.second, kill)
				}
				err := Run(admit, work, config(s, l), batches(1000, 100, nil))
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Run = %v, want context.Canceled", err)
				}
				check(t, s, l)
				if len(s.copies) != tt.copies || len(l.durable) != tt.copies {
					t.Errorf("copied %d, recorded %d; want %d of each", len(s.copies), len(l.durable), tt.copies)
				}
				kill()
				drain()
			})
		})
	}
}

func TestStopWhileWaitingAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(100), newLog()
		admit, drain := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, drain)
		cfg := config(s, l)
		cfg.Gate = shut{}
		if err := Run(admit, t.Context(), cfg, batches(100, 10, nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want context.Canceled", err)
		}
		if len(l.settled) != 0 || len(s.copies) != 0 {
			t.Errorf("settled %d, copied %d; want none: nothing was sent", len(l.settled), len(s.copies))
		}
	})
}

func TestErrorsByClass(t *testing.T) {
	tests := []struct {
		name    string
		before  func(op, key string, nth int) error
		want    Outcome
		reason  plan.Reason
		copies  int // committed
		sent    int // requests for the one object that misbehaves
		runErr  bool
		settled bool
	}{
		{"throttled twice", nthCopies(Throttled, 1, 2), Done, "", 1, 3, false, true},
		{"transient twice", nthCopies(Transient, 1, 2), Done, "", 1, 3, false, true},
		{"transient for ever", nthCopies(Transient, 1, 1<<30), Failed, plan.RequestError, 0, 13, false, true}, // and a look
		{"empty answers twice", nthCopies(Empty, 1, 2), Done, "", 1, 3, false, true},
		{"empty answers for ever", nthCopies(Empty, 1, 1<<30), Failed, plan.RequestError, 0, 8, false, true},
		{"permanent", nthCopies(Permanent, 1, 1<<30), Failed, plan.RequestError, 0, 1, false, true},
		{"changed once", nthCopies(Changed, 1, 1), Done, "", 1, 3, false, true}, // copy, HEAD, copy
		{"changing for ever", nthCopies(Changed, 1, 1<<30), Failed, plan.Changing, 0, 7, false, true},
		{"gone", func(_, k string, _ int) error { return only(k, failure("", k, Gone)) }, Skipped, plan.Gone, 0, 2, false, true},
		{"copy says gone, HEAD finds it", nthCopies(Gone, 1, 1), Done, "", 1, 3, false, true},
		{"denied", nthCopies(Denied, 1, 1<<30), Failed, plan.Denied, 0, 3, false, true}, // copy, HEAD, copy
		{"refused", func(op, k string, _ int) error {
			return only(k, &ObjectError{Class: Refused, Reason: plan.Archived, Err: errors.New("archived")})
		}, Skipped, plan.Archived, 0, 1, false, true},
		{"fatal", nthCopies(Fatal, 1, 1<<30), NotAttempted, "", 0, 1, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(20), newLog()
				s.before = tt.before
				err := Run(t.Context(), t.Context(), config(s, l), batches(20, 20, nil))
				var b *BreakerError
				if errors.As(err, &b) != tt.runErr {
					t.Fatalf("Run = %v, want a BreakerError: %v", err, tt.runErr)
				}
				check(t, s, l)
				got, settled := l.durable[key(5)]
				if got != tt.want || settled != tt.settled {
					t.Errorf("outcome = %v (recorded %v), want %v (%v)", got, settled, tt.want, tt.settled)
				}
				if n := s.copies[key(5)]; n != tt.copies {
					t.Errorf("committed copies = %d, want %d", n, tt.copies)
				}
				if n := s.calls["copy"+key(5)] + s.calls["head"+key(5)]; n != tt.sent {
					t.Errorf("requests = %d, want %d", n, tt.sent)
				}
				for i := range l.results {
					if r := &l.results[i]; r.Task.Record.Key == key(5) && (r.Reason != tt.reason || r.Attempts != tt.sent) {
						t.Errorf("result says reason %q after %d requests, want %q after %d", r.Reason, r.Attempts, tt.reason, tt.sent)
					}
				}
				if !tt.runErr && len(l.durable) != 20 {
					t.Errorf("recorded %d rows, want 20: one object's failure is not the run's", len(l.durable))
				}
			})
		})
	}
}

// only returns err for the object that the table is about.
func only(k string, err *ObjectError) error {
	if k == key(5) {
		return err
	}
	return nil
}

// nthCopies fails the copies first to last of that object with an error of class c.
func nthCopies(c Class, first, last int) func(string, string, int) error {
	return func(op, k string, nth int) error {
		if op != "copy" || nth < first || nth > last {
			return nil
		}
		return only(k, failure(op, k, c))
	}
}

func TestBrokenJournalStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(1000), newLog()
		l.failSettle = errors.New("disk full")
		cfg, told := config(s, l), 0
		cfg.Broken = func(err error) {
			if told++; !errors.Is(err, l.failSettle) {
				t.Errorf("Broken(%v), want %v", err, l.failSettle)
			}
		}
		err := Run(t.Context(), t.Context(), cfg, batches(1000, 100, nil))
		if told != 1 {
			t.Errorf("Broken was called %d times, want once", told)
		}
		if l.rested {
			t.Error("a journal that cannot record what happened was told that nothing is in doubt")
		}
		if err == nil || !errors.Is(err, l.failSettle) {
			t.Errorf("Run = %v, want %v", err, l.failSettle)
		}
		if len(s.copies) > 24 {
			t.Errorf("%d objects were copied although nothing could be recorded, want those in flight only", len(s.copies))
		}
	})
}

func TestDamagedSegmentIsRecordedAndTheOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(50), newLog()
		damage := &inventory.FileError{File: 1, Name: "data/x.csv.gz", Row: 7, Err: errors.New("unexpected EOF")}
		err := Run(t.Context(), t.Context(), config(s, l), func(yield func(inventory.Batch, error) bool) {
			if yield(inventory.Batch{Segment: 1, Err: damage}, nil) {
				batches(50, 10, nil)(yield)
			}
		})
		if err != nil {
			t.Fatalf("Run = %v, want nil", err)
		}
		if l.ends[1] != damage || len(l.durable) != 50 {
			t.Errorf("damage recorded: %v, rows recorded: %d; want the damage and 50 rows", l.ends[1], len(l.durable))
		}
	})
}

func TestResumeRecognisesWhatACrashLeftUnrecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(30), newLog()
		for i := range 20 { // 0-9 recorded as done, 10-19 done but not recorded
			o := s.objects[key(i)]
			o.etag, o.encrypted = "kms-"+o.etag, true
		}
		cfg := config(s, l)
		cfg.Settled = func(p inventory.Position) bool { return p.Row < 10 }
		cfg.Uncertain = func(p inventory.Position) bool { return p.Row >= 10 && p.Row < 25 }
		stats := new(Stats)
		cfg.Stats = stats
		if err := Run(t.Context(), t.Context(), cfg, batches(30, 30, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		if len(s.copies) != 10 || stats.Repeats.Load() != 10 || stats.Count(Done) != 20 || stats.Earlier.Load() != 10 {
			t.Errorf("copies %d, repeats %d, done %d, settled earlier %d; want 10, 10, 20, 10",
				len(s.copies), stats.Repeats.Load(), stats.Count(Done), stats.Earlier.Load())
		}
		if s.fromKMS < 10 || s.fromKMS > 15+1 {
			t.Errorf("%d looks went by what may be under the key, want those at the 15 rows in doubt", s.fromKMS)
		}
	})
}

// An update leaves no trace in the ETag, so the rows that a crash left unrecorded
// are looked at, and none is updated twice.
func TestResumeRecognisesUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(30), newLog()
		for i := range 20 { // 0-9 recorded as done, 10-19 done but not recorded
			s.objects[key(i)].encrypted = true
		}
		cfg := config(s, l)
		policy := *cfg.Policy
		policy.Options.Method, policy.Options.TrustInventory = plan.MethodUpdate, true // no look but for the crash
		cfg.Policy = &policy
		cfg.Settled = func(p inventory.Position) bool { return p.Row < 10 }
		cfg.Uncertain = func(p inventory.Position) bool { return p.Row >= 10 && p.Row < 25 }
		stats := new(Stats)
		cfg.Stats = stats
		if err := Run(t.Context(), t.Context(), cfg, batches(30, 30, nil)); err != nil {
			t.Fatal(err)
		}
		if len(s.copies) != 10 || stats.Repeats.Load() != 10 || stats.Count(Done) != 20 || s.heads != 15 {
			t.Errorf("updates %d, repeats %d, done %d, looks %d; want 10, 10, 20, 15", len(s.copies), stats.Repeats.Load(), stats.Count(Done), s.heads)
		}
	})
}

// The answer to a copy gets lost after it took effect: sent again it fails its
// condition, and the look that follows finds the run's own work.
func TestALostAnswerIsARepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(10), newLog()
		s.before = func(op, key string, nth int) error {
			if op != "copy" || nth != 1 || key != "k/00003" {
				return nil
			}
			o := s.objects[key]
			o.etag, o.encrypted = "kms-"+o.etag, true
			s.copies[key]++
			return failure(op, key, Transient)
		}
		cfg := config(s, l)
		cfg.Stats = new(Stats)
		if err := Run(t.Context(), t.Context(), cfg, batches(10, 10, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		if cfg.Stats.Count(Done) != 10 || cfg.Stats.Repeats.Load() != 1 || cfg.Stats.Count(Skipped) != 0 {
			t.Errorf("done %d, repeats %d, skipped %d; want 10, 1, 0", cfg.Stats.Count(Done), cfg.Stats.Repeats.Load(), cfg.Stats.Count(Skipped))
		}
	})
}

// distrusted is a store whose copies take effect and are looked at, and the look does
// not show the object that the answer to the copy named.
type distrusted struct{ *store }

func (d distrusted) Rewrite(ctx context.Context, t *plan.Task, g Gate) (Effect, error) {
	e, err := d.store.Rewrite(ctx, t, g)
	if err != nil || t.Record.Key != key(3) {
		return e, err
	}
	e.ETag, e.RequestID = "named", "the copy"
	if err := g.Do(ctx, t.Step(plan.StepConfirm), func(context.Context) error { return nil }); err != nil {
		return e, err
	}
	return e, failure("copy", t.Record.Key, Changed)
}

// A copy that took effect is done, whatever the look after it shows, where the
// object is under the key: nothing of it was encrypted already. What the job claims
// to have written is what the copy's answer named.
func TestOwnWorkThatLooksLikeAnothers(t *testing.T) {
	for _, sse := range []string{plan.TargetKMS, plan.TargetAES256} {
		synctest.Test(t, func(t *testing.T) {
			s, l := newStore(10), newLog()
			s.toS3 = sse == plan.TargetAES256
			cfg := config(s, l)
			cfg.Rewriter, cfg.Stats = distrusted{s}, new(Stats)
			cfg.Policy.Options.SSE = sse
			rows := batches(10, 10, func(_ int, r *inventory.Record) {
				if s.toS3 {
					r.Encryption = inventory.SSEKMS
				}
			})
			if err := Run(t.Context(), t.Context(), cfg, rows); err != nil {
				t.Fatal(err)
			}
			if cfg.Stats.Count(Done) != 10 || cfg.Stats.Repeats.Load() != 1 || cfg.Stats.Count(Skipped) != 0 {
				t.Errorf("%s: done %d, repeats %d, skipped %d; want 10, 1, 0", sse, cfg.Stats.Count(Done), cfg.Stats.Repeats.Load(), cfg.Stats.Count(Skipped))
			}
			for _, r := range l.results {
				if r.Repeat && (r.Effect.ETag != "named" || r.Effect.RequestID != "the copy") {
					t.Errorf("%s: the repeat claims %+v", sse, r.Effect)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name        string
		edit        func(*Config)
		want        string
		least, most int
	}{
		{"limit", func(c *Config) { c.Limit = 10 }, "--limit 10", 10, 10},
		{"budget", func(c *Config) {
			c.Budget = func(s *Stats) string {
				if s.Count(Done) >= 16 {
					return "--max-cost $1"
				}
				return ""
			}
		}, "--max-cost $1", 16, 24},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(200), newLog()
				cfg := config(s, l)
				tt.edit(&cfg)
				err := Run(t.Context(), t.Context(), cfg, batches(200, 20, nil))
				var stop *StopError
				if !errors.As(err, &stop) || stop.Limit != tt.want {
					t.Fatalf("Run = %v, want a StopError of %s", err, tt.want)
				}
				check(t, s, l)
				if len(s.copies) > tt.most || len(s.copies) < tt.least || len(l.durable) != len(s.copies) {
					t.Errorf("copied %d, recorded %d; want the same, %d to %d", len(s.copies), len(l.durable), tt.least, tt.most)
				}
			})
		})
	}
	t.Run("failures", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, l := newStore(200), newLog()
			s.before = func(op, k string, _ int) error { return failure(op, k, Permanent) }
			cfg := config(s, l)
			cfg.Budget = mostFailures(5)
			err := Run(t.Context(), t.Context(), cfg, batches(200, 20, nil))
			var stop *StopError
			if !errors.As(err, &stop) || len(l.durable) > 16 {
				t.Errorf("Run = %v with %d failures, want a StopError after 5 and those in flight", err, len(l.durable))
			}
		})
	})
}

// Who waits for a flush does not wait for the next one that is due.
func TestHurriedFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(8), newLog()
		cfg := config(s, l)
		hurry := make(chan struct{}, 1)
		cfg.Hurry, cfg.FlushEvery = hurry, time.Hour
		stop := time.AfterFunc(10*time.Second, func() {
			for range 5 { // within 50 ms: one flush for all
				hurry <- struct{}{}
				time.Sleep(time.Millisecond)
			}
		})
		defer stop.Stop()
		if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
			t.Fatal(err)
		}
		if l.flushes != 2 {
			t.Errorf("%d flushes, want the one that was asked for, and the last", l.flushes)
		}
	})
}

func TestFlushEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(80), newLog()
		if err := Run(t.Context(), t.Context(), config(s, l), batches(80, 80, nil)); err != nil {
			t.Fatal(err)
		}
		if l.flushes < 595 || l.flushes > 605 {
			t.Errorf("%d flushes in ten minutes, want one a second", l.flushes)
		}
	})
}

func TestReaderErrorEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(40), newLog()
		broken := errors.New("report bucket unreachable")
		err := Run(t.Context(), t.Context(), config(s, l), func(yield func(inventory.Batch, error) bool) {
			for b := range batches(20, 20, nil) {
				b.End = false
				if !yield(b, nil) {
					return
				}
			}
			yield(inventory.Batch{}, broken)
		})
		if !errors.Is(err, broken) || len(l.durable) != 20 {
			t.Errorf("Run = %v, recorded %d; want %v and the 20 rows before it", err, len(l.durable), broken)
		}
		check(t, s, l)
	})
}

func TestBackoff(t *testing.T) {
	for _, tt := range []struct {
		attempt int
		class   Class
		u       float64
		want    time.Duration
	}{
		{1, Transient, 0, 0},
		{1, Transient, 1, 100 * time.Millisecond},
		{1, Throttled, 0, 50 * time.Millisecond},
		{4, Transient, 0.5, 400 * time.Millisecond},
		{9, Throttled, 1, 25600 * time.Millisecond},
		{10, Throttled, 1, 30 * time.Second},
		{1000, Transient, 1, 30 * time.Second},
	} {
		if got := backoff(tt.attempt, tt.class, tt.u); got != tt.want {
			t.Errorf("backoff(%d, %v, %v) = %v, want %v", tt.attempt, tt.class, tt.u, got, tt.want)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	s, l := newStore(0), newLog()
	s.latency = 0
	cfg := config(s, l)
	cfg.Rewriter, cfg.Journal, cfg.Sink = instant{}, quiet{}, quiet{}
	b.ReportAllocs()
	b.ResetTimer()
	if err := Run(b.Context(), b.Context(), cfg, batches(b.N, 1000, func(_ int, r *inventory.Record) { r.Key = "k" })); err != nil {
		b.Fatal(err)
	}
}

// instant is a store that is done at once, quiet a journal without memory.
type (
	instant struct{}
	quiet   struct{}
)

func (instant) Inspect(context.Context, *plan.Task, Gate) (*plan.Head, error) { return nil, nil }
func (instant) Rewrite(ctx context.Context, t *plan.Task, g Gate) (Effect, error) {
	return Effect{}, g.Do(ctx, t.Step(plan.StepCopy), func(context.Context) error { return nil })
}
func (quiet) Admit(context.Context, inventory.Position) error { return nil }
func (quiet) Settle(*Result) error                            { return nil }
func (quiet) End(int, int64, error) error                     { return nil }
func (quiet) Doubt(inventory.Position) error                  { return nil }
func (quiet) Rest(context.Context) error                      { return nil }
func (quiet) Flush(context.Context) error                     { return nil }
func (quiet) Write(*Result) error                             { return nil }

// slowLog is a log on a disk that takes longer for a flush than flushes are apart.
type slowLog struct {
	*log
	store *store
	left  []int // at the beginning of each flush: copies that took effect and are not settled
}

func (l *slowLog) Flush(ctx context.Context) error {
	l.store.mu.Lock()
	l.left = append(l.left, len(l.store.copies)-len(l.settled))
	l.store.mu.Unlock()
	err := l.log.Flush(ctx)
	time.Sleep(2500 * time.Millisecond)
	return err
}

// A crash repeats what was in flight when the last flush began, and what came
// after: every flush has all that ended before it, also after one that took long.
func TestAFlushHasAllThatEndedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(2000), newLog()
		s.latency = 100 * time.Millisecond
		cfg := config(s, l)
		slow := &slowLog{log: l, store: s}
		cfg.Journal = slow
		if err := Run(t.Context(), t.Context(), cfg, batches(2000, 2000, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		for i, n := range slow.left {
			if n > cfg.Workers {
				t.Errorf("flush %d of %d began with %d copies that were done and not settled, want at most the %d in flight", i, len(slow.left), n, cfg.Workers)
			}
		}
		if len(slow.left) < 5 {
			t.Errorf("%d flushes, want several", len(slow.left))
		}
	})
}

// cutLog is a log whose second Admit is under way when admission ends.
type cutLog struct {
	*log
	end   func()
	calls int
}

func (l *cutLog) Admit(ctx context.Context, p inventory.Position) error {
	if l.calls++; l.calls == 2 {
		synctest.Wait() // until all that was admitted is in flight
		l.end()
		return fmt.Errorf("read state: %w", ctx.Err())
	}
	return l.log.Admit(ctx, p)
}

// Admission that ends while rows are being admitted is an end like any other: what
// is in flight is recorded, and the run says what ended it.
func TestStopWhileRowsAreAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(16), newLog()
		admit, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		why := &StopError{Limit: "a limit"}
		cfg := config(s, l)
		cfg.Journal = &cutLog{log: l, end: func() { stop(why) }}
		err := Run(admit, t.Context(), cfg, batches(16, 8, nil))
		if !errors.Is(err, why) {
			t.Errorf("Run: %v, want %v", err, why)
		}
		check(t, s, l)
		if len(s.copies) != 8 || len(l.durable) != 8 {
			t.Errorf("%d copies, %d of them recorded; want the 8 that were in flight", len(s.copies), len(l.durable))
		}
	})
}

// dyingLog is a log whose process dies once it has settled so many rows: what
// was not flushed by then never is.
type dyingLog struct {
	*log
	lives int
	die   func()
}

func (l *dyingLog) Settle(r *Result) error {
	err := l.log.Settle(r)
	if l.lives--; l.lives == 0 {
		l.die()
	}
	return err
}

func (l *dyingLog) Flush(ctx context.Context) error {
	if l.lives <= 0 {
		return errors.New("dead")
	}
	return l.log.Flush(ctx)
}

// A run that dies after any number of rows, and one that goes on, end as one run
// does that nothing befell: the same outcome for each row, each object copied once.
func TestResumeAfterAnyPrefixEqualsOneRun(t *testing.T) {
	const n = 60
	edit := func(i int, r *inventory.Record) {
		switch {
		case i%7 == 3:
			r.Encryption = inventory.SSEKMS
		case i%11 == 4:
			r.Bucket = "other"
		}
	}
	fails := func(op, key string, _ int) error {
		if op == "copy" && key == "k/00010" {
			return failure(op, key, Permanent)
		}
		return nil
	}
	var want map[string]Outcome
	for lives := 0; lives <= n; lives++ { // 0 is the run that nothing befalls
		synctest.Test(t, func(t *testing.T) {
			s, first := newStore(n), newLog()
			s.latency, s.before = 300*time.Millisecond, fails
			if lives > 0 {
				process, kill := context.WithCancel(t.Context())
				cfg := config(s, first)
				cfg.Journal = &dyingLog{log: first, lives: lives, die: kill}
				_ = Run(process, process, cfg, batches(n, 9, edit))
				kill()
			}
			second, stats := newLog(), new(Stats)
			cfg := config(s, second)
			cfg.Stats = stats
			row := func(p inventory.Position) string { return key(int(p.Row)) }
			cfg.Settled = func(p inventory.Position) bool { _, ok := first.durable[row(p)]; return ok }
			cfg.Uncertain = func(p inventory.Position) bool { return p.Row <= first.admitted[0] && !cfg.Settled(p) }
			unrecorded := len(s.copies)
			for k, o := range first.durable {
				if o == Done && s.copies[k] > 0 {
					unrecorded--
				}
			}
			if err := Run(t.Context(), t.Context(), cfg, batches(n, 9, edit)); err != nil {
				t.Fatalf("resume after %d rows: %v", lives, err)
			}
			got := maps.Clone(first.durable)
			maps.Copy(got, second.durable)
			if lives == 0 {
				want = got
			}
			if !maps.Equal(got, want) || len(got) != n {
				t.Errorf("after %d rows and a resume: %v, want %v", lives, got, want)
			}
			for k, times := range s.copies {
				if times != 1 {
					t.Errorf("after %d rows and a resume: %s was copied %d times", lives, k, times)
				}
			}
			if r := stats.Repeats.Load(); r != int64(unrecorded) {
				t.Errorf("resume after %d rows: %d repeats, want the %d copies that were not recorded", lives, r, unrecorded)
			}
		})
	}
}

// mostFailures is a budget that so many failures use up.
func mostFailures(most int64) func(*Stats) string {
	return func(s *Stats) string {
		if s.Count(Failed) < most {
			return ""
		}
		return "failures"
	}
}

// unwritten is a log whose last flush fails.
type unwritten struct {
	*log
	err error
}

func (u unwritten) Rest(context.Context) error { return u.err }

// What ended a run stays known where its last writes fail, too.
func TestWhatEndedTheRunIsKeptBesideAFailedWrite(t *testing.T) {
	word, full := errors.New("somebody's word"), errors.New("disk full")
	for _, tt := range []struct {
		name string
		set  func(*Config, context.CancelCauseFunc)
		want func(error) bool
	}{
		{"a word", func(_ *Config, end context.CancelCauseFunc) { time.AfterFunc(2*time.Second, func() { end(word) }) },
			func(err error) bool { return errors.Is(err, word) }},
		{"a limit of objects", func(c *Config, _ context.CancelCauseFunc) { c.Limit = 3 },
			func(err error) bool { var s *StopError; return errors.As(err, &s) }},
		{"its end", func(*Config, context.CancelCauseFunc) {}, func(err error) bool { return err == full }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(64), newLog()
				s.latency = time.Second
				cfg := config(s, l)
				cfg.Journal = unwritten{l, full}
				admit, end := context.WithCancelCause(t.Context())
				defer end(nil)
				tt.set(&cfg, end)
				if err := Run(admit, t.Context(), cfg, batches(64, 8, nil)); !errors.Is(err, full) || !tt.want(err) {
					t.Errorf("Run = %v, want both what ended it and what was not written", err)
				}
			})
		})
	}
}

// Where a limit of objects gives up what is under way, the end of all work is told.
func TestALimitOfObjectsTellsThatItCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(8), newLog()
		s.hang = func(string, string) bool { return true }
		cfg := config(s, l)
		cfg.Limit, cfg.Drain = 3, time.Minute
		cut := 0
		cfg.Cut = func() { cut++ }
		if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err == nil || cut != 1 {
			t.Errorf("Run = %v, told %d times; want once", err, cut)
		}
	})
}
