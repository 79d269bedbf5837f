package engine

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Stats counts a run while it goes on. All fields may be read at any time.
type Stats struct {
	Outcomes [NumOutcomes]atomic.Int64 // objects of this run by outcome
	Repeats  atomic.Int64              // of Done: recognised as done by an earlier attempt
	Unsure   atomic.Int64              // of NotAttempted: a re-encryption was sent, and may have taken or took effect
	Bytes    atomic.Int64              // of Done
	Rows     atomic.Int64              // rows read in this run, those settled earlier included
	Earlier  atomic.Int64              // rows that an earlier run had settled
	Handled  atomic.Int64              // objects taken up and settled, as Done, Failed or Skipped
	InFlight atomic.Int64              // objects being worked on
	Unmet    atomic.Int64              // requests sent that have no answer yet
	Heard    atomic.Int64              // unix nanoseconds of the last answer, or of the first request that waits for one
	Recorded atomic.Int64              // unix nanoseconds at which the recorder last went on; 0 while none works
	Fed      atomic.Bool               // all rows of the pass were read and handed out
	Requests atomic.Int64              // requests sent, retries included, and what the caller adds that it sent itself
	Retries  atomic.Int64              // requests sent again
	KMSMax   atomic.Int64              // KMS requests that the requests sent so far took at most
	Writes   atomic.Int64              // PUT-class requests sent
	Reads    atomic.Int64              // GET-class requests sent
	Outage   atomic.Pointer[Outage]    // under way, nil where all is well
	Refusal  atomic.Pointer[Refusal]   // of a request that is throttled again and again, nil for none
	Failure  atomic.Pointer[Failure]   // of the object that failed last, nil for none
}

// Failure is why an object failed.
type Failure struct {
	At     time.Time `json:"at"`
	Key    string    `json:"key"`
	Reason string    `json:"reason"`
	Error  string    `json:"error"`
}

// Refusal is a request that was throttled as often as any other is sent at most, and is
// sent again.
type Refusal struct {
	Key         string
	HTTPStatus  int
	Code        string
	Tries, Most int
}

// String is for people.
func (r *Refusal) String() string {
	return fmt.Sprintf("%q: %d %s, sent %d times of at most %d", r.Key, r.HTTPStatus, r.Code, r.Tries, r.Most)
}

// Count returns the objects of this run that ended in o.
func (s *Stats) Count(o Outcome) int64 { return s.Outcomes[o].Load() }
