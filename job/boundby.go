package job

import (
	"slices"
	"time"

	"reseal/control"
)

// BoundBy is the limit that held a run back from an instant on. The limit is "" from
// the end of a run on.
type BoundBy struct {
	Since time.Time     `json:"since"`
	Limit control.Limit `json:"limit,omitempty"`
}

// maxBoundBy bounds the changes that are told apart.
const maxBoundBy = 300

// boundFrom returns the limits with another change. Beyond maxBoundBy the limit that
// held for the shortest time goes, in favour of the one before it.
func boundFrom(list []BoundBy, one BoundBy) []BoundBy {
	n := len(list)
	if n > 0 && list[n-1].Limit == one.Limit {
		return list
	}
	list = append(list[:n:n], one)
	if len(list) <= maxBoundBy {
		return list
	}
	shortest := 1 // the first has none before it, the last still holds
	held := func(i int) time.Duration { return list[i+1].Since.Sub(list[i].Since) }
	for i := 2; i < len(list)-1; i++ {
		if held(i) < held(shortest) {
			shortest = i
		}
	}
	list = slices.Delete(list, shortest, shortest+1)
	return slices.CompactFunc(list, func(a, b BoundBy) bool { return a.Limit == b.Limit })
}

// noteBinding notes what binds the run now, or that it is over.
func (h *HistoryWriter) noteBinding() {
	one := BoundBy{Since: h.Last}
	if h.Status.Ended == nil {
		one.Limit = h.Status.Binding.Limit
	}
	h.BoundBy = boundFrom(h.BoundBy, one)
}
