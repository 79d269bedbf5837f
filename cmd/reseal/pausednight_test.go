package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/ratelimit"
)

// TestPausedRunAndItsLimits: a pause holds until it is taken back. A run whose
// --limit objects are under way ends within the time of a drain, as every stop
// does; what waits in the pause stays to be done. --max-duration and drain end it
// at once.
func TestPausedRunAndItsLimits(t *testing.T) {
	const rate, pausedAt, resumedAt, drained = 10, 5 * time.Second, time.Hour, 2 * time.Minute
	for _, tt := range []struct {
		name  string
		limit int64
		ends  func(*control.Controller, context.CancelCauseFunc) // while it is paused
		at    time.Duration                                      // at which the run is over, within a minute
		done  int64                                              // at least
	}{
		{"nothing else", 0, nil, resumedAt, 200},
		{"--limit that is under way", 60, nil, drained, 45},
		{"--limit that was reached before", 20, nil, 0, 20},
		{"--max-duration", 0, func(_ *control.Controller, stop context.CancelCauseFunc) {
			time.AfterFunc(30*time.Minute, func() { stop(&engine.StopError{Limit: "--max-duration 30m0s"}) })
		}, 30 * time.Minute, 1},
		{"drain", 60, func(c *control.Controller, _ context.CancelCauseFunc) { c.Execute(control.Request{Command: "drain"}) }, pausedAt, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const objects = 200
				g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: rate}, RampUp: -1})
				n := newCoreNight(t, simulator.Config{}, g, objects, func(i int) string { return fmt.Sprintf("k/%07d", i) })
				work, kill := context.WithCancel(t.Context())
				admit, stop := context.WithCancelCause(work)
				c := idleController(control.Config{Governor: g, Stats: n.stats, Stop: stop, KMSCap: rate, Concurrency: control.MaxConcurrency})
				var running sync.WaitGroup
				running.Go(func() { _ = g.Run(work) })
				running.Go(func() { c.Watch(admit) })
				start := time.Now()
				var err error
				var took time.Duration
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					cfg := n.config(g)
					cfg.Limit = tt.limit
					err = engine.Run(admit, work, cfg, n.batches)
					took = time.Since(start)
				}()
				time.Sleep(pausedAt)
				c.Execute(control.Request{Command: "pause"})
				if tt.ends != nil {
					tt.ends(c, stop)
				}
				time.Sleep(time.Second) // what was sent before is finished
				before := n.counters().OK(simulator.OpCopyObject)
				// The end of a run lets what is in flight go on.
				if lasts := min(tt.at, resumedAt) - pausedAt; lasts > 0 {
					time.Sleep(lasts - 2*time.Second)
					if after := n.counters().OK(simulator.OpCopyObject); after != before {
						t.Errorf("%d objects were copied while the run was paused", after-before)
					}
				}
				time.Sleep(time.Until(start.Add(resumedAt)))
				c.Execute(control.Request{Command: "resume"})
				<-ended
				stop(nil)
				kill()
				running.Wait()
				var stopped *engine.StopError
				if limited := tt.limit > 0 || tt.ends != nil; errors.As(err, &stopped) != limited {
					t.Errorf("Run = %v; want a *StopError: %t", err, limited)
				}
				if took < tt.at || took > tt.at+time.Minute {
					t.Errorf("over after %v, want %v or soon after", took, tt.at)
				}
				done := n.stats.Count(engine.Done)
				if done < tt.done || tt.limit > 0 && done > tt.limit || n.stats.Count(engine.Failed) != 0 || done != n.counters().OK(simulator.OpCopyObject) {
					t.Errorf("%d done, %d failed, %d copied; want at least %d, and none failed", done, n.stats.Count(engine.Failed), n.counters().OK(simulator.OpCopyObject), tt.done)
				}
			})
		})
	}
}
