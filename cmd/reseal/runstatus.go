package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/engine"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
)

// The limits that can bind a run. They are part of the JSON interface
// (docs/control.md) and of the metrics.
const (
	boundByKMSCap       = "kms-cap"
	boundByKMSThrottle  = "kms-throttled"
	boundByKMSRise      = "kms-rising"
	boundByS3Cap        = "s3-cap"
	boundByS3Throttle   = "s3-throttled"
	boundByS3Rise       = "s3-rising"
	boundByConcurrency  = "concurrency"
	boundByReader       = "reader"
	boundByWindow       = "window"
	boundByFlagFile     = "flag-file"
	boundByOperator     = "operator"
	boundByEndpoint     = "endpoint"
	boundByCredentials  = "credentials"
	boundByDrain        = "drain"
	boundByNothing      = "none" // not known yet
	boundByWindowPrefix = "window "
)

// bindings are all of them, for metrics that are there from the start.
var bindings = [...]string{boundByKMSCap, boundByKMSThrottle, boundByKMSRise, boundByS3Cap, boundByS3Throttle, boundByS3Rise, boundByConcurrency,
	boundByReader, boundByWindow, boundByFlagFile, boundByOperator, boundByEndpoint, boundByCredentials, boundByDrain, boundByNothing}

// binding is the limit that holds a run back: which, how tight, since when.
type binding struct {
	Limit  string    `json:"limit"`
	Quota  string    `json:"quota,omitempty"`  // s3 writes or s3 reads, where S3 is it
	Prefix string    `json:"prefix,omitempty"` // key prefix, where it is only one
	Rate   float64   `json:"rate"`             // requests a second, or objects in flight, that it allows; 0: it is no rate
	Detail string    `json:"detail,omitempty"` // for people
	Since  time.Time `json:"since"`
}

// String is a phrase for people, after "bound by".
func (b binding) String() string {
	quota := strings.ToUpper(b.Quota[:min(len(b.Quota), 2)]) + b.Quota[min(len(b.Quota), 2):] // S3 writes
	under, now := "", ""
	if b.Prefix != "" {
		under = fmt.Sprintf(" under %q", b.Prefix)
	}
	if b.Rate > 0 {
		now = fmt.Sprintf(", %s now", report.Rate(b.Rate))
	}
	switch b.Limit {
	case boundByKMSCap:
		return "the KMS cap of " + report.Rate(b.Rate)
	case boundByKMSThrottle:
		return "KMS throttling" + now
	case boundByKMSRise:
		return "the KMS rate, which is still rising" + now
	case boundByS3Cap:
		return fmt.Sprintf("the cap on %s%s of %s", quota, under, report.Rate(b.Rate))
	case boundByS3Throttle:
		return "throttling of " + quota + under + now
	case boundByS3Rise:
		return "the rate of " + quota + under + ", which is still rising" + now
	case boundByConcurrency:
		return "concurrency, " + report.Plural(int64(b.Rate), "object") + " in flight"
	case boundByReader:
		return "the reading of the report"
	case boundByWindow, boundByFlagFile, boundByOperator:
		return "a pause (" + b.Detail + ")"
	case boundByEndpoint:
		return "an endpoint that does not answer"
	case boundByCredentials:
		return "credentials that have expired"
	case boundByDrain:
		return "draining"
	}
	return "nothing yet"
}

// brief is a few words for people, after "bound by".
func (b binding) brief() string {
	switch b.Limit {
	case boundByKMSCap:
		return "KMS cap"
	case boundByKMSThrottle:
		return "KMS throttling"
	case boundByKMSRise:
		return "rising KMS rate"
	case boundByS3Cap:
		return "S3 cap"
	case boundByS3Throttle:
		return "S3 throttling"
	case boundByS3Rise:
		return "rising S3 rate"
	case boundByConcurrency:
		return "concurrency"
	}
	return b.String()
}

// waiting says, in full and in brief, why nothing is sent.
func (b binding) waiting() (full, brief string) {
	switch b.Limit {
	case boundByEndpoint:
		return "waiting for the endpoint, which does not answer", "waiting for the endpoint"
	case boundByCredentials:
		return "waiting for new credentials, as they have expired", "waiting for credentials"
	}
	return "paused: " + b.Detail, "paused"
}

