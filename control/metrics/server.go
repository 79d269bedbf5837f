package metrics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reseal/control"
	"reseal/cost"
	"reseal/engine"
	"reseal/internal/ownhost"
	"reseal/plan"
)

// Source is the run that metrics are read off. Its functions are safe for
// concurrent use.
type Source struct {
	Version           string // of reseal
	Job               string // name of the job: label reseal_job of all metrics
	Share             string // I/N, "" for the whole job: label share of all metrics
	Shares            int    // that the job is divided into, 0 for none
	Todo              int64  // objects to re-encrypt in the whole job, -1 where not known
	SettledBefore     int64  // of them settled by earlier runs, of the share where it is one
	Controller        *control.Controller
	Stats             *engine.Stats
	Spent             func() (cost.Money, bool) // by the whole job, at most; false where there is no price
	Flushed           *atomic.Int64             // unix nanoseconds of the last durable state, 0 = none yet
	CredentialsExpiry func() (time.Time, bool)  // false where they never expire, or nobody knows
	Probed            int64                     // requests of Stats that a probe sent before the run
	Health            *control.Health
}

// labels name the run, so that shares of a job and several jobs can be told apart
// whatever the scraper calls them.
func (s *Source) labels() prometheus.Labels {
	return prometheus.Labels{"reseal_job": strings.ToValidUTF8(s.Job, "\uFFFD"), "share": cmp.Or(s.Share, "all")}
}

// Server serves the metrics of a run over HTTP. Only latencies and the last part
// copied are collected; all other numbers are read off the run at each scrape.
type Server struct {
	registry *prometheus.Registry
	health   *control.Health
	latency  *prometheus.HistogramVec
	lastPart atomic.Int64 // unix nanoseconds of the last part copied, 0 = none
	listener net.Listener
	name     string // host of the address, as it was given
}

// latencyBuckets go from a HEAD nearby to the copy of a part of gigabytes, in seconds.
func latencyBuckets() []float64 {
	return []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300}
}

// Try takes the address HOST:PORT and gives it back, so that one that cannot be had is
// known before anything is begun. Another process can still take it until Listen does.
func Try(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return listener.Close()
}

// Listen takes the address HOST:PORT for the metrics of a run.
func Listen(address string, from Source) (*Server, error) {
	s := &Server{
		health:   from.Health,
		registry: prometheus.NewPedanticRegistry(),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "reseal_request_duration_seconds", Buckets: latencyBuckets(),
			Help: "Time from the release of a request to its answer, by S3 operation and how it ended (ok, or the class of the error).",
		}, []string{"operation", "outcome"}),
	}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	prometheus.WrapRegistererWith(from.labels(), s.registry).MustRegister(&collector{from: from, lastPart: s.partCopied}, s.latency)
	s.name, _, _ = net.SplitHostPort(address) // Listen says what is wrong with it
	var err error
	if s.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	return s, nil
}

// Addr is the address that Listen took.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Observe takes the time of one request, for control.CountingGate.
func (s *Server) Observe(op, outcome string, took time.Duration) {
	s.latency.WithLabelValues(op, outcome).Observe(took.Seconds())
	if op == plan.StepPart.String() && outcome == control.OutcomeOK {
		s.lastPart.Store(time.Now().UnixNano())
	}
}

// partCopied is when a part of an object was last copied; zero for never.
func (s *Server) partCopied() time.Time {
	if at := s.lastPart.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Serve answers scrapes until ctx ends.
func (s *Server) Serve(ctx context.Context, log *slog.Logger) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /healthz", answering(func() error { return s.health.Alive(time.Now()) }))
	mux.HandleFunc("GET /readyz", answering(func() error { return s.health.Ready() }))
	server := &http.Server{Handler: s.guard(mux), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Warn("metrics not served", "error", err)
	}
}

// guard refuses requests that name another host, where only this machine can ask: a page
// in a browser has its own name lead to this address (DNS rebinding).
func (s *Server) guard(next http.Handler) http.Handler {
	if at, ok := s.listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return next // a scraper of another machine may know this one by any name
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, known := ownhost.Known(r.Host, s.name); !known {
			http.Error(w, "another host is meant", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answering says ok, or with status 503 why not.
func answering(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if err := check(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, err) // who asked is gone
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	}
}

// Close gives the address back.
func (s *Server) Close() { s.listener.Close() }
