package parquet

import "io"

// window reads the bytes of one column of one row group, in order, a piece at
// a time.
type window struct {
	r        io.ReaderAt
	off, end int64 // bytes of the file not yet taken in
	buf      []byte
	pos      int
	budget   *budget
	large    *largePage
}

// largePage is memory for a page that is larger than a window, until it is decompressed:
// one for all columns, as they take turns.
type largePage struct{ buf []byte }

// bytes returns n bytes, good until the next call.
func (l *largePage) bytes(n int, b *budget) ([]byte, error) {
	if n > cap(l.buf) {
		size := n + n/8 // as pages differ a little in size
		if err := b.take(size - cap(l.buf)); err != nil {
			return nil, err
		}
		l.buf = make([]byte, size)
	}
	return l.buf[:n], nil
}

// windowBytes is read at once: the fewest reads that still leave twenty columns
// in a few megabytes.
const windowBytes = 256 << 10

// budget is the memory that a reader has left.
type budget struct{ left int64 }

// take accounts for n bytes more; n may be negative.
func (b *budget) take(n int) error {
	if int64(n) > b.left {
		return ErrLimit
	}
	b.left -= int64(n)
	return nil
}

func (w *window) reset(start, end int64) {
	w.off, w.end = start, end
	w.buf, w.pos = w.buf[:0], 0
}

// peek returns the bytes that follow: n of them, or more, or fewer at the end.
// They are valid until the next call.
func (w *window) peek(n int) ([]byte, error) {
	have := len(w.buf) - w.pos
	if have >= n || w.off == w.end {
		return w.buf[w.pos:], nil
	}
	copy(w.buf[:have], w.buf[w.pos:])
	w.pos = 0
	if want := int(min(int64(max(n, windowBytes)), int64(have)+w.end-w.off)); want > cap(w.buf) {
		if err := w.budget.take(want - cap(w.buf)); err != nil {
			return nil, err
		}
		grown := make([]byte, want)
		copy(grown, w.buf[:have])
		w.buf = grown
	}
	more := int(min(int64(cap(w.buf)-have), w.end-w.off))
	w.buf = w.buf[:have+more]
	if err := readFull(w.r, w.buf[have:], w.off); err != nil {
		return nil, err
	}
	w.off += int64(more)
	return w.buf, nil
}

// take returns the next n bytes, which are there, and passes over them. They are valid
// until the next call of a window of the same reader.
func (w *window) take(n int) ([]byte, error) {
	have := len(w.buf) - w.pos
	if n <= max(have, windowBytes) {
		b, err := w.peek(n)
		if err != nil {
			return nil, err
		}
		b = b[:n]
		w.advance(n)
		return b, nil
	}
	b, err := w.large.bytes(n, w.budget)
	if err != nil {
		return nil, err
	}
	copy(b, w.buf[w.pos:])
	w.buf, w.pos = w.buf[:0], 0
	if err := readFull(w.r, b[have:], w.off); err != nil {
		return nil, err
	}
	w.off += int64(n - have)
	return b, nil
}

// advance passes over n bytes; false says that there are not as many.
func (w *window) advance(n int) bool {
	if have := len(w.buf) - w.pos; n > have {
		if int64(n-have) > w.end-w.off {
			return false
		}
		w.off += int64(n - have)
		n = have
	}
	w.pos += n
	return true
}

func (w *window) empty() bool { return w.pos == len(w.buf) && w.off == w.end }
