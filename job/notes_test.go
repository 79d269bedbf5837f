package job

import (
	"errors"
	"testing"

	"reseal/checkpoint"
	"reseal/internal/jobtest"
	"reseal/inventory"
	"reseal/s3api"
)

// As many uploads as objects can be in flight are all remembered; where notes take
// more than the checkpoint keeps, the next is refused, and the flush goes through.
func TestNotesStayWithinTheCheckpoint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		size    int
		at, end int // so many fit at least, and at most
	}{
		{"plain", 400, 100_000, maxUploadNotes},
		{"tiny", 1, maxUploadNotes, maxUploadNotes},
		{"owed", 20 << 10, 500, 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			segments := []inventory.Segment{{File: 0, First: 0, Last: inventory.OpenEnd}}
			state, snapshot, err := checkpoint.Open(t.Context(), jobtest.Locked(t), checkpoint.HashPlan([]byte("p")), segments, checkpoint.Options{})
			if err != nil {
				t.Fatal(err)
			}
			n, err := ReadUploadNotes(t.Context(), snapshot)
			if err != nil {
				t.Fatal(err)
			}
			note, fit := make([]byte, tt.size), 0
			for ; err == nil && fit <= tt.end; fit++ {
				err = n.Put(inventory.Position{Row: int64(fit)}, note)
			}
			fit-- // the last was refused
			if !errors.Is(err, s3api.ErrNotesFull) || fit < tt.at {
				t.Errorf("%d notes fit, and then: %v; want %d at least", fit, err, tt.at)
			}
			if err := errors.Join(n.Apply(state), state.Flush(t.Context())); err != nil {
				t.Fatalf("with %d notes: %v", fit, err)
			}
			if n, err = ReadUploadNotes(t.Context(), state.Snapshot()); err != nil || len(n.current) != fit {
				t.Fatalf("%d notes were read back, %v", len(n.current), err)
			}
			if err := n.Put(inventory.Position{Row: int64(fit)}, note); !errors.Is(err, s3api.ErrNotesFull) {
				t.Errorf("after a restart one more gives %v", err)
			}
			if err := n.Put(inventory.Position{}, nil); err != nil {
				t.Errorf("one that is over: %v", err)
			}
			if err := n.Put(inventory.Position{Row: int64(fit)}, note); err != nil {
				t.Errorf("in its place: %v", err)
			}
		})
	}
}
