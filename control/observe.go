package control

import (
	"os"
	"slices"
	"strings"
	"time"

	"reseal/engine"
	"reseal/plan"
	"reseal/ratelimit"
)

// silenceAfter is how long no request gets an answer before that binds the run,
// so that it shows within five seconds. A copy of gigabytes takes longer, and its
// run waits for just that.
const silenceAfter = 3 * time.Second

// windowReason begins the reason of a pause by the window.
const windowReason = "window "

// Status says how the run is doing.
func (c *Controller) Status() Status {
	g, slots, stats := c.cfg.Governor.Status(), c.Slots(), c.cfg.Stats
	out := Status{
		PID: os.Getpid(), Started: c.started, Binding: bindingOf(g.Bottleneck),
		Done: stats.Count(engine.Done), Failed: stats.Count(engine.Failed), Skipped: stats.Count(engine.Skipped), Deferred: stats.Count(engine.Deferred),
		Bytes: stats.Bytes.Load(), InFlight: stats.InFlight.Load(), Concurrency: c.concurrency.Load(), Slots: slots,
		Requests: stats.Requests.Load(), Retries: stats.Retries.Load(),
		KMS: usageOf(g.KMS), Writes: usageOf(g.Writes), Reads: usageOf(g.Reads),
		LastFailure: stats.Failure.Load(),
	}
	out.KMS.Cap = c.belowShared(out.KMS.Cap)
	c.mu.Lock()
	defer c.mu.Unlock()
	out.Rate, out.Draining = c.rate, c.draining
	out.Paused = append(out.Paused, c.paused...)
	outage := stats.Outage.Load()
	switch {
	case outage != nil:
		out.Binding = Binding{Limit: LimitEndpoint, Detail: outage.String(), Since: outage.Since}
		if outage.Err.Class == engine.Expired {
			out.Binding.Limit = LimitCredentials
		}
	case c.unpaced.Limit == LimitSilence && len(c.paused) == 0 && stats.Unmet.Load() > 0:
		out.Binding = c.unpaced // whatever the governor allows
	case out.Binding.Limit != "":
	case c.draining:
		out.Binding = Binding{Limit: LimitDrain, Since: time.Now()}
	default:
		out.Binding = c.unpaced
		switch out.Binding.Limit { // as of now, where an operator has just changed it
		case LimitConcurrency, LimitSlots:
			out.Binding.Rate = float64(slots)
		case LimitTail:
			out.Binding.Rate = float64(out.InFlight)
		}
	}
	if r := stats.Refusal.Load(); r != nil {
		switch out.Binding.Limit {
		case LimitTail, LimitS3Throttle, LimitKMSThrottle, LimitS3Rise, LimitKMSRise:
			out.Binding.Detail = r.String()
		}
	}
	return out
}

// sample notes, once a second, how fast the run is and what binds it where no
// quota does.
func (c *Controller) sample(now time.Time) {
	b := c.findUnpaced(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	handled := c.cfg.Stats.Handled.Load()
	if c.rate = 0; len(c.paused) > 0 || c.cfg.Stats.Outage.Load() != nil {
		c.meter.Skip(handled, now)
	} else {
		c.rate = c.meter.Sample(handled, now)
	}
	if b.Limit == c.unpaced.Limit {
		b.Since = c.unpaced.Since
	}
	c.unpaced = b
}

// findUnpaced is what binds the run where no quota does.
func (c *Controller) findUnpaced(now time.Time) Binding {
	stats := c.cfg.Stats
	inFlight, want, most := stats.InFlight.Load(), int64(c.Slots()), c.concurrency.Load()
	heard := time.Unix(0, stats.Heard.Load())
	switch {
	case stats.Unmet.Load() > 0 && now.Sub(heard) >= silenceAfter:
		return Binding{Limit: LimitSilence, Since: heard}
	case stats.Fed.Load() && inFlight > 0:
		return Binding{Limit: LimitTail, Rate: float64(inFlight), Since: now}
	case inFlight < want-want/10:
		return Binding{Limit: LimitReader, Since: now}
	case want < most:
		return Binding{Limit: LimitSlots, Rate: float64(want), Since: now}
	}
	return Binding{Limit: LimitConcurrency, Rate: float64(want), Since: now}
}

// bindingOf translates what the governor says. The Limit is "" where no quota binds.
func bindingOf(b ratelimit.Bottleneck) Binding {
	out := Binding{Prefix: b.Prefix, Rate: b.Rate, Since: b.Since}
	pick := func(ofKMS, ofS3 Limit) Limit {
		if b.Quota == plan.QuotaKMS {
			return ofKMS
		}
		out.Quota = b.Quota.String()
		return ofS3
	}
	switch b.Cause {
	case ratelimit.CauseCap:
		out.Limit = pick(LimitKMSCap, LimitS3Cap)
	case ratelimit.CauseThrottled:
		out.Limit = pick(LimitKMSThrottle, LimitS3Throttle)
	case ratelimit.CauseRising:
		out.Limit = pick(LimitKMSRise, LimitS3Rise)
	case ratelimit.CausePaused:
		out.Detail = b.Reason
		switch {
		case slices.Contains(strings.Split(b.Reason, ", "), Operator):
			out.Limit = LimitOperator
		case strings.HasPrefix(b.Reason, windowReason):
			out.Limit = LimitWindow
		default:
			out.Limit = LimitFlagFile
		}
	}
	return out
}

func usageOf(u ratelimit.Usage) QuotaUsage {
	return QuotaUsage{Cap: u.Cap, Rate: u.Rate, LastSecond: u.LastSecond, FullestSecond: u.FullestSecond,
		Released: u.Released, Throttled: u.Throttled, Scopes: u.Scopes}
}
