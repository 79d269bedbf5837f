package orc

// maxRun is the longest run of either version: 512 values in version 2, 130 in version 1.
const maxRun = 512

// intRLE reads runs of integers, encoded in version 1 or 2.
type intRLE struct {
	s      *stream
	signed bool // values are zigzag encoded
	v2     bool

	run     [maxRun]int64 // the current run
	pos, n  int           // what of it is left
	patches [31]int64     // of the run being decoded
	scratch [maxRun*8 + padding]byte
}

// reset makes the decoder ready for another stripe, whose encoding may be of the other version.
func (d *intRLE) reset(v2 bool) { d.v2, d.pos, d.n = v2, 0, 0 }

// read fills dst with the next values.
func (d *intRLE) read(dst []int64) error {
	for len(dst) > 0 {
		if d.pos == d.n {
			if err := d.fill(); err != nil {
				return err
			}
		}
		k := copy(dst, d.run[d.pos:d.n])
		d.pos += k
		dst = dst[k:]
	}
	return nil
}

// skip passes over n values.
func (d *intRLE) skip(n int) error {
	for n > 0 {
		if d.pos == d.n {
			if err := d.fill(); err != nil {
				return err
			}
		}
		k := min(n, d.n-d.pos)
		d.pos += k
		n -= k
	}
	return nil
}

// fill decodes the next run, which has one value at least.
func (d *intRLE) fill() error {
	d.pos, d.n = 0, 0
	header, err := d.s.readByte()
	if err != nil {
		return err
	}
	if !d.v2 {
		return d.fillV1(header)
	}
	switch header >> 6 {
	case 0:
		return d.fillShortRepeat(header)
	case 1:
		return d.fillDirect(header)
	case 2:
		return d.fillPatchedBase(header)
	default:
		return d.fillDelta(header)
	}
}

// varint reads one number of the decoder's sign.
func (d *intRLE) varint() (int64, error) {
	u, err := d.s.uvarint()
	if d.signed {
		return unzigzag(u), err
	}
	return int64(u), err
}

// finished fails unless all values have been read.
func (d *intRLE) finished() error { return finished(d.s, d.n-d.pos) }

// unzigzag undoes the encoding that puts the sign into the lowest bit.
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }
