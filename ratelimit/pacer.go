package ratelimit

import (
	"container/heap"
	"time"
)

// tick releases whoever may go now. Only Run calls it.
func (g *Governor) tick() {
	g.choose()
	// Without the lock: those released would run into it when they come back.
	for _, w := range g.chosen {
		w.ready <- struct{}{}
	}
	clear(g.chosen)
	g.chosen = g.chosen[:0]
}

// choose does the work of a tick, up to telling the chosen. The clock is read
// under the lock: waiting for it must not make a release look earlier than it is.
func (g *Governor) choose() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	g.ticked = now
	g.decideSamples(now)
	g.alarm = never
	if g.waiting > 0 && len(g.pauses) == 0 {
		g.alarm = now + max(tick, g.release(now))
	}
	for _, s := range g.samples {
		g.alarm = min(g.alarm, max(now+tick, s.sample.due()))
	}
	g.explain(now)
}

// release chooses the first of each lane for as long as its scopes allow, in
// the order in which they came, and returns how long it takes at least until
// there is something to release again.
func (g *Governor) release(now time.Duration) time.Duration {
	h := g.heap[:0]
	busy := g.busy[:0]
	for _, l := range g.busy {
		if l.listed = l.waiting > 0; l.listed {
			busy = append(busy, l)
			if !l.paused() {
				h = append(h, l)
			}
		}
	}
	clear(g.busy[len(busy):])
	g.busy = busy
	g.heap = h
	heap.Init(&g.heap)

	sleep := maxSleep
	for len(g.heap) > 0 {
		l := g.heap[0]
		w := l.head()
		if s := g.blocker(l, w, now); s != nil {
			n := w.weight.of(s)
			s.hold(now, n)
			sleep = min(sleep, s.wait(now, n))
			heap.Pop(&g.heap)
			continue
		}
		for _, s := range l.scopes {
			s.take(w.weight.of(s))
		}
		g.dequeue(w)
		g.count(l, &w.weight)
		w.released = now
		g.chosen = append(g.chosen, w)
		switch {
		case l.waiting == 0:
			heap.Pop(&g.heap)
		case len(g.heap) > 1:
			heap.Fix(&g.heap, 0)
		}
	}
	for _, s := range g.opened {
		s.close(now, g.base)
	}
	clear(g.opened)
	g.opened = g.opened[:0]
	return sleep
}

// blocker returns the first scope of l that does not let w pass, or nil.
func (g *Governor) blocker(l *lane, w *waiter, now time.Duration) *scope {
	for _, s := range l.scopes {
		if !s.opened {
			s.open(now, g.base)
			g.opened = append(g.opened, s)
		}
		if !s.allows(w.weight.of(s)) {
			return s
		}
	}
	return nil
}
