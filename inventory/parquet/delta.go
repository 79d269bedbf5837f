package parquet

import "encoding/binary"

// maxDeltaBlock bounds the values of a block, of which one part is unpacked at
// a time. Writers use 128 to 2048.
const maxDeltaBlock = 1 << 16

// delta decodes the encoding DELTA_BINARY_PACKED: differences packed in bits,
// in blocks of several parts.
type delta struct {
	data  []byte
	left  int   // values not yet handed out
	value int64 // the next one
	part  int   // values in a part of a block
	least int64 // of the differences in the block

	widths []byte // bits of a difference, of the parts of the block not yet begun
	parts  int    // parts of a block
	open   []byte // the part under way
	pos    uint   // bit in open
	width  uint
	inPart int // differences left in it
}

// newDelta reads the header. More than limit values are an error.
func newDelta(data []byte, limit int) (d delta, err error) {
	var head [4]uint64
	for i := range head {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return d, corrupt("header of differences: %v", errShort)
		}
		head[i], data = v, data[n:]
	}
	block, parts, total := head[0], head[1], head[2]
	if block == 0 || block > maxDeltaBlock || parts == 0 || parts > block || block%parts != 0 || block/parts%8 != 0 {
		return d, corrupt("blocks of %d differences in %d parts", block, parts)
	}
	if total > uint64(limit) {
		return d, corrupt("%d differences for %d values", total, limit)
	}
	return delta{data: data, left: int(total), value: unzigzag(head[3]), part: int(block / parts), parts: int(parts)}, nil
}

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// next sets dst to the values that follow.
func (d *delta) next(dst []int64) error {
	if len(dst) > d.left {
		return corrupt("differences: %v", errShort)
	}
	for i := range dst {
		dst[i] = d.value
		if d.left--; d.left == 0 {
			return nil
		}
		if d.inPart == 0 {
			if err := d.begin(); err != nil {
				return err
			}
		}
		d.value += d.least + int64(unpack(d.open, d.pos, d.width))
		d.pos += d.width
		d.inPart--
	}
	return nil
}

// begin moves to the next part, and to the next block after the last.
func (d *delta) begin() error {
	if len(d.widths) == 0 {
		u, n := binary.Uvarint(d.data)
		if n <= 0 || len(d.data)-n < d.parts {
			return corrupt("block of differences: %v", errShort)
		}
		d.least = unzigzag(u)
		d.widths, d.data = d.data[n:n+d.parts], d.data[n+d.parts:]
	}
	d.width = uint(d.widths[0])
	d.widths = d.widths[1:]
	if d.width > 64 {
		return corrupt("differences of %d bits", d.width)
	}
	size := d.part * int(d.width) / 8
	// The last part may be cut short where its values are not needed.
	if need := (min(d.part, d.left)*int(d.width) + 7) / 8; need > len(d.data) {
		return corrupt("differences: %v", errShort)
	}
	size = min(size, len(d.data))
	d.open, d.data = d.data[:size], d.data[size:]
	d.pos, d.inPart = 0, d.part
	return nil
}

// rest returns what follows after the last value, which was read.
func (d *delta) rest() []byte { return d.data }
