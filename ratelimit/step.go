package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"reseal/plan"
)

// Do waits until every quota that s demands allows the upper end of the demand. Then
// it calls send, and learns from its error. An error slows a quota down if its chain
// has a method Throttle() (plan.Quota, bool) that returns true.
//
// It returns the error of send. If ctx ends while s waits, the error wraps ctx.Err().
// If the governor stopped, or was not started within a second, it wraps ErrStopped.
// In the last two cases send was not called.
//
// Steps that have to pass the same scopes are released in the order they came,
// those with Retry set before all others.
func (g *Governor) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	released, err := g.admit(ctx, &s)
	var sharedAt time.Duration
	if err == nil && g.asksShared(&s) {
		sharedAt, err = g.admitShared(ctx, &s)
	}
	if err != nil {
		return fmt.Errorf("wait for permission to send: %w", err)
	}
	began := g.now()
	err = send(ctx)
	if err == nil {
		g.latency.total.Add(int64(g.now() - began))
		g.latency.n.Add(1)
		if g.sampling.Load() > 0 {
			g.worked(&s, released)
		}
		return nil
	}
	var t interface{ Throttle() (plan.Quota, bool) }
	if errors.As(err, &t) {
		if q, ok := t.Throttle(); ok {
			g.throttled(&s, q, released)
			if q == plan.QuotaKMS && g.asksShared(&s) {
				g.throttledShared(&s, sharedAt)
			}
		}
	}
	return err
}

// admit returns the instant at which s was released.
func (g *Governor) admit(ctx context.Context, s *plan.Step) (time.Duration, error) {
	return g.admitFrom(ctx, nil, s)
}

// admitFrom is admit for a step of another governor, nil for one's own.
func (g *Governor) admitFrom(ctx context.Context, from *Governor, s *plan.Step) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	g.mu.Lock()
	if g.state == ended {
		g.mu.Unlock()
		return 0, ErrStopped
	}
	weight := weights(&s.Demand)
	l := g.laneOf(from, s.Key, &weight)
	if now, ok := g.pass(l, &weight); ok {
		g.mu.Unlock()
		return now, nil
	}
	w := g.waiters.Get().(*waiter)
	w.key, w.weight, w.retry, w.done = s.Key, weight, s.Retry, nil
	told := g.state == running && g.shares(ctx)
	if told {
		w.done = ctx.Done()
	}
	g.enqueue(w, l)
	var late <-chan time.Time
	if g.state == unstarted {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		late = timer.C
	}
	g.mu.Unlock()

	if told {
		<-w.ready
		released, err := w.released, w.err
		g.free(w)
		return released, err
	}
	for {
		var err error
		select {
		case <-w.ready:
			released, err := w.released, w.err
			g.free(w)
			return released, err
		case <-ctx.Done():
			err = ctx.Err()
		case <-late:
			late = nil
			if g.started() {
				continue
			}
			err = ErrStopped
		}
		if !g.withdraw(w) {
			<-w.ready // it was released all the same, and counts as used
		}
		g.free(w)
		return 0, err
	}
}

// pass lets a step go at once if nobody waits in its lane and every scope has as
// much to spare, and returns the instant. So a run below its rates waits for no
// tick; one that uses them in full always has somebody waiting. The lock is held.
func (g *Governor) pass(l *lane, weight *weight) (time.Duration, bool) {
	if g.state != running || len(g.pauses) > 0 || l.waiting > 0 {
		return 0, false
	}
	now := g.now()
	for _, s := range l.scopes {
		if !s.spares(now, weight.of(s)) {
			return 0, false
		}
	}
	for _, s := range l.scopes {
		s.spend(now, weight.of(s))
	}
	g.count(l, weight)
	return now, true
}

// started reports whether Run has begun.
func (g *Governor) started() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state != unstarted
}

// free gives w back to the pool.
func (g *Governor) free(w *waiter) {
	w.key, w.err = "", nil
	g.waiters.Put(w)
}

// enqueue makes w wait in l.
func (g *Governor) enqueue(w *waiter, l *lane) {
	g.order++
	w.order = g.order
	// The pacer sleeps for those it knows to be first in their lanes.
	if w.retry || l.waiting == 0 {
		defer g.tickBy(0)
	}
	g.place(w, l)
}

// place puts w at the end of l.
func (g *Governor) place(w *waiter, l *lane) {
	l.push(w)
	g.waiting++
	if !l.listed {
		l.listed = true
		g.busy = append(g.busy, l)
	}
}

// dequeue takes w out of its lane.
func (g *Governor) dequeue(w *waiter) {
	w.lane.remove(w)
	g.waiting--
}

// withdraw takes w back if it still waits, and reports whether it did.
func (g *Governor) withdraw(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.lane == nil {
		return false
	}
	g.dequeue(w)
	return true
}

// laneOf returns the lane for a step with the given key and weights, of another governor
// or, where that is nil, of one's own.
func (g *Governor) laneOf(from *Governor, key string, weight *weight) *lane {
	k := laneKey{from: from}
	if weight[plan.QuotaKMS] > 0 {
		k.kms = g.kms
	}
	if weight[plan.QuotaWrites] > 0 {
		k.writes = g.writes.leaf(key)
	}
	if weight[plan.QuotaReads] > 0 {
		k.reads = g.reads.leaf(key)
	}
	if g.last != nil && g.last.laneKey == k {
		return g.last
	}
	l := g.lanes[k]
	if l == nil {
		if len(g.lanes) >= 8*maxScopes { // as many prefixes of writes as of reads, or both together
			maps.DeleteFunc(g.lanes, func(_ laneKey, l *lane) bool { return !l.listed })
		}
		l = newLane(k)
		g.lanes[k] = l
	}
	g.last = l
	return l
}
