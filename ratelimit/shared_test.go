package ratelimit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/plan"
)

// together is a shared cap at work in a bubble, with the governors that share it.
type together struct {
	t       *testing.T
	ctx     context.Context
	start   time.Time
	shared  *Shared
	workers sync.WaitGroup

	mu   sync.Mutex
	cap  int64
	all  []release           // of all governors
	from map[*Governor]int64 // requests since the last call of counted
}

// sharing calls f with a shared cap that works, and checks every second of what all
// governors together released.
func sharing(t *testing.T, kms float64, f func(s *together)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &together{t: t, ctx: ctx, start: time.Now(), shared: NewShared(kms), cap: int64(kms), from: map[*Governor]int64{}}
		stop := s.shared.Start(ctx)
		f(s)
		cancel()
		s.workers.Wait()
		stop()
		most := checkSeconds(t, s.all)
		if u := s.shared.Status(); u.KMS.FullestSecond < most || u.Waiting != 0 {
			t.Errorf("fullest second %d of %d, %d wait", u.KMS.FullestSecond, most, u.Waiting)
		}
	})
}

// governor makes one that shares, whose own cap is the shared one, and that works until
// the returned function is called.
func (s *together) governor() (*Governor, context.CancelFunc) {
	ctx, cancel := context.WithCancel(s.ctx)
	g := New(Config{Caps: Limits{KMS: float64(s.cap)}, Shared: s.shared, RampUp: -1})
	s.workers.Go(func() { _ = g.Run(ctx) })
	return g, cancel
}

// work starts n workers that send one step after the other until ctx ends.
func (s *together) work(ctx context.Context, g *Governor, n int, step plan.Step, each time.Duration, call func(plan.Step) error) {
	for range n {
		s.workers.Go(func() {
			for ctx.Err() == nil {
				err := g.Do(ctx, step, func(context.Context) error {
					s.mu.Lock()
					n := step.Demand.KMS.Max
					if n > 0 {
						s.all = append(s.all, release{time.Since(s.start), n, s.cap})
					}
					s.from[g] += max(n, step.Demand.Writes.Max)
					s.mu.Unlock()
					if call != nil {
						if err := call(step); err != nil {
							return err
						}
					}
					time.Sleep(each)
					return nil
				})
				if errors.Is(err, ErrStopped) {
					return
				}
			}
		})
	}
}

// counted returns how many requests a second a governor sent since the last call, and
// begins anew for all.
func (s *together) counted(over time.Duration, all ...*Governor) (rates []float64) {
	time.Sleep(over)
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range all {
		rates = append(rates, float64(s.from[g])/over.Seconds())
	}
	clear(s.from)
	return rates
}

func (s *together) want(what string, got []float64, want ...float64) {
	s.t.Helper()
	for i := range want {
		if got[i] < 0.93*want[i] || got[i] > 1.07*want[i] {
			s.t.Errorf("%s: %.0f requests a second, want %.0f", what, got, want)
			return
		}
	}
}

// However many wait, governors that want more have the same part, one that wants less
// has that, and what one leaves the others have at once. Never do they exceed the cap
// together.
func TestSharedCapIsDealtOutByDemand(t *testing.T) {
	sharing(t, 300, func(s *together) {
		first, end := s.governor()
		second, _ := s.governor()
		modest, _ := s.governor()
		step := kmsStep(1)
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		s.work(ctx, first, 500, step, 20*time.Millisecond, nil)
		s.counted(20 * time.Second) // the ramp
		s.want("alone", s.counted(20*time.Second, first), 300)
		s.work(s.ctx, second, 60, kmsStep(2), 200*time.Millisecond, nil)
		s.counted(2 * time.Second)
		s.want("two", s.counted(20*time.Second, first, second), 150, 150)
		s.work(s.ctx, modest, 1, step, 50*time.Millisecond, nil)
		s.counted(2 * time.Second)
		got := s.counted(20*time.Second, first, second, modest)
		if got[2] < 15 { // 20 a second without any waiting
			t.Errorf("one that wants little: %.0f", got)
		}
		s.want("beside one that wants little", got, (300-got[2])/2, (300-got[2])/2)
		cancel()
		synctest.Wait()
		end()
		s.counted(2 * time.Second)
		got = s.counted(20*time.Second, second, modest)
		s.want("what one leaves", []float64{got[0] + got[1]}, 300)
		if n := len(s.shared.g.lanes); n != 2 {
			t.Errorf("%d governors are remembered, 2 work", n)
		}
	})
}

