package orc

import "encoding/binary"

// bitWidths are the widths that the five bits of a version 2 header stand for.
var bitWidths = [32]uint8{
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 30, 32, 40, 48, 56, 64,
}

// fixedWidth is the smallest of bitWidths that holds n bits, n up to 64.
func fixedWidth(n int) int {
	for _, w := range bitWidths {
		if int(w) >= n {
			return int(w)
		}
	}
	return 64
}

// fillShortRepeat decodes 3 to 10 equal values: two bits of kind, three of width in bytes, three of count, the value.
func (d *intRLE) fillShortRepeat(header byte) error {
	u, err := d.s.bigEndian(int(header>>3&7) + 1)
	if err != nil {
		return err
	}
	v := int64(u)
	if d.signed {
		v = unzigzag(u)
	}
	d.n = int(header&7) + 3
	for i := range d.run[:d.n] {
		d.run[i] = v
	}
	return nil
}

// runLength reads the second byte of the header that direct, patched base and delta share: two bits of kind, five of width,
// nine of length less one.
func (d *intRLE) runLength(header byte) (int, error) {
	low, err := d.s.readByte()
	return int(header&1)<<8 | int(low) + 1, err
}

// fillDirect decodes values of a fixed width in bits.
func (d *intRLE) fillDirect(header byte) error {
	n, err := d.runLength(header)
	if err != nil {
		return err
	}
	run := d.run[:n]
	if err := d.unpack(run, int(bitWidths[header>>1&31])); err != nil {
		return err
	}
	if d.signed {
		for i, v := range run {
			run[i] = unzigzag(uint64(v))
		}
	}
	d.n = n
	return nil
}

// fillDelta decodes a first value, a first step, and the sizes of the further steps, which all have the sign of the first.
// The width code 0 says that there are no further ones: the step stays.
func (d *intRLE) fillDelta(header byte) error {
	n, err := d.runLength(header)
	if err != nil {
		return err
	}
	v, err := d.varint()
	if err != nil {
		return err
	}
	u, err := d.s.uvarint()
	if err != nil {
		return err
	}
	step := unzigzag(u)
	run := d.run[:n]
	if header>>1&31 == 0 {
		for i := range run {
			run[i] = v
			v += step
		}
		d.n = n
		return nil
	}
	if n < 2 {
		return d.s.corrupt("run of steps with %d value", n)
	}
	if err := d.unpack(run[2:], int(bitWidths[header>>1&31])); err != nil {
		return err
	}
	run[0] = v
	v += step
	run[1] = v
	for i, size := range run[2:] {
		if step < 0 {
			size = -size
		}
		v += size
		run[2+i] = v
	}
	d.n = n
	return nil
}

// fillPatchedBase decodes values as their distances from a base in a width that fits most of them, and a list of patches
// that give the others their higher bits.
func (d *intRLE) fillPatchedBase(header byte) error {
	n, err := d.runLength(header)
	if err != nil {
		return err
	}
	head, err := d.s.bigEndian(2)
	if err != nil {
		return err
	}
	width := int(bitWidths[header>>1&31])
	baseBytes := int(head>>13&7) + 1
	patchWidth := int(bitWidths[head>>8&31])
	gapWidth := int(head>>5&7) + 1
	patches := d.patches[:head&31]

	u, err := d.s.bigEndian(baseBytes)
	if err != nil {
		return err
	}
	// Unlike all other values, the base has its sign in its highest bit.
	base := int64(u)
	if sign := uint64(1) << (8*baseBytes - 1); u&sign != 0 {
		base = -int64(u &^ sign)
	}
	run := d.run[:n]
	if err := d.unpack(run, width); err != nil {
		return err
	}
	if patchWidth+gapWidth > 64 {
		return d.s.corrupt("patches of %d bits", patchWidth+gapWidth)
	}
	if err := d.unpack(patches, fixedWidth(patchWidth+gapWidth)); err != nil {
		return err
	}
	at := 0
	for _, p := range patches {
		// A gap counts from the place of the patch before. One too long for its width comes in parts, with empty patches.
		at += int(uint64(p) >> patchWidth)
		if at >= n {
			return d.s.corrupt("patch for value %d of %d", at, n)
		}
		run[at] |= p & (1<<patchWidth - 1) << width
	}
	for i := range run {
		run[i] += base
	}
	d.n = n
	return nil
}

// unpack reads values of width bits, the highest bit first, without gaps.
func (d *intRLE) unpack(dst []int64, width int) error {
	src, err := d.s.view((len(dst)*width+7)/8, d.scratch[:])
	if err != nil {
		return err
	}
	unpackBits(dst, src, width)
	return nil
}

// unpackBits takes values of one of bitWidths out of src, which goes on for padding bytes after the last value.
func unpackBits(dst []int64, src []byte, width int) {
	switch width {
	case 8:
		for i := range dst {
			dst[i] = int64(src[i])
		}
	case 64:
		for i := range dst {
			dst[i] = int64(binary.BigEndian.Uint64(src[8*i:]))
		}
	default:
		// A value of up to 56 bits lies within the eight bytes from the one it starts in.
		down, bit := 64-width, 0
		for i := range dst {
			dst[i] = int64(binary.BigEndian.Uint64(src[bit>>3:]) << (bit & 7) >> down)
			bit += width
		}
	}
}
