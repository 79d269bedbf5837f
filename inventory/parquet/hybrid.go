package parquet

import (
	"encoding/binary"
)

// unpack returns the value of width bits, 0 to 64, that begins at bit pos of b,
// lowest bits first. All of it must be in b.
func unpack(b []byte, pos, width uint) uint64 {
	i, shift := pos>>3, pos&7
	var v uint64
	if int(i)+8 <= len(b) {
		v = binary.LittleEndian.Uint64(b[i:])
	} else {
		var tail [8]byte
		copy(tail[:], b[min(int(i), len(b)):])
		v = binary.LittleEndian.Uint64(tail[:])
	}
	v >>= shift
	if shift+width > 64 {
		v |= uint64(b[i+8]) << (64 - shift)
	}
	return v & (1<<width - 1)
}

// hybrid decodes the encoding RLE: runs of one value, and runs of values packed
// in bits.
type hybrid struct {
	data  []byte
	width uint // bits of a value, 0 to 32

	left   int    // values left in the run
	value  uint32 // of a run of one value
	packed []byte // of a run of packed values; nil otherwise
	pos    uint   // bit in packed
}

func newHybrid(data []byte, width uint) hybrid { return hybrid{data: data, width: width} }

// run moves to the next run, if none is under way.
func (h *hybrid) run() error {
	for h.left == 0 {
		head, n := binary.Uvarint(h.data)
		if n <= 0 {
			return corrupt("a run length: %v", errShort)
		}
		h.data = h.data[n:]
		count := head >> 1
		h.packed = nil
		if head&1 == 0 {
			size := int(h.width+7) / 8
			if size > len(h.data) {
				return corrupt("a run: %v", errShort)
			}
			h.value = 0
			for i := range size {
				h.value |= uint32(h.data[i]) << (8 * i)
			}
			h.data = h.data[size:]
			h.left = int(min(count, 1<<31))
			continue
		}
		// Groups of eight values; the last one may be cut short where its
		// values are not needed.
		size := uint64(len(h.data))
		if h.width > 0 && count <= size { // no group takes less than a byte
			size = min(size, count*uint64(h.width))
		}
		if h.width == 0 {
			h.value, h.left = 0, int(min(count, 1<<28))*8
			continue
		}
		if count == 0 {
			continue
		}
		h.packed, h.pos = h.data[:size], 0
		h.data = h.data[size:]
		h.left = int(min(min(count, 1<<40)*8, size*8/uint64(h.width)))
		if h.left == 0 {
			return corrupt("a run of packed values: %v", errShort)
		}
	}
	return nil
}

// next sets dst to the values that follow.
func (h *hybrid) next(dst []uint32) error {
	for len(dst) > 0 {
		if err := h.run(); err != nil {
			return err
		}
		n := min(h.left, len(dst))
		if h.packed == nil {
			for i := range dst[:n] {
				dst[i] = h.value
			}
		} else {
			for i := range dst[:n] {
				dst[i] = uint32(unpack(h.packed, h.pos, h.width))
				h.pos += h.width
			}
		}
		h.left -= n
		dst = dst[n:]
	}
	return nil
}

// flags sets dst to whether the values that follow are equal to want, and
// returns how many were not.
func (h *hybrid) flags(dst []bool, want uint32) (others int, err error) {
	for len(dst) > 0 {
		if err := h.run(); err != nil {
			return 0, err
		}
		n := min(h.left, len(dst))
		if h.packed == nil {
			is := h.value == want
			for i := range dst[:n] {
				dst[i] = is
			}
			if !is {
				others += n
			}
		} else {
			for i := range dst[:n] {
				is := uint32(unpack(h.packed, h.pos, h.width)) == want
				h.pos += h.width
				dst[i] = is
				if !is {
					others++
				}
			}
		}
		h.left -= n
		dst = dst[n:]
	}
	return others, nil
}
