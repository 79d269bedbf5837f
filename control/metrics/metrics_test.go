package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"reseal/control"
	"reseal/cost"
	"reseal/engine"
	"reseal/internal/compat"
	"reseal/plan"
	"reseal/ratelimit"
)

// scrape serves the metrics of a run that did something, and returns what a
// Prometheus would read.
func scrape(t *testing.T) []byte {
	t.Helper()
	stats, log := new(engine.Stats), slog.New(slog.DiscardHandler)
	c := control.New(control.Config{
		Governor: ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: 500}}), Stats: stats, Log: log, Notify: func(control.Notice) {},
		KMSCap: 500, KMSQuota: 1000, Concurrency: 64, MaxSlots: 64,
	})
	stats.Outcomes[engine.Done].Add(41)
	stats.Outcomes[engine.Failed].Add(1)
	stats.InFlight.Add(3)
	c.Execute(control.Request{Command: "pause"})
	flushed := new(atomic.Int64)
	flushed.Store(time.Now().UnixNano())
	m, err := Listen("127.0.0.1:0", Source{Version: "v1", Todo: 100, SettledBefore: 7, Status: c.Status, Rows: stats.Rows.Load, Flushed: flushed,
		Spent: func() (cost.Money, bool) { return 2_500_000_000, true }})
	if err != nil {
		t.Fatal(err)
	}
	gate := &control.CountingGate{Next: openGate{}, Observe: m.Observe}
	ctx, cancel := context.WithCancel(t.Context())
	for _, err := range []error{nil, &engine.ObjectError{Class: engine.Throttled}, errors.New("other")} {
		_ = gate.Do(ctx, plan.Step{Kind: plan.StepCopy, Key: "k"}, func(context.Context) error { return err })
	}
	var server sync.WaitGroup
	server.Go(func() { m.Serve(ctx, log) })
	t.Cleanup(func() {
		cancel()
		server.Wait()
	})
	resp, err := http.Get("http://" + m.Addr().String() + "/metrics")
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

// series are the metrics of a page, each with its type, and with its labels.
func series(page string) (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (reseal_[a-z_]+) (\w+)$`).FindAllStringSubmatch(page, -1) {
		all = append(all, m[1]+" "+m[2])
	}
	for _, m := range regexp.MustCompile(`(?m)^(reseal_[a-z_]+)\{([^}]*)\}`).FindAllStringSubmatch(page, -1) {
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(m[2], -1) {
			all = append(all, m[1]+" {"+label[1]+"}")
		}
	}
	return all
}

// TestDashboardAndDocs: the dashboard is JSON, every metric that it or the page
// on metrics names exists, and the page names every one that exists.
func TestDashboardAndDocs(t *testing.T) {
	there := map[string]bool{}
	page := string(scrape(t)) + ended(t, endedRun())
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (reseal_[a-z_]+) (\w+)$`).FindAllStringSubmatch(page, -1) {
		there[m[1]] = true
		if m[2] == "histogram" {
			there[m[1]+"_bucket"], there[m[1]+"_sum"], there[m[1]+"_count"] = true, true, true
		}
	}
	for what, name := range map[string]string{
		"objects by outcome": "reseal_objects_total", "KMS calls": "reseal_quota_requests_total", "the cap": "reseal_quota_cap_requests_per_second",
		"throttles by cause": "reseal_throttles_total", "latency": "reseal_request_duration_seconds", "in flight": "reseal_objects_in_flight",
		"bytes": "reseal_rewritten_bytes_total", "cost so far": "reseal_job_cost_dollars", "age of the checkpoint": "reseal_checkpoint_age_seconds",
	} {
		if !there[name] {
			t.Errorf("%s: no metric %s", what, name)
		}
	}
	compat.Check(t, "../../testdata/compat/metrics.txt", series(page))
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
					for _, problem := range wrongLabels(q.Expr, page) {
						t.Errorf("%s: panel %q: %s", file, p.Title, problem)
					}
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

var (
	selector = regexp.MustCompile(`\b(reseal_[a-z_]+[a-z])\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`([a-z_]+)(=~|=|!=|!~)"([^"]*)"`)
)

// wrongLabels says which labels of the selectors in a query the metrics do not
// have, and which values that it picks never come. The scraper adds job and
// instance, a histogram has le.
func wrongLabels(query, page string) (out []string) {
	for _, s := range selector.FindAllStringSubmatch(query, -1) {
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			label, value := m[1], m[3]
			if label == "job" || label == "instance" || label == "le" {
				continue
			}
			values := regexp.MustCompile(`(?m)^`+s[1]+`\{[^}]*\b`+label+`="([^"]*)"`).FindAllStringSubmatch(page, -1)
			picked := m[2] != "="
			for _, v := range values {
				picked = picked || v[1] == value
			}
			if m[2] == "=~" {
				picked = slices.ContainsFunc(values, func(v []string) bool { return regexp.MustCompile("^(?:" + value + ")$").MatchString(v[1]) })
			}
			if len(values) == 0 || !picked {
				out = append(out, fmt.Sprintf("%s has no series with %s", s[1], m[0]))
			}
		}
	}
	return out
}

func TestWrongLabels(t *testing.T) {
	const page = "reseal_aa{cause=\"kms\",quota=\"x\"} 1\nreseal_bb 2\n"
	for query, want := range map[string]int{
		`rate(reseal_aa{cause="kms",job="$job"}[1m])`: 0, `reseal_aa{cause=~"k.*|y"}`: 0, `reseal_aa{quota!="z"}`: 0, `reseal_bb{instance="i"}`: 0, `reseal_bb`: 0,
		`reseal_aa{cause="s3"}`: 1, `reseal_aa{cause=~"s3_.*"}`: 1, `reseal_bb{cause="kms"}`: 1, `reseal_aa{why!="z"} / reseal_bb{quota="x"}`: 2,
	} {
		if got := wrongLabels(query, page); len(got) != want {
			t.Errorf("%s: %q, want %d problems", query, got, want)
		}
	}
}
