package metrics

import (
	"bytes"
	"context"
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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"reseal/control"
	"reseal/cost"
	"reseal/engine"
	"reseal/internal/compat"
	"reseal/plan"
	"reseal/ratelimit"
)

// busy is a run that did something, and of which everything is known that can be.
func busy(t *testing.T) Source {
	t.Helper()
	now := time.Now().UTC()
	window, err := control.ParseWindow(now.Add(-time.Hour).Format("15:04") + "-" + now.Add(time.Hour).Format("15:04") + "@UTC")
	if err != nil {
		t.Fatal(err)
	}
	stats := new(engine.Stats)
	c := control.New(control.Config{
		Governor: ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: 500}}), Stats: stats, Log: slog.New(slog.DiscardHandler), Notify: func(control.Notice) {},
		KMSCap: 500, KMSQuota: 1000, Concurrency: 64, MaxSlots: 64, Window: window,
	})
	stats.Outcomes[engine.Done].Add(41)
	stats.Outcomes[engine.Failed].Add(1)
	stats.Handled.Add(42)
	stats.InFlight.Add(3)
	c.Execute(control.Request{Command: "pause"})
	flushed := new(atomic.Int64)
	flushed.Store(1_796_000_000_500_000_000)
	return Source{
		Version: "v1", Job: "acme-media", Todo: 49, SettledBefore: 7, Controller: c, Stats: stats, Flushed: flushed,
		Spent:             func() (cost.Money, bool) { return 2_500_000_000, true },
		CredentialsExpiry: func() (time.Time, bool) { return time.Unix(1_796_000_900, 0), true },
	}
}

