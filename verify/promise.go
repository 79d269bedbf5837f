package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"reseal/plan"
	"reseal/report"
)

// State is how a row of the report stands in the job.
type State uint8

// The states.
const (
	Unsettled State = iota // the job has not come to it, or does not know how it ended
	Settled                // done, or rightly left alone
	Failed                 // tried, and not done
)

// Promise is what a job recorded of a row. Without a result line only its State
// is known.
type Promise struct {
	State State

	Line    bool        // a result line says how the row ended
	Skipped bool        // by the line: the object was left alone, for Reason
	Reason  plan.Reason // of the line
	Error   string      // of this try or an earlier one that could not carry the object over faithfully
	Size    int64       // bytes of the object then; -1 where unknown
	Before  bool        // the line holds a snapshot from before
	Began   time.Time   // when its object was begun, by the run's clock; zero where unknown
	Time    time.Time   // when it was settled, likewise

	// Write identifies what the job wrote; zero where that is not known.
	Write Write

	newer *restated // of an object that was written between report and run
}

// Write identifies one write of an object: a digest of its ETag and of its
// version id. It is 16 bytes so that a million of them can be kept.
type Write struct{ etag, version uint64 }

// WriteOf returns the identity of a write. An empty ETag identifies nothing;
// an empty version or "null" none.
func WriteOf(etag, version string) Write {
	if etag == "" {
		return Write{}
	}
	w := Write{etag: digest(etag)}
	if version != "" && version != "null" {
		w.version = digest(version)
	}
	return w
}

// digest is the first 64 bits of a SHA-256, never 0.
func digest(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return max(binary.BigEndian.Uint64(sum[:]), 1)
}

// known tells whether w identifies anything.
func (w Write) known() bool { return w.etag != 0 }

// is tells whether h is of the write.
func (w Write) is(h *plan.Head) bool {
	now := WriteOf(h.ETag, h.VersionID)
	return w.etag == now.etag && (w.version == 0 || w.version == now.version)
}

// sameVersion tells whether nothing shows h to be of another version than w.
func (w Write) sameVersion(h *plan.Head) bool {
	return w.version == 0 || w.version == WriteOf("-", h.VersionID).version
}

// untouched tells whether h was written no later than the row was settled, as far
// as the clocks of both are right.
func (p *Promise) untouched(h *plan.Head) bool {
	return !p.Time.IsZero() && !h.LastModified.IsZero() && !h.LastModified.After(p.Time)
}

// settledAfter tells whether h was written before the second in which the row was
// settled: dates of HTTP have no finer one, and a client may have written within it.
func (p *Promise) settledAfter(h *plan.Head) bool {
	return !h.LastModified.IsZero() && h.LastModified.Before(p.Time.Truncate(time.Second))
}

// begunAfter tells whether h was written before the second in which the object was
// begun: whatever the answer to its re-encryption said, it was never written.
func (p *Promise) begunAfter(h *plan.Head) bool {
	return !h.LastModified.IsZero() && h.LastModified.Before(p.Began.Truncate(time.Second))
}

// repeat tells whether the object was found done, and no answer to its
// re-encryption was recorded.
func (p *Promise) repeat() bool { return p.Line && !p.Skipped && p.Reason == report.Repeat }

// restated is what an object was when the job did it, where that is not what its
// row says.
type restated struct {
	etag string
	size int64
}
