package ratelimit

import (
	"math"
	"time"
)

// The numbers of the reaction to throttling. None is from AWS, which states
// only that callers should slow down on 503 and raise their rate gradually
// (Amazon S3 User Guide, optimizing-performance, read 2026-11-21).
const (
	lightCut = 0.97 // what is left of the rate after a throttle that may be all: requests that met on their way
	firstCut = 0.85 // and after more of them, that came out of quiet
	nextCut  = 0.7  // and after more of them, that came soon after the last cut: the quota is much lower than thought

	// leastStep is how many requests a second a light cut takes at least, where
	// that is not more than a first cut: less is not felt at low rates.
	leastStep = 2

	// Throttles besides the first are more if they are this many requests, or this
	// share of those in the second before; beyond the last number in any case.
	minExtra   = 3
	extraShare = 0.05
	maxExtra   = 256

	// sameFall is how close behind a cut a call must have been released for its
	// failure to be of the same fall of the quota.
	sameFall = 3 * time.Second

	// quietTime is how long after a cut failures say nothing about the new
	// rate: quotas are counted by the second (AWS KMS Developer Guide,
	// throttling, read 2026-11-21), and that second is spent.
	quietTime = time.Second

	// hold is how long the rate then stays: time enough for the next throttle,
	// if the cut was not deep enough, also where a quota is counted by whole
	// seconds and throttles come at their ends.
	hold = 2 * time.Second

	// plateau is the time in which a cut rate is back at the level that was
	// throttled, and as long again it stays near: a cubic, flat where trouble is expected.
	plateau = 12 * time.Second

	// doubling is the time to double a rate that has been above the old level
	// for a plateau, unthrottled: the old level is void.
	doubling = 3 * time.Second

	unlimitedRate = 1e9 // rates from here on are not paced
)

type phase uint8

const (
	ramping    phase = iota // from a low start to the level, by the same factor in the same time
	rising                  // above the level, slowly, until throttled or at the cap
	recovering              // back from a cut
)

// control decides the rate of one scope. It is plain arithmetic: instants are
// durations since a fixed moment.
type control struct {
	limit    float64       // the cap; +Inf is none
	expected float64       // what the quota is thought to grant without a cap; +Inf is unknown
	ramp     time.Duration // in which the rate grows tenfold while ramping; not above 0 is no ramp
	rise     float64       // share of the rate gained a second while rising

	phase       phase
	rate        float64       // requests a second now; +Inf is unpaced
	from        float64       // rate at which the phase began
	throttledAt float64       // while recovering: rate at which throttling came, requests a second
	age         time.Duration // in the phase, counting only time in which steps were held back; below 0 while a cut holds
	quiet       time.Duration // calls released before this instant are of the last cut
	lastCut     time.Duration
	cuts        int64
	deeper      float64 // share of throttledAt to cut to if more throttles follow; 0 once that was done
	extra       int64   // throttled requests besides the first that the last cut was for
	deepenAt    int64   // extra at which the cut is deepened
}

// newControl returns a control that starts at share start of its level.
func newControl(limit, expected float64, ramp time.Duration, start, rise float64) control {
	c := control{expected: expected, ramp: ramp, rise: rise, limit: limit}
	level := c.level()
	c.rate, c.phase = level, rising
	if ramp > 0 && !math.IsInf(level, 1) {
		c.rate, c.phase = level*start, ramping
	}
	c.from = c.rate
	return c
}

// level is the rate to which the ramp leads.
func (c *control) level() float64 { return min(c.limit, c.expected) }

// throttled reports whether the rate was learned from throttling.
func (c *control) throttled() bool { return c.phase == recovering }

// setLimit changes the cap: down at once, up by a new ramp.
func (c *control) setLimit(limit float64) {
	c.limit = limit
	c.rate = min(c.rate, limit)
	if c.phase == recovering {
		return
	}
	c.phase, c.from, c.age = rising, c.rate, 0
	switch level := c.level(); {
	case c.rate >= level:
	case c.ramp > 0 && !math.IsInf(level, 1):
		c.phase = ramping
	default:
		c.rate = level
	}
}

// cut lowers the rate because a call that was released at the given instant
// was throttled, and reports whether it did. It does not where the call was released
// before the last cut could be felt (see addThrottles). busy says that the rate was
// used in full. Otherwise used, in the last second, is the better guess of the level
// at which throttling came.
func (c *control) cut(now, released time.Duration, used int64, busy bool) bool {
	if !c.counts(released) {
		return false
	}
	level := c.rate
	switch {
	case math.IsInf(level, 1):
		level = max(1, float64(used))
	case !busy || c.phase == ramping: // or the rate is ahead of what was sent in the second before
		level = min(level, max(level/2, float64(used)))
	}
	c.deeper = firstCut
	if c.cuts > 0 && released < c.lastCut+sameFall {
		c.deeper = nextCut
	}
	c.throttledAt, c.extra = level, 0
	c.deepenAt = min(max(minExtra, int64(extraShare*float64(used))), maxExtra)
	c.lower(now, min(lightCut, max(firstCut, 1-leastStep/level)))
	c.cuts++
	return true
}

// addThrottles notes n more throttled requests of the last cut. A few may be
// requests that met on their way; more mean that the quota is lower.
func (c *control) addThrottles(now time.Duration, n int64) {
	if c.deeper == 0 {
		return
	}
	if c.extra += n; c.extra >= c.deepenAt {
		c.lower(now, c.deeper)
		c.deeper = 0
	}
}

// lower cuts the rate to a share of throttledAt, from where it recovers.
func (c *control) lower(now time.Duration, left float64) {
	c.phase, c.age = recovering, -hold
	c.from = max(c.throttledAt*left, c.floor())
	c.rate = c.from
	c.lastCut, c.quiet = now, now+quietTime
}

// counts reports whether the failure of a call released at that instant says
// anything about the rate now.
func (c *control) counts(released time.Duration) bool { return c.cuts == 0 || released >= c.quiet }

// floor is the rate below which nothing is cut, so that a quota's return is noticed.
func (c *control) floor() float64 {
	if math.IsInf(c.limit, 1) {
		return 1
	}
	return max(min(1, c.limit/10), c.limit/1000)
}

// grow lets dt pass in which steps were held back by this rate.
func (c *control) grow(dt time.Duration) {
	c.age += dt
	switch c.phase {
	case ramping:
		c.rate = c.from * math.Pow(10, c.age.Seconds()/c.ramp.Seconds())
		if level := c.level(); c.rate >= level {
			c.rate, c.phase = level, rising
		}
	case rising:
		c.rate = min(c.limit, c.rate*(1+c.rise*dt.Seconds()))
	case recovering:
		c.rate = max(c.from, recovered(c.from, c.throttledAt, max(0, c.age)))
		if c.rate >= min(c.limit, max(c.level(), 2*c.throttledAt)) || c.rate >= unlimitedRate {
			c.phase = rising
		}
		c.rate = min(c.rate, c.limit)
	}
	if c.rate >= unlimitedRate {
		c.rate = math.Inf(1)
	}
}

// recovered returns the rate that is reached age after it was cut to from by
// a throttle at the rate throttledAt.
func recovered(from, throttledAt float64, age time.Duration) float64 {
	x := age.Seconds()/plateau.Seconds() - 1
	rate := throttledAt + max(0, throttledAt-from)*min(x, 1)*min(x, 1)*min(x, 1)
	if x > 1 {
		over := age - 2*plateau
		rate = max(rate, from) * math.Exp2(over.Seconds()/doubling.Seconds())
	}
	return min(rate, unlimitedRate)
}
