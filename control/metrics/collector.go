package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"reseal/control"
	"reseal/engine"
)

// collector reads the metrics off a run when somebody asks.
type collector struct {
	from     Source
	lastPart func() time.Time // when a part of an object was last copied; zero for never
}

// The metrics of a run. One whose value is not known is left out: a 0 would be taken
// for a value.
var (
	objectsDesc   = describe("objects_total", "Objects of this run by outcome: done, failed, skipped, or deferred to another pass.", "outcome")
	bytesDesc     = describe("rewritten_bytes_total", "Size of the objects done in this run.")
	rowsDesc      = describe("report_rows_read_total", "Rows of the report that this run has read.")
	plannedDesc   = describe("job_objects", "Objects that the whole job has to re-encrypt by its plan.")
	settledDesc   = describe("job_objects_settled", "Objects of the job, or of this share of it, that this run and earlier ones have dealt with.")
	sharesDesc    = describe("job_shares", "Shares that the job is divided into; 1 where it is not.")
	remainingDesc = describe("job_remaining_seconds", "Time that the rest takes at the rate of now, pauses to come left out.")
	inFlightDesc  = describe("objects_in_flight", "Objects that are being worked on.")
	limitDesc     = describe("objects_in_flight_limit", "Objects that may be worked on at once.")
	requestsDesc  = describe("requests_sent_total", "Requests sent about objects, those sent again included.")
	retriesDesc   = describe("requests_repeated_total", "Requests sent again.")
	releasedDesc  = describe("quota_requests_total", "Requests released, as they count against a quota: kms, s3_writes or s3_reads.", "quota")
	capDesc       = describe("quota_cap_requests_per_second", "Cap on the use of a quota.", "quota")
	rateDesc      = describe("quota_rate_requests_per_second", "Rate that is allowed now, where requests are paced.", "quota")
	fullestDesc   = describe("quota_fullest_second_requests", "Most requests released in any one second of this run.", "quota")
	throttlesDesc = describe("throttled_requests_total", "Answers that a quota was exceeded, by the quota.", "quota")
	costDesc      = describe("job_cost_dollars", "What the requests of the job may have cost so far at most, at list prices.")
	flushedDesc   = describe("last_checkpoint_timestamp_seconds", "When the state of the job was last made durable, in seconds since 1970.")
	progressDesc  = describe("last_progress_timestamp_seconds", "When an object was last settled, or a part of one copied, in seconds since 1970. The start of the run before that.")
	windowDesc    = describe("window_end_timestamp_seconds", "When the time window that is open now closes, in seconds since 1970.")
	expiryDesc    = describe("credentials_expiry_timestamp_seconds", "When the credentials in use expire, in seconds since 1970.")
	boundDesc     = describe("bound_by", "1 for the limit that holds the run back now, 0 for the others.", "limit")
	boundForDesc  = describe("bound_seconds_total", "Time for which a limit held the run back.", "limit")
	pausedDesc    = describe("paused", "1 while nothing is sent because of window, flag file or operator, else 0.")
	startDesc     = describe("run_start_timestamp_seconds", "When the run began, in seconds since 1970.")
	buildDesc     = describe("build_info", "1, with the version of reseal as a label.", "version")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("reseal_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{objectsDesc, bytesDesc, rowsDesc, plannedDesc, settledDesc, sharesDesc, remainingDesc, inFlightDesc, limitDesc,
		requestsDesc, retriesDesc, releasedDesc, capDesc, rateDesc, fullestDesc, throttlesDesc, costDesc, flushedDesc, progressDesc, windowDesc, expiryDesc,
		boundDesc, boundForDesc, pausedDesc, startDesc, buildDesc} {
		out <- d
	}
}

// sink takes the metrics of one scrape.
type sink chan<- prometheus.Metric

func (out sink) count(d *prometheus.Desc, n float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, n, labels...)
}

