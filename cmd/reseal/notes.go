package main

import (
	"context"
	"sync"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/s3api"
)

// uploadNote is the name under which the checkpoint keeps what is known of a
// multipart upload in progress.
const uploadNote = "upload"

// notes remembers uploads in progress across restarts. Workers call it; what
// they say is handed to the checkpoint by the goroutine that owns that.
type notes struct {
	mu      sync.Mutex
	current map[inventory.Position][]byte
	news    map[inventory.Position]bool // changed since the last apply
}

var _ s3api.Notes = (*notes)(nil)

// newNotes reads the notes that earlier runs left.
func newNotes(ctx context.Context, s *checkpoint.Snapshot) (*notes, error) {
	n := &notes{current: map[inventory.Position][]byte{}, news: map[inventory.Position]bool{}}
	for note, err := range s.Notes(ctx) {
		if err != nil {
			return nil, err
		}
		if note.Key == uploadNote {
			n.current[note.Pos] = note.Value
		}
	}
	return n, nil
}

// Get implements s3api.Notes.
func (n *notes) Get(p inventory.Position) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.current[p]
}

// Put implements s3api.Notes.
func (n *notes) Put(p inventory.Position, note []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if note == nil {
		delete(n.current, p)
	} else {
		n.current[p] = note
	}
	n.news[p] = true
	return nil
}

// apply tells the checkpoint what changed.
func (n *notes) apply(j *checkpoint.Journal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := range n.news {
		if err := j.Note(p, uploadNote, n.current[p]); err != nil {
			return err
		}
		delete(n.news, p)
	}
	return nil
}
