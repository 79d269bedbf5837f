package ratelimit

import (
	"time"

	"reseal/plan"
)

const quotas = int(plan.QuotaReads) + 1

// maxWeight bounds the weight of one step, so that sums cannot overflow.
const maxWeight = 1 << 30

// weight is what a step asks of each quota at most.
type weight [quotas]int32

// weights returns what d asks of each quota at most.
func weights(d *plan.Demand) (w weight) {
	w[plan.QuotaKMS] = int32(min(max(d.KMS.Max, 0), maxWeight))
	w[plan.QuotaWrites] = int32(min(max(d.Writes.Max, 0), maxWeight))
	w[plan.QuotaReads] = int32(min(max(d.Reads.Max, 0), maxWeight))
	return w
}

// of returns what is asked of a scope.
func (w *weight) of(s *scope) int64 { return int64(w[s.quota]) }

// waiter is one step that waits for permission. Waiters are pooled.
type waiter struct {
	// What the pacer looks at comes first, and fits into one cache line: most of
	// what a release costs is waiting for memory that thousands of others used since.
	prev, next *waiter
	lane       *lane         // while it is queued
	ready      chan struct{} // of capacity 1: gets one value when released or err is set
	weight     weight
	order      uint64 // of arrival
	released   time.Duration

	key   string
	done  <-chan struct{} // of its context, if it is told when that ends; else nil
	err   error           // why it will never be released
	retry bool
}

// queue is a list of waiters from which any can be taken.
type queue struct{ first, last *waiter }

func (q *queue) push(w *waiter) {
	w.prev, w.next = q.last, nil
	if q.last == nil {
		q.first = w
	} else {
		q.last.next = w
	}
	q.last = w
}

func (q *queue) remove(w *waiter) {
	if w.prev == nil {
		q.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
}

// laneKey is the set of scopes that a step has to pass; nil are quotas that it
// does not ask for.
type laneKey struct {
	kms, writes, reads *scope
	from               *Governor // of Shared: whose steps they are; else nil
}

// lane is where the steps wait that have to pass the same scopes. So the first
// of a lane never keeps one waiting whose scopes are free.
type lane struct {
	laneKey
	scopes  []*scope // narrowest first: a throttled prefix closes nothing wider
	retries queue
	fresh   queue
	waiting int
	turn    uint64 // of Shared: the virtual time at which the turn of the next step begins
	listed  bool   // among the lanes that the pacer looks at
}

func newLane(k laneKey) *lane {
	l := &lane{laneKey: k}
	var wide []*scope
	for _, s := range []*scope{k.writes, k.reads} {
		if s == nil {
			continue
		}
		if root := s.root(); root != s {
			l.scopes = append(l.scopes, s)
			wide = append(wide, root)
		} else {
			wide = append(wide, s)
		}
	}
	l.scopes = append(l.scopes, wide...)
	if k.kms != nil {
		l.scopes = append(l.scopes, k.kms)
	}
	return l
}

func (l *lane) queueOf(w *waiter) *queue {
	if w.retry {
		return &l.retries
	}
	return &l.fresh
}

func (l *lane) push(w *waiter) {
	w.lane = l
	l.queueOf(w).push(w)
	l.waiting++
	for _, s := range l.scopes {
		s.waiting++
	}
}

func (l *lane) remove(w *waiter) {
	w.lane = nil
	l.queueOf(w).remove(w)
	l.waiting--
	for _, s := range l.scopes {
		s.waiting--
	}
}

// head returns who is next: retries first, as what they repeat is already
// paid for and holds up a whole task. Nil if nobody waits.
func (l *lane) head() *waiter {
	if l.retries.first != nil {
		return l.retries.first
	}
	return l.fresh.first
}

// laneHeap is the lanes with somebody waiting, by who is next.
type laneHeap []*lane

func (h laneHeap) Len() int      { return len(h) }
func (h laneHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h laneHeap) Less(i, j int) bool {
	a, b := h[i].head(), h[j].head()
	switch {
	case a.retry != b.retry:
		return a.retry
	case h[i].turn != h[j].turn: // they are 0 but for a Shared
		return h[i].turn < h[j].turn
	}
	return a.order < b.order
}
func (h *laneHeap) Push(x any) { *h = append(*h, x.(*lane)) }
func (h *laneHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	*h = old[:len(old)-1]
	return l
}
