package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"reseal/engine"
	"reseal/job"
)

// failureLimit is how many objects may fail before a run stops: a number, or a
// share of those it attempted. The zero value is no limit.
type failureLimit struct {
	text  string
	count int64
	share float64
}

// enoughAttempts is how many objects have to be attempted before a share of
// them says anything: the first one to fail is always 100 %.
const enoughAttempts = 200

// parseFailureLimit reads "100" or "1%"; "" and "0" are no limit.
func parseFailureLimit(text string) (l failureLimit, err error) {
	l.text = text
	if strings.HasSuffix(text, "%") {
		if l.share, err = parsePercent(text); err == nil && l.share == 0 {
			err = fmt.Errorf("%q: a share of nothing stops at the first object; want 1 for that", text)
		}
		return l, err
	}
	if text == "" {
		return l, nil
	}
	if l.count, err = strconv.ParseInt(text, 10, 64); err != nil || l.count < 0 {
		return l, fmt.Errorf("%q: want a number of objects, or a share such as 1%%", text)
	}
	return l, nil
}

// ofShare is the limit of a share of a job: its part of a number, rounded up, and the
// same share of those attempted.
func (l failureLimit) ofShare(s job.Share) failureLimit {
	if n := int64(s.Count); n > 0 {
		l.count = (l.count + n - 1) / n
	}
	return l
}

// reached reports whether a run is to stop that attempted so many objects, of
// which some failed.
func (l failureLimit) reached(attempted, failed int64) bool {
	if l.count > 0 {
		return failed >= l.count
	}
	if l.share > 0 {
		return attempted >= enoughAttempts && float64(failed) >= math.Max(1, l.share*float64(attempted))
	}
	return false
}

// budget is the question that the engine asks after every object, nil where
// there is nothing to ask. note follows the name of the limit that is reached.
func (l failureLimit) budget(note string) func(*engine.Stats) string {
	if l.share == 0 && l.count == 0 {
		return nil
	}
	return func(s *engine.Stats) string {
		failed := s.Count(engine.Failed)
		if l.reached(failed+s.Count(engine.Done), failed) {
			return "--max-failures " + l.text + note
		}
		return ""
	}
}
