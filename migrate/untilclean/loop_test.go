package untilclean

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/jobtest"
	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
)

// pass is what one generation comes to.
type pass struct {
	rows, done, failed int64
	findErr, runErr    error
	none               int // how often there is no newer report
}

// steps play passes, one a generation.
type steps struct {
	passes []pass
	ran    []int // numbers of generations that were run
	finds  int
}

func (s *steps) at(g *generations.Generation) *pass { return &s.passes[g.Number-2] }

func (s *steps) Find(_ context.Context, g *generations.Generation, _ func(context.Context) error) error {
	s.finds++
	p := s.at(g)
	if p.none > 0 {
		p.none--
		return ErrNoneNewer
	}
	if err := p.findErr; err != nil {
		p.findErr = nil
		return err
	}
	g.Manifest, g.Rows = "listings/x/manifest.json", p.rows
	return nil
}

func (s *steps) Run(ctx context.Context, g *generations.Generation, link func(context.Context, string) error) error {
	if err := link(ctx, strings.Repeat("c", 64)); err != nil {
		return err
	}
	s.ran = append(s.ran, g.Number)
	err := s.at(g).runErr
	s.at(g).runErr = nil
	return err
}

func (s *steps) Count(_ context.Context, g *generations.Generation) error {
	g.Done, g.Failed = s.at(g).done, s.at(g).failed
	return nil
}

// loopOf is a loop in a new job, and what reads it again as another process would.
func loopOf(t *testing.T, s *steps) (*Loop, func() *Loop) {
	t.Helper()
	d := jobtest.Locked(t)
	made := &job.Plan{Frozen: plan.Frozen{Options: plan.Options{Bucket: "b"}}}
	again := func() *Loop {
		c, err := generations.ReadDocument(t.Context(), d, made)
		if err != nil {
			t.Fatal(err)
		}
		return &Loop{Chain: c, Store: d, Source: generations.Listing, Steps: s, Most: 5}
	}
	return again(), again
}

// A loop ends with the generation that finds nothing to do. What failed is no work for a
// next one as long as nothing else is done.
func TestLoopEnds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		passes  []pass
		ran     []int
		verdict generations.Verdict
		number  int
	}{
		{"nothing came", []pass{{}}, nil, generations.Clean, 2},
		{"some came", []pass{{rows: 3, done: 3}, {}}, []int{2}, generations.Clean, 3},
		{"left alone for its state", []pass{{rows: 3}}, []int{2}, generations.Clean, 2},
		{"what failed is tried as long as something is done", []pass{{rows: 3, done: 1, failed: 2}, {rows: 2, failed: 2}}, []int{2, 3}, generations.Left, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &steps{passes: tt.passes}
			l, again := loopOf(t, s)
			last, err := l.Run(t.Context())
			if err != nil || last.Verdict != tt.verdict || last.Number != tt.number || !reflect.DeepEqual(s.ran, tt.ran) {
				t.Fatalf("ended with %+v, %v, ran %v; want generation %d, %s, ran %v", last, err, s.ran, tt.number, tt.verdict, tt.ran)
			}
			if c := again().Chain; c.Last().Verdict != tt.verdict || c.Last().Ended.IsZero() {
				t.Errorf("recorded: %+v", c.Last())
			}
		})
	}
}

// A writer that never stops is stopped by the limit, with what is resumable.
func TestLoopStopsAtItsLimit(t *testing.T) {
	s := &steps{passes: []pass{{rows: 1, done: 1}, {rows: 1, done: 1}, {}}}
	l, again := loopOf(t, s)
	l.Most = 2
	if _, err := l.Run(t.Context()); !errors.As(err, new(*MostError)) || !errors.As(err, new(*engine.StopError)) {
		t.Fatalf("ended with %v", err)
	}
	if last, err := again().Run(t.Context()); err != nil || last.Number != 4 || last.Verdict != generations.Clean {
		t.Errorf("then %+v, %v", last, err)
	}
}

