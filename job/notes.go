package job

import (
	"context"
	"maps"
	"sync"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/s3api"
)

// The names under which the checkpoint keeps what is known of a multipart upload in
// progress, and what an object was before it was written, until it was compared with
// what it is after.
const (
	UploadNote = "upload"
	CanaryNote = "canary"
)

// What notes may take together. The checkpoint keeps so many of a segment, and all
// may be of one. A note above largeNote holds what an object is owed, beside an
// upload under the longest key; those have a part of the room to themselves, so that
// plain uploads never lack it.
const (
	largeNote      = 2 << 10 // bytes
	largeRoom      = checkpoint.MaxNoteBytes / 4
	noteRoom       = checkpoint.MaxNoteBytes - canaryRoom
	maxUploadNotes = checkpoint.MaxNotes - maxCanaryNotes

	canaryRoom     = 4 << 20 // bytes for objects that are being compared, a few KB each
	maxCanaryNotes = 1 << 10
)

// Notes remember uploads in progress, or objects being compared, across restarts. Any
// goroutine may read and write them. Apply, MarkDurable and Fail are for the goroutine
// that owns the journal. They implement s3api.Notes.
type Notes struct {
	Key           string // in the checkpoint
	room, most    int    // bytes and notes
	FlushRequests chan struct{}

	mu      sync.Mutex
	current map[inventory.Position][]byte // by row
	bytes   int                           // of all of them, with their keys
	large   int                           // of the large ones
	news    map[inventory.Position]bool   // changed since the last apply
	applied map[inventory.Position]bool   // told to the checkpoint, and not durable yet
	flushed chan struct{}                 // closed by the next flush, and replaced
	broken  error                         // why nothing becomes durable any more
}

var _ s3api.Notes = (*Notes)(nil)

// ReadUploadNotes returns the notes of uploads that earlier runs left.
func ReadUploadNotes(ctx context.Context, s *checkpoint.Snapshot) (*Notes, error) {
	return readNotes(ctx, s, &Notes{Key: UploadNote, room: noteRoom, most: maxUploadNotes, FlushRequests: make(chan struct{}, 1)})
}

// ReadCanaryNotes returns the notes of objects that earlier runs did not compare. They
// ask for a flush of the journal on flush.
func ReadCanaryNotes(ctx context.Context, s *checkpoint.Snapshot, flush chan struct{}) (*Notes, error) {
	return readNotes(ctx, s, &Notes{Key: CanaryNote, room: canaryRoom, most: maxCanaryNotes, FlushRequests: flush})
}

// readNotes fills n with those of its key.
func readNotes(ctx context.Context, s *checkpoint.Snapshot, n *Notes) (*Notes, error) {
	n.current, n.flushed, n.news, n.applied = map[inventory.Position][]byte{}, make(chan struct{}), map[inventory.Position]bool{}, map[inventory.Position]bool{}
	for note, err := range s.Notes(ctx) {
		if err != nil {
			return nil, err
		}
		if note.Key == n.Key {
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
	return len(UploadNote) + len(note)
}

func largeBytes(note []byte) int {
	if len(note) <= largeNote {
		return 0
	}
	return noteBytes(note)
}

// Get implements s3api.Notes.
func (n *Notes) Get(p inventory.Position) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.current[p]
}

// Put implements s3api.Notes.
func (n *Notes) Put(p inventory.Position, note []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	old, known := n.current[p]
	large, all := n.large-largeBytes(old)+largeBytes(note), n.bytes-noteBytes(old)+noteBytes(note)
	switch { // what makes a note smaller is never refused
	case large > largeRoom && large > n.large, all > n.room && all > n.bytes, note != nil && !known && len(n.current) >= n.most:
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

// All implements s3api.Notes.
func (n *Notes) All() map[inventory.Position][]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.current)
}

// Kept implements s3api.Notes.
func (n *Notes) Kept(ctx context.Context, p inventory.Position) error {
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
		case n.FlushRequests <- struct{}{}:
		default: // asked for already
		}
		select {
		case <-flushed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Apply hands the changes to the journal, before a flush of it.
func (n *Notes) Apply(j *checkpoint.Journal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := range n.news {
		if err := j.Note(p, n.Key, n.current[p]); err != nil {
			return err
		}
		delete(n.news, p)
		n.applied[p] = true
	}
	return nil
}

// MarkDurable says that what was applied is durable, after the flush.
func (n *Notes) MarkDurable() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.applied)
	n.wake()
}

// Fail says that nothing becomes durable any more: err is why.
func (n *Notes) Fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.broken = err
	n.wake()
}

// wake has those who wait look again. The caller holds the lock.
func (n *Notes) wake() {
	close(n.flushed)
	n.flushed = make(chan struct{})
}
