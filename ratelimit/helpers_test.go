package ratelimit

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/plan"
)

// release is what a test saw passing: n requests, when, and which whole number
// of requests a second was the cap then.
type release struct {
	at    time.Duration
	n     int64
	limit int64
}

// checkSeconds goes through every closed second that ends or begins at a
// release and fails if it holds more than the cap in force at its end. A
// step that weighs more than the cap must be alone. It returns the most that
// any second holds.
func checkSeconds(t *testing.T, all []release) int64 {
	t.Helper()
	var most, sum int64
	first := 0
	for i, r := range all {
		sum += r.n
		for r.at-all[first].at > time.Second {
			sum -= all[first].n
			first++
		}
		if i+1 < len(all) && all[i+1].at == r.at {
			continue // the second ends with the last release of this instant
		}
		most = max(most, sum)
		if sum > r.limit && first != i {
			t.Fatalf("the second up to %v holds %d, cap %d", r.at, sum, r.limit)
		}
	}
	return most
}

// bubble is a governor at work in a synctest bubble, and what passes it.
type bubble struct {
	*Governor
	t       *testing.T
	ctx     context.Context
	start   time.Time
	workers sync.WaitGroup

	mu  sync.Mutex
	all map[plan.Quota][]release
	cap map[plan.Quota]int64
}

// inBubble calls f with a running governor, ends it afterwards, and checks
// every second of what was released against the caps, and that nobody waits.
func inBubble(t *testing.T, c Config, f func(b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := &bubble{Governor: New(c), t: t, ctx: ctx, start: time.Now(), all: map[plan.Quota][]release{}, cap: map[plan.Quota]int64{}}
		for q, v := range map[plan.Quota]float64{plan.QuotaKMS: c.Caps.KMS, plan.QuotaWrites: c.Caps.Writes, plan.QuotaReads: c.Caps.Reads} {
			b.setCap(q, v)
		}
		var run sync.WaitGroup
		run.Go(func() {
			if err := b.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		f(b)
		cancel()
		b.workers.Wait()
		run.Wait()
		for _, q := range []plan.Quota{plan.QuotaKMS, plan.QuotaWrites, plan.QuotaReads} {
			most := checkSeconds(t, b.all[q])
			if u := b.usage(q); u.FullestSecond < most {
				t.Errorf("%v: fullest second %d, but one held %d", q, u.FullestSecond, most)
			}
		}
		if s := b.Status(); s.Waiting != 0 {
			t.Errorf("%d steps wait after the end", s.Waiting)
		}
	})
}

func (b *bubble) setCap(q plan.Quota, rps float64) {
	synctest.Wait() // what was released at this instant is of the old cap
	b.mu.Lock()
	defer b.mu.Unlock()
	b.SetCap(q, rps)
	b.cap[q] = math.MaxInt64
	if rps > 0 {
		b.cap[q] = int64(math.Ceil(rps))
	}
}

func (b *bubble) usage(q plan.Quota) Usage {
	s := b.Status()
	switch q {
	case plan.QuotaKMS:
		return s.KMS
	case plan.QuotaWrites:
		return s.Writes
	}
	return s.Reads
}

// now returns the time since the start.
func (b *bubble) since() time.Duration { return time.Since(b.start) }

// saw notes that s passes.
func (b *bubble) saw(s *plan.Step) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for q, n := range weights(&s.Demand) {
		if q := plan.Quota(q); n > 0 {
			b.all[q] = append(b.all[q], release{b.since(), int64(n), b.cap[q]})
		}
	}
}

// do sends s, which takes latency and ends with the error of call, if any.
func (b *bubble) do(ctx context.Context, s plan.Step, latency time.Duration, call func(plan.Step) error) error {
	return b.Do(ctx, s, func(context.Context) error {
		b.saw(&s)
		var err error
		if call != nil {
			err = call(s)
		}
		time.Sleep(latency)
		return err
	})
}

// work starts n workers that send one step of next after the other until the end.
func (b *bubble) work(n int, latency time.Duration, next func() plan.Step, call func(plan.Step) error) {
	for range n {
		b.workers.Go(func() {
			for b.ctx.Err() == nil {
				_ = b.do(b.ctx, next(), latency, call) // failures are part of it
			}
		})
	}
}

// released returns how many requests of q passed from one instant to another.
func (b *bubble) released(q plan.Quota, from, to time.Duration) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := int64(0)
	for _, r := range b.all[q] {
		if r.at >= from && r.at < to {
			n += r.n
		}
	}
	return n
}

func kmsStep(n int64) plan.Step { return plan.Step{Demand: plan.Demand{KMS: plan.Exactly(n)}} }
func writeStep(key string) plan.Step {
	return plan.Step{Kind: plan.StepCopy, Key: key, Demand: plan.Demand{Writes: plan.Exactly(1)}}
}
func always(s plan.Step) func() plan.Step { return func() plan.Step { return s } }

// throttle is the error of a call beyond a quota.
type throttle struct{ quota plan.Quota }

func (e throttle) Error() string                { return "slow down: " + e.quota.String() }
func (e throttle) Throttle() (plan.Quota, bool) { return e.quota, true }

// quotaServer grants so many requests a second and throttles the rest.
type quotaServer struct {
	quota   plan.Quota
	sliding bool // counts the last second, else whole seconds
	grants  func(now time.Duration) int

	mu       sync.Mutex
	start    time.Time
	accepted []time.Duration // in the second that counts
	log      []seenCall
}

type seenCall struct {
	at        time.Duration
	throttled bool
}

func (s *quotaServer) call(plan.Step) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(s.start)
	old := now - time.Second
	if !s.sliding {
		old = now.Truncate(time.Second) - 1
	}
	for len(s.accepted) > 0 && s.accepted[0] <= old {
		s.accepted = s.accepted[1:]
	}
	if len(s.accepted) >= s.grants(now) {
		s.log = append(s.log, seenCall{now, true})
		return fmt.Errorf("call: %w", throttle{s.quota})
	}
	s.accepted = append(s.accepted, now)
	s.log = append(s.log, seenCall{now, false})
	return nil
}

// calls returns how many calls came from one instant to another, and how many of them were throttled.
func (s *quotaServer) calls(from, to time.Duration) (all, throttled int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.log {
		if v.at >= from && v.at < to {
			all++
			if v.throttled {
				throttled++
			}
		}
	}
	return all, throttled
}
