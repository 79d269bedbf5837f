package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"reseal/control"
	"reseal/engine"
)

// collector reads the metrics off a run when somebody asks.
type collector struct{ from Source }

// The metrics of a run.
var (
	objectsDesc   = describe("objects_total", "Objects of this run by outcome.", "outcome")
	bytesDesc     = describe("rewritten_bytes_total", "Size of the objects done in this run.")
	rowsDesc      = describe("report_rows_read_total", "Rows of the report that this run has read.")
	plannedDesc   = describe("job_objects", "Objects that the whole job has to re-encrypt, by its plan.")
	earlierDesc   = describe("job_objects_settled_before", "Of them, those that earlier runs dealt with.")
	inFlightDesc  = describe("objects_in_flight", "Objects that are being worked on.")
	limitDesc     = describe("concurrency_limit", "Objects in flight at most.")
	requestsDesc  = describe("requests_sent_total", "Requests sent about objects, those sent again included.")
	retriesDesc   = describe("requests_repeated_total", "Requests sent again.")
	releasedDesc  = describe("quota_requests_total", "Requests released, as they count against a quota: kms, s3_writes or s3_reads.", "quota")
	capDesc       = describe("quota_cap_requests_per_second", "Cap on a quota; 0 is none.", "quota")
	rateDesc      = describe("quota_rate_requests_per_second", "Rate that is allowed now; 0 is not paced.", "quota")
	fullestDesc   = describe("quota_fullest_second_requests", "Most requests released in any one second of this run.", "quota")
	throttlesDesc = describe("throttles_total", "Answers that a quota was exceeded, by whose it was.", "cause")
	costDesc      = describe("job_cost_dollars", "What the requests of the job may have cost so far at most, at list prices.")
	ageDesc       = describe("checkpoint_age_seconds", "Time since the state on disk was last brought up to date.")
	boundDesc     = describe("bound_by", "1 for the limit that holds the run back, 0 for the others.", "limit")
	pausedDesc    = describe("paused", "1 while nothing is sent because of window, flag file or operator.")
	startDesc     = describe("run_start_time_seconds", "When the run began, in seconds since 1970.")
	buildDesc     = describe("build_info", "1, with the version as a label.", "version")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("reseal_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{objectsDesc, bytesDesc, rowsDesc, plannedDesc, earlierDesc, inFlightDesc, limitDesc, requestsDesc, retriesDesc,
		releasedDesc, capDesc, rateDesc, fullestDesc, throttlesDesc, costDesc, ageDesc, boundDesc, pausedDesc, startDesc, buildDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.from.Status()
	send := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, t, v, labels...)
	}
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		send(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) { send(d, prometheus.GaugeValue, v, labels...) }

	count(objectsDesc, s.Done, engine.Done.String())
	count(objectsDesc, s.Failed, engine.Failed.String())
	count(objectsDesc, s.Skipped, engine.Skipped.String())
	count(objectsDesc, s.Deferred, engine.Deferred.String())
	count(bytesDesc, s.Bytes)
	count(rowsDesc, c.from.Rows())
	if c.from.Todo >= 0 {
		gauge(plannedDesc, float64(c.from.Todo))
	}
	gauge(earlierDesc, float64(c.from.SettledBefore))
	gauge(inFlightDesc, float64(s.InFlight))
	gauge(limitDesc, float64(s.Concurrency))
	count(requestsDesc, s.Requests-c.from.Probed)
	count(retriesDesc, s.Retries)
	for _, q := range []struct {
		name string
		control.QuotaUsage
	}{{"kms", s.KMS}, {"s3_writes", s.Writes}, {"s3_reads", s.Reads}} {
		count(releasedDesc, q.Released, q.name)
		gauge(capDesc, q.Cap, q.name)
		gauge(rateDesc, q.Rate, q.name)
		gauge(fullestDesc, float64(q.FullestSecond), q.name)
		count(throttlesDesc, q.Throttled, q.name)
	}
	if money, priced := c.from.Spent(); priced {
		gauge(costDesc, float64(money)/1e9) // of billionths
	}
	if at := c.from.Flushed.Load(); at != 0 {
		gauge(ageDesc, time.Since(time.Unix(0, at)).Seconds())
	}
	for _, limit := range control.Limits() {
		gauge(boundDesc, oneIf(s.Binding.Limit == limit), string(limit))
	}
	gauge(pausedDesc, oneIf(len(s.Paused) > 0))
	gauge(startDesc, float64(s.Started.UnixMilli())/1000)
	gauge(buildDesc, 1, c.from.Version)
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
