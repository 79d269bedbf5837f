package ui

import (
	"time"

	"reseal/control"
)

// The live curves have this many slots of this width: the last ten minutes.
const (
	slotWidth = 2 * time.Second
	maxSlots  = 300
)

// sample is what happened in one slot of the live curves.
type sample struct {
	at        int64         // number of the slot, from 1970
	seen      bool          // a run gave an answer
	took      time.Duration // that the counts are of
	objects   int64         // handled
	kms       int64         // requests released, by their upper end
	cap       float64
	limit     control.Limit // that was seen last
	throttled int64
	failed    int64
}

// recorder keeps what a run did in the last ten minutes. It is for one goroutine.
type recorder struct {
	slots []sample // first to last, without gaps
	last  *control.Status
	at    time.Time // of last
}

// add takes how the run does now; nil where none gives an answer.
func (r *recorder) add(now time.Time, st *control.Status) {
	s := r.slot(now.Unix() / int64(slotWidth/time.Second))
	if st == nil {
		r.last = nil
		return
	}
	s.seen, s.cap, s.limit = true, st.KMS.Cap, st.Binding.Limit
	if was := r.last; was != nil && was.PID == st.PID && was.Started.Equal(st.Started) {
		s.took += now.Sub(r.at)
		s.objects += max(handled(st)-handled(was), 0)
		s.kms += max(st.KMS.Released-was.KMS.Released, 0)
		s.throttled += max(throttled(st)-throttled(was), 0)
		s.failed += max(st.Failed-was.Failed, 0)
	}
	r.last, r.at = st, now
}

// slot returns the slot at, and makes those up to it.
func (r *recorder) slot(at int64) *sample {
	if n := len(r.slots); n > 0 && (at < r.slots[n-1].at || at-r.slots[n-1].at > maxSlots) {
		r.slots = r.slots[:0] // the clock was set, or the machine slept
	}
	if len(r.slots) == 0 {
		r.slots = append(r.slots, sample{at: at})
	}
	for next := r.slots[len(r.slots)-1].at + 1; next <= at; next++ {
		r.slots = append(r.slots, sample{at: next})
	}
	if more := len(r.slots) - maxSlots; more > 0 {
		r.slots = append(r.slots[:0], r.slots[more:]...)
	}
	return &r.slots[len(r.slots)-1]
}

// whole returns the slots that are over, without those before a run was seen.
func (r *recorder) whole() []sample {
	n := len(r.slots)
	if n == 0 {
		return nil
	}
	for i := range r.slots[:n-1] {
		if r.slots[i].seen {
			return r.slots[i : n-1]
		}
	}
	return nil
}

// handled is how many objects a run has dealt with.
func handled(st *control.Status) int64 { return st.Done + st.Failed + st.Skipped }

// throttled is how many answers said that a quota was exceeded.
func throttled(st *control.Status) int64 {
	return st.KMS.Throttled + st.Writes.Throttled + st.Reads.Throttled
}
