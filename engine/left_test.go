package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"reseal/inventory"
	"reseal/plan"
)

// An object that a limit has no room for is left for a later run: it is not settled, no
// failure is counted, nobody looks at it, and the limit ends the run. The next run does
// it. It is in doubt only where an earlier request of it may have taken effect.
func TestAnObjectIsLeftForALaterRun(t *testing.T) {
	const full = 5 // the object that there is no room for
	why := &StopError{Limit: "--max-cost 40"}
	left := func(string) error { return &LeftForLater{Task: &plan.Task{}, Why: why} }
	for _, tt := range []struct {
		name   string
		op     string
		nth    int // request of the object that there is no room for
		head   bool
		doubts []int64
		copies int // of it, in both runs
	}{
		{"its copy", "copy", 1, false, nil, 1},
		{"the look at it", "head", 1, true, nil, 1},
		{"its copy again after an answer was lost", "copy", 2, false, []int64{full}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(40), newLog()
				s.before = func(op, k string, nth int) error {
					if k == key(full) && op == tt.op && nth == tt.nth {
						return left(k)
					}
					return nil
				}
				s.lose = func(op, k string) bool { return op == "copy" && k == key(full) && s.calls[op+k] < tt.nth }
				cfg := config(s, l)
				cfg.Stats = new(Stats)
				withoutETag := func(i int, r *inventory.Record) {
					if tt.head && i == full {
						r.ETag = ""
						r.Known = 0
						for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize} {
							r.Known = r.Known.With(c)
						}
					}
				}
				err := Run(t.Context(), t.Context(), cfg, batches(40, 10, withoutETag))
				if !errors.Is(err, why) {
					t.Fatalf("Run = %v, want the limit", err)
				}
				if _, settled := l.settled[key(full)]; settled || cfg.Stats.Count(Failed) != 0 || cfg.Stats.Count(NotAttempted) == 0 {
					t.Errorf("settled: %t, %d failed, %d not attempted; want it left", settled, cfg.Stats.Count(Failed), cfg.Stats.Count(NotAttempted))
				}
				if !slices.Equal(l.doubts, tt.doubts) {
					t.Errorf("rows %v are in doubt, want %v", l.doubts, tt.doubts)
				}
				if tt.op == "copy" && s.heads != 0 {
					t.Errorf("%d looks were sent below a limit that was reached", s.heads)
				}
				if len(l.settled) == 40 {
					t.Error("all rows were settled: the limit ended nothing")
				}

				next := config(s, l)
				settled, doubts := maps.Clone(l.settled), slices.Clone(l.doubts) // as they were before this run
				next.Settled = func(p inventory.Position) bool { _, ok := settled[key(int(p.Row))]; return ok }
				next.Uncertain = func(p inventory.Position) bool { return slices.Contains(doubts, p.Row) }
				if err := Run(t.Context(), t.Context(), next, batches(40, 10, withoutETag)); err != nil {
					t.Fatal(err)
				}
				if len(l.settled) != 40 || l.settled[key(full)] != Done || s.copies[key(full)] != tt.copies {
					t.Errorf("after the next run %d rows are settled, it is %v after %d copies", len(l.settled), l.settled[key(full)], s.copies[key(full)])
				}
			})
		})
	}
}

// What ended the run before an object was left stays the cause of the end.
func TestALimitDoesNotReplaceAnEarlierCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(4), newLog()
		first := errors.New("somebody's word")
		admit, stop := context.WithCancelCause(t.Context())
		s.before = func(_, k string, _ int) error {
			stop(first)
			return &LeftForLater{Task: &plan.Task{Record: inventory.Record{Bucket: "b", Key: k}}, Why: &StopError{Limit: "--max-cost 1"}}
		}
		if err := Run(admit, t.Context(), config(s, l), batches(4, 4, nil)); !errors.Is(err, first) {
			t.Errorf("Run = %v, want %v", err, first)
		}
	})
}

// The error names object and limit, and a key cannot write over the screen.
func TestLeftForLaterSpeaks(t *testing.T) {
	task := &plan.Task{Action: plan.Copy, Record: inventory.Record{Bucket: "b", Key: "a\x1b[2J"}}
	err := error(&LeftForLater{Task: task, Why: &StopError{Limit: "--max-cost 40"}})
	if got, want := err.Error(), `copy s3://b/"a\x1b[2J" is left for a later run: stopped by --max-cost 40`; got != want {
		t.Errorf("Error() = %s\nwant %s", got, want)
	}
}

// An object of a kind that is not proven yet is put off, with no failure and no error to
// show. It is in doubt only where an earlier request of it may have taken effect.
func TestAnObjectIsHeldBack(t *testing.T) {
	for nth, doubts := range map[int]int{1: 0, 2: 1} {
		synctest.Test(t, func(t *testing.T) {
			s, l := newStore(8), newLog()
			s.before = func(op, k string, n int) error {
				if op == "copy" && k == key(5) && n >= nth {
					return &HeldBack{Task: &plan.Task{}, Why: "no object was seen to keep its tags yet", Unproven: []plan.Attribute{plan.Tags}}
				}
				return nil
			}
			s.lose = func(op, k string) bool { return op == "copy" && k == key(5) }
			cfg := config(s, l)
			cfg.Stats = new(Stats)
			if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
				t.Fatal(err)
			}
			if got := l.durable[key(5)]; got != Deferred || cfg.Stats.Count(Failed) > 0 || cfg.Stats.Failure.Load() != nil || len(l.doubts) != doubts {
				t.Errorf("held back at request %d: %v with %d failed, in doubt %v; want it put off, %d in doubt", nth, got, cfg.Stats.Count(Failed), l.doubts, doubts)
			}
		})
	}
	err := error(&HeldBack{Task: &plan.Task{Action: plan.Copy, Record: inventory.Record{Bucket: "b", Key: "a\x1b[2J"}}, Why: "it could not be looked at"})
	if got, want := err.Error(), `copy s3://b/"a\x1b[2J" is put off: it could not be looked at`; got != want {
		t.Errorf("Error() = %s\nwant %s", got, want)
	}
}
