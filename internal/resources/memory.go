// Package resources gives a process what it may take of its machine: open files,
// connections, and memory for garbage.
package resources

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// lazyPercent is GOGC while little is in memory: a quarter of the
	// collections of the default, most of which would only look at stacks
	// (measured 2026-11: a fifth less CPU for each object on the SDK's path).
	lazyPercent = 400
	tidyPercent = 100 // Go's default

	// garbageRoom is how much garbage may lie about before it is collected, as
	// long as that is not less than lives: with 2,000 requests in flight some 50 MB
	// live, and the process takes some 200 MB (bench/README.md).
	garbageRoom = 80 << 20

	// planRoom and planPercent are the same for a plan, which makes its garbage of buffers
	// without pointers in them: collecting it more often costs next to nothing. Two million
	// rows took 67 to 133 MB, by format (bench/results/README.md, 2026-12-01).
	planRoom    = 24 << 20
	planPercent = 40
)

// CollectLess lets the garbage collector run less often than by default, as long
// as the process stays below its memory budget, in bytes. GOGC and GOMEMLIMIT of the
// environment are left alone.
func CollectLess(budget int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(lazyPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(budget)
	}
}

// fitEvery is how often what lives is looked at: a decoder of reports makes garbage of
// some hundred MB a second.
const fitEvery = 200 * time.Millisecond

// Fitting keeps the garbage of a plan small, until the function that it returns is
// called, which waits for its end.
func Fitting(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { fit(ctx, tidyPercent, planPercent, planRoom) })
	return func() {
		cancel()
		done.Wait()
	}
}

// FitCollector keeps the garbage collector as lazy as what lives permits, until
// ctx ends: what is in flight, and so what lives, changes in the course of a run.
func FitCollector(ctx context.Context) { fit(ctx, lazyPercent, tidyPercent, garbageRoom) }

// fit begins with GOGC at percent, of which least is the least, and keeps garbage in room.
func fit(ctx context.Context, percent, least int, room uint64) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(percent)
	tick := time.NewTicker(fitEvery)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(sample)
		var live uint64
		for _, s := range sample {
			if s.Value.Kind() == metrics.KindUint64 {
				live += s.Value.Uint64()
			}
		}
		// Setting it stops the world, so it follows only changes that matter.
		if next := collectAt(live, least, room); next > percent+percent/8 || next < percent-percent/8 {
			percent = next
			debug.SetGCPercent(percent)
		}
	}
}

// collectAt returns GOGC for so many bytes that live: such that garbage takes no more than
// room, but least.
func collectAt(live uint64, least int, room uint64) int {
	return int(min(lazyPercent, max(uint64(least), room*100/max(live, 1))))
}
