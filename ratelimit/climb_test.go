package ratelimit

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"reseal/plan"
)

// pool keeps as many workers as Slots says, as an engine does, but lets none go.
func (b *bubble) pool(latency time.Duration, next func() plan.Step, call func(plan.Step) error) {
	running := 0
	b.workers.Go(func() {
		for b.ctx.Err() == nil {
			if want := b.Slots(); want > running {
				b.work(want-running, latency, next, call)
				running = want
			}
			time.Sleep(100 * ms)
		}
	})
}

// climb is one run of a minute, from the first request on, against a quota of which it
// expects rate.
type climb struct {
	quota   plan.Quota
	rate    float64
	granted float64 // share of rate
	sliding bool
	phase   time.Duration // into a second of the clock, at the start
}

const climbLatency = 80 * ms

// run returns how much of its steady rate the minute reached on average, and
// the share of its requests that was throttled.
func (c climb) run(t *testing.T) (mean, throttled float64) {
	limits := Limits{KMS: c.rate}
	if c.quota == plan.QuotaWrites {
		limits = Limits{Writes: c.rate}
	}
	inBubble(t, Config{Caps: limits, Expected: limits, MaxSlots: 2000}, func(b *bubble) {
		s := &quotaServer{quota: c.quota, sliding: c.sliding, start: b.start.Add(-c.phase), grants: func(time.Duration) int { return int(c.rate * c.granted) }}
		var n atomic.Uint32
		b.pool(climbLatency, func() plan.Step {
			s := writeStep(fmt.Sprintf("%08x", n.Add(1)*2654435761))
			if c.quota == plan.QuotaKMS {
				s = kmsStep(1)
			}
			return s
		}, s.call)
		time.Sleep(time.Minute)
		good := func(from, to time.Duration) float64 {
			all, bad := s.calls(from+c.phase, to+c.phase)
			return float64(all-bad) / (to - from).Seconds()
		}
		all, bad := s.calls(0, time.Hour)
		mean, throttled = good(0, time.Minute)/good(40*time.Second, time.Minute), float64(bad)/float64(all)
	})
	return mean, throttled
}

// The first minute of a run is as good as 95 % of what comes after it, and where half of
// what was expected is granted, one in a thousand requests finds that out. Where
// the quota counts by seconds of the clock, what is sent until a spent second
// answers is throttled as well, and so more of them are.
func TestClimb(t *testing.T) {
	for _, quota := range []plan.Quota{plan.QuotaKMS, plan.QuotaWrites} {
		for _, rate := range []float64{500, 2000, 8000} {
			for _, tt := range []struct {
				granted, most float64
				sliding       bool
			}{{1, 0, true}, {0.5, 0.001, true}, {0.5, 0.006, false}} {
				for _, phase := range []time.Duration{0, 350 * ms, 700 * ms} {
					if tt.sliding && phase > 0 {
						continue
					}
					c := climb{quota, rate, tt.granted, tt.sliding, phase}
					t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
						mean, throttled := c.run(t)
						t.Logf("mean %.1f %%, throttled %.3f %%", 100*mean, 100*throttled)
						if mean < 0.95 {
							t.Errorf("the first minute reached %.1f %% of the steady rate, want 95 %%", 100*mean)
						}
						if throttled > tt.most {
							t.Errorf("%.3f %% of the requests throttled, want %.1f %% at most", 100*throttled, 100*tt.most)
						}
					})
				}
			}
		}
	}
}
