package control

import (
	"maps"
	"time"

	"reseal/engine"
)

// past is what a Controller remembers of its run. It is noted once a second, until
// admission ends.
type past struct {
	noted    time.Time               // until when bound counts
	bound    map[Limit]time.Duration // how long each limit held the run back
	settled  int64                   // rows that had an outcome when it was last noted
	progress time.Time               // when that number last rose; the start of the run before
}

func newPast(start time.Time) past {
	return past{noted: start, progress: start, bound: map[Limit]time.Duration{}}
}

// note takes in the state of the run as of now.
func (c *Controller) note(now time.Time) {
	limit, stats := c.Status().Binding.Limit, c.cfg.Stats
	settled := stats.Earlier.Load() + stats.Count(engine.Done) + stats.Count(engine.Failed) + stats.Count(engine.Skipped)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past.bound[limit] += now.Sub(c.past.noted)
	c.past.noted = now
	if settled > c.past.settled {
		c.past.settled, c.past.progress = settled, now
	}
}

// Bound returns how long each limit held the run back so far. Limits that never did
// are left out.
func (c *Controller) Bound() map[Limit]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.past.bound)
}

// Progressed is when a row last got an outcome, to the second; the start of the run
// where none did.
func (c *Controller) Progressed() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.past.progress
}

// WindowEnd is when the window that is open now closes. ok is false where there is
// none, or where it is shut.
func (c *Controller) WindowEnd(now time.Time) (end time.Time, ok bool) {
	if w := c.cfg.Window; w.IsSet() && w.Open(now) {
		return w.Change(now), true
	}
	return time.Time{}, false
}
