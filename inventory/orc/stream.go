package orc

import (
	"encoding/binary"
	"fmt"
	"io"
)

// stream is the decompressed content of a byte range of the file, which it reads a window at a time and decompresses a
// chunk at a time. A stream of length 0 and a stream that is absent are the same.
type stream struct {
	file *File
	dec  decompressor // nil when the file is not compressed
	name string

	off, end int64  // what of the range has not been read yet
	src      []byte // what has been read and not been decompressed yet
	window   []byte // memory of src
	out      []byte // the current chunk
	pos      int    // in out
	chunk    []byte // memory of out
}

// reset moves the stream to another range. It keeps its memory.
func (s *stream) reset(at span) {
	s.off, s.end = at.offset, at.offset+at.length
	s.src, s.out, s.pos = nil, nil, 0
}

// exhausted tells whether the stream has been used up. It may have to look for the next chunk.
func (s *stream) exhausted() (bool, error) {
	if s.pos < len(s.out) {
		return false, nil
	}
	err := s.next()
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

// want makes n bytes of src available, or as many as are left.
func (s *stream) want(n int) error {
	if len(s.src) >= n || s.off >= s.end {
		return nil
	}
	more := int(min(int64(max(n-len(s.src), s.file.opts.Window)), s.end-s.off))
	need := len(s.src) + more
	if cap(s.window) < need {
		w := make([]byte, need)
		copy(w, s.src)
		s.window = w
	} else {
		s.window = s.window[:need]
		copy(s.window, s.src)
	}
	if err := s.file.readAt(s.window[len(s.src):need], s.off); err != nil {
		return s.fail("read", err)
	}
	s.off += int64(more)
	s.src = s.window[:need]
	return nil
}

// next loads the next chunk that is not empty; io.EOF says that there is none.
func (s *stream) next() error {
	s.pos, s.out = 0, nil
	for {
		if err := s.want(3); err != nil {
			return err
		}
		if len(s.src) == 0 {
			return io.EOF
		}
		if s.dec == nil {
			s.out, s.src = s.src, nil
			return nil
		}
		if len(s.src) < 3 {
			return s.corrupt("half a chunk header")
		}
		header := int(s.src[0]) | int(s.src[1])<<8 | int(s.src[2])<<16
		n, original := header>>1, header&1 == 1
		if n > s.file.block {
			return s.corrupt("chunk of %d bytes in blocks of %d", n, s.file.block)
		}
		if err := s.want(3 + n); err != nil {
			return err
		}
		if n > len(s.src)-3 {
			return s.corrupt("chunk of %d bytes where %d are left", n, len(s.src)-3)
		}
		body := s.src[3 : 3+n]
		s.src = s.src[3+n:]
		if original {
			s.out = body
		} else {
			out, err := s.dec.expand(s.chunk, body, s.file.block)
			if err != nil {
				return s.fail("decompress", err)
			}
			s.out, s.chunk = out, out
		}
		if len(s.out) > 0 {
			return nil
		}
	}
}

// more is next for callers to whom the end of the stream is damage.
func (s *stream) more() error {
	err := s.next()
	if err == io.EOF {
		return s.corrupt("the stream ends before its last value")
	}
	return err
}

func (s *stream) readByte() (byte, error) {
	if s.pos >= len(s.out) {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	b := s.out[s.pos]
	s.pos++
	return b, nil
}

// read fills dst.
func (s *stream) read(dst []byte) error {
	for len(dst) > 0 {
		if s.pos >= len(s.out) {
			if err := s.more(); err != nil {
				return err
			}
		}
		n := copy(dst, s.out[s.pos:])
		s.pos += n
		dst = dst[n:]
	}
	return nil
}

// take appends n bytes to dst, whose memory grows only with bytes that are there.
func (s *stream) take(dst []byte, n int) ([]byte, error) {
	for n > 0 {
		if s.pos >= len(s.out) {
			if err := s.more(); err != nil {
				return dst, err
			}
		}
		k := min(n, len(s.out)-s.pos)
		dst = append(dst, s.out[s.pos:s.pos+k]...)
		s.pos += k
		n -= k
	}
	return dst, nil
}

// discard passes over n bytes.
func (s *stream) discard(n int64) error {
	for n > 0 {
		if s.pos >= len(s.out) {
			if err := s.more(); err != nil {
				return err
			}
		}
		k := min(n, int64(len(s.out)-s.pos))
		s.pos += int(k)
		n -= k
	}
	return nil
}

// padding is what view promises beyond its n bytes, so that eight bytes can be loaded at the last of them.
const padding = 8

// view passes over n bytes and gives them back with padding bytes of no meaning behind them. They lie in the chunk, or in
// scratch where the chunk ends too soon, and are good until the next call.
func (s *stream) view(n int, scratch []byte) ([]byte, error) {
	if len(s.out)-s.pos >= n+padding {
		b := s.out[s.pos : s.pos+n+padding]
		s.pos += n
		return b, nil
	}
	if err := s.read(scratch[:n]); err != nil {
		return nil, err
	}
	return scratch[:n+padding], nil
}

// uvarint reads a number of base 128, lowest digit first.
func (s *stream) uvarint() (uint64, error) {
	if len(s.out)-s.pos >= binary.MaxVarintLen64 {
		v, n := binary.Uvarint(s.out[s.pos:])
		if n <= 0 {
			return 0, s.corrupt("number of more than 64 bits")
		}
		s.pos += n
		return v, nil
	}
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := s.readByte()
		if err != nil {
			return 0, err
		}
		if shift == 63 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, s.corrupt("number of more than 64 bits")
}

// bigEndian reads a number of n bytes, at most eight, highest first.
func (s *stream) bigEndian(n int) (uint64, error) {
	var v uint64
	for range n {
		b, err := s.readByte()
		if err != nil {
			return 0, err
		}
		v = v<<8 | uint64(b)
	}
	return v, nil
}

func (s *stream) corrupt(format string, a ...any) error {
	return s.fail("decode", corrupt(format, a...))
}

func (s *stream) fail(op string, err error) error {
	e := failure(fmt.Sprintf("%s %s", op, s.name), err)
	if s.end > 0 { // not for a stream that is absent
		e.Offset = s.off - int64(len(s.src))
	}
	return e
}
