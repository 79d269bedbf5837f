package parquet

import (
	"math"
	"math/big"

	"reseal/inventory/vector"
)

// finish turns the values of the batch, which are as the physical type has them, into
// what they stand for.
func (c *column) finish(n int) error {
	switch f := &c.field; {
	case f.values() == instants:
		c.times.Null = c.null
		if bad := setTimes(&c.times, c.numbers.Values[:n], f.unit()); bad >= 0 {
			return corrupt("%d is no instant of the years 1 to 9999", c.numbers.Values[bad])
		}
	case f.Logical.Meaning == Decimal && f.stringy():
		return c.wholeStrings(n)
	case f.Logical.Meaning == Decimal:
		return c.wholeNumbers(c.numbers.Values[:n])
	case f.Logical.Meaning == Integer && !f.Logical.Signed:
		return unsigned(c.numbers.Values[:n], f.Kind)
	case f.Kind == FixedLenByteArray:
		return c.unpadded(n)
	}
	return nil
}

// unit is what the numbers of the column count: INT96 is read as microseconds.
func (f *Field) unit() Unit {
	switch {
	case f.Kind == Int96:
		return Micros
	case f.Logical.Meaning == Date:
		return Days
	}
	return f.Logical.Unit
}

// unsigned takes numbers for unsigned ones of as many bits.
func unsigned(values []int64, kind Kind) error {
	for i, v := range values {
		switch {
		case kind == Int32:
			values[i] = int64(uint32(v))
		case v < 0:
			return corrupt("%d is larger than this reader can hold, %d", uint64(v), int64(math.MaxInt64))
		}
	}
	return nil
}

// wholeNumbers takes off the digits behind the point, which must be zeros.
func (c *column) wholeNumbers(values []int64) error {
	scale := c.field.Logical.Scale
	if scale == 0 {
		return nil
	}
	by := int64(0) // more than an int64 can be: only 0 is whole
	if scale <= 18 {
		by = tenTo(scale).Int64()
	}
	for i, v := range values {
		switch {
		case v == 0:
		case by == 0 || v%by != 0:
			return notWhole(big.NewInt(v), scale)
		default:
			values[i] = v / by
		}
	}
	return nil
}

// wholeStrings is wholeNumbers for decimals that are written as the bytes of a number,
// the highest first.
func (c *column) wholeStrings(n int) error {
	scale := c.field.Logical.Scale
	by := tenTo(scale)
	for i, b := range c.bytes.values[:n] {
		c.numbers.Values[i] = 0
		if c.null[i] {
			continue
		}
		const most = 16 // bytes: 38 digits
		if len(b) == 0 || len(b) > most {
			return corrupt("a decimal of %d bytes", len(b))
		}
		var v big.Int
		v.SetBytes(b)
		if b[0]&0x80 != 0 {
			v.Sub(&v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		var rest big.Int
		whole, _ := new(big.Int).QuoRem(&v, by, &rest)
		switch {
		case rest.Sign() != 0:
			return notWhole(&v, scale)
		case !whole.IsInt64():
			return corrupt("%v is larger than this reader can hold, %d", whole, int64(math.MaxInt64))
		}
		c.numbers.Values[i] = whole.Int64()
	}
	return nil
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func notWhole(v *big.Int, scale int) error {
	return &FractionError{Value: v.String(), Scale: scale}
}

// unpadded is an error where a string of a fixed length may be a shorter one that was
// filled up: which, the file does not say.
func (c *column) unpadded(n int) error {
	for _, b := range c.bytes.values[:n] {
		if len(b) > 0 && (b[len(b)-1] == 0 || b[len(b)-1] == ' ') {
			return unsupported("a string that is filled up to %d bytes", len(b))
		}
	}
	return nil
}

// setTimes fills a vector from counts of unit, or says which row is out of range.
func setTimes(c *vector.Timestamp, values []int64, unit Unit) (bad int) {
	per, scale := int64(1e3), int64(1e6)
	switch unit {
	case Micros:
		per, scale = 1e6, 1e3
	case Nanos:
		per, scale = 1e9, 1
	}
	c.Seconds, c.Nanos = vector.Resize(c.Seconds, len(values)), vector.Resize(c.Nanos, len(values))
	for i, v := range values {
		if unit == Days { // of 32 bits
			v = v * (24 * 60 * 60) * per
		}
		sec, frac := v/per, v%per
		if frac < 0 {
			sec, frac = sec-1, frac+per
		}
		if sec < vector.MinSecond || sec > vector.MaxSecond {
			return i
		}
		c.Seconds[i], c.Nanos[i] = sec, int32(frac*scale)
	}
	return -1
}
