package status

import (
	"time"

	"reseal/cost"
	"reseal/job/generations"
)

// Whole is what a job came to with all of its generations.
type Whole struct {
	Done   int64
	Failed int64      // and were not done by a later generation
	Left   int64      // of the generation that goes on, or put off by the last one
	Found  int64      // to do by later generations
	Bytes  int64      // of those done
	Spent  cost.Money // at most, listings included

	At time.Time // when the last generation began, or ended; zero for none

	Looked  bool                // there is a later generation
	Verdict generations.Verdict // of the last one
}

// Whole sums the job up with its later generations. What failed in one is in the report of
// the next one, as that is of all that is in the bucket: so the last one's failures count.
func (s *Status) Whole() Whole {
	w := Whole{Done: s.Done, Failed: s.Failed, Bytes: s.Bytes, Spent: s.Spent}
	for i := range s.Generations {
		g := &s.Generations[i]
		w.Done, w.Bytes, w.Spent = w.Done+g.Done, w.Bytes+g.Bytes, w.Spent.Add(g.Listing).Add(g.Spent)
		for _, at := range []time.Time{g.Began, g.Ended} {
			if at.After(w.At) {
				w.At = at
			}
		}
		w.Looked, w.Verdict = true, g.Verdict
		if g.Over() {
			w.Failed, w.Left = g.Failed, g.PutOff
			w.Found += g.Done
		} else {
			w.Left = max(g.Rows-g.Done-g.Failed-g.Left, 0)
			w.Found += g.Rows
		}
	}
	return w
}
