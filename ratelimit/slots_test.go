package ratelimit

import (
	"testing"
	"time"
)

func TestSlots(t *testing.T) {
	type second struct {
		n    int64
		mean time.Duration
		rate float64
	}
	for _, tt := range []struct {
		name string
		most int
		in   []second
		want int
	}{
		{"nothing yet", 2000, nil, 64},
		{"nothing seen", 2000, []second{{0, 0, 1000}}, 64},
		{"1,000/s at 100 ms", 2000, []second{{1000, 100 * ms, 1000}}, 158},
		{"1,000/s at 200 ms", 2000, []second{{1000, 200 * ms, 1000}}, 308},
		{"bounded", 2000, []second{{1000, time.Minute, 1000}}, 2000},
		{"not below a few", 2000, []second{{1000, ms, 1}}, 64},
		{"nor above the most", 4, []second{{1000, ms, 1}}, 4},
		{"unlimited", 2000, []second{{1000, ms, inf}}, 2000},
		{"an idle second changes nothing", 2000, []second{{1000, 100 * ms, 1000}, {0, 0, 0}}, 158},
		{"smoothed", 2000, []second{{1000, 100 * ms, 1000}, {1000, 200 * ms, 1000}}, 203},
	} {
		s := slots{most: tt.most, target: 64}
		for _, in := range tt.in {
			s.observe(in.n, time.Duration(in.n)*in.mean, in.rate)
		}
		if s.target != tt.want {
			t.Errorf("%s: target of %d at most after %v = %d, want %d", tt.name, tt.most, tt.in, s.target, tt.want)
		}
	}
}

func TestStepRate(t *testing.T) {
	for _, tt := range []struct {
		released int64
		used     [quotas]int64
		rates    [quotas]float64
		want     float64
	}{
		{0, [quotas]int64{}, [quotas]float64{0, 500, 3500, 5500}, 0},
		{100, [quotas]int64{0, 100, 100, 0}, [quotas]float64{0, 500, 3500, 5500}, 500},
		{100, [quotas]int64{0, 200, 100, 0}, [quotas]float64{0, 500, 3500, 5500}, 250},
		{200, [quotas]int64{0, 100, 100, 100}, [quotas]float64{0, inf, 3500, 5500}, 7000}, // a HEAD before each copy
		{100, [quotas]int64{}, [quotas]float64{0, 500, 3500, 5500}, inf},
	} {
		if got := stepRate(tt.released, tt.used, tt.rates); got != tt.want {
			t.Errorf("stepRate(%d, %v, %v) = %v, want %v", tt.released, tt.used, tt.rates, got, tt.want)
		}
	}
}
