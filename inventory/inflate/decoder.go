package inflate

import (
	"errors"
	"io"
)

// Errors of data that cannot be expanded. Data that ends too early is io.ErrUnexpectedEOF.
var (
	ErrCorrupt  = errors.New("inflate: damaged deflate data")
	ErrTooLong  = errors.New("inflate: more data than there may be")
	ErrHeader   = errors.New("inflate: not gzip data")
	ErrChecksum = errors.New("inflate: the checksum of gzip data does not match")
)

// decoder expands what lies in in to out, and stops where one of them ends.
type decoder struct {
	in   []byte
	pos  int    // the next byte of in
	last bool   // nothing follows in
	bits uint64 // taken from in and not yet used, the lowest first
	n    uint   // how many; above them lies what was read ahead, or nothing

	out []byte // also holds what matches refer to
	w   int    // bytes in it

	phase  phase
	final  bool // the block under way is the last
	stored int  // bytes left of a block that is not compressed
	lit    [litSize]entry
	dist   [distSize]entry
	fixed  bool // the tables are those of fixed codes
}

// phase is what comes next.
type phase uint8

const (
	inHeader phase = iota
	inStored
	inCodes
	inNothing // the data is whole
)

// need is what a decoder stopped for.
type need uint8

const (
	needInput need = iota
	needRoom
	needNothing
)

// What is within these of the ends is left to the careful loop.
const (
	inMargin     = 16  // bytes that two refills may look at
	outMargin    = 280 // the longest match, three literals before it, and a word
	headerMargin = 600 // bytes of the longest header of a block
	window       = 32 << 10
)

// reset makes d ready for other data. It keeps its tables.
func (d *decoder) reset() {
	d.pos, d.bits, d.n, d.w = 0, 0, 0, 0
	d.phase, d.final, d.last = inHeader, false, false
}

// giveBack takes no more bytes out of in than were used, the last of them perhaps in part.
func (d *decoder) giveBack() {
	d.pos -= int(d.n / 8)
	d.n %= 8
	d.bits &= 1<<d.n - 1
}

// run goes on until something is needed. With exact, out is filled to its last byte, and
// else to its margin.
func (d *decoder) run(exact bool) (need, error) {
	for {
		switch d.phase {
		case inHeader:
			if d.final {
				d.phase = inNothing
				continue
			}
			if !d.last && len(d.in)-d.pos < headerMargin {
				return needInput, nil
			}
			if err := d.header(); err != nil {
				return 0, err
			}
		case inStored:
			k := min(d.stored, len(d.in)-d.pos, len(d.out)-d.w)
			copy(d.out[d.w:d.w+k], d.in[d.pos:])
			d.w, d.pos, d.stored = d.w+k, d.pos+k, d.stored-k
			switch {
			case d.stored == 0:
				d.phase = inHeader
			case d.w == len(d.out):
				return needRoom, nil
			case d.last:
				return 0, io.ErrUnexpectedEOF
			default:
				return needInput, nil
			}
		case inCodes:
			if err := d.fast(); err != nil {
				return 0, err
			}
			if d.phase != inCodes {
				continue
			}
			if !exact && len(d.out)-d.w < outMargin {
				return needRoom, nil
			}
			if !d.last && len(d.in)-d.pos < inMargin {
				return needInput, nil
			}
			if ok, err := d.step(); err != nil || !ok {
				return needRoom, err
			}
		case inNothing:
			d.giveBack()
			d.bits, d.n = 0, 0
			return needNothing, nil
		}
	}
}

// fill takes bytes in until there are k bits, up to 48.
func (d *decoder) fill(k uint) bool {
	d.bits &= 1<<d.n - 1
	for d.n < k && d.pos < len(d.in) {
		d.bits |= uint64(d.in[d.pos]) << d.n
		d.pos++
		d.n += 8
	}
	return d.n >= k
}

// take returns the next k bits.
func (d *decoder) take(k uint) (uint, error) {
	if !d.fill(k) {
		return 0, io.ErrUnexpectedEOF
	}
	v := uint(d.bits & (1<<k - 1))
	d.bits >>= k
	d.n -= k
	return v, nil
}

// code returns what the next code stands for, and passes over it, but not over what
// follows it.
func (d *decoder) code(table []entry, index uint) (entry, error) {
	d.fill(maxCode)
	e := table[d.bits&(1<<index-1)]
	if e&isTable != 0 {
		if d.n < index {
			return 0, io.ErrUnexpectedEOF
		}
		d.bits >>= index
		d.n -= index
		e = table[uint64(e>>16)+d.bits&(1<<(e>>8&bitCount)-1)]
	}
	n := uint(e >> 8 & bitCount)
	switch {
	case e == 0 && d.n < maxCode && d.pos == len(d.in), n > d.n:
		return 0, io.ErrUnexpectedEOF
	case e == 0:
		return 0, ErrCorrupt
	}
	d.bits >>= n
	d.n -= n
	return e - entry(n)<<8 - entry(n), nil
}

// step decodes one symbol; false says that out has no room for it.
func (d *decoder) step() (bool, error) {
	before := *d.place()
	e, err := d.code(d.lit[:], litBits)
	if err != nil {
		return false, err
	}
	switch {
	case e&isLiteral != 0:
		if d.w == len(d.out) {
			before.restore(d)
			return false, nil
		}
		d.out[d.w] = byte(e >> 16)
		d.w++
		return true, nil
	case e&isEnd != 0:
		d.phase = inHeader
		return true, nil
	}
	extra, err := d.take(uint(e & bitCount))
	if err != nil {
		return false, err
	}
	length := int(e>>16) + int(extra)
	if e, err = d.code(d.dist[:], distBits); err != nil {
		return false, err
	}
	if extra, err = d.take(uint(e & bitCount)); err != nil {
		return false, err
	}
	dist := int(e>>16) + int(extra)
	if dist > d.w {
		return false, ErrCorrupt
	}
	if length > len(d.out)-d.w {
		before.restore(d)
		return false, nil
	}
	for range length {
		d.out[d.w] = d.out[d.w-dist]
		d.w++
	}
	return true, nil
}

// place is where in the input a decoder is.
type place struct {
	pos  int
	bits uint64
	n    uint
}

func (d *decoder) place() *place { return &place{d.pos, d.bits, d.n} }

func (p place) restore(d *decoder) { d.pos, d.bits, d.n = p.pos, p.bits, p.n }
