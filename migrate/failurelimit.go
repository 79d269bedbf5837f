package migrate

import (
	"math"

	"reseal/engine"
	"reseal/job"
)

// FailureLimit is how many objects may fail before a run stops: a number, or a
// share of those it attempted. The zero value is no limit.
type FailureLimit struct {
	Text  string  // as it was stated
	Count int64   // 0 for none
	Share float64 // 0 to 1; 0 for none
}

// enoughAttempts is how many objects must be attempted before a share of
// them says anything: the first one to fail is always 100 %.
const enoughAttempts = 200

// Of is the limit of a share of a job: its part of a number, rounded up, and the
// same share of those attempted.
func (l FailureLimit) Of(s job.Share) FailureLimit {
	if n := int64(s.Count); n > 0 {
		l.Count = (l.Count + n - 1) / n
	}
	return l
}

// reached reports whether a run is to stop that attempted so many objects, of
// which some failed.
func (l FailureLimit) reached(attempted, failed int64) bool {
	if l.Count > 0 {
		return failed >= l.Count
	}
	if l.Share > 0 {
		return attempted >= enoughAttempts && float64(failed) >= math.Max(1, l.Share*float64(attempted))
	}
	return false
}

// Budget is the question that the engine asks after every object, nil where
// there is nothing to ask. note follows the name of the limit that is reached.
func (l FailureLimit) Budget(note string) func(*engine.Stats) string {
	if l.Share == 0 && l.Count == 0 {
		return nil
	}
	return func(s *engine.Stats) string {
		failed := s.Count(engine.Failed)
		if l.reached(failed+s.Count(engine.Done), failed) {
			return "--max-failures " + l.Text + note
		}
		return ""
	}
}
