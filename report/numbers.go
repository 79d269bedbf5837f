package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"reseal/cost"
)

// Count writes a whole number with thousands separators: 1,234,567.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Bytes writes a size in the largest binary unit that keeps it at 1 or above,
// with one decimal below 100: 512 B, 1.5 KiB, 234 GiB.
func Bytes(n int64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, i := float64(n), 0
	for ; v >= 1023.5 && i < len(units)-1; i++ {
		v /= 1024
	}
	if i == 0 {
		return Count(n) + " B"
	}
	if v < 99.95 {
		return fmt.Sprintf("%.1f %s", v, units[i])
	}
	return fmt.Sprintf("%.0f %s", v, units[i])
}

// Rate writes events a second: 4,812/s, 0.25/s.
func Rate(perSecond float64) string {
	switch {
	case math.IsNaN(perSecond) || math.IsInf(perSecond, 0) || perSecond < 0:
		return "-"
	case perSecond >= 99.95 || perSecond == math.Trunc(perSecond):
		return Count(int64(math.Round(perSecond))) + "/s"
	case perSecond >= 9.995:
		return fmt.Sprintf("%.1f/s", perSecond)
	}
	return fmt.Sprintf("%.2f/s", perSecond)
}

// Duration writes a time span in its two largest units: 3h 12m, 45s, 2d 4h.
// Below ten seconds it has one decimal, below a second it is in milliseconds.
// Spans above 100 years are "over 100 years".
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "-" + Duration(-max(d, -math.MaxInt64))
	case d == 0:
		return "0s"
	case d < time.Second:
		return fmt.Sprintf("%dms", max(d.Round(time.Millisecond)/time.Millisecond, 1))
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute-500*time.Millisecond:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm %02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day-30*time.Second:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh %02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d < 36500*day:
		d = d.Round(time.Hour)
		return fmt.Sprintf("%sd %dh", Count(int64(d/day)), d%day/time.Hour)
	}
	return "over 100 years"
}

// Between writes a range of two durations, or one where both read the same.
func Between(shortest, longest time.Duration) string {
	a, b := Duration(shortest), Duration(longest)
	if a == b {
		return a
	}
	return a + " to " + b
}

// Money writes dollars and cents: $1,234.56.
func Money(m cost.Money) string { return m.String() }

// knownSize writes the bytes of objects, as far as they are known.
func knownSize(c cost.Count) string {
	switch {
	case c.Unsized == 0:
		return Bytes(c.Bytes)
	case c.Bytes == 0:
		return "size unknown"
	}
	return "over " + Bytes(c.Bytes)
}

// sizeOf writes the bytes of the objects of an estimate.
func sizeOf(e *cost.Estimate) string {
	return knownSize(cost.Count{Objects: e.Objects, Bytes: e.Bytes, Unsized: e.Unsized})
}

// AtMost writes an upper bound: at most $1,234.56, less than $0.01.
func AtMost(m cost.Money) string {
	if m > 0 && m.Cents() == 0 {
		return "less than $0.01"
	}
	return "at most " + Money(m)
}

// Percent writes part of whole with one decimal: 12.5 %. Nothing of nothing is 0 %.
func Percent(part, whole int64) string {
	switch {
	case part == 0:
		return "0 %"
	case part == whole:
		return "100 %"
	}
	p := 100 * float64(part) / float64(whole)
	return fmt.Sprintf("%.1f %%", min(max(p, 0.1), 99.9)) // what is not all is never shown as all
}

// Plural writes a number and what it counts: 1 object, 2 objects.
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// OutOf writes a part of a number that may not be known: 5 of 8.
func OutOf(part int64, whole *int64) string {
	if whole == nil {
		return Count(part)
	}
	return Count(part) + " of " + Count(*whole)
}

// CutOffRuns says what the figures of a job lack of which so many runs were cut off, ""
// for none.
func CutOffRuns(runs int64) string {
	switch runs {
	case 0:
		return ""
	case 1:
		return "a run was cut off: what it sent last is not counted"
	}
	return Count(runs) + " runs were cut off: what they sent last is not counted"
}
