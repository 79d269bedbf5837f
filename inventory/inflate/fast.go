package inflate

import "encoding/binary"

// fast decodes symbols of the block under way until the block, the input or the room for
// output comes near its end. It is one function, as its state is to stay in registers: with
// the copying of matches in another one it takes a tenth longer (2026-12-01, over
// the gzip file of a report of 500,000 rows).
func (d *decoder) fast() error {
	in, out := d.in, d.out
	pos, bits, n, w := d.pos, d.bits, d.n, d.w
	inEnd, outEnd := len(in)-inMargin, len(out)-outMargin
	lit, dist := &d.lit, &d.dist
	var err error
loop:
	for pos <= inEnd && w <= outEnd {
		// At least 56 bits: three codes of literals, or one of a length with what follows.
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int(63-n) >> 3
		n |= 56

		e := lit[bits&(1<<litBits-1)]
		for literals := 0; e&isLiteral != 0; e = lit[bits&(1<<litBits-1)] {
			k := uint(e & bitCount)
			bits >>= k & 63
			n -= k
			out[w] = byte(e >> 16)
			w++
			if literals++; literals == 3 {
				continue loop
			}
		}
		if e&isOther != 0 {
			if e&isTable != 0 {
				bits >>= litBits
				n -= litBits
				e = lit[(uint64(e>>16)+bits&(1<<(e>>8&bitCount)-1))&(litSize-1)]
			}
			if e&isLiteral != 0 {
				k := uint(e & bitCount)
				bits >>= k & 63
				n -= k
				out[w] = byte(e >> 16)
				w++
				continue
			}
			if e&isEnd != 0 {
				k := uint(e & bitCount)
				bits >>= k & 63
				n -= k
				d.phase = inHeader
				break
			}
		}
		if e == 0 {
			err = ErrCorrupt
			break
		}
		k := uint(e & bitCount)
		length := int(e>>16) + int(bits&(1<<k-1)>>(e>>8&bitCount))
		bits >>= k & 63
		n -= k

		// What is left of 56 bits may be fewer than the 28 of a distance.
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		e = dist[bits&(1<<distBits-1)]
		if e&isTable != 0 {
			bits >>= distBits
			n -= distBits
			e = dist[(uint64(e>>16)+bits&(1<<(e>>8&bitCount)-1))&(distSize-1)]
		}
		if e == 0 {
			err = ErrCorrupt
			break
		}
		k = uint(e & bitCount)
		back := int(e>>16) + int(bits&(1<<k-1)>>(e>>8&bitCount))
		bits >>= k & 63
		n -= k
		from := w - back
		if from < 0 {
			err = ErrCorrupt
			break
		}
		switch end := w + length; {
		case back >= 8: // in words, beyond the end of the match by less than one
			for {
				binary.LittleEndian.PutUint64(out[w:], binary.LittleEndian.Uint64(out[from:]))
				if w += 8; w >= end {
					w = end
					continue loop
				}
				from += 8
			}
		default:
			for ; w < end; w++ {
				out[w] = out[from]
				from++
			}
		}
	}
	d.pos, d.bits, d.n, d.w = pos, bits, n, w
	return err
}
