package ratelimit

import (
	"math"
	"testing"
	"time"
)

var inf = math.Inf(1)

func near(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-6*math.Abs(b) }

// growFor lets time pass in steps as the pacer would.
func growFor(c *control, d time.Duration) {
	for ; d > 0; d -= tick {
		c.grow(min(d, tick))
	}
}

func TestControlRamp(t *testing.T) {
	for _, tt := range []struct {
		name            string
		limit, expected float64
		ramp            time.Duration
		after           time.Duration
		want            float64
	}{
		{"start", 1000, inf, 10 * time.Second, 0, 100},
		{"half way", 1000, inf, 10 * time.Second, 5 * time.Second, 316.2},
		{"there", 1000, inf, 10 * time.Second, 10 * time.Second, 1000},
		{"and not beyond the cap", 1000, inf, 10 * time.Second, time.Hour, 1000},
		{"no ramp", 1000, inf, -1, 0, 1000},
		{"expected below the cap", 10000, 3500, 10 * time.Second, 10 * time.Second, 3500},
		{"rises from there, 1 % a second", 10000, 3500, 10 * time.Second, 11 * time.Second, 3535},
		{"up to the cap", 10000, 3500, 10 * time.Second, time.Hour, 10000},
		{"cap below what is expected", 2000, 3500, 10 * time.Second, 0, 200},
		{"no cap: doubled after 70 s", inf, 3500, -1, 70 * time.Second, 3500 * 2.01},
		{"no cap, nothing expected", inf, inf, 10 * time.Second, 0, inf},
		{"still", inf, inf, 10 * time.Second, time.Hour, inf},
		{"low", 0.5, inf, 10 * time.Second, time.Minute, 0.5},
	} {
		c := newControl(tt.limit, tt.expected, tt.ramp, 0.1, 0.01)
		growFor(&c, tt.after)
		if math.Abs(c.rate/tt.want-1) > 0.005 {
			t.Errorf("%s: limit %v expected %v ramp %v: rate after %v = %v, want %v", tt.name, tt.limit, tt.expected, tt.ramp, tt.after, c.rate, tt.want)
		}
	}
}

func TestControlCut(t *testing.T) {
	type call struct {
		now, released time.Duration
		used          int64
		busy          bool
		extra         int64 // requests that fail besides
	}
	const s = time.Second
	for _, tt := range []struct {
		name  string
		limit float64
		calls []call
		want  float64
		cuts  int64
	}{
		{"one", 1000, []call{{10 * s, 9900 * ms, 1000, true, 0}}, 970, 1},
		{"and some besides, of a thousand", 1000, []call{{10 * s, 9900 * ms, 1000, true, 49}}, 970, 1},
		{"and more of them", 1000, []call{{10 * s, 9900 * ms, 1000, true, 50}}, 850, 1},
		{"two besides, of thirty", 30, []call{{10 * s, 9900 * ms, 30, true, 2}}, 28, 1},
		{"three", 30, []call{{10 * s, 9900 * ms, 30, true, 3}}, 25.5, 1},
		{"one, of two", 2, []call{{10 * s, 9900 * ms, 2, true, 0}}, 1.7, 1},
		{"some besides, of 100,000", 100_000, []call{{10 * s, 9900 * ms, 100_000, true, 255}}, 97_000, 1},
		{"more of them", 100_000, []call{{10 * s, 9900 * ms, 100_000, true, 256}}, 85_000, 1},
		{"all in flight fail, one cut", 1000, []call{
			{10 * s, 9900 * ms, 1000, true, 500}, {10 * s, 9901 * ms, 1000, true, 500}, {10100 * ms, 10 * s, 1000, true, 500}}, 850, 1},
		{"released within a second of the cut", 1000, []call{
			{10 * s, 9 * s, 1000, true, 100}, {11900 * ms, 10999 * ms, 800, true, 0}}, 850, 1},
		{"released after it", 1000, []call{
			{10 * s, 9 * s, 1000, true, 100}, {11200 * ms, 11 * s, 800, true, 0}}, 824.5, 2},
		{"more of them: the quota is much lower", 1000, []call{
			{10 * s, 9 * s, 1000, true, 100}, {11200 * ms, 11 * s, 800, true, 40}}, 595, 2},
		{"long after it: only a little too far", 1000, []call{
			{10 * s, 9 * s, 1000, true, 100}, {31 * s, 30 * s, 800, true, 40}}, 722.5, 2},
		{"not used in full", 1000, []call{{10 * s, 9 * s, 700, false, 35}}, 595, 1},
		{"hardly used", 1000, []call{{10 * s, 9 * s, 3, false, 3}}, 425, 1},
		{"unpaced: what was used", inf, []call{{10 * s, 9 * s, 300, false, 15}}, 255, 1},
		{"unpaced and unused", inf, []call{{10 * s, 9 * s, 0, false, 0}}, 1, 1},
		{"at the start", 1000, []call{{0, 0, 1000, true, 50}}, 850, 1},
		{"low cap", 0.5, []call{{10 * s, 9 * s, 1, true, 3}}, 0.425, 1},
		{"on the way up: what was sent in the second before", 10_000, []call{{10 * s, 9900 * ms, 800, true, 0}}, 776, 1},
		{"and no less than half of the rate", 10_000, []call{{10 * s, 9900 * ms, 0, true, 0}}, 485, 1},
	} {
		c := newControl(tt.limit, inf, -1, 0.1, 0.01)
		if tt.limit == 10_000 {
			c = newControl(tt.limit, inf, s, 0.1, 0.01) // ramping, at 1,000/s
		}
		for _, k := range tt.calls {
			c.cut(k.now, k.released, k.used, k.busy)
			for range k.extra {
				c.addThrottles(k.now, 1)
			}
		}
		if !near(c.rate, tt.want) || c.cuts != tt.cuts {
			t.Errorf("%s: rate = %v after %d cuts, want %v after %d", tt.name, c.rate, c.cuts, tt.want, tt.cuts)
		}
	}
}

