package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"reseal/plan"
)

const (
	// grace is how long a step waits for Run to begin.
	grace = time.Second

	// maxSleep is how long the pacer sleeps at most while somebody waits.
	maxSleep = 250 * time.Millisecond

	never = time.Duration(math.MaxInt64)
)

// ErrStopped is returned for steps that were not sent because Run has ended or
// never began. It wraps context.Canceled: such a step was not attempted.
var ErrStopped = fmt.Errorf("governor is not running: %w", context.Canceled)

type runState uint8

const (
	unstarted runState = iota
	running
	ended
)

// Governor gives permission to send, within the quotas. It is made by New and
// works while Run does. All methods are safe for concurrent use.
type Governor struct {
	base     time.Time // instants are durations since
	wake     chan struct{}
	waiters  sync.Pool
	sampling atomic.Int64 // samples under way
	latency  struct{ n, total atomic.Int64 }
	shared   *Shared      // may be nil
	sharing  atomic.Int64 // steps that wait for it
	pausing  atomic.Bool  // there are pauses

	mu       sync.Mutex
	state    runState
	kms      *scope
	writes   tree
	reads    tree
	lanes    map[laneKey]*lane
	last     *lane   // that was asked for: mostly it is the next one too
	busy     []*lane // lanes with somebody waiting
	waiting  int
	order    uint64
	virtual  uint64 // of Shared: the latest turn that began
	contexts []sharedContext
	lastDone <-chan struct{} // of the last context that is not watched
	pauses   []string
	pausedAt time.Duration
	ticked   time.Duration // instant of the last tick
	alarm    time.Duration // instant of the next one, or never
	opened   []*scope      // in this tick
	heap     laneHeap      // of this tick
	chosen   []*waiter     // in this tick; the pacer's alone
	samples  []*scope      // that are being sampled
	steps    int64         // released
	slots    slots
	sized    sizing
	why      why
}

// sizing is where the counters stood when the slots were last sized.
type sizing struct {
	at       time.Duration
	steps    int64
	used     [quotas]int64
	n, total int64
}

// New returns a governor with the given limits.
func New(c Config) *Governor {
	c = c.withDefaults()
	g := &Governor{base: time.Now(), shared: c.Shared, wake: make(chan struct{}, 1), lanes: map[laneKey]*lane{}}
	g.waiters.New = func() any { return &waiter{ready: make(chan struct{}, 1)} }
	root := func(q plan.Quota, limit, expected float64) *scope {
		return newScope(q, "", newControl(limit, expected, c.RampUp, c.Start, c.Rise))
	}
	g.kms = root(plan.QuotaKMS, c.Caps.KMS, c.Expected.KMS)
	g.writes = tree{root: root(plan.QuotaWrites, c.Caps.Writes, c.Expected.Writes)}
	g.reads = tree{root: root(plan.QuotaReads, c.Caps.Reads, c.Expected.Reads)}
	g.alarm = never
	g.slots = slots{most: c.MaxSlots, target: min(c.MaxSlots, 64)}
	return g
}

// now returns the present instant.
func (g *Governor) now() time.Duration { return time.Since(g.base) }

// Start runs the governor in a goroutine until stop is called or ctx ends. stop waits
// for its end.
func (g *Governor) Start(ctx context.Context) (stop func()) {
	running, halt := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.Run(running) // which fails only where it ran before
	}()
	return func() {
		halt()
		<-ended
	}
}

// Run releases waiting steps until ctx ends; then it fails those that wait and
// all that come later, and returns nil. It can be called once.
func (g *Governor) Run(ctx context.Context) error {
	g.mu.Lock()
	if g.state != unstarted {
		g.mu.Unlock()
		return errors.New("run governor: it ran before")
	}
	g.state = running
	g.ticked = g.now() - tick
	g.alarm = g.ticked
	g.mu.Unlock()
	defer g.stop()

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if d, ok := g.untilAlarm(); ok {
			timer.Reset(d)
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-g.wake: // the alarm was set to an earlier instant
		case <-timer.C:
			g.tick()
		}
	}
}

