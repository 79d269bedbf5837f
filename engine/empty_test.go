package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An endpoint that answers about one object without what was asked for, for ever, does
// not keep a run waiting: the object fails within a minute, by name, and what happened
// is said with what to do. The others are done.
func TestEmptyAnswersFailTheObjectSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(20), newLog()
		s.before = func(op, k string, _ int) error {
			return only(k, &ObjectError{Op: "GetObjectTagging", Class: Empty, Said: "an answer without tags", Err: errors.New("empty")})
		}
		s.latency = time.Millisecond
		start := time.Now()
		if err := Run(t.Context(), t.Context(), config(s, l), batches(20, 20, nil)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took >= time.Minute {
			t.Errorf("the run took %v for the sake of one object", took)
		}
		for i := range l.results {
			r := &l.results[i]
			if r.Task.Record.Key != key(5) {
				if r.Outcome != Done {
					t.Errorf("%s: %v, want done", r.Task.Record.Key, r.Outcome)
				}
				continue
			}
			if r.Outcome != Failed || r.Attempts != emptyTries {
				t.Errorf("%v after %d requests, want failed after %d", r.Outcome, r.Attempts, emptyTries)
			}
			for _, want := range []string{"GetObjectTagging was asked 8 times", "without tags", "the log of the endpoint", "try again"} {
				if !strings.Contains(r.Err.Said, want) {
					t.Errorf("the error says %q, want %q in it", r.Err.Said, want)
				}
			}
		}
	})
}
