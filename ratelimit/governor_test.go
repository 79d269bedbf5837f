package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/plan"
)

var _ engine.Gate = (*Governor)(nil)

func nothing(context.Context) error { return nil }

func TestDoReturnsTheErrorOfSend(t *testing.T) {
	inBubble(t, Config{}, func(b *bubble) {
		want := errors.New("what send says")
		if got := b.Do(b.ctx, kmsStep(1), func(context.Context) error { return want }); got != want {
			t.Errorf("Do = %v, want the error of send", got)
		}
		type key struct{}
		ctx := context.WithValue(b.ctx, key{}, 1)
		_ = b.Do(ctx, kmsStep(1), func(ctx context.Context) error {
			if ctx.Value(key{}) != 1 {
				t.Error("send got another context")
			}
			return nil
		})
	})
}

func TestRetriesGoFirst(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1}, RampUp: -1}, func(b *bubble) {
		b.Pause("until all wait")
		var mu sync.Mutex
		var order []string
		add := func(name string, s plan.Step) {
			b.workers.Go(func() {
				_ = b.Do(b.ctx, s, func(context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, name)
					return nil
				})
			})
			synctest.Wait()
		}
		fresh, retry := kmsStep(1), kmsStep(1)
		retry.Retry = true
		other := plan.Step{Key: "k", Demand: plan.Demand{KMS: plan.Exactly(1), Writes: plan.Exactly(1)}} // another lane, the same quota
		add("a", fresh)
		add("b", fresh)
		add("c", other)
		add("retry 1", retry)
		add("d", fresh)
		other.Retry = true
		add("retry 2", other)
		add("retry 3", retry)
		b.Resume("until all wait")
		b.workers.Wait()
		want := []string{"retry 1", "retry 2", "retry 3", "a", "b", "c", "d"}
		if !slices.Equal(order, want) {
			t.Errorf("released in the order %q, want %q", order, want)
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1}, RampUp: -1}, func(b *bubble) {
		var sent atomic.Int64
		for i := range 1000 {
			ctx, cancel := context.WithTimeout(b.ctx, time.Duration(i)*ms)
			b.workers.Go(func() {
				defer cancel()
				err := b.Do(ctx, kmsStep(1), func(context.Context) error { sent.Add(1); return nil })
				if err != nil && (!errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrStopped)) {
					t.Errorf("Do = %v, want one that wraps the error of its context", err)
				}
			})
		}
		b.workers.Wait()
		if s := b.Status(); s.Waiting != 0 || s.KMS.Released < sent.Load() {
			t.Errorf("%d wait, %d released, %d sent", s.Waiting, s.KMS.Released, sent.Load())
		}
		// The quota is whole again.
		time.Sleep(time.Minute)
		before := b.since()
		if err := b.Do(b.ctx, kmsStep(1), nothing); err != nil || b.since()-before > tick {
			t.Errorf("Do = %v after %v", err, b.since()-before)
		}
	})
}

// A step that is released and cancelled at once is either sent or counted as
// used, and its waiter is as good as new.
func TestCancelAtRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Caps: Limits{KMS: 1000}, RampUp: -1})
		g.state = running
		sent, cancelled := 0, 0
		for range 500 {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- g.Do(ctx, kmsStep(1), func(context.Context) error { sent++; return nil }) }()
			synctest.Wait()
			time.Sleep(tick)
			g.mu.Lock() // keeps whoever sees the end of ctx first from leaving before the release
			cancel()
			g.mu.Unlock()
			g.tick()
			if err := <-done; errors.Is(err, context.Canceled) {
				cancelled++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if g.waiting != 0 || g.kms.released < int64(sent) || sent+cancelled != 500 {
			t.Errorf("%d wait, %d released, %d sent, %d cancelled", g.waiting, g.kms.released, sent, cancelled)
		}
		g.waiters.New = nil
		for {
			w, _ := g.waiters.Get().(*waiter)
			if w == nil {
				break
			}
			if len(w.ready) > 0 || w.err != nil || w.lane != nil || w.next != nil || w.prev != nil {
				t.Errorf("pooled waiter %+v is not clean", w)
			}
		}
	})
}

func TestBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{RampUp: -1})
		ctx, cancel := context.WithCancel(t.Context())
		var run, do sync.WaitGroup
		for range 10 {
			do.Go(func() {
				if err := g.Do(ctx, writeStep("k"), nothing); err != nil {
					t.Errorf("Do shortly before Run: %v", err)
				}
			})
		}
		time.Sleep(grace / 2)
		run.Go(func() { _ = g.Run(ctx) })
		do.Wait()
		// Those that came before wait on after their second of grace.
		g.Pause("test")
		do.Go(func() {
			if err := g.Do(ctx, writeStep("k"), nothing); err != nil {
				t.Errorf("Do: %v", err)
			}
		})
		time.Sleep(5 * grace)
		g.Resume("test")
		do.Wait()
		cancel()
		run.Wait()
	})
}

func TestWithoutRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{})
		start := time.Now()
		err := g.Do(t.Context(), kmsStep(1), func(context.Context) error { t.Error("sent"); return nil })
		if !errors.Is(err, ErrStopped) || time.Since(start) != grace {
			t.Errorf("Do = %v after %v, want %v after %v", err, time.Since(start), ErrStopped, grace)
		}
		ctx, cancel := context.WithTimeout(t.Context(), grace/2)
		defer cancel()
		if err := g.Do(ctx, kmsStep(1), nothing); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do = %v, want the error of its context", err)
		}
		if s := g.Status(); s.Waiting != 0 || s.Steps != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAfterRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Caps: Limits{KMS: 1}})
		ctx, cancel := context.WithCancel(t.Context())
		var run, do sync.WaitGroup
		run.Go(func() { _ = g.Run(ctx) })
		var failed atomic.Int64
		for i := range 100 {
			do.Go(func() {
				err := g.Do(t.Context(), plan.Step{Key: fmt.Sprint(i), Retry: i%2 == 0, Demand: plan.Demand{KMS: plan.Exactly(1), Writes: plan.Exactly(int64(i % 3))}}, nothing)
				if errors.Is(err, ErrStopped) && errors.Is(err, context.Canceled) {
					failed.Add(1)
				} else if err != nil {
					t.Errorf("Do = %v", err)
				}
			})
		}
		time.Sleep(10 * time.Second)
		cancel()
		run.Wait()
		do.Wait() // hangs, which synctest finds, if anybody is forgotten
		if n := failed.Load(); n < 85 || n > 95 {
			t.Errorf("%d of 100 steps were failed after 10 s at 1/s", n)
		}
		if err := g.Do(t.Context(), kmsStep(1), nothing); !errors.Is(err, ErrStopped) {
			t.Errorf("Do after Run = %v, want %v", err, ErrStopped)
		}
		if err := g.Run(t.Context()); err == nil {
			t.Error("Run a second time: no error")
		}
	})
}

// Without anybody waiting there are no ticks: an hour passes in no time.
func TestIdle(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 100}}, func(b *bubble) {
		if err := b.do(b.ctx, kmsStep(1), 0, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		b.Governor.mu.Lock()
		ticked := b.ticked
		b.Governor.mu.Unlock()
		time.Sleep(time.Hour)
		b.Governor.mu.Lock()
		if b.ticked != ticked {
			t.Errorf("ticked at %v, nobody waits since %v", b.ticked, ticked)
		}
		b.Governor.mu.Unlock()
		before := b.since()
		if err := b.do(b.ctx, kmsStep(1), 0, nil); err != nil || b.since()-before > tick {
			t.Errorf("Do = %v, %v after a long sleep", err, b.since()-before)
		}
	})
}

func TestStepsWithoutDemand(t *testing.T) {
	inBubble(t, Config{}, func(b *bubble) {
		odd := plan.Step{Demand: plan.Demand{KMS: plan.Range{Min: -5, Max: -1}}}
		for _, s := range []plan.Step{{}, odd} {
			if err := b.do(b.ctx, s, 0, nil); err != nil {
				t.Errorf("Do(%+v) = %v", s, err)
			}
		}
		if s := b.Status(); s.KMS.Released != 0 || s.Steps != 2 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestSlotsFollowLatency(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1, MaxSlots: 2000}, func(b *bubble) {
		if got := b.Slots(); got != 64 {
			t.Errorf("slots at the start = %d, want 64", got)
		}
		b.work(32, 100*ms, always(kmsStep(1)), nil) // far too few
		for range 10 {
			time.Sleep(time.Second)
			b.Slots()
		}
		if got := b.Status().Slots; got < 153 || got > 163 {
			t.Errorf("slots = %d, want 1,000/s x (0.1 s + a tick) x 1.5", got)
		}
		if got := b.Status().Bottleneck.String(); got != "none" {
			t.Errorf("bottleneck %q of a run with too few workers", got)
		}
	})
}

func TestDoDoesNotAllocate(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
		ctx, s := b.ctx, writeStep("data/key")
		s.Demand.KMS = plan.Exactly(1)
		waits := func() { _ = b.Do(ctx, s, nothing) }
		waits()
		if n := testing.AllocsPerRun(1000, waits); n > 0 {
			t.Errorf("%v allocations a step, want none", n)
		}
	})
}
