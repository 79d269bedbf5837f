package orc

import "time"

// The columns hold the values of one batch, row by row. They belong to the Rows they came from, and every Next fills them
// anew: what is needed longer must be copied. Null[i] tells that row i has no value; its place then holds a zero.

// BytesColumn holds strings, as the raw bytes of the file.
type BytesColumn struct {
	Null []bool

	data       []byte // of the batch, or the dictionary of the stripe
	start, end []uint32
}

// At is the value of row i, empty where it is null. It shares memory with the column; appending to it copies.
func (c *BytesColumn) At(i int) []byte { return c.data[c.start[i]:c.end[i]:c.end[i]] }

// Int64Column holds integers of any width, and dates as days since 1970-01-01.
type Int64Column struct {
	Null   []bool
	Values []int64
}

// BoolColumn holds booleans.
type BoolColumn struct {
	Null   []bool
	Values []bool
}

// TimestampColumn holds instants. A file stores a timestamp as the wall clock of its writer together with the time zone
// that clock was in; here that has been turned into the instant meant. Seconds are within the years 1 to 9999.
type TimestampColumn struct {
	Null    []bool
	Seconds []int64 // since 1970-01-01T00:00:00Z, rounded down
	Nanos   []int32 // 0 to 999,999,999 beyond Seconds
}

// UnixMilli is the instant of row i in milliseconds since 1970-01-01T00:00:00Z, rounded down.
func (c *TimestampColumn) UnixMilli(i int) int64 { return c.Seconds[i]*1000 + int64(c.Nanos[i]/1e6) }

// Time is the instant of row i in UTC.
func (c *TimestampColumn) Time(i int) time.Time {
	return time.Unix(c.Seconds[i], int64(c.Nanos[i])).UTC()
}

// resize returns a slice of n elements, in the memory of v where that is enough. What they hold is undefined.
func resize[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// spread moves the first values of v, which are those of the rows that have one, to their rows, and puts zeros into the
// others. present is how many have one.
func spread[T any](v []T, null []bool, present int) {
	var zero T
	// From the end, so that no value is overwritten before it has moved. Once there are as many values as rows below, each
	// is in its place.
	for i := len(null) - 1; present <= i; i-- {
		if null[i] {
			v[i] = zero
			continue
		}
		present--
		v[i] = v[present]
	}
}
