package simulator

// staleReads is a setting as it was before a change, and how many reads are still
// answered with it.
type staleReads[T any] struct {
	before T
	left   int
}

// change notes that a setting is about to be another one. Reads may go on to see
// what they saw last.
func (s *staleReads[T]) change(now T, reads int) {
	if s.left == 0 {
		s.before = now
	}
	s.left = reads
}

// read is the setting as a read sees it.
func (s *staleReads[T]) read(now T) T {
	if s.left == 0 {
		return now
	}
	s.left--
	return s.before
}

// staleDocument is what reads see of a configuration that is kept as a document.
func (b *bucket) staleDocument(d document) *staleReads[[]byte] {
	if b.stale.documents == nil {
		b.stale.documents = map[document]*staleReads[[]byte]{}
	}
	if b.stale.documents[d] == nil {
		b.stale.documents[d] = &staleReads[[]byte]{}
	}
	return b.stale.documents[d]
}
