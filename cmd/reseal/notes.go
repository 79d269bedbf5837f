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

// What notes may take together. The checkpoint keeps so many of a segment, and all
// may be of one. A note above largeNote holds what an object is owed, beside an
// upload under the longest key; those have a part of the room to themselves, so that
// plain uploads never lack it.
const (
	largeNote = 2 << 10 // bytes
	largeRoom = checkpoint.MaxNoteBytes / 4
	noteRoom  = checkpoint.MaxNoteBytes
	mostNotes = checkpoint.MaxNotes
)

// notes remembers uploads in progress across restarts. Workers call it; what
// they say is handed to the checkpoint by the goroutine that owns that.
type notes struct {
	hurry chan struct{} // asks for a flush

	mu      sync.Mutex
	current map[inventory.Position][]byte
	bytes   int                         // of all of them, with their keys
	large   int                         // of the large ones
	news    map[inventory.Position]bool // changed since the last apply
	applied map[inventory.Position]bool // told to the checkpoint, and not durable yet
	flushed chan struct{}               // closed by the next flush, and replaced
	broken  error                       // why nothing becomes durable any more
}

var _ s3api.Notes = (*notes)(nil)

// newNotes reads the notes that earlier runs left.
func newNotes(ctx context.Context, s *checkpoint.Snapshot) (*notes, error) {
	n := &notes{hurry: make(chan struct{}, 1), current: map[inventory.Position][]byte{}, flushed: make(chan struct{}),
		news: map[inventory.Position]bool{}, applied: map[inventory.Position]bool{}}
	for note, err := range s.Notes(ctx) {
		if err != nil {
			return nil, err
		}
		if note.Key == uploadNote {
			n.current[note.Pos] = note.Value
			n.bytes += noteBytes(note.Value)
			n.large += largeBytes(note.Value)
		}
	}
	return n, nil
}

// noteBytes is what a note counts for towards noteRoom, and largeBytes towards
// largeRoom.
func noteBytes(note []byte) int {
	if note == nil {
		return 0
	}
	return len(uploadNote) + len(note)
}

func largeBytes(note []byte) int {
	if len(note) <= largeNote {
		return 0
	}
	return noteBytes(note)
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
	old, known := n.current[p]
	large, all := n.large-largeBytes(old)+largeBytes(note), n.bytes-noteBytes(old)+noteBytes(note)
	switch { // what makes a note smaller is never refused
	case large > largeRoom && large > n.large, all > noteRoom && all > n.bytes, note != nil && !known && len(n.current) >= mostNotes:
		return s3api.ErrNotesFull
	}
	n.large, n.bytes = large, all
	if note == nil {
		delete(n.current, p)
	} else {
		n.current[p] = note
	}
	n.news[p] = true
	return nil
}

// Kept implements s3api.Notes.
func (n *notes) Kept(ctx context.Context, p inventory.Position) error {
	for {
		n.mu.Lock()
		waiting, flushed, broken := n.news[p] || n.applied[p], n.flushed, n.broken
		n.mu.Unlock()
		switch {
		case !waiting:
			return nil
		case broken != nil:
			return broken
		}
		select {
		case n.hurry <- struct{}{}:
		default: // asked for already
		}
		select {
		case <-flushed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
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
		n.applied[p] = true
	}
	return nil
}

// saved says that what was applied is durable.
func (n *notes) saved() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.applied)
	n.wake()
}

// fail says that nothing will be durable any more.
func (n *notes) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.broken = err
	n.wake()
}

// wake has those who wait look again. The caller holds the lock.
func (n *notes) wake() {
	close(n.flushed)
	n.flushed = make(chan struct{})
}
