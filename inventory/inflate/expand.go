package inflate

import "io"

// Decoder expands data that is all there. The zero value is ready; it keeps tables
// between calls. Not safe for concurrent use.
type Decoder struct{ d decoder }

// Expand expands src, bare deflate data, into the memory of buf, or into new memory where
// that is too small, and returns what came out, limit bytes at most. It takes memory for
// about twice of that. What follows the data in src is passed over. Errors are
// ErrCorrupt, ErrTooLong and io.ErrUnexpectedEOF.
func (x *Decoder) Expand(buf, src []byte, limit int) ([]byte, error) {
	out, _, err := x.expand(buf, src, limit)
	return out, err
}

// expand is Expand that also returns how much of src was used.
func (x *Decoder) expand(buf, src []byte, limit int) (out []byte, used int, err error) {
	d := &x.d
	d.reset()
	d.in, d.last = src, true
	d.out = buf[:min(cap(buf), limit)]
	defer func() { d.in, d.out = nil, nil }()
	for {
		switch need, err := d.run(true); {
		case err != nil:
			return nil, 0, err
		case need == needNothing:
			return d.out[:d.w], d.pos, nil
		case need == needInput:
			return nil, 0, io.ErrUnexpectedEOF // not met: it is all there
		case len(d.out) == limit:
			return nil, 0, ErrTooLong
		}
		grown := make([]byte, min(max(2*len(d.out), 4<<10), limit))
		copy(grown, d.out[:d.w])
		d.out = grown
	}
}

// Fill expands src, which is gzip data of one or more members, into dst, which it must
// fill exactly. Errors are those of Expand, and ErrHeader and ErrChecksum.
func (x *Decoder) Fill(dst, src []byte) error {
	at := 0
	for first := true; first || len(src) > 0; first = false {
		n, err := skipHeader(src)
		if err != nil {
			return err
		}
		out, used, err := x.expand(dst[at:at:len(dst)], src[n:], len(dst)-at)
		if err != nil {
			return err
		}
		src = src[n+used:]
		if len(src) < trailerBytes {
			return io.ErrUnexpectedEOF
		}
		if !trailerOf(src).matches(checksum(0, out), len(out)) {
			return ErrChecksum
		}
		src = src[trailerBytes:]
		at += len(out)
	}
	if at != len(dst) {
		return io.ErrUnexpectedEOF
	}
	return nil
}
