package status

import (
	"fmt"

	"reseal/job/generations"
	"reseal/plan"
)

// CountInto fills in what the run of g came to, by the status of the job that it is.
func (s *Status) CountInto(g *generations.Generation) {
	s.countSoFar(g)
	g.PutOff = s.Deferred
	switch {
	case s.Rows != nil:
		g.Rows = *s.Rows
		g.PutOff = max(*s.Rows-s.Settled, 0)
	case s.Damaged > 0:
		g.PutOff++ // nobody knows how many
	}
}

// countSoFar fills in what the run of g did so far.
func (s *Status) countSoFar(g *generations.Generation) {
	g.Done, g.Failed, g.Bytes, g.Spent, g.Left = s.Done, s.Failed, s.Bytes, s.Spent, 0
	for reason, n := range s.Skipped {
		if reason != string(plan.AlreadyEncrypted) && reason != string(plan.Filtered) && reason != string(plan.Gone) {
			g.Left += n
		}
	}
}

// Agrees refuses what the chain says of a generation that ended, where its own records say
// something else: no verdict rests on the word of the chain alone.
func (s *Status) Agrees(g *generations.Generation) error {
	if !g.Over() {
		return nil
	}
	is := *g
	s.CountInto(&is)
	if is.Done == g.Done && is.Failed == g.Failed && is.PutOff == g.PutOff && is.Ending() == g.Verdict {
		return nil
	}
	return &generations.LinkError{What: fmt.Sprintf("%s says of generation %d that it re-encrypted %d, that %d failed and %d were put off; by its own records these are %d, %d and %d",
		generations.File, g.Number, g.Done, g.Failed, g.PutOff, is.Done, is.Failed, is.PutOff)}
}
