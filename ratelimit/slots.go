package ratelimit

import (
	"math"
	"time"
)

const (
	spare = 1.5 // slots for each that is needed on average, as latencies vary, and a ramp goes on until the next look
	// minSlots are kept even where fewer would do: a few dozen cost next to
	// nothing, and a rate that is still rising needs them in the next second.
	minSlots = 64
	// freshness is the share of the newest second's latency in the average.
	freshness = 0.3
	// firstSizing is how soon the slots are sized for the first time.
	firstSizing = 100 * time.Millisecond
)

// slots decides how many steps should be in flight: by Little's law their rate
// times their latency, and half as many again.
type slots struct {
	most    int
	latency float64 // seconds, smoothed; 0 before the first one
	target  int
}

// observe takes in that n requests took total, together, and that the quotas
// allow rate steps a second, and returns the number of slots.
func (s *slots) observe(n int64, total time.Duration, rate float64) int {
	if n > 0 && total > 0 {
		mean := total.Seconds() / float64(n)
		if s.latency == 0 {
			s.latency = mean
		}
		s.latency += freshness * (mean - s.latency)
	}
	if s.latency > 0 && rate > 0 {
		want := math.Ceil(rate * (s.latency + tick.Seconds()) * spare) // a step waits for its tick, too
		s.target = int(max(float64(min(minSlots, s.most)), min(want, float64(s.most))))
	}
	return s.target
}

// stepRate returns how many steps a second the quotas allow, if steps go on to
// ask for them as those released did: released steps, which used used[i] of a
// quota with rate rates[i].
func stepRate(released int64, used [quotas]int64, rates [quotas]float64) float64 {
	least := math.Inf(1)
	for i, n := range used {
		if n > 0 {
			least = min(least, rates[i]*float64(released)/float64(n))
		}
	}
	if released == 0 {
		return 0
	}
	return least
}
