package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// An object whose copy was committed and whose answer was lost is this job's work,
// whatever is met after that: never failed, and a repeat once a look succeeds.
func TestOwnWorkWhoseAnswerIsLost(t *testing.T) {
	for _, tt := range []struct {
		name  string
		class Class // of every request after the one that was lost
		until int   // looks that meet it too
		want  Outcome
	}{
		{"then changed", Changed, 0, Done},
		{"then denied, the look shows it", Denied, 0, Done},
		{"then denied, the look as well", Denied, 1 << 30, Deferred},
		{"then denied, and the first look", Denied, 1, Done},
		{"then gone, the look shows it", Gone, 0, Done},
		{"then refused, the look shows it", Refused, 0, Done},
		{"then refused, the look as well", Refused, 1 << 30, Skipped},
		{"then an error of the request", Permanent, 0, Done},
		{"then an error of the request, the look as well", Permanent, 1 << 30, Deferred},
		{"then no answer for long, the look shows it", Transient, 0, Done},
		{"then no answer for long, the look as well", Transient, 1 << 30, Deferred},
		{"then throttled for very long, the look as well", Throttled, 1 << 30, Deferred},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(8), newLog()
				s.latency = time.Second
				lost := false
				s.lose = func(op, k string) bool {
					first := op == "copy" && k == key(5) && !lost
					lost = lost || first
					return first
				}
				s.before = func(op, k string, nth int) error {
					if lost && (op == "copy" || nth <= tt.until) {
						return only(k, failure(op, k, tt.class))
					}
					return nil
				}
				cfg := config(s, l)
				cfg.Stats = new(Stats)
				if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
					t.Fatal(err)
				}
				check(t, s, l)
				if got := l.durable[key(5)]; got != tt.want || tt.want == Done && cfg.Stats.Repeats.Load() != 1 {
					t.Errorf("ended as %v with %d repeats, want %v", got, cfg.Stats.Repeats.Load(), tt.want)
				}
				if tt.want != Deferred {
					return
				}
				// Another pass, or another run, that cannot look at it either leaves it in doubt.
				if tt.class == Denied {
					blind := newLog()
					cfg = config(s, blind)
					cfg.Settled = func(p inventory.Position) bool { return l.durable[key(int(p.Row))] != Deferred }
					cfg.Uncertain = func(inventory.Position) bool { return true }
					if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
						t.Fatal(err)
					}
					if got := blind.durable[key(5)]; got != Deferred || len(blind.doubts) != 1 {
						t.Errorf("another pass: %v, in doubt %v; want it put off, in doubt", got, blind.doubts)
					}
				}
				// Another pass, or another run, recognises it once it can look.
				again := newLog()
				cfg = config(s, again)
				cfg.Stats = new(Stats)
				cfg.Settled = func(p inventory.Position) bool { return l.durable[key(int(p.Row))] != Deferred }
				cfg.Uncertain = func(inventory.Position) bool { return true }
				s.before = func(string, string, int) error { return nil }
				if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil || cfg.Stats.Repeats.Load() != 1 {
					t.Errorf("afterwards: %v, %d repeats; want one", err, cfg.Stats.Repeats.Load())
				}
			})
		})
	}
}

// What a look shows to have stayed as it was has failed.
func TestALookDecidesWhetherACopyTookEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(8), newLog()
		s.before = nthCopies(Transient, 1, 1<<30)
		if err := Run(t.Context(), t.Context(), config(s, l), batches(8, 8, nil)); err != nil {
			t.Fatal(err)
		}
		if got := l.durable[key(5)]; got != Failed || l.written[key(5)] != Failed {
			t.Errorf("ended as %v, want failed: nothing took effect", got)
		}
	})
}