// bindingOf puts the governor's words into those of the whole run.
func bindingOf(b ratelimit.Bottleneck) binding {
	out := binding{Prefix: b.Prefix, Rate: b.Rate, Since: b.Since}
	kms := b.Quota == plan.QuotaKMS
	pick := func(ofKMS, ofS3 string) string {
		if kms {
			return ofKMS
		}
		out.Quota = b.Quota.String()
		return ofS3
	}
	switch b.Cause {
	case ratelimit.CauseCap:
		out.Limit = pick(boundByKMSCap, boundByS3Cap)
	case ratelimit.CauseThrottled:
		out.Limit = pick(boundByKMSThrottle, boundByS3Throttle)
	case ratelimit.CauseRising:
		out.Limit = pick(boundByKMSRise, boundByS3Rise)
	case ratelimit.CausePaused:
		out.Detail = b.Reason
		switch {
		case slices.Contains(strings.Split(b.Reason, ", "), operator):
			out.Limit = boundByOperator
		case strings.HasPrefix(b.Reason, boundByWindowPrefix):
			out.Limit = boundByWindow
		default:
			out.Limit = boundByFlagFile
		}
	}
	return out
}

// runStatus is how a run that goes on is doing: what ctl, status, metrics and
// the summary show.
type runStatus struct {
	PID         int        `json:"pid"`
	Started     time.Time  `json:"started"`
	Binding     binding    `json:"bound_by"`
	Rate        float64    `json:"objects_per_second"`
	Done        int64      `json:"done"` // by this run, as all that follows
	Failed      int64      `json:"failed"`
	Skipped     int64      `json:"skipped"`
	Deferred    int64      `json:"deferred"`
	Bytes       int64      `json:"bytes"`
	InFlight    int64      `json:"in_flight"`
	Concurrency int64      `json:"concurrency"` // objects in flight at most
	Slots       int        `json:"slots"`       // of them needed now
	Requests    int64      `json:"requests"`
	Retries     int64      `json:"retries"`
	KMS         quotaUsage `json:"kms"`
	Writes      quotaUsage `json:"s3_writes"`
	Reads       quotaUsage `json:"s3_reads"`
	Paused      []string   `json:"paused,omitempty"` // reasons
	Draining    bool       `json:"draining,omitempty"`
	Ended       *runEnd    `json:"ended,omitempty"` // once it has
}

// quotaUsage is what a run makes of one quota, in requests as the gate counts them.
type quotaUsage struct {
	Cap           float64 `json:"cap"`  // requests a second, 0 = none
	Rate          float64 `json:"rate"` // allowed now, 0 = unpaced
	LastSecond    int64   `json:"last_second"`
	FullestSecond int64   `json:"fullest_second"`
	Released      int64   `json:"released"`
	Throttled     int64   `json:"throttled"`
	Scopes        int     `json:"scopes"`
}

func usageOf(u ratelimit.Usage) quotaUsage {
	return quotaUsage{u.Cap, u.Rate, u.LastSecond, u.FullestSecond, u.Released, u.Throttled, u.Scopes}
}

// status says how the run is doing.
func (s *steering) status() runStatus {
	g := s.governor.Status()
	slots := s.slots()
	out := runStatus{
		PID: pid(), Started: s.started, Binding: bindingOf(g.Bottleneck),
		Done: s.stats.Count(engine.Done), Failed: s.stats.Count(engine.Failed), Skipped: s.stats.Count(engine.Skipped), Deferred: s.stats.Count(engine.Deferred),
		Bytes: s.stats.Bytes.Load(), InFlight: s.stats.InFlight.Load(), Concurrency: s.concurrency.Load(), Slots: slots,
		Requests: s.stats.Requests.Load(), Retries: s.stats.Retries.Load(),
		KMS: usageOf(g.KMS), Writes: usageOf(g.Writes), Reads: usageOf(g.Reads),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Rate, out.Draining = s.rate, s.draining
	out.Paused = append(out.Paused, s.paused...)
	outage := s.stats.Outage.Load()
	switch {
	case outage != nil:
		out.Binding = binding{Limit: boundByEndpoint, Detail: outage.String(), Since: outage.Since}
		if outage.Err.Class == engine.Expired {
			out.Binding.Limit = boundByCredentials
		}
	case out.Binding.Limit != "":
	case s.draining:
		out.Binding = binding{Limit: boundByDrain, Since: time.Now()}
	default:
		if out.Binding = s.idle; out.Binding.Limit == boundByConcurrency {
			out.Binding.Rate = float64(slots) // as of now, where an operator has just changed it
		}
	}
	return out
}

// waits tells whether nothing is sent for now.
func (s *runStatus) waits() bool {
	return !s.Draining && (len(s.Paused) > 0 || s.Binding.Limit == boundByEndpoint || s.Binding.Limit == boundByCredentials)
}
