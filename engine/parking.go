package engine

import (
	"time"

	"reseal/internal/wait"
	"reseal/plan"
)

// unparkEvery is how often the room is looked through when nothing else happens.
const unparkEvery = 20 * time.Millisecond

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
	if len(r.parked) < r.Parking {
		a.task.Record = a.task.Record.Clone() // waiting, it keeps no batch in memory
		r.parked = append(r.parked, a)
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

// unpark hands out the parked tasks whose requests would get through now, in
// the order in which they came.
func (r *run) unpark() bool {
	kept := r.parked[:0]
	for i, a := range r.parked {
		if !r.Ready(a.task.Record.Key) {
			kept = append(kept, a)
			continue
		}
		if !r.hand(a) {
			r.parked = append(kept, r.parked[i+1:]...)
			return false
		}
	}
	clear(r.parked[len(kept):])
	r.parked = kept
	return true
}

// clearRoom hands out all that is parked, waiting for their requests to get
// through.
func (r *run) clearRoom() {
	for r.unpark() && len(r.parked) > 0 {
		if wait.For(r.admit, unparkEvery) != nil {
			return
		}
	}
}
