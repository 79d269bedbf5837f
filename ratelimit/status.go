package ratelimit

import (
	"fmt"
	"math"
	"strings"
	"time"

	"reseal/plan"
)

// Cause is why a run is not faster.
type Cause uint8

// The causes.
const (
	CauseNone      Cause = iota // nothing here: concurrency or the reading of the report
	CauseCap                    // the cap of a quota
	CauseThrottled              // a quota is throttled and its rate is being found
	CauseRising                 // the rate is still rising: ramp-up, or S3 beyond what it promises
	CausePaused                 // Pause
)

// Bottleneck is what holds a run back.
type Bottleneck struct {
	Cause  Cause
	Quota  plan.Quota // of CauseCap, CauseThrottled, CauseRising
	Prefix string     // key prefix, if it is only one
	Reason string     // of CausePaused
	Rate   float64    // requests a second that are allowed now
	Since  time.Time
}

// String returns a phrase for status lines.
func (b Bottleneck) String() string {
	s := b.Quota.String()
	switch b.Cause {
	case CauseCap:
		s += " cap"
	case CauseThrottled:
		s += " throttled"
	case CauseRising:
		s += " rising"
	case CausePaused:
		return "paused: " + b.Reason
	default:
		return "none"
	}
	if b.Prefix != "" {
		s += fmt.Sprintf(", prefix %q", b.Prefix)
	}
	return s
}

// Usage is what a run made of one quota. Counts are of requests as demanded,
// by the upper end, at release.
type Usage struct {
	Cap           float64 // requests a second, 0 = none
	Rate          float64 // allowed now, requests a second, 0 = unpaced
	Released      int64
	Throttled     int64
	LastSecond    int64
	FullestSecond int64 // the most in any one second so far
	Scopes        int   // 1, and one for each key prefix paced by itself
}

// Status is the state of a Governor at one moment.
type Status struct {
	Bottleneck Bottleneck
	KMS        Usage
	Writes     Usage
	Reads      Usage
	Steps      int64 // released
	Waiting    int   // steps
	Slots      int   // what Slots last returned
}

// why is what held the run back in the last second.
type why struct {
	from time.Duration // begin of the second under way
	now  Bottleneck
}

// Status returns how things stand.
func (g *Governor) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	s := Status{
		Bottleneck: g.why.now,
		KMS:        usage(g.kms, 1, now),
		Writes:     usage(g.writes.root, 1+len(g.writes.below), now),
		Reads:      usage(g.reads.root, 1+len(g.reads.below), now),
		Steps:      g.steps,
		Waiting:    g.waiting,
		Slots:      g.slots.target,
	}
	switch {
	case len(g.pauses) > 0:
		s.Bottleneck = Bottleneck{Cause: CausePaused, Reason: strings.Join(g.pauses, ", "), Since: g.base.Add(g.pausedAt)}
	case now-g.ticked > time.Second+maxSleep && g.why.now.Cause != CauseNone: // nobody waits
		s.Bottleneck = Bottleneck{Since: g.base.Add(g.ticked)}
	case g.why.now.Since.IsZero():
		s.Bottleneck.Since = g.base
	}
	if s.Bottleneck.Cause == CauseNone {
		if b := g.bottleneckShared(); b.Cause != CauseNone {
			s.Bottleneck = b
		}
	}
	return s
}

func usage(s *scope, scopes int, now time.Duration) Usage {
	return Usage{
		Cap: finite(s.ctl.limit), Rate: finite(s.ctl.rate), Released: s.released, Throttled: s.throttles,
		LastSecond: s.window.second(now), FullestSecond: s.window.fullest, Scopes: scopes,
	}
}

// finite returns v, or 0 for what is not limited.
func finite(v float64) float64 {
	if math.IsInf(v, 1) {
		return 0
	}
	return v
}

// explain finds, once a second, the scope for which steps were waiting most of
// the time. One of the whole job counts before one of a prefix.
func (g *Governor) explain(now time.Duration) {
	period := now - g.why.from
	if period < time.Second {
		return
	}
	var worst *scope
	look := func(s *scope) {
		if s.held >= period/2 && (worst == nil || s.held > worst.held) {
			worst = s
		}
	}
	look(g.kms)
	look(g.writes.root)
	look(g.reads.root)
	if worst == nil {
		for _, t := range []*tree{&g.writes, &g.reads} {
			for _, s := range t.below {
				look(s)
			}
		}
	}
	var b Bottleneck
	if worst != nil {
		b = Bottleneck{Cause: worst.cause(), Quota: worst.quota, Prefix: worst.prefix, Rate: worst.ctl.rate}
	}
	was := g.why.now
	if b.Cause == was.Cause && b.Quota == was.Quota && b.Prefix == was.Prefix && !was.Since.IsZero() {
		b.Since = was.Since
	} else {
		b.Since = g.base.Add(g.why.from)
	}
	g.why = why{now, b}
	for _, q := range []plan.Quota{plan.QuotaKMS, plan.QuotaWrites, plan.QuotaReads} {
		for _, s := range g.scopesOf(q) {
			s.held = 0
		}
	}
}

// cause returns why the scope is not faster.
func (s *scope) cause() Cause {
	switch {
	case s.ctl.throttled():
		return CauseThrottled
	case s.ctl.rate >= s.ctl.limit:
		return CauseCap
	}
	return CauseRising
}