// untilAlarm returns how long it is until the next tick, if one is due some time.
func (g *Governor) untilAlarm() (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, g.alarm-g.now()), g.alarm != never
}

// tickBy makes the pacer tick at the given instant at the latest, but never
// sooner than a tick after the last.
func (g *Governor) tickBy(at time.Duration) {
	at = max(at, g.ticked+tick)
	if g.state != running || g.alarm <= at {
		return
	}
	g.alarm = at
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// stop fails everybody who waits.
func (g *Governor) stop() {
	if g.shared != nil {
		defer g.shared.g.forget(g)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.state = ended
	for _, l := range g.busy {
		for w := l.head(); w != nil; w = l.head() {
			w.err = ErrStopped
			g.dequeue(w)
			w.ready <- struct{}{}
		}
	}
}

// SetCap changes the cap of a quota to rps requests a second; anything not
// above 0 is no cap. A lower cap holds at once: nothing is released until the
// last second is below it. To a higher one the rate climbs by the ramp.
func (g *Governor) SetCap(q plan.Quota, rps float64) {
	if !(rps > 0) {
		rps = math.Inf(1)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.scopesOf(q) {
		s.ctl.setLimit(rps)
	}
	g.tickBy(0)
}

// scopesOf returns the scopes of a quota, the widest first.
func (g *Governor) scopesOf(q plan.Quota) []*scope {
	switch q {
	case plan.QuotaKMS:
		return []*scope{g.kms}
	case plan.QuotaWrites:
		return append([]*scope{g.writes.root}, g.writes.below...)
	case plan.QuotaReads:
		return append([]*scope{g.reads.root}, g.reads.below...)
	}
	return nil
}

// Pause stops all releases, for a reason that Status names, until Resume was
// called with it. What was released before is sent.
func (g *Governor) Pause(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.Contains(g.pauses, reason) {
		return
	}
	if len(g.pauses) == 0 {
		g.pausedAt = g.now()
	}
	g.pauses = append(g.pauses, reason)
	g.pausing.Store(true)
}

// Resume takes a reason to pause away. Releases go on when none is left.
func (g *Governor) Resume(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pauses = slices.DeleteFunc(g.pauses, func(r string) bool { return r == reason })
	g.pausing.Store(len(g.pauses) > 0)
	g.tickBy(0)
}

// Ready reports whether a step for key would not wait long behind others of a
// throttled prefix. If it is false, work on other keys is worth more.
func (g *Governor) Ready(key string) bool {
	const patience, few = 0.5, 8 // seconds of queue, and steps that are no queue
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range []*tree{&g.writes, &g.reads} {
		s := t.leaf(key)
		if s != t.root && s.ctl.throttled() && float64(s.waiting) > max(few, patience*s.ctl.rate) {
			return false
		}
	}
	return true
}

// Slots returns how many steps should be in flight for the quotas to be used
// in full: rate times latency (Little's law) and half as many again, at most Config.MaxSlots.
// The latency is looked at once a second, the first one after 100 ms. It may be called as
// often as wanted.
func (g *Governor) Slots() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if since := now - g.sized.at; since < firstSizing || since < time.Second && g.slots.latency > 0 {
		return g.slots.target
	}
	next := sizing{at: now, steps: g.steps, n: g.latency.n.Load(), total: g.latency.total.Load()}
	var used [quotas]int64
	var rates [quotas]float64
	for _, s := range []*scope{g.kms, g.writes.root, g.reads.root} {
		next.used[s.quota] = s.released
		used[s.quota] = s.released - g.sized.used[s.quota]
		rates[s.quota] = s.ctl.rate
	}
	rate := stepRate(next.steps-g.sized.steps, used, rates)
	g.slots.observe(next.n-g.sized.n, time.Duration(next.total-g.sized.total), rate)
	g.sized = next
	return g.slots.target
}
