package parquet

import "reseal/inventory/vector"

// BytesColumn holds strings.
type BytesColumn struct {
	Null   []bool
	values [][]byte
}

// At returns the value of row i, empty where it is null.
func (c *BytesColumn) At(i int) []byte { return c.values[i] }

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
