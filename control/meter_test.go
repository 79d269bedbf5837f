package control

import (
	"testing"
	"time"
)

// The remaining time begins as the plan's and becomes the meter's own. The
// silence before the first object counts for nothing.
func TestMeterRemaining(t *testing.T) {
	start := time.Unix(0, 0)
	m := NewMeter(start, 0)
	if _, ok := m.Remaining(300, 400, 0); ok {
		t.Error("a time without plan and sample")
	}
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	is := func(what string, wantShortest, wantLongest time.Duration) {
		t.Helper()
		shortest, ok1 := m.Remaining(300, 400, 4*time.Minute)
		longest, ok2 := m.Remaining(300, 400, 8*time.Minute)
		if !ok1 || !ok2 || shortest.Round(time.Second) != wantShortest || longest.Round(time.Second) != wantLongest {
			t.Errorf("%s: %v to %v, want %v to %v", what, shortest, longest, wantShortest, wantLongest)
		}
	}
	is("by the plan", 3*time.Minute, 6*time.Minute)
	for s := range 5 {
		m.Sample(0, at(float64(s+1)))
	}
	is("in silence", 3*time.Minute, 6*time.Minute)
	if m.Sample(2, at(5.2)); m.Rate() < 9.9 || m.Rate() > 10.1 {
		t.Errorf("after the first sample the rate is %v, want 10", m.Rate())
	}
	is("after a moment", 164*time.Second, 296*time.Second)
	for s := 1; s <= 100; s++ {
		m.Sample(int64(2+10*s), at(5.2+float64(s)))
	}
	is("in the end", 30*time.Second, 30*time.Second)
}

// A pause does not change the rate.
func TestMeterSkip(t *testing.T) {
	m := NewMeter(time.Unix(0, 0), 0)
	m.Sample(10, time.Unix(1, 0))
	if m.Skip(10, time.Unix(3600, 0)); m.Rate() != 10 {
		t.Errorf("after a pause the rate is %v, want 10 as before", m.Rate())
	}
	if got := m.Sample(20, time.Unix(3601, 0)); got < 9.99 || got > 10.01 {
		t.Errorf("the next second makes it %v, want 10", got)
	}
}
