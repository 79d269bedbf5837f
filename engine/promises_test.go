package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/internal/wait"
	"reseal/inventory"
	"reseal/plan"
)

// Only under the wanted key, and with the bucket key that was asked for, is an object this
// job's work. One that another client encrypted otherwise is left alone as theirs,
// whatever is not known of this job's own requests.
func TestAnObjectUnderAnotherKeyIsNoRepeat(t *testing.T) {
	for _, tt := range []struct {
		name  string
		doubt bool // an earlier run may have worked on it; else an answer of this run is lost
	}{
		{"after a crash", true},
		{"after a lost answer", false},
	} {
		for _, by := range []string{"the key", "another key", "another bucket key"} {
			other := by != "the key"
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(8), newLog()
				theirs := &object{etag: "theirs", encrypted: true}
				theirs.noBucket = by == "another bucket key"
				if by == "another key" {
					theirs.key = "arn:aws:kms:eu-west-1:111122223333:key/k2"
				}
				s.before = func(op, k string, nth int) error {
					if op != "copy" || nth > 1 {
						return nil
					}
					if k == key(5) {
						s.objects[k] = theirs
						if !tt.doubt {
							return failure(op, k, Transient)
						}
					}
					return nil
				}
				cfg := config(s, l)
				cfg.Stats = new(Stats)
				cfg.Uncertain = func(inventory.Position) bool { return tt.doubt }
				if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
					t.Fatal(err)
				}
				want, repeats := Done, int64(1)
				if other {
					want, repeats = Skipped, 0
				}
				if got, n := l.durable[key(5)], cfg.Stats.Repeats.Load(); got != want || n != repeats || s.copies[key(5)] != 0 {
					t.Errorf("%s, under %s: ended as %v with %d repeats, want %v with %d", tt.name, by, got, n, want, repeats)
				}
			})
		}
	}
}

// uploads is a store whose objects are rewritten in parts: an upload, one part, and
// the completion, which commits.
type uploads struct{ *store }

func (u uploads) Rewrite(ctx context.Context, t *plan.Task, g Gate) (e Effect, err error) {
	complete := false
	for _, kind := range []plan.StepKind{plan.StepCreate, plan.StepPart, plan.StepComplete} {
		err := g.Do(ctx, t.Step(kind), func(ctx context.Context) error {
			return u.request(ctx, kind.String(), t.Record.Key, func(o *object) error {
				switch {
				case kind != plan.StepComplete:
					return nil
				case complete || o.etag != t.Record.ETag: // NoSuchUpload, or the condition
					return failure(kind.String(), t.Record.Key, Changed)
				}
				complete = true
				u.copies[t.Record.Key]++
				o.encrypted, o.etag = true, "kms-"+o.etag
				e = Effect{ETag: o.etag, KMSKeyID: wantedKey}
				return nil
			})
		})
		if err != nil {
			return Effect{}, err
		}
	}
	return e, nil
}

// A completion that took effect and whose answer is lost meets no upload when it is
// sent again. The object is this job's work all the same.
func TestACompletionWhoseAnswerIsLostIsARepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(8), newLog()
		lost := false
		s.lose = func(op, k string) bool {
			first := op == plan.StepComplete.String() && k == key(5) && !lost
			lost = lost || first
			return first
		}
		cfg := config(s, l)
		cfg.Rewriter, cfg.Stats = uploads{s}, new(Stats)
		if err := Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)); err != nil {
			t.Fatal(err)
		}
		check(t, s, l)
		if n := cfg.Stats.Repeats.Load(); !lost || l.durable[key(5)] != Done || n != 1 {
			t.Errorf("lost %v, ended as %v with %d repeats, want done, and a repeat", lost, l.durable[key(5)], n)
		}
	})
}

// slowCompletions is a gate at which completions wait for a time.
type slowCompletions time.Duration

func (d slowCompletions) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if s.Kind == plan.StepComplete && wait.For(ctx, time.Duration(d)) != nil {
		return context.Cause(ctx)
	}
	return send(ctx)
}

