package orc

import "math/bits"

// byteRLE reads runs of bytes: a header of 0 to 127 says that the next byte stands for 3 to 130 equal ones, a header of 128
// to 255 that 128 down to 1 bytes follow as they are.
type byteRLE struct {
	s       *stream
	left    int // of the current run
	literal bool
	value   byte
}

func (d *byteRLE) reset() { d.left = 0 }

// read fills dst with the next values.
func (d *byteRLE) read(dst []byte) error {
	for len(dst) > 0 {
		if d.left == 0 {
			if err := d.header(); err != nil {
				return err
			}
		}
		n := min(d.left, len(dst))
		if d.literal {
			if err := d.s.read(dst[:n]); err != nil {
				return err
			}
		} else {
			for i := range dst[:n] {
				dst[i] = d.value
			}
		}
		d.left -= n
		dst = dst[n:]
	}
	return nil
}

func (d *byteRLE) header() error {
	h, err := d.s.readByte()
	if err != nil {
		return err
	}
	if d.literal = h >= 0x80; d.literal {
		d.left = 256 - int(h)
		return nil
	}
	d.left = int(h) + 3
	d.value, err = d.s.readByte()
	return err
}

// finished fails unless all values have been read.
func (d *byteRLE) finished() error { return finished(d.s, d.left) }

func finished(s *stream, left int) error {
	if left == 0 {
		done, err := s.exhausted()
		if err != nil || done {
			return err
		}
	}
	return s.corrupt("the stream goes on after its last value")
}

// boolRLE reads bits, the highest of a byte first, out of runs of bytes.
type boolRLE struct {
	bytes   byteRLE
	pending byte // bits of the current byte that are still to come, in the high places
	left    int  // how many
	scratch [128]byte
}

func (d *boolRLE) reset() {
	d.bytes.reset()
	d.left = 0
}

// read fills dst with the next bits, each turned over where flip is 0xff and as it is where flip is 0. It returns how many
// in dst are true.
func (d *boolRLE) read(dst []bool, flip byte) (int, error) {
	count := 0
	for len(dst) > 0 && d.left > 0 {
		dst, count = d.shift(dst, count)
	}
	for len(dst) >= 8 {
		packed := d.scratch[:min(len(dst)/8, len(d.scratch))]
		if err := d.bytes.read(packed); err != nil {
			return 0, err
		}
		for _, b := range packed {
			b ^= flip
			count += bits.OnesCount8(b)
			copy(dst[:8], spreadBits[b][:])
			dst = dst[8:]
		}
	}
	if len(dst) > 0 {
		if err := d.bytes.read(d.scratch[:1]); err != nil {
			return 0, err
		}
		d.pending, d.left = d.scratch[0]^flip, 8
		for len(dst) > 0 {
			dst, count = d.shift(dst, count)
		}
	}
	return count, nil
}

func (d *boolRLE) shift(dst []bool, count int) ([]bool, int) {
	dst[0] = d.pending&0x80 != 0
	if dst[0] {
		count++
	}
	d.pending <<= 1
	d.left--
	return dst[1:], count
}

// finished fails unless all values have been read. The bits that fill up the last byte mean nothing.
func (d *boolRLE) finished() error { return d.bytes.finished() }

// spreadBits holds the eight bits of each byte as bools.
var spreadBits = func() (t [256][8]bool) {
	for b := range t {
		for i := range t[b] {
			t[b][i] = b<<i&0x80 != 0
		}
	}
	return t
}()