func (out sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

// instant sends a time, in seconds since 1970.
func (out sink) instant(d *prometheus.Desc, at time.Time) {
	out.gauge(d, float64(at.UnixMilli())/1000)
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(metrics chan<- prometheus.Metric) {
	out, s := sink(metrics), c.from.Controller.Status()
	c.collectObjects(out, &s)
	c.collectRequests(out, &s)
	c.collectTimes(out, &s)

	held := c.from.Controller.Bound()
	for _, limit := range control.Limits() {
		out.gauge(boundDesc, oneIf(s.Binding.Limit == limit), string(limit))
		out.count(boundForDesc, held[limit].Seconds(), string(limit))
	}
	out.gauge(pausedDesc, oneIf(len(s.Paused) > 0))
	if money, priced := c.from.Spent(); priced {
		out.gauge(costDesc, float64(money)/1e9) // of billionths
	}
	out.gauge(buildDesc, 1, c.from.Version)
}

// collectObjects sends how far the run is, and how long the rest takes.
func (c *collector) collectObjects(out sink, s *control.Status) {
	out.count(objectsDesc, float64(s.Done), engine.Done.String())
	out.count(objectsDesc, float64(s.Failed), engine.Failed.String())
	out.count(objectsDesc, float64(s.Skipped), engine.Skipped.String())
	out.count(objectsDesc, float64(s.Deferred), engine.Deferred.String())
	out.count(bytesDesc, float64(s.Bytes))
	out.count(rowsDesc, float64(c.from.Stats.Rows.Load()))
	out.gauge(sharesDesc, float64(max(c.from.Shares, 1)))
	out.gauge(inFlightDesc, float64(s.InFlight))
	out.gauge(limitDesc, float64(s.Concurrency))
	settled := c.from.SettledBefore + c.from.Stats.Handled.Load()
	out.gauge(settledDesc, float64(settled))
	if c.from.Todo < 0 {
		return
	}
	out.gauge(plannedDesc, float64(c.from.Todo))
	if c.from.Shares > 0 {
		return // how many objects are the share's nobody has counted
	}
	switch left := c.from.Todo - settled; {
	case left <= 0:
		out.gauge(remainingDesc, 0)
	case s.Rate > 0 && !s.Waiting() && !s.Draining:
		out.gauge(remainingDesc, float64(left)/s.Rate)
	}
}

// collectRequests sends what the run uses of the quotas.
func (c *collector) collectRequests(out sink, s *control.Status) {
	out.count(requestsDesc, float64(s.Requests-c.from.Probed))
	out.count(retriesDesc, float64(s.Retries))
	for _, q := range []struct {
		name string
		control.QuotaUsage
	}{{"kms", s.KMS}, {"s3_writes", s.Writes}, {"s3_reads", s.Reads}} {
		out.count(releasedDesc, float64(q.Released), q.name)
		if q.Cap > 0 {
			out.gauge(capDesc, q.Cap, q.name)
		}
		if q.Rate > 0 {
			out.gauge(rateDesc, q.Rate, q.name)
		}
		out.gauge(fullestDesc, float64(q.FullestSecond), q.name)
		out.count(throttlesDesc, float64(q.Throttled), q.name)
	}
}

// collectTimes sends when what happened, or will happen.
func (c *collector) collectTimes(out sink, s *control.Status) {
	out.instant(startDesc, s.Started)
	progress := c.from.Controller.Progressed()
	if part := c.lastPart(); part.After(progress) {
		progress = part
	}
	out.instant(progressDesc, progress)
	if at := c.from.Flushed.Load(); at != 0 {
		out.instant(flushedDesc, time.Unix(0, at))
	}
	if at, ok := c.from.Controller.WindowEnd(time.Now()); ok {
		out.instant(windowDesc, at)
	}
	if at, ok := c.from.CredentialsExpiry(); ok {
		out.instant(expiryDesc, at)
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
