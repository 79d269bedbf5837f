package status

import (
	"testing"

	"reseal/job/generations"
)

// What failed in one generation is in the report of the next: only the last one's failures
// are left. What all of them did and spent adds up.
func TestWhole(t *testing.T) {
	s := &Status{Done: 10, Failed: 3, Bytes: 1000, Spent: 100}
	if w := s.Whole(); w != (Whole{Done: 10, Failed: 3, Bytes: 1000, Spent: 100}) {
		t.Errorf("of one: %+v", w)
	}
	s.Generations = []generations.Generation{{Rows: 5, Done: 4, Failed: 1, Bytes: 40, Spent: 20, Listing: 3, Verdict: generations.Worked}, {Rows: 2, Done: 1, Bytes: 10, Listing: 3}}
	if w, want := s.Whole(), (Whole{Done: 15, Failed: 1, Left: 1, Found: 6, Bytes: 1050, Spent: 126, Looked: true}); w != want {
		t.Errorf("while the last one goes on: %+v, want %+v", w, want)
	}
	s.Generations[1].Verdict = generations.Clean
	if w, want := s.Whole(), (Whole{Done: 15, Found: 5, Bytes: 1050, Spent: 126, Looked: true, Verdict: generations.Clean}); w != want {
		t.Errorf("at the end: %+v, want %+v", w, want)
	}
}