// What was cut off goes on in the same generation, in a process that knows nothing but
// what is recorded: a listing anew, a run with its plan.
func TestLoopGoesOn(t *testing.T) {
	cut := errors.New("cut off")
	s := &steps{passes: []pass{{rows: 2, done: 2, findErr: cut, runErr: cut}, {}}}
	l, again := loopOf(t, s)
	if _, err := l.Run(t.Context()); err != cut {
		t.Fatalf("the listing: %v", err)
	}
	if g := again().Chain.Last(); !g.Awaited() || g.Attempt != 1 {
		t.Fatalf("after a listing that failed half way: %+v", g)
	}
	if _, err := again().Run(t.Context()); err != cut {
		t.Fatalf("the run: %v", err)
	}
	if g := again().Chain.Last(); g.Number != 2 || g.Awaited() || g.Over() || g.Attempt != 2 || g.Plan == "" {
		t.Fatalf("after a run that was cut off: %+v", g)
	}
	last, err := again().Run(t.Context())
	if err != nil || last.Number != 3 || s.finds != 3 || !reflect.DeepEqual(s.ran, []int{2, 2}) {
		t.Errorf("%+v, %v; %d listings, ran %v", last, err, s.finds, s.ran)
	}
}

// A plan that is not the one of before is not run.
func TestLoopRefusesAnotherPlan(t *testing.T) {
	s := &steps{passes: []pass{{rows: 2, done: 2, runErr: errors.New("cut off")}}}
	l, again := loopOf(t, s)
	_, _ = l.Run(t.Context())
	next := again()
	next.Chain.Last().Plan = strings.Repeat("d", 64)
	if _, err := next.Run(t.Context()); !errors.As(err, new(*generations.LinkError)) || len(s.ran) != 1 {
		t.Errorf("%v, ran %v", err, s.ran)
	}
}

// Between two generations it waits, and ends at once when it is told to: nothing is
// under way.
func TestLoopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &steps{passes: []pass{{rows: 1, done: 1}, {rows: 1, done: 1}, {}}}
		l, again := loopOf(t, s)
		l.Every = time.Hour
		began := time.Now()
		if _, err := l.Run(t.Context()); err != nil || time.Since(began) != 2*time.Hour {
			t.Errorf("three generations took %s, %v; want two hours", time.Since(began), err)
		}
		s.passes = append(s.passes, pass{rows: 1, done: 1}, pass{})
		signal := errors.New("SIGINT")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(signal) })
		l = again()
		l.Every = time.Hour
		began = time.Now()
		var idle *IdleError
		if _, err := l.Run(ctx); !errors.As(err, &idle) || !errors.Is(err, signal) || time.Since(began) != time.Minute {
			t.Errorf("ended after %s with %v, want a minute and the signal", time.Since(began), err)
		}
		if g := again().Chain.Last(); g.Number != 5 || !g.Over() {
			t.Errorf("the wait left %+v, want no generation begun", g)
		}
	})
}

// A report that is not there yet is waited for, where that is wanted.
func TestLoopAwaitsReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &steps{passes: []pass{{rows: 1, none: 2}}}
		l, again := loopOf(t, s)
		l.Every = time.Hour
		began := time.Now()
		if last, err := l.Run(t.Context()); err != nil || last.Verdict != generations.Clean || time.Since(began) != 2*time.Hour {
			t.Errorf("%+v, %v after %s, want two waits", last, err, time.Since(began))
		}
		s.passes = append(s.passes, pass{none: 1})
		if _, err := again().Run(t.Context()); !errors.Is(err, ErrNoneNewer) || !errors.As(err, new(*engine.StopError)) {
			t.Errorf("without a wait: %v", err)
		}
	})
}

// A generation that cannot be recorded is not begun: the disk is full, or another
// process has the job.
func TestLoopNeedsItsRecord(t *testing.T) {
	s := &steps{passes: []pass{{rows: 1, done: 1}}}
	l, again := loopOf(t, s)
	other := again()
	if _, err := other.Chain.Begin(generations.Listing, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := other.Chain.Save(t.Context(), other.Store); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context()); !errors.As(err, new(*checkpoint.ConflictError)) || s.finds != 0 {
		t.Errorf("%v after %d listings", err, s.finds)
	}
}
