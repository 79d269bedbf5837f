package report

import (
	"testing"
	"time"
)

func capsAt(minutes int) time.Time { return time.Date(2026, 11, 21, 1, minutes, 0, 0, time.UTC) }

func TestCaps(t *testing.T) {
	var c Caps
	if c.Text() != "" || c.highest(capsAt(0), capsAt(9)) != 0 {
		t.Errorf("no caps: %q", c.Text())
	}
	c = c.With(Cap{capsAt(0), 200}).With(Cap{capsAt(1), 200})
	if len(c) != 1 || c.Text() != "cap 200/s" {
		t.Errorf("the same cap twice: %v, %q", c, c.Text())
	}
	c = c.With(Cap{capsAt(2), 40}).With(Cap{capsAt(4), 60})
	if c.Text() != "caps of 40/s to 200/s" || c.Since(capsAt(2)).Text() != "caps of 40/s to 60/s" || c.Since(capsAt(9)).Text() != "cap 60/s" {
		t.Errorf("%q, from the second on %q, in the end %q", c.Text(), c.Since(capsAt(2)).Text(), c.Since(capsAt(9)).Text())
	}
	for _, tt := range []struct {
		from, to int
		want     float64
	}{{0, 1, 200}, {1, 3, 200}, {2, 3, 40}, {3, 5, 60}, {7, 8, 60}} {
		if got := c.highest(capsAt(tt.from), capsAt(tt.to)); got != tt.want {
			t.Errorf("highest cap from %d to %d = %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
	for i := range 5 * maxCaps {
		c = c.With(Cap{capsAt(5 + i), float64(100 + i%2)})
	}
	if _, high := c.bounds(); len(c) > maxCaps || high != 200 || !c[0].Since.Equal(capsAt(0)) {
		t.Errorf("%d caps are kept, the highest %v, the first of %v", len(c), high, c[0].Since)
	}
	both := SideBySide([]Caps{{{capsAt(0), 100}, {capsAt(4), 50}}, {{capsAt(2), 30}}})
	if len(both) != 3 || both[0].PerSecond != 100 || both[1].PerSecond != 130 || both[2].PerSecond != 80 {
		t.Errorf("two shares: %v", both)
	}
}
