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

// cpuTime returns the processor time this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Budget: less than 2 us of processor time a step and no allocation, hand-over
// to the worker included. At 20,000/s the elapsed time is that of the pacing.
func BenchmarkDo(b *testing.B) {
	for _, bb := range []struct {
		cap     float64
		workers int
	}{{20000, 64}, {20000, 512}, {20000, 2048}, {100000, 2048}, {0, 512}} {
		b.Run(fmt.Sprintf("cap=%v/workers=%d", bb.cap, bb.workers), func(b *testing.B) {
			g := New(Config{Caps: Limits{KMS: bb.cap}, Expected: Limits{Writes: inf}, RampUp: -1})
			ctx, cancel := context.WithCancel(context.Background())
			var run, workers sync.WaitGroup
			run.Go(func() { _ = g.Run(ctx) })
			s := plan.Step{Kind: plan.StepCopy, Key: "data/2026/some/object.bin", Demand: plan.Demand{Writes: plan.Exactly(1), KMS: plan.Exactly(1)}}
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ReportAllocs()
			runtime.GC()
			before := cpuTime(b)
			b.ResetTimer()
			for range bb.workers {
				workers.Go(func() {
					for left.Add(-1) >= 0 {
						_ = g.Do(ctx, s, nothing)
					}
				})
			}
			workers.Wait()
			b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-us/step")
			cancel()
			run.Wait()
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
		w := &waiter{key: p, weight: [quotas]int64{0, 1, 1, 0}, ready: make(chan struct{}, 1)}
		g.enqueue(w, g.laneOf(p, &w.weight))
	}
	now := g.now()
	for b.Loop() {
		now += tick
		g.tick(now)
	}
}

func BenchmarkHotPrefixes(b *testing.B) {
	var seen []outcome
	for i := range maxWitness {
		seen = append(seen, outcome{fmt.Sprintf("p%d/%08d", i%10, i), time.Duration(i), i%10 == 3})
	}
	for b.Loop() {
		if len(hotPrefixes(seen)) != 1 {
			b.Fatal("not found")
		}
	}
}
