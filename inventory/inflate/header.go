package inflate

// preOrder is the order in which the lengths of the codes for lengths come.
var preOrder = [numPre]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// header reads the header of a block.
func (d *decoder) header() error {
	v, err := d.take(3)
	if err != nil {
		return err
	}
	d.final = v&1 != 0
	switch v >> 1 {
	case 0:
		return d.storedHeader()
	case 1:
		d.fixedCodes()
	case 2:
		if err := d.dynamicCodes(); err != nil {
			return err
		}
	default:
		return ErrCorrupt
	}
	d.phase = inCodes
	return nil
}

// storedHeader reads the size of a block that is not compressed, which begins at a byte.
func (d *decoder) storedHeader() error {
	if _, err := d.take(d.n & 7); err != nil {
		return err
	}
	v, err := d.take(32)
	if err != nil {
		return err
	}
	if v>>16 != ^v&0xffff {
		return ErrCorrupt
	}
	d.giveBack()
	d.phase, d.stored = inStored, int(v&0xffff)
	return nil
}

// fixedCodes sets the tables up for the codes of which no header is written.
func (d *decoder) fixedCodes() {
	if d.fixed {
		return
	}
	d.fixed = true
	var lengths [numLit]uint8
	for s := range lengths {
		switch {
		case s < 144, s >= 280:
			lengths[s] = 8
		case s < 256:
			lengths[s] = 9
		default:
			lengths[s] = 7
		}
	}
	build(d.lit[:], litBits, lengths[:], litSymbols[:])
	var five [numDist]uint8
	for s := range five {
		five[s] = 5
	}
	build(d.dist[:], distBits, five[:], distSymbols[:])
}

// dynamicCodes sets the tables up for the codes that a header describes.
func (d *decoder) dynamicCodes() error {
	v, err := d.take(14)
	if err != nil {
		return err
	}
	lits, dists, pres := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if lits > 286 || dists > 30 {
		return ErrCorrupt
	}
	var pre [numPre]uint8
	for _, s := range preOrder[:pres] {
		v, err := d.take(3)
		if err != nil {
			return err
		}
		pre[s] = uint8(v)
	}
	var table [1 << preBits]entry
	if !build(table[:], preBits, pre[:], preSymbols[:]) {
		return ErrCorrupt
	}
	var all [numLit + numDist]uint8
	lengths := all[:lits+dists]
	if err := d.codeLengths(table[:], lengths); err != nil {
		return err
	}
	d.fixed = false
	if !build(d.lit[:], litBits, lengths[:lits], litSymbols[:]) || !build(d.dist[:], distBits, lengths[lits:], distSymbols[:]) {
		return ErrCorrupt
	}
	return nil
}

// codeLengths reads the lengths of codes, many of them as repetitions.
func (d *decoder) codeLengths(table []entry, lengths []uint8) error {
	for i := 0; i < len(lengths); {
		e, err := d.code(table, preBits)
		if err != nil {
			return err
		}
		symbol, value := e>>16, uint8(0)
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		var more uint // bits of the number of repetitions, which is at least least
		least := 3
		switch symbol {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			more, value = 2, lengths[i-1]
		case 17:
			more = 3
		default:
			more, least = 7, 11
		}
		v, err := d.take(more)
		if err != nil {
			return err
		}
		n := int(v) + least
		if n > len(lengths)-i {
			return ErrCorrupt
		}
		for range n {
			lengths[i] = value
			i++
		}
	}
	return nil
}
