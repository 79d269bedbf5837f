package ratelimit

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"reseal/plan"
)

// cpu is the processor time that this process has used, by who used it.
type cpu struct{ user, system time.Duration }

func cpuTime(b *testing.B) cpu {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return cpu{time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())}
}

// report states what was used since c for each of n steps. Unlike the time on
// the clock it hardly depends on what else the machine does.
func (c cpu) report(b *testing.B, n int) {
	now := cpuTime(b)
	per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }
	b.ReportMetric(per(now.user-c.user), "user-us/step")
	b.ReportMetric(per(now.user-c.user+now.system-c.system), "cpu-us/step")
}

// crowd is workers that take steps together, until all of them are taken.
func crowd(workers int, steps int64, take func()) (wait func()) {
	var left atomic.Int64
	var all sync.WaitGroup
	left.Store(steps)
	for range workers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				take()
			}
		})
	}
	return all.Wait
}

// Budget: less than 2 us of processor time a step and no allocation, hand-over
// to the worker included. At 20,000/s the elapsed time is that of the pacing.
func BenchmarkDo(b *testing.B) {
	for _, bb := range []struct {
		cap     float64
		workers int
	}{{20000, 64}, {20000, 512}, {20000, 2048}, {100000, 2048}, {1e8, 512}, {0, 512}} {
		b.Run(fmt.Sprintf("cap=%v/workers=%d", bb.cap, bb.workers), func(b *testing.B) {
			g := New(Config{Caps: Limits{KMS: bb.cap}, Expected: Limits{Writes: inf}, RampUp: -1})
			ctx, cancel := context.WithCancel(context.Background())
			var run sync.WaitGroup
			run.Go(func() { _ = g.Run(ctx) })
			s := plan.Step{Kind: plan.StepCopy, Key: "data/2026/some/object.bin", Demand: plan.Demand{Writes: plan.Exactly(1), KMS: plan.Exactly(1)}}
			b.ReportAllocs()
			runtime.GC()
			before := cpuTime(b)
			b.ResetTimer()
			crowd(bb.workers, int64(b.N), func() { _ = g.Do(ctx, s, nothing) })()
			before.report(b, b.N)
			cancel()
			run.Wait()
		})
	}
}

// What a hand-over costs without any limiter: a goroutine that lets so many
// workers go every 5 ms. Most of it is the waking of an idle process.
func BenchmarkBareHandOver(b *testing.B) {
	for _, bb := range []struct{ rate, workers int }{{20000, 64}, {20000, 512}, {20000, 2048}, {100000, 2048}} {
		b.Run(fmt.Sprintf("rate=%v/workers=%d", bb.rate, bb.workers), func(b *testing.B) {
			permits := make(chan struct{})
			ctx, cancel := context.WithCancel(context.Background())
			var pacer sync.WaitGroup
			pacer.Go(func() {
				ticks := time.NewTicker(tick)
				defer ticks.Stop()
				for range ticks.C {
					for range int(float64(bb.rate) * tick.Seconds()) {
						select {
						case permits <- struct{}{}:
						case <-ctx.Done():
							return
						}
					}
				}
			})
			runtime.GC()
			before := cpuTime(b)
			b.ResetTimer()
			crowd(bb.workers, int64(b.N), func() {
				select {
				case <-permits:
				case <-ctx.Done():
				}
			})()
			before.report(b, b.N)
			cancel()
			pacer.Wait()
		})
	}
}

// Ticks with a thousand prefixes waiting for one quota.
func BenchmarkTickManyLanes(b *testing.B) {
	g := New(Config{Caps: Limits{KMS: 1}, RampUp: -1})
	g.state = running
	for i := range maxScopes - 1 {
		p := fmt.Sprintf("%04d/", i)
		g.writes.split(p, 3500, 0)
		w := &waiter{key: p, weight: weight{0, 1, 1, 0}, ready: make(chan struct{}, 1)}
		g.enqueue(w, g.laneOf(nil, p, &w.weight))
	}
	for b.Loop() {
		g.base = g.base.Add(-tick) // time passes
		g.tick()
	}
}

func BenchmarkHotPrefixes(b *testing.B) {
	var seen []outcome
	for i := range maxOutcomes {
		seen = append(seen, outcome{fmt.Sprintf("p%d/%08d", i%10, i), time.Duration(i), i%10 == 3})
	}
	for b.Loop() {
		if len(hotPrefixes(seen)) != 1 {
			b.Fatal("not found")
		}
	}
}