// scrape serves the metrics of a run, and returns what a Prometheus would read.
func scrape(t *testing.T, from Source) []byte {
	t.Helper()
	m, err := Listen("127.0.0.1:0", from)
	if err != nil {
		t.Fatal(err)
	}
	gate := &control.CountingGate{Next: openGate{}, Observe: m.Observe}
	ctx, cancel := context.WithCancel(t.Context())
	for _, err := range []error{nil, &engine.ObjectError{Class: engine.Throttled}, errors.New("other")} {
		_ = gate.Do(ctx, plan.Step{Kind: plan.StepCopy, Key: "k"}, func(context.Context) error { return err })
	}
	var server sync.WaitGroup
	server.Go(func() { m.Serve(ctx, slog.New(slog.DiscardHandler)) })
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

// line is a line of a scrape as it stands with the labels of every metric.
func line(name, labels, value string) string {
	return "\n" + name + `{` + strings.Replace(labels, "*", `reseal_job="acme-media",share="all"`, 1) + "} " + value + "\n"
}

func TestMetrics(t *testing.T) {
	text := scrape(t, busy(t))
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
		line("reseal_objects_total", `outcome="done",*`, "41"), line("reseal_objects_total", `outcome="failed",*`, "1"),
		line("reseal_objects_in_flight", "*", "3"), line("reseal_job_objects", "*", "49"), line("reseal_job_objects_settled", "*", "49"),
		line("reseal_job_remaining_seconds", "*", "0"), line("reseal_job_shares", "*", "1"),
		line("reseal_quota_cap_requests_per_second", `quota="kms",*`, "500"), line("reseal_throttled_requests_total", `quota="s3_writes",*`, "0"),
		line("reseal_job_cost_dollars", "*", "2.5"), line("reseal_bound_by", `limit="operator",*`, "1"), line("reseal_bound_by", `limit="kms-cap",*`, "0"),
		line("reseal_bound_seconds_total", `limit="kms-cap",*`, "0"), line("reseal_paused", "*", "1"),
		line("reseal_last_checkpoint_timestamp_seconds", "*", "1.7960000005e+09"), line("reseal_credentials_expiry_timestamp_seconds", "*", "1.7960009e+09"),
		line("reseal_request_duration_seconds_count", `operation="CopyObject",outcome="ok",*`, "1"),
		line("reseal_request_duration_seconds_count", `operation="CopyObject",outcome="throttled",*`, "1"),
		line("reseal_request_duration_seconds_count", `operation="CopyObject",outcome="other",*`, "1"),
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
}

// TestUnknownIsAbsent: what is not known has no series; a 0 would be taken for it.
func TestUnknownIsAbsent(t *testing.T) {
	known := busy(t)
	from := Source{Version: "v1", Job: "a\xff", Share: "1/4", Shares: 4, Todo: -1, Stats: known.Stats, Flushed: new(atomic.Int64),
		Controller: control.New(control.Config{Governor: ratelimit.New(ratelimit.Config{}), Stats: known.Stats, Log: slog.New(slog.DiscardHandler), Notify: func(control.Notice) {}}),
		Spent:      func() (cost.Money, bool) { return 0, false }, CredentialsExpiry: func() (time.Time, bool) { return time.Time{}, false },
	}
	there, not := string(scrape(t, known)), string(scrape(t, from))
	for _, name := range []string{"reseal_job_objects", "reseal_job_remaining_seconds", "reseal_quota_cap_requests_per_second", "reseal_job_cost_dollars",
		"reseal_last_checkpoint_timestamp_seconds", "reseal_window_end_timestamp_seconds", "reseal_credentials_expiry_timestamp_seconds"} {
		if !strings.Contains(there, "\n"+name+"{") || strings.Contains(not, "\n"+name+"{") {
			t.Errorf("%s: there with a value %t, without one %t", name, strings.Contains(there, "\n"+name+"{"), strings.Contains(not, "\n"+name+"{"))
		}
	}
	if want := "\nreseal_job_shares{reseal_job=\"a\uFFFD\",share=\"1/4\"} 4\n"; !strings.Contains(not, want) {
		t.Errorf("no line %s", want)
	}
}

// TestPartsAreProgress: an object of terabytes is settled after hours. Each part of it
// that is copied is progress; one that is not, or another request, is none.
func TestPartsAreProgress(t *testing.T) {
	from := busy(t)
	m, err := Listen("127.0.0.1:0", from)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.Observe(plan.StepPart.String(), "throttled", time.Second)
	m.Observe(plan.StepHead.String(), control.OutcomeOK, time.Second)
	if at := m.partCopied(); !at.IsZero() {
		t.Errorf("a part was copied at %v", at)
	}
	m.Observe(plan.StepPart.String(), control.OutcomeOK, time.Second)
	if at := m.partCopied(); !at.After(from.Controller.Progressed()) {
		t.Errorf("a part was copied at %v", at)
	}
}

// documented is a row of the table in docs/metrics.md: name, type, labels.
var documented = regexp.MustCompile("(?m)^\\| `(reseal_[a-z_0-9]+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|")

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

// TestDocs: the page lists every metric that there is, with its type and labels,
// and no other.
func TestDocs(t *testing.T) {
	m, err := Listen("127.0.0.1:0", busy(t))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.Observe(plan.StepCopy.String(), control.OutcomeOK, time.Second)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]string{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "reseal_") {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			if l.GetName() != "reseal_job" && l.GetName() != "share" {
				labels = append(labels, "`"+l.GetName()+"`")
			}
		}
		there[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(labels, ", ")
	}
	registered := 0
	all := make(chan *prometheus.Desc)
	go func() { defer close(all); m.registry.Describe(all) }()
	for d := range all {
		if strings.Contains(d.String(), `"reseal_`) {
			registered++
		}
	}
	if len(there) != registered || registered < 20 {
		t.Errorf("%d metrics of %d registered have a value: this test does not see the others", len(there), registered)
	}
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, row := range documented.FindAllStringSubmatch(string(page), -1) {
		listed[row[1]] = row[2] + " " + strings.TrimSpace(row[3])
	}
	for name, is := range there {
		if listed[name] != is {
			t.Errorf("%s is %q, docs/metrics.md says %q", name, is, listed[name])
		}
	}
	last := regexp.MustCompile(`reseal_last_run_[a-z_]+[a-z]`)
	written := ended(t, endedRun())
	compat.Check(t, "../../testdata/compat/metrics.txt", series(string(scrape(t, busy(t)))+written))
	for _, name := range last.FindAllString(written, -1) {
		if !strings.Contains(string(page), "`"+name+"{") {
			t.Errorf("docs/metrics.md does not list %s", name)
		}
	}
	for _, name := range last.FindAllString(string(page), -1) {
		if !strings.Contains(written, "\n"+name+"{") {
			t.Errorf("docs/metrics.md names %s, which does not exist", name)
		}
	}
	for name := range listed {
		if there[name] == "" {
			t.Errorf("docs/metrics.md lists %s, which does not exist", name)
		}
	}
}
