package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"reseal/cost"
	"reseal/engine"
	"reseal/plan"
)

// scrape serves the metrics of a run that did something, and returns what a
// Prometheus would read.
func scrape(t *testing.T) []byte {
	t.Helper()
	s := helmFor(caps{kms: 500, quota: 1000})
	s.stats.Outcomes[engine.Done].Add(41)
	s.stats.Outcomes[engine.Failed].Add(1)
	s.stats.InFlight.Add(3)
	s.pauseIf(true, operator, "")
	flushed := new(atomic.Int64)
	flushed.Store(time.Now().UnixNano())
	m := newMetrics(&runCollector{todo: 100, earlier: 7, status: s.status, rows: s.stats.Rows.Load, flushed: flushed,
		spent: func() (cost.Money, bool) { return 2_500_000_000, true }})
	gate := &traffic{Gate: openGate{}, timed: m.timed}
	ctx, cancel := context.WithCancel(t.Context())
	for _, err := range []error{nil, &engine.ObjectError{Class: engine.Throttled}, errors.New("other")} {
		_ = gate.Do(ctx, plan.Step{Kind: plan.StepCopy}, func(context.Context) error { return err })
	}
	ln, err := m.listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var server sync.WaitGroup
	server.Go(func() { m.serve(ctx, ln, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() {
		cancel()
		server.Wait()
	})
	resp, err := http.Get("http://" + ln.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v:\n%s", resp.Status, err, text)
	}
	return text
}

// openGate lets everything through.
type openGate struct{}

func (openGate) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

func TestMetrics(t *testing.T) {
	text := scrape(t)
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "reseal_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	for _, want := range []string{
		`reseal_objects_total{outcome="done"} 41`, `reseal_objects_total{outcome="failed"} 1`, `reseal_objects_in_flight 3`, `reseal_job_objects 100`,
		`reseal_job_objects_settled_before 7`, `reseal_quota_cap_requests_per_second{quota="kms"} 500`, `reseal_throttles_total{cause="s3_writes"} 0`,
		`reseal_job_cost_dollars 2.5`, `reseal_bound_by{limit="operator"} 1`, `reseal_bound_by{limit="kms-cap"} 0`, `reseal_paused 1`,
		`reseal_request_duration_seconds_count{operation="CopyObject",outcome="ok"} 1`,
		`reseal_request_duration_seconds_count{operation="CopyObject",outcome="throttled"} 1`,
		`reseal_request_duration_seconds_count{operation="CopyObject",outcome="other"} 1`,
	} {
		if !strings.Contains(string(text), "\n"+want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
}

// metricName is a name as it stands in queries and documents.
var metricName = regexp.MustCompile(`\breseal_[a-z_]+[a-z]`)

// TestDashboardAndDocs: the dashboard is JSON, every metric that it or the page
// on metrics names exists, and the page names every one that exists.
func TestDashboardAndDocs(t *testing.T) {
	there := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (reseal_[a-z_]+) (\w+)$`).FindAllStringSubmatch(string(scrape(t)), -1) {
		there[m[1]] = true
		if m[2] == "histogram" {
			there[m[1]+"_bucket"], there[m[1]+"_sum"], there[m[1]+"_count"] = true, true, true
		}
	}
	if len(there) < 20 {
		t.Fatalf("only %d metrics: %v", len(there), there)
	}
	for _, file := range []string{"../../docs/grafana-dashboard.json", "../../docs/metrics.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, name := range metricName.FindAllString(string(data), -1) {
			named[name] = true
			if !there[name] {
				t.Errorf("%s names %s, which does not exist", file, name)
			}
		}
		if strings.HasSuffix(file, ".json") {
			var dashboard struct {
				Title  string
				Panels []struct {
					Title   string
					Targets []struct{ Expr string }
				}
			}
			if err := json.Unmarshal(data, &dashboard); err != nil || len(dashboard.Panels) == 0 {
				t.Errorf("%s: %d panels, %v", file, len(dashboard.Panels), err)
			}
			for _, p := range dashboard.Panels {
				for _, q := range p.Targets {
					if !metricName.MatchString(q.Expr) {
						t.Errorf("%s: panel %q asks for %q, no metric of reseal", file, p.Title, q.Expr)
					}
				}
			}
			continue
		}
		for name := range there {
			if !named[name] && !strings.HasSuffix(name, "_bucket") && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
				t.Errorf("%s does not name %s", file, name)
			}
		}
	}
}

func TestMetricsAddress(t *testing.T) {
	for text, want := range map[string]string{"": "", ":9325": "127.0.0.1:9325", "9325": "127.0.0.1:9325", "0.0.0.0:9325": "0.0.0.0:9325",
		"[::1]:0": "[::1]:0", "metrics.example.com:80": "metrics.example.com:80"} {
		if got, err := metricsAddress(text); err != nil || got != want {
			t.Errorf("metricsAddress(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"localhost", ":http", ":70000", "1:2:3", "-1", ":"} {
		if got, err := metricsAddress(text); err == nil {
			t.Errorf("metricsAddress(%q) = %q, want an error", text, got)
		}
	}
}
