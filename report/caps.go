package report

import (
	"slices"
	"time"
)

// Cap is the cap on KMS requests that held from an instant on.
type Cap struct {
	Since     time.Time `json:"since"`
	PerSecond float64   `json:"per_second"`
}

// Caps are the caps of a job, first to last: flags, ctl and what others leave of
// a quota can change them at any time.
type Caps []Cap

// maxCaps bounds the changes that are told apart.
const maxCaps = 200

// With returns the caps with another change. Beyond maxCaps two neighbours each
// become one, with the higher of their caps, so that no cap that held is missing
// from above.
func (c Caps) With(one Cap) Caps {
	if n := len(c); n > 0 && c[n-1].PerSecond == one.PerSecond {
		return c
	}
	c = append(c[:len(c):len(c)], one)
	if len(c) <= maxCaps {
		return c
	}
	var out Caps
	for pair := range slices.Chunk(c, 2) {
		first := pair[0]
		first.PerSecond = max(first.PerSecond, pair[len(pair)-1].PerSecond)
		out = append(out, first)
	}
	return out
}

// Since returns the caps that held at t or later.
func (c Caps) Since(t time.Time) Caps {
	for len(c) > 1 && !c[1].Since.After(t) {
		c = c[1:]
	}
	return c
}

// Text writes the caps in a few words: "cap 200/s", or "caps of 40/s to 200/s"; ""
// where there are none.
func (c Caps) Text() string {
	if len(c) == 0 {
		return ""
	}
	if low, high := c.bounds(); low != high {
		return "caps of " + rateSpan(low, high)
	}
	return "cap " + Rate(c[0].PerSecond)
}

func (c Caps) bounds() (low, high float64) {
	by := func(a, b Cap) int {
		switch {
		case a.PerSecond < b.PerSecond:
			return -1
		case a.PerSecond > b.PerSecond:
			return 1
		}
		return 0
	}
	return slices.MinFunc(c, by).PerSecond, slices.MaxFunc(c, by).PerSecond
}

// highest is the highest cap that held at some time from the one instant to
// before the other, 0 where none did.
func (c Caps) highest(from, to time.Time) (most float64) {
	for i, one := range c {
		if one.Since.Before(to) && (i+1 == len(c) || c[i+1].Since.After(from)) {
			most = max(most, one.PerSecond)
		}
	}
	return most
}

// SideBySide adds up the caps of runs that go on side by side, each a share of
// the whole.
func SideBySide(runs []Caps) (sum Caps) {
	var changes []time.Time
	for _, c := range runs {
		for _, one := range c {
			changes = append(changes, one.Since)
		}
	}
	slices.SortFunc(changes, time.Time.Compare)
	for _, t := range slices.CompactFunc(changes, time.Time.Equal) {
		total := 0.0
		for _, c := range runs {
			if held := c.Since(t); len(held) > 0 && !held[0].Since.After(t) {
				total += held[0].PerSecond
			}
		}
		sum = sum.With(Cap{t, total})
	}
	return sum
}