// Every stop ends within the drain bound, whatever the requests under way do, and
// what is cut off is not attempted. docs/overnight.md has the table.
func TestEveryStopHasTheDrainBound(t *testing.T) {
	const drain = time.Minute
	limit := func(err error) bool { var s *StopError; return errors.As(err, &s) }
	broke := func(err error) bool { var b *BreakerError; return errors.As(err, &b) }
	word := errors.New("somebody's word")
	type stage struct {
		*Config
		s     *store
		end   func(error) // of admission
		watch func()      // the stop is now
	}
	failing := func(c Class) func(stage) {
		return func(g stage) {
			g.s.before = func(op, k string, _ int) error {
				if k != key(9) {
					return nil
				}
				g.watch()
				return failure(op, k, c)
			}
		}
	}
	for _, stop := range []struct {
		name string
		set  func(stage)
		want func(error) bool
	}{
		{"signal, limit of time, window, operator", func(g stage) {
			time.AfterFunc(5500*time.Millisecond, func() { g.watch(); g.end(word) })
		}, func(err error) bool { return errors.Is(err, word) }},
		{"limit of objects", func(g stage) {
			g.Limit = 12
			var begun atomic.Int64
			hangs := g.s.hang
			g.s.hang = func(op, k string) bool {
				if begun.Add(1) == 12 {
					g.watch()
				}
				return hangs != nil && hangs(op, k)
			}
		}, limit},
		{"failure budget", func(g stage) { g.Budget = mostFailures(1); failing(Permanent)(g) }, limit},
		{"another budget", func(g stage) {
			g.Budget = func(s *Stats) string {
				if s.Count(Done) <= 4 {
					return ""
				}
				g.watch()
				return "the test"
			}
		}, limit},
		{"breaker", failing(Fatal), broke},
		{"outage", func(g stage) {
			start := time.Now()
			gone := func() bool { return time.Since(start) > 2500*time.Millisecond }
			g.s.before = func(op, k string, _ int) error {
				if gone() {
					return failure(op, k, Transient)
				}
				return nil
			}
			g.Patience = 20 * time.Second
			g.Alive = func(context.Context) error {
				if !gone() {
					return nil
				}
				if time.Since(start) > 22*time.Second {
					g.watch()
				}
				return failure("HeadBucket", "", Transient)
			}
		}, broke},
	} {
		for _, state := range []struct {
			name  string
			hangs func(op, k string) bool
			most  time.Duration // after the stop
		}{
			{"answered", nil, 2 * time.Second},
			{"two hang", func(op, k string) bool { return op == "copy" && (k == key(2) || k == key(3)) }, drain},
		} {
			t.Run(stop.name+", "+state.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, l := newStore(4000), newLog()
					s.latency, s.hang = time.Second, state.hangs
					cfg := config(s, l)
					cfg.Stats, cfg.Drain = new(Stats), drain
					admit, end := context.WithCancelCause(t.Context())
					defer end(nil)
					var ended time.Time
					var once sync.Once
					stop.set(stage{&cfg, s, end, func() { once.Do(func() { ended = time.Now() }) }})
					if err := Run(admit, t.Context(), cfg, batches(4000, 100, nil)); !stop.want(err) {
						t.Fatalf("Run = %v", err)
					}
					check(t, s, l)
					took := time.Since(ended)
					t.Logf("%v; %d not attempted", took, cfg.Stats.Count(NotAttempted))
					if took > state.most {
						t.Errorf("it took %v, want at most %v", took, state.most)
					}
					if state.hangs != nil && cfg.Stats.Count(NotAttempted) < 2 {
						t.Errorf("%d not attempted, want those that hung", cfg.Stats.Count(NotAttempted))
					}
					var doubts []int64 // that have to be known as the run rests
					switch {
					case state.hangs != nil:
						doubts = []int64{2, 3}
					case stop.name == "outage": // what got no answer, too
						doubts = l.doubts
					}
					slices.Sort(l.doubts)
					if !l.rested || !slices.Equal(l.doubts, doubts) && stop.name != "outage" {
						t.Errorf("rested %t with rows %v in doubt, want %v", l.rested, l.doubts, doubts)
					}
					if failed := cfg.Stats.Count(Failed); failed > 1 || failed > 0 && stop.name != "failure budget" {
						t.Errorf("%d failed: a stop fails nothing", failed)
					}
				})
			})
		}
	}
}

// cutOff is a store whose copies take effect and are looked at; a request after that
// meets what ends the run.
type cutOff struct{ *store }

func (c cutOff) Rewrite(ctx context.Context, t *plan.Task, g Gate) (Effect, error) {
	e, err := c.store.Rewrite(ctx, t, g)
	if err != nil || t.Record.Key != key(3) {
		return e, err
	}
	if err := g.Do(ctx, t.Step(plan.StepConfirm), func(context.Context) error { return nil }); err != nil {
		return e, err
	}
	return e, failure("tags", t.Record.Key, Fatal)
}

// A copy that took effect, and was seen to, is this job's work also where the run ended
// before it was recorded: its row is in doubt, so that the next run recognises it.
func TestOwnWorkThatIsNotRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(8), newLog()
		cfg := config(s, l)
		cfg.Rewriter = cutOff{s}
		if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err == nil {
			t.Fatal("the run did not end with the failure")
		}
		if !slices.Contains(l.doubts, 3) || !s.objects[key(3)].encrypted {
			t.Errorf("rows %v are in doubt, want row 3, which was copied: %t", l.doubts, s.objects[key(3)].encrypted)
		}
	})
}
