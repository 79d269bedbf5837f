package control

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
)

// TestPast: the time that each limit holds a run back adds up to the time that
// passed, and the last progress is the last row that got an outcome.
func TestPast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stats := new(engine.Stats)
		c := newTestController(Config{KMSCap: 500, Stats: stats})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); c.Watch(ctx) }()
		start := time.Now()
		after := func(d time.Duration) {
			time.Sleep(time.Until(start.Add(d + time.Second/2)))
			synctest.Wait()
		}
		progressed := func(want time.Duration) {
			t.Helper()
			if got := c.Progressed().Sub(start); got != want {
				t.Errorf("last progress after %s, want %s", got, want)
			}
		}
		after(9 * time.Second)
		progressed(0)
		stats.Outcomes[engine.Done].Add(3)
		after(10 * time.Second)
		progressed(10 * time.Second)
		stats.Outcomes[engine.Deferred].Add(1) // is no progress
		c.Execute(Request{Command: "pause"})
		after(40 * time.Second)
		progressed(10 * time.Second)
		c.Execute(Request{Command: "resume"})
		stats.Earlier.Add(1)
		after(60 * time.Second)
		progressed(41 * time.Second)
		if got := c.Bound(); len(got) != 2 || got[LimitOperator] != 30*time.Second || got[LimitReader] != 30*time.Second {
			t.Errorf("bound for %v, want 30 s by the operator and 30 s by the reader", got)
		}
		cancel()
		<-ended
	})
}

// TestWindowEnd: the end is known while a window is open, and only then.
func TestWindowEnd(t *testing.T) {
	t.Parallel()
	w, err := ParseWindow("22:00-06:00@UTC")
	if err != nil {
		t.Fatal(err)
	}
	c := newTestController(Config{Window: w})
	night := time.Date(2026, 11, 30, 23, 15, 0, 0, time.UTC)
	if end, ok := c.WindowEnd(night); !ok || !end.Equal(time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("at night: %v, %v", end, ok)
	}
	if end, ok := c.WindowEnd(night.Add(12 * time.Hour)); ok {
		t.Errorf("by day: %v", end)
	}
	if end, ok := newTestController(Config{}).WindowEnd(night); ok {
		t.Errorf("without a window: %v", end)
	}
}
