package vector

import "time"

// Int64 holds integers of any width, and dates as days since 1970-01-01.
type Int64 struct {
	Null   []bool
	Values []int64
}

// Bool holds truth values.
type Bool struct {
	Null   []bool
	Values []bool
}

// Timestamp holds instants within the years 1 to 9999.
type Timestamp struct {
	Null    []bool
	Seconds []int64 // since 1970-01-01T00:00:00Z, rounded down
	Nanos   []int32 // 0 to 999,999,999 beyond Seconds
}

// UnixMilli is the instant of row i in milliseconds since 1970-01-01T00:00:00Z, rounded down.
func (v *Timestamp) UnixMilli(i int) int64 { return v.Seconds[i]*1000 + int64(v.Nanos[i]/1e6) }

// Time is the instant of row i in UTC.
func (v *Timestamp) Time(i int) time.Time {
	return time.Unix(v.Seconds[i], int64(v.Nanos[i])).UTC()
}

// Seconds beyond the years 1 to 9999 are damage: those of the years that a time
// can be spelled in. Without a bound they would overflow in the hands of the caller.
const (
	MinSecond = -62135596800 // 0001-01-01T00:00:00Z
	MaxSecond = 253402300799 // 9999-12-31T23:59:59Z
)

// Resize returns a slice of n elements, in the memory of s where that is
// enough. What they hold is undefined.
func Resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Spread moves the first values of s, which are those of the rows that have one,
// to their rows, and puts zeros into the others. present is how many have one.
func Spread[T any](s []T, null []bool, present int) {
	var zero T
	// From the end, so that no value is overwritten before it has moved. Once there
	// are as many values as rows below, each is in its place.
	for i := len(null) - 1; present <= i; i-- {
		if null[i] {
			s[i] = zero
			continue
		}
		present--
		s[i] = s[present]
	}
}
