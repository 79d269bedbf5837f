package checkpoint

import (
	"testing"

	"reseal/inventory"
)

func TestSmoke(t *testing.T) {
	d, err := CreateDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Lock(t.Context(), Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	segs := []inventory.Segment{{File: 0, First: 0, Last: 9}, {File: 1, First: 0, Last: inventory.OpenEnd}}
	j, _, err := Open(t.Context(), d, PlanHash{1}, segs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for row := range int64(8) {
		p := inventory.Position{File: 0, Row: row}
		if err := j.Log(t.Context(), p, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		if err := j.Done(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Fail(inventory.Position{File: 1, Row: 3}); err != nil {
		t.Fatal(err)
	}
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, s, err := Open(t.Context(), d, PlanHash{1}, segs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rem, idx := s.Remaining()
	t.Logf("%+v %v %v", s.Totals(), rem, idx)
	for line, err := range s.Results(t.Context()) {
		t.Logf("%+v %v", line, err)
	}
}
