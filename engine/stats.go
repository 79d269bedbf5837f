package engine

import "sync/atomic"

// Stats counts a run while it goes on. All fields may be read at any time.
type Stats struct {
	Outcomes [NumOutcomes]atomic.Int64 // objects of this run by outcome
	Repeats  atomic.Int64              // of Done: recognised as done by an earlier attempt
	Bytes    atomic.Int64              // of Done
	Rows     atomic.Int64              // rows read in this run, those settled earlier included
	Earlier  atomic.Int64              // rows that an earlier run had settled
	InFlight atomic.Int64              // objects being worked on
	Requests atomic.Int64              // requests sent, retries included
	Retries  atomic.Int64              // requests sent again
	KMSMax   atomic.Int64              // KMS requests that the requests sent so far took at most
	Writes   atomic.Int64              // PUT-class requests sent
	Reads    atomic.Int64              // GET-class requests sent
	Outage   atomic.Pointer[Outage]    // under way, nil where all is well
}

// Count returns the objects of this run that ended in o.
func (s *Stats) Count(o Outcome) int64 { return s.Outcomes[o].Load() }
