package orc

// fillV1 decodes a run of version 1. A header of 0 to 127 starts 3 to 130 values with a fixed step, which the next byte
// holds as a signed number; a header of 128 to 255 starts 128 down to 1 values one by one.
func (d *intRLE) fillV1(header byte) error {
	if header >= 0x80 {
		n := 256 - int(header)
		for i := range d.run[:n] {
			v, err := d.varint()
			if err != nil {
				return err
			}
			d.run[i] = v
		}
		d.n = n
		return nil
	}
	step, err := d.s.readByte()
	if err != nil {
		return err
	}
	v, err := d.varint()
	if err != nil {
		return err
	}
	d.n = int(header) + 3
	for i := range d.run[:d.n] {
		d.run[i] = v
		v += int64(int8(step))
	}
	return nil
}