// What waited for the cap and gave up has used none of it: a governor whose workers
// were told to end finishes what it began in its turn, not behind all that they wanted.
func TestWhatGaveUpHasNoTurnInTheSharedCap(t *testing.T) {
	sharing(t, 20, func(s *together) {
		ending, _ := s.governor()
		other, _ := s.governor()
		s.work(s.ctx, other, 100, kmsStep(1), 20*ms, nil)
		for _, oneEach := range []bool{false, true} { // or one context that all wait under
			shared, cancel := context.WithCancel(s.ctx)
			for range 1000 {
				ctx := shared
				if oneEach {
					var stop context.CancelFunc
					ctx, stop = context.WithCancel(shared)
					defer stop()
				}
				s.work(ctx, ending, 1, kmsStep(1), 20*ms, nil)
			}
			time.Sleep(2 * time.Minute)
			cancel()
			synctest.Wait()
			began := time.Now()
			for range 10 {
				if err := ending.Do(s.ctx, kmsStep(1), nothing); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("10 requests at half of 20/s took %v", took)
			}
		}
	})
}

// A changed cap holds at once, for all together.
func TestSharedCapChanges(t *testing.T) {
	sharing(t, 400, func(s *together) {
		a, _ := s.governor()
		b, _ := s.governor()
		s.work(s.ctx, a, 100, kmsStep(1), 20*time.Millisecond, nil)
		s.work(s.ctx, b, 100, kmsStep(1), 20*time.Millisecond, nil)
		s.counted(20 * time.Second)
		synctest.Wait()
		s.mu.Lock()
		s.cap = 50
		s.shared.SetCap(50)
		s.mu.Unlock()
		s.counted(2 * time.Second)
		s.want("lower", s.counted(10*time.Second, a, b), 25, 25)
		if b := a.Status().Bottleneck; b.Cause != CauseCap || b.Quota != plan.QuotaKMS || b.Rate != 50 {
			t.Errorf("what holds one up: %+v", b)
		}
	})
}

// What needs nothing of KMS does not wait for the shared cap, and what waits for a
// pause or a prefix takes nothing of it.
func TestSharedCapIsForKMSAlone(t *testing.T) {
	sharing(t, 100, func(s *together) {
		paused, _ := s.governor()
		other, _ := s.governor()
		s.work(s.ctx, paused, 200, kmsStep(1), 20*time.Millisecond, nil)
		s.counted(15 * time.Second)
		s.work(s.ctx, other, 20, kmsStep(1), 20*time.Millisecond, nil)
		paused.Pause("window")
		s.counted(time.Second)
		s.want("beside a pause", s.counted(10*time.Second, paused, other), 0, 100)
		paused.Resume("window")
		s.want("after a pause, for which nobody makes up", s.counted(10*time.Second, paused, other), 50, 50)
		writes, _ := s.governor()
		s.work(s.ctx, writes, 20, writeStep("key"), 20*time.Millisecond, nil)
		s.counted(5 * time.Second)
		if got := s.counted(10*time.Second, writes); got[0] < 300 {
			t.Errorf("without KMS: %.0f a second", got)
		}
	})
}

// KMS that throttles one slows all of them down.
func TestSharedCapIsThrottledForAll(t *testing.T) {
	sharing(t, 1000, func(s *together) {
		server := &quotaServer{quota: plan.QuotaKMS, sliding: true, start: s.start, grants: func(time.Duration) int { return 300 }}
		a, _ := s.governor()
		b, _ := s.governor()
		s.work(s.ctx, a, 200, kmsStep(1), 20*time.Millisecond, server.call)
		s.work(s.ctx, b, 200, kmsStep(1), 20*time.Millisecond, server.call)
		s.counted(60 * time.Second)
		all, throttled := server.calls(30*time.Second, 60*time.Second)
		if float64(throttled) > 0.01*float64(all) || all < 30*270 {
			t.Errorf("of %d calls in 30 s %d were throttled; 300 a second are granted", all, throttled)
		}
		if a.Status().KMS.Throttled+b.Status().KMS.Throttled != s.shared.Status().KMS.Throttled {
			t.Error("not each throttled request is in both counts")
		}
	})
}

// A step that waits for the shared cap ends with its context, and with the cap.
func TestWaitForSharedCapEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		shared := NewShared(1)
		stop := shared.Start(ctx)
		g := New(Config{Shared: shared, RampUp: -1})
		ends := g.Start(t.Context())
		var cancelled, stopped atomic.Int64
		var workers sync.WaitGroup
		for i := range 20 {
			workers.Go(func() {
				short, done := context.WithTimeout(t.Context(), time.Minute)
				if i%2 == 0 {
					short, done = context.WithTimeout(t.Context(), time.Second)
				}
				defer done()
				err := g.Do(short, kmsStep(100), nothing)
				switch {
				case errors.Is(err, ErrStopped):
					stopped.Add(1)
				case errors.Is(err, context.DeadlineExceeded):
					cancelled.Add(1)
				}
			})
		}
		time.Sleep(5 * time.Second)
		cancel()
		stop()
		workers.Wait()
		ends()
		if cancelled.Load() < 9 || stopped.Load() < 9 {
			t.Errorf("%d ended with their context, %d with the cap", cancelled.Load(), stopped.Load())
		}
	})
}
