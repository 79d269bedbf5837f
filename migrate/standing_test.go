package migrate

import (
	"testing"

	"reseal/checkpoint"
	"reseal/inventory"
)

// The segment of a row is found among those of its file, in whatever order they were
// listed, with gaps and empty ones between them.
func TestStandingFindsTheSegmentOfARow(t *testing.T) {
	dir, err := checkpoint.CreateDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lock, err := dir.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	segments := []inventory.Segment{{File: 1, First: 40, Last: inventory.OpenEnd}, {File: 1, First: 10, Last: 9}, {File: 1, First: 10, Last: 19},
		{File: 0, First: 0, Last: 99}, {File: 1, First: 30, Last: 39}, {File: 1, First: 20, Last: 19}, {File: 1, First: 0, Last: 4}}
	state, _, err := checkpoint.Open(t.Context(), dir, checkpoint.PlanHash{1}, segments, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rows []inventory.Position
	for _, s := range segments {
		for row := s.First; row <= min(s.Last, s.First+99); row++ {
			p := inventory.Position{File: s.File, Row: row}
			rows = append(rows, p)
			if row%3 != 0 {
				continue
			}
			if err := state.Done(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := state.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	stand, err := Stand(t.Context(), state.Snapshot(), Every)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rows {
		if !stand.Known(p) || stand.Settled(p) != (p.Row%3 == 0) {
			t.Errorf("row %v: known %t, settled %t", p, stand.Known(p), stand.Settled(p))
		}
	}
	for _, p := range []inventory.Position{{File: 1, Row: 5}, {File: 1, Row: 9}, {File: 1, Row: 20}, {File: 1, Row: 29}, {File: 0, Row: 100}, {File: 2, Row: 0}, {File: 1, Row: -1}} {
		if stand.Known(p) {
			t.Errorf("row %v is known, and in no segment", p)
		}
	}
}
