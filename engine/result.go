package engine

import (
	"time"

	"reseal/plan"
)

// Outcome is how a row ended.
type Outcome uint8

// The outcomes.
const (
	NotAttempted Outcome = iota // stopped before anything was sent: a resume does it
	Done                        // under the wanted key, confirmed by the store
	Skipped                     // rightly left alone; Reason says why
	Failed                      // not done; Reason and Err say why
	Deferred                    // put off to another pass over the report
	NumOutcomes
)

var outcomeNames = [NumOutcomes]string{"not-attempted", "done", "skipped", "failed", "deferred"}

// String returns the outcome's name in results and reports.
func (o Outcome) String() string { return outcomeNames[o] }

// Effect is what a Rewrite did, as the store confirmed it.
type Effect struct {
	ETag      string    // after
	VersionID string    // of the version written, "" where the bucket has none
	Source    string    // version that a single copy was made from, "" where the answer does not say
	KMSKeyID  string    // as the store named it
	Modified  time.Time // of it, as the answer to the write said; zero where that did not
	RequestID string    // of the request that made it so; of a repeat, of the look that recognised it

	// Steps are the requests with which an object that took several was made, in
	// order, parts left out: "CreateMultipartUpload:id CompleteMultipartUpload:id".
	Steps string

	// PutBack is what the write lost of the object, and what was put back since:
	// the object is as it was, and the endpoint is not to be trusted with more.
	PutBack []plan.Difference

	// LeftOut is what of the object was not sent along, as S3 would have refused all
	// of it, and as its loss was accepted.
	LeftOut []plan.Difference
}

// Result is everything there is to say about one row of the report.
type Result struct {
	Task     plan.Task
	Segment  int // index of the segment that the row is in
	Outcome  Outcome
	Reason   plan.Reason
	Err      *ObjectError   // for Failed
	Left     *StopError     // for NotAttempted: the limit that has no room for it, nil where the run was ending anyway
	Effect   Effect         // for Done
	Newer    bool           // done as another client had written it since the report
	Before   *plan.Snapshot // as it was before, where that was asked for and could be read
	Repeat   bool           // found done already by an earlier attempt whose end was not recorded
	Doubted  bool           // an earlier run may have worked on it, and did not say how that ended
	Unsure   bool           // not attempted to its end, or put off: what was sent may have taken effect
	Attempts int            // requests sent, retries included
	KMSMax   int64          // KMS requests that they took at most
	Started  time.Time
	Took     time.Duration
}