// A drain gives up what has yet to begin, and not an upload of which all but the
// completion is done: that waits for its turn as long as the drain may take.
func TestADrainSendsCompletions(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wait  time.Duration
		want  int // objects done
		fails bool
	}{
		{"within the drain bound", 30 * time.Second, 4, false},
		{"beyond it", 10 * time.Minute, 0, false},
		{"which have to be sent again", 30 * time.Second, 4, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(4), newLog()
				s.latency = time.Second
				s.before = func(op, k string, nth int) error {
					if tt.fails && op == plan.StepComplete.String() && nth == 1 {
						return failure(op, k, Throttled)
					}
					return nil
				}
				cfg := config(s, l)
				cfg.Rewriter, cfg.Gate, cfg.Drain, cfg.Stats = uploads{s}, slowCompletions(tt.wait), 2*time.Minute, new(Stats)
				ctx, cancel := withTimeout(t, 10*time.Second)
				defer cancel()
				if err := Run(ctx, t.Context(), cfg, batches(4, 4, nil)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run = %v", err)
				}
				check(t, s, l)
				if done := cfg.Stats.Count(Done); int(done) != tt.want || cfg.Stats.Count(Failed) != 0 {
					t.Errorf("%d of 4 done, %d failed; want %d and none", done, cfg.Stats.Count(Failed), tt.want)
				}
			})
		})
	}
}

// Requests without an answer make the run ask the endpoint only where there are many
// in a row, and then count anew.
func TestRequestsWithoutAnswerCountInARow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fails func(request int) bool
		want  int // questions
	}{
		{"every second one", func(n int) bool { return n%2 == 0 }, 0},
		{"all but every sixteenth", func(n int) bool { return n%silence != 0 }, 0},
		{"many in a row", func(n int) bool { return n <= 3*silence }, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newStore(40), newLog()
				s.latency = time.Second
				n := 0
				s.before = func(op, k string, _ int) error {
					if n++; tt.fails(n) {
						return failure(op, k, Transient)
					}
					return nil
				}
				cfg := config(s, l)
				cfg.Workers, cfg.Attempts, cfg.Stats = 1, 100, new(Stats)
				asked := 0
				cfg.Alive = func(context.Context) error { asked++; return nil }
				if err := Run(t.Context(), t.Context(), cfg, batches(40, 40, nil)); err != nil {
					t.Fatal(err)
				}
				check(t, s, l)
				if asked != tt.want || cfg.Stats.Count(Done) != 40 {
					t.Errorf("the endpoint was asked %d times, want %d; %d of 40 done", asked, tt.want, cfg.Stats.Count(Done))
				}
			})
		})
	}
}

// Denials end a run only where they are all that it met: one success anywhere, at
// any time before, and as many as there may be are no reason.
func TestOneSuccessIsEnoughAgainstDenials(t *testing.T) {
	for _, first := range []int{0, 9} { // the object that succeeds
		var d Denials
		result := func(i int, o Outcome) *Result {
			r := &Result{Outcome: o}
			r.Task.Record.Key, r.Task.Head = key(i), new(plan.Head)
			if o == Failed {
				r.Err = failure("copy", key(i), Denied)
			}
			return r
		}
		for i := range 5 * hopeless / confirmedDenial {
			o := Failed
			if i == first {
				o = Done
			}
			if err := d.see(result(i, o)); err != nil {
				t.Fatalf("stopped after %d, although object %d succeeded: %v", i, first, err)
			}
		}
		if err := d.end(); err != nil {
			t.Errorf("at the end: %v", err)
		}
	}
}

// A key that is throttled again and again is named while it holds the run up.
func TestAKeyThatIsThrottledAgainAndAgainIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(8), newLog()
		s.latency = time.Second
		s.before = func(op, k string, _ int) error {
			if op != "copy" || k != key(5) {
				return nil
			}
			e := failure(op, k, Throttled)
			e.HTTPStatus, e.Code = 503, "SlowDown"
			return e
		}
		cfg := config(s, l)
		cfg.Attempts, cfg.Stats = 12, new(Stats)
		var ended error
		var running sync.WaitGroup
		running.Go(func() { ended = Run(t.Context(), t.Context(), cfg, batches(8, 8, nil)) })
		time.Sleep(10 * time.Minute)
		r := cfg.Stats.Refusal.Load()
		if r == nil || r.Key != key(5) || r.HTTPStatus != 503 || r.Code != "SlowDown" || r.Tries < 13 || r.Most != 120 {
			t.Errorf("after ten minutes: %+v, want the key and its 503", r)
		}
		running.Wait()
		if ended != nil || l.durable[key(5)] != Failed || cfg.Stats.Refusal.Load() != nil {
			t.Errorf("%v, %v, still named: %v; want it failed, and nothing named", ended, l.durable[key(5)], cfg.Stats.Refusal.Load())
		}
	})
}
