package ratelimit

import "time"

const (
	// tick is how often waiting steps are looked at, and the width of a slot.
	tick = 5 * time.Millisecond

	// slack is how much longer than a second a release counts. It covers the
	// time a released goroutine takes to run, and is below one tick, so that on
	// an even grid of ticks it costs nothing: 201 ticks lie in a closed second
	// and 201 in a second and the slack.
	slack = 4 * time.Millisecond

	span = time.Second + slack

	// slotCount is more than the slots that begin within one span.
	slotCount = int(span/tick) + 8
)

// slot is what was released within one tick.
type slot struct {
	first, last time.Duration
	n           int64
}

// window counts what was released in the last span, slot by slot. A slot
// counts as released at its last instant, so nothing leaves the window too
// early. Instants are durations since some fixed moment and do not decrease;
// an earlier one is taken as the latest seen.
//
// The guarantee of this package rests on it: who adds at most limit-count(now)
// at every now has at most limit in each second, closed at both ends, that ends
// at an addition, hence in every second. This does not depend on when, how
// evenly or how late it is called.
type window struct {
	slots   [slotCount]slot
	tail, n int // oldest slot, number of slots
	sum     int64
	latest  time.Duration
	fullest int64
}

// count returns what was released in the span that ends now.
func (w *window) count(now time.Duration) int64 {
	w.latest = max(w.latest, now)
	for w.n > 0 && w.latest-w.slots[w.tail].last > span {
		w.sum -= w.slots[w.tail].n
		w.tail = (w.tail + 1) % slotCount
		w.n--
	}
	return w.sum
}

// second returns what was released in the closed second that ends now.
func (w *window) second(now time.Duration) int64 {
	sum := w.count(now)
	for i := range w.n {
		s := &w.slots[(w.tail+i)%slotCount]
		if w.latest-s.last <= time.Second {
			break
		}
		sum -= s.n
	}
	return sum
}

// add counts n as released now.
func (w *window) add(now time.Duration, n int64) {
	if n <= 0 {
		return
	}
	w.count(now)
	newest := &w.slots[(w.tail+w.n+slotCount-1)%slotCount]
	// The second half cannot happen while slots begin a tick apart; to merge
	// would still count too much rather than too little.
	if w.n > 0 && w.latest-newest.first < tick || w.n == slotCount {
		newest.last = w.latest
		newest.n += n
	} else {
		w.slots[(w.tail+w.n)%slotCount] = slot{w.latest, w.latest, n}
		w.n++
	}
	w.sum += n
	w.fullest = max(w.fullest, w.second(now))
}

// frees returns how long it takes at least until the oldest slot leaves the
// window, and 0 if it is empty.
func (w *window) frees(now time.Duration) time.Duration {
	if w.count(now) == 0 {
		return 0
	}
	return w.slots[w.tail].last + span + 1 - w.latest
}
