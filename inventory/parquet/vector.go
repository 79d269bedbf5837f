package parquet

import "time"

// The columns hold the values of one batch, row by row. They belong to the Rows
// they came from, and every Next fills them anew: what is needed longer must be
// copied. Null[i] tells that row i has no value; its place then holds a zero.

// BytesColumn holds strings.
type BytesColumn struct {
	Null   []bool
	values [][]byte
}

// At returns the value of row i, empty where it is null.
func (c *BytesColumn) At(i int) []byte { return c.values[i] }

// Int64Column holds integers.
type Int64Column struct {
	Null   []bool
	Values []int64
}

// BoolColumn holds truth values.
type BoolColumn struct {
	Null   []bool
	Values []bool
}

// TimestampColumn holds instants. Timestamps that a file calls local, not
// adjusted to UTC, are taken for UTC.
type TimestampColumn struct {
	Null    []bool
	Seconds []int64 // since 1970-01-01T00:00:00Z, rounded down
	Nanos   []int32 // 0 to 999,999,999 beyond Seconds
}

// Time returns the instant of row i in UTC.
func (c *TimestampColumn) Time(i int) time.Time {
	return time.Unix(c.Seconds[i], int64(c.Nanos[i])).UTC()
}

// set fills the column from counts of unit, or says which row is out of range.
func (c *TimestampColumn) set(values []int64, unit Unit) (bad int) {
	per, scale := int64(1e3), int64(1e6)
	switch unit {
	case Micros:
		per, scale = 1e6, 1e3
	case Nanos:
		per, scale = 1e9, 1
	}
	c.Seconds, c.Nanos = resize(c.Seconds, len(values)), resize(c.Nanos, len(values))
	for i, v := range values {
		sec, frac := v/per, v%per
		if frac < 0 {
			sec, frac = sec-1, frac+per
		}
		if sec < minSecond || sec > maxSecond {
			return i
		}
		c.Seconds[i], c.Nanos[i] = sec, int32(frac*scale)
	}
	return -1
}

// Seconds of the years 1 and 9999, what a time can be spelled in.
const (
	minSecond = -62135596800
	maxSecond = 253402300799
)

// resize returns a slice of n elements, in the memory of v where that is
// enough. What they hold is undefined.
func resize[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// spread moves the first values of v, which are those of the rows that have
// one, to their rows, and puts zeros into the others.
func spread[T any](v []T, null []bool, present int) {
	var zero T
	for i := len(null) - 1; present <= i; i-- {
		if null[i] {
			v[i] = zero
			continue
		}
		present--
		v[i] = v[present]
	}
}
