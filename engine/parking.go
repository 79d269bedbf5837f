package engine

import (
	"container/list"
	"time"

	"reseal/internal/wait"
	"reseal/plan"
)

const (
	// unparkEvery is how often the room is looked at when nothing else happens.
	unparkEvery = 20 * time.Millisecond

	// mostLooks is how many tasks are looked at then: all of a full room in a third of
	// a second. leastLooks are looked at after a batch in which nothing was to be done.
	mostLooks  = 4096
	leastLooks = 64
)

// room holds tasks whose requests would not get through, in the order in which they came.
type room struct {
	tasks list.List     // of *assignment
	next  *list.Element // that is looked at next; nil is the first
}

// look returns the task whose turn it is to be looked at, which goes round. There is one.
func (r *room) look() *list.Element {
	e := r.next
	if e == nil {
		e = r.tasks.Front()
	}
	r.next = e.Next()
	return e
}

// offer hands a task to a worker, or parks it where its requests would not get
// through, or puts it off where the room is full or access is denied. False means that admission
// has ended.
func (r *run) offer(a assignment) bool {
	if where := r.Denials.blocked(a.task.Record.Key); where != nil {
		r.events <- event{result: &Result{Task: a.task, Segment: a.segment, Outcome: Deferred, Reason: plan.Denied, Err: where.Err}}
		return true
	}
	if r.Ready(a.task.Record.Key) {
		return r.hand(a)
	}
	if r.parked.tasks.Len() < r.Parking {
		kept := a                                // of its own: a task that is not parked stays off the heap
		kept.task.Record = a.task.Record.Clone() // waiting, it keeps no batch in memory
		r.parked.tasks.PushBack(&kept)
		return true
	}
	r.events <- event{result: &Result{Task: a.task, Segment: a.segment, Outcome: Deferred}}
	return true
}

// hand waits for a worker.
func (r *run) hand(a assignment) bool {
	select {
	case r.tasks <- a:
		return true
	case <-r.admit.Done():
		return false
	}
}

// unpark hands out the parked tasks whose requests would get through now, of as many
// as are given: a room holds more than there are rows in a hundred batches.
func (r *run) unpark(looks int) bool {
	for range min(looks, r.parked.tasks.Len()) {
		e := r.parked.look()
		a := e.Value.(*assignment)
		if !r.Ready(a.task.Record.Key) {
			continue
		}
		r.parked.tasks.Remove(e)
		if !r.hand(*a) {
			return false
		}
	}
	return true
}

// clearRoom hands out all that is parked, waiting for their requests to get
// through.
func (r *run) clearRoom() {
	for r.unpark(mostLooks) && r.parked.tasks.Len() > 0 {
		if wait.For(r.admit, unparkEvery) != nil {
			return
		}
	}
}