func TestControlFloor(t *testing.T) {
	for _, tt := range []struct{ limit, want float64 }{{100000, 100}, {1000, 1}, {10, 1}, {0.5, 0.05}, {inf, 1}} {
		c := newControl(tt.limit, inf, -1, 0.1, 0.01)
		now := time.Duration(0)
		for range 100 {
			now += 2 * time.Second
			c.cut(now, now, 1000, true)
			c.addThrottles(now, maxExtra)
		}
		if !near(c.rate, tt.want) {
			t.Errorf("limit %v: rate after 100 cuts = %v, want %v", tt.limit, c.rate, tt.want)
		}
	}
}

// After one cut and after many the rate is back at 95 % of the cap within a minute, it
// lingers around the level that was throttled, and it never falls or passes
// the cap meanwhile.
func TestControlRecovers(t *testing.T) {
	for _, limit := range []float64{0.5, 10, 500, 10000, 100000} {
		for _, cuts := range []int{1, 2, 3, 4, 8, -1, -2, -3, -4, -8, -100} {
			deep := cuts < 0 // with more than a few throttles
			cuts = max(cuts, -cuts)
			c := newControl(limit, inf, -1, 0.1, 0.01)
			now := time.Duration(0)
			for range cuts {
				now += 2 * time.Second
				c.cut(now, now, int64(limit), true)
				if deep {
					c.addThrottles(now, maxExtra)
				}
			}
			peak, last := c.throttledAt, c.rate
			var back time.Duration
			for d := time.Duration(0); d < 2*time.Minute; d += tick {
				c.grow(tick)
				if c.rate < last || c.rate > limit {
					t.Fatalf("limit %v, %d cuts: rate went from %v to %v after %v", limit, cuts, last, c.rate, d)
				}
				if last = c.rate; back == 0 && c.rate >= 0.95*limit {
					back = d
				}
				if d == hold+plateau && !near(c.rate, peak) && math.Abs(c.rate-peak) > 0.01*peak {
					t.Errorf("limit %v, %d cuts: rate after %v = %v, want the level that was throttled, %v", limit, cuts, d, c.rate, peak)
				}
			}
			if back == 0 || back > time.Minute {
				t.Errorf("limit %v, %d cuts: back at 95 %% after %v, want at most a minute", limit, cuts, back)
			}
			if c.throttled() {
				t.Errorf("limit %v, %d cuts: still throttled after two minutes", limit, cuts)
			}
		}
	}
}

func TestControlSetLimit(t *testing.T) {
	c := newControl(1000, inf, 10*time.Second, 0.1, 0.01)
	growFor(&c, time.Minute)
	c.setLimit(200)
	if c.rate != 200 {
		t.Errorf("rate = %v after the cap fell to 200", c.rate)
	}
	c.setLimit(2200)
	if c.rate != 200 {
		t.Errorf("rate = %v right after the cap rose from 200, want a ramp", c.rate)
	}
	growFor(&c, 5*time.Second)
	if !near(c.rate, 200*math.Sqrt(10)) {
		t.Errorf("rate = %v after half the time that a ramp from 200 takes to 2000", c.rate)
	}
	c.cut(0, 0, 1200, true)
	c.addThrottles(0, maxExtra)
	c.setLimit(5000)
	if !near(c.rate, 0.85*200*math.Sqrt(10)) || !c.throttled() {
		t.Errorf("rate = %v, throttled %t: a new cap must not undo a cut", c.rate, c.throttled())
	}
	c.setLimit(inf)
	growFor(&c, 10*time.Minute)
	if c.rate != inf {
		t.Errorf("rate = %v long after the cap was lifted, want none", c.rate)
	}
}
