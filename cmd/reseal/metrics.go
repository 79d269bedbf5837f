package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reseal/cost"
	"reseal/engine"
)

// metrics is what a run shows to Prometheus: docs/metrics.md lists it. Numbers
// are read off the run when somebody asks; only the latencies are collected.
type metrics struct {
	registry *prometheus.Registry
	latency  *prometheus.HistogramVec
}

// latencyBuckets go from what a HEAD nearby takes to what the copy of a part of
// gigabytes takes, in seconds.
var latencyBuckets = []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300}

// newMetrics returns metrics of a run in a registry of their own.
func newMetrics(run *runCollector) *metrics {
	m := &metrics{
		registry: prometheus.NewPedanticRegistry(),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "reseal_request_duration_seconds", Buckets: latencyBuckets,
			Help: "Time from the release of a request to its answer, by S3 operation and how it ended (ok, or the class of the error).",
		}, []string{"operation", "outcome"}),
	}
	m.registry.MustRegister(run, m.latency, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// timed is for traffic.
func (m *metrics) timed(op, outcome string, took time.Duration) {
	m.latency.WithLabelValues(op, outcome).Observe(took.Seconds())
}

// runCollector turns the state of a run into metrics.
type runCollector struct {
	todo    int64 // objects to re-encrypt in the whole job, -1 where not known
	earlier int64 // of them done by earlier runs
	status  func() runStatus
	rows    func() int64
	spent   func() (cost.Money, bool) // by the whole job, at most; false where there is no price
	flushed *atomic.Int64             // unix nanoseconds of the last durable state, 0 = none yet
}

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
func (c *runCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{objectsDesc, bytesDesc, rowsDesc, plannedDesc, earlierDesc, inFlightDesc, limitDesc, requestsDesc, retriesDesc,
		releasedDesc, capDesc, rateDesc, fullestDesc, throttlesDesc, costDesc, ageDesc, boundDesc, pausedDesc, startDesc, buildDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *runCollector) Collect(out chan<- prometheus.Metric) {
	s := c.status()
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
	count(rowsDesc, c.rows())
	if c.todo >= 0 {
		gauge(plannedDesc, float64(c.todo))
	}
	gauge(earlierDesc, float64(c.earlier))
	gauge(inFlightDesc, float64(s.InFlight))
	gauge(limitDesc, float64(s.Concurrency))
	count(requestsDesc, s.Requests)
	count(retriesDesc, s.Retries)
	for _, q := range []struct {
		name string
		quotaUsage
	}{{"kms", s.KMS}, {"s3_writes", s.Writes}, {"s3_reads", s.Reads}} {
		count(releasedDesc, q.Released, q.name)
		gauge(capDesc, q.Cap, q.name)
		gauge(rateDesc, q.Rate, q.name)
		gauge(fullestDesc, float64(q.FullestSecond), q.name)
		count(throttlesDesc, q.Throttled, q.name)
	}
	if money, priced := c.spent(); priced {
		gauge(costDesc, float64(money)/1e9) // of billionths
	}
	if at := c.flushed.Load(); at != 0 {
		gauge(ageDesc, time.Since(time.Unix(0, at)).Seconds())
	}
	for _, limit := range bindings {
		gauge(boundDesc, truth(s.Binding.Limit == limit), limit)
	}
	gauge(pausedDesc, truth(len(s.Paused) > 0))
	gauge(startDesc, float64(s.Started.UnixMilli())/1000)
	gauge(buildDesc, 1, version)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// metricsAddress completes an address: one without a host, or only a port, is
// on this machine alone. "" is no metrics.
func metricsAddress(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%q: want a port, or HOST:PORT", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%q: want a port of 0 to 65535", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// listen takes the address.
func (m *metrics) listen(address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	return ln, nil
}

// serve answers scrapes until ctx ends.
func (m *metrics) serve(ctx context.Context, ln net.Listener, log *slog.Logger) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Warn("metrics ended", "error", err)
	}
}
