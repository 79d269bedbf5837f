package ratelimit

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"reseal/plan"
)

// scope is what one quota applies to: the whole job for KMS, the bucket or a
// key prefix for S3. It is used under the governor's lock, and its limiter
// only by the pacer.
type scope struct {
	quota  plan.Quota
	prefix string // "" is all keys
	parent *scope // next shorter prefix that is a scope

	ctl     control
	window  window
	limiter *rate.Limiter
	tuned   float64 // rate that the limiter was last told
	burst   int     // burst that the limiter was last told

	// What the limiter gave at the last tick, and what became of it since.
	credit float64       // tokens
	paid   int64         // of them spent; the limiter is told at the next tick
	shut   bool          // a step was held back: nothing that came later overtakes it here
	shutAt time.Duration // since when
	price  int64         // tokens that this step needs

	// What follows holds for the tick that is under way, from open to close.
	opened bool
	limit  int64 // releases in a window
	room   int64 // of them still free
	used   int64 // requests that pass in this tick

	held    time.Duration // time in this period of the status in which steps were held back
	waiting int           // steps that wait in lanes of this scope

	released  int64   // requests, in all
	throttles int64   // of them throttled
	sample    *sample // not nil while it is watched where throttles cluster
}

func newScope(q plan.Quota, prefix string, ctl control) *scope {
	return &scope{quota: q, prefix: prefix, ctl: ctl}
}

// paced reports whether the scope limits anything.
func (s *scope) paced() bool { return !math.IsInf(s.ctl.rate, 1) }

// open readies the scope for the tick at now. The moments of ticks increase.
func (s *scope) open(now time.Duration, base time.Time) {
	if s.opened {
		return
	}
	at := base.Add(now)
	if s.limiter != nil {
		s.limiter.AllowN(at, int(s.paid)) // granted: it had as much at the last tick, and has no less now
	}
	if s.shut { // since then somebody waited for this scope
		dt := min(now-s.shutAt, maxSleep+tick)
		s.held += dt
		s.ctl.grow(dt)
	}
	s.opened, s.shut = true, false
	s.used, s.paid, s.price = 0, 0, 0
	if !s.paced() {
		return
	}
	burst := burstOf(s.ctl.rate)
	switch {
	case s.limiter == nil || math.IsInf(s.tuned, 1):
		s.limiter = rate.NewLimiter(rate.Limit(s.ctl.rate), burst)
		s.limiter.AllowN(at, burst-1) // a limiter begins full; here it begins with one token
		s.burst = burst
	case s.tuned != s.ctl.rate:
		s.limiter.SetLimitAt(at, rate.Limit(s.ctl.rate))
		if s.burst < burst {
			s.limiter.SetBurstAt(at, burst)
			s.burst = burst
		}
	}
	s.tuned = s.ctl.rate
	s.limit = windowLimit(s.ctl.rate)
	s.room = s.limit - s.window.count(now)
	s.credit = s.limiter.TokensAt(at)
}

// windowLimit is how many requests a second may hold at a rate. Of a fraction
// the next whole number: a rate of 2.5 needs seconds with 3.
func windowLimit(rate float64) int64 { return int64(math.Ceil(rate)) }

// catchUp is the time that is made up for. On a machine whose processors all
// have other work a tick is late by tens of milliseconds (measured 2026-11: with
// two ticks' worth a run at 3,000/s used 55 to 70 % of that). The window holds
// whatever is made up for.
const catchUp = 10 * tick

// burstOf is what the limiter keeps at most: what late ticks left, but not what
// a stall did, and one more for the fraction that would otherwise be lost at
// each release.
func burstOf(r float64) int { return 1 + int(math.Ceil(r*catchUp.Seconds())) }

// priceOf is what a step of weight n takes from the limiter: n, but no more
// than a minute's worth, so that a weight out of proportion passes some day.
func (s *scope) priceOf(n int64) int64 {
	return min(n, max(int64(burstOf(s.ctl.rate)), int64(math.Ceil(60*s.ctl.rate))))
}

// allows reports whether n requests may pass in the opened tick.
//
// A step that weighs more than the whole limit can never fit: it passes alone,
// when nothing else was released for a full window, and keeps the others out
// until it has left the window itself.
func (s *scope) allows(n int64) bool {
	if !s.paced() {
		return true
	}
	room := s.room - s.used
	fits := n <= room || n > s.limit && room == s.limit
	return !s.shut && fits && s.affords(n)
}

// affords reports whether the limiter gave enough at this or the last tick for n
// requests besides those that passed since.
func (s *scope) affords(n int64) bool { return float64(s.paid+s.priceOf(n)) <= s.credit }

// pay takes the price of n requests off that.
func (s *scope) pay(n int64) {
	if s.paced() {
		s.paid += s.priceOf(n)
	}
}

// hold notes that a step of weight n could not pass. Until the next tick
// nothing else passes, so that heavy steps are not starved by light ones.
func (s *scope) hold(now time.Duration, n int64) {
	if !s.shut {
		s.shut, s.shutAt, s.price = true, now, s.priceOf(n)
	}
}

// spares reports whether n requests may pass at once, between two ticks: nobody
// is held back, and they are within what the limiter gave at the last tick and
// what the window has room for now. Where they are not, they hold back others.
func (s *scope) spares(now time.Duration, n int64) bool {
	switch {
	case !s.paced():
		return true
	case s.shut:
		return false
	case n > windowLimit(s.ctl.rate)-s.window.count(now) || !s.affords(n):
		s.hold(now, n)
		return false
	}
	return true
}

// spend lets n requests pass between two ticks.
func (s *scope) spend(now time.Duration, n int64) {
	s.count(now, n)
	s.pay(n)
}

// take lets n requests pass.
func (s *scope) take(n int64) {
	s.used += n
	s.pay(n)
}

// close ends the tick: what passed is counted, in one call of the limiter.
func (s *scope) close(now time.Duration, base time.Time) {
	s.opened = false
	s.count(now, s.used)
	if !s.paced() {
		return
	}
	at := base.Add(now)
	s.limiter.AllowN(at, int(s.paid)) // granted: TokensAt said so for the same instant
	s.paid = 0
	// The burst grows for a step that needs more, while it waits.
	burst := burstOf(s.ctl.rate)
	if s.shut {
		burst = max(burst, int(s.price))
	}
	if burst != s.burst {
		s.limiter.SetBurstAt(at, burst)
		s.burst = burst
	}
	s.credit = min(s.limiter.TokensAt(at), float64(burst))
}

// cut lowers the rate because a call of n requests, released at the given
// instant, was throttled.
func (s *scope) cut(now, released time.Duration, n int64) {
	if !s.ctl.cut(now, released, s.window.second(now), s.shut) {
		n++ // none of them is the first
	}
	s.ctl.addThrottles(now, n-1)
}

// count counts n requests as released now.
func (s *scope) count(now time.Duration, n int64) {
	s.window.add(now, n)
	s.released += n
}

// root returns the widest scope that this one is part of.
func (s *scope) root() *scope {
	for s.parent != nil {
		s = s.parent
	}
	return s
}

// wait returns how long it takes at least until n can pass, if nothing changes.
func (s *scope) wait(now time.Duration, n int64) time.Duration {
	var d time.Duration
	if s.room-s.used < n {
		d = s.window.frees(now)
	}
	missing := float64(s.priceOf(n)+s.paid) - s.credit
	return max(d, time.Duration(missing/s.ctl.rate*float64(time.Second)))
}
