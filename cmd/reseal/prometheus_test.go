package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/internal/wait"
)

// TestPrometheus: two shares of one job and an undivided job run at once, and a real
// Prometheus scrapes them every two seconds. Then every query of the dashboard has data for
// either job, promtool finds nothing wrong with what is served, and no alert is there.
func TestPrometheus(t *testing.T) {
	programs := os.Getenv("RESEAL_PROMETHEUS_DIR")
	if programs == "" {
		t.Skip("SKIPPED, NOT PASSED: this needs prometheus and promtool, in the folder that RESEAL_PROMETHEUS_DIR names. To fetch them and run this: make metrics")
	}
	addresses := freeAddresses(t, 4)
	began := time.Now()
	startMetered(t, "divided", addresses[0], addresses[1])
	startMetered(t, "whole", addresses[2])
	p := startPrometheus(t, programs, addresses[3], addresses[:3])

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	p.waitForTargets(ctx, t, 3)
	queries := dashboardQueries(t)
	for _, job := range []string{"divided", "whole"} {
		for _, q := range queries {
			soon, done := context.WithTimeout(ctx, 15*time.Second)
			values, err := p.dataOf(soon, q.of(job))
			done()
			if err != nil {
				t.Errorf("%s, panel %q: %s has no data: %v", job, q.panel, q.of(job), err)
				continue
			}
			t.Logf("%-8s %-40s %d series, first %s", job, q.panel, len(values), values[0])
		}
	}
	if shares, err := p.dataOf(ctx, `count(reseal_build_info{reseal_job="divided",share=~"0/2|1/2"})`); err != nil || shares[0] != "2" {
		t.Errorf("shares of the divided job: %v, %v", shares, err)
	}
	if firing, err := p.query(ctx, `ALERTS{alertstate="firing"}`); err != nil || len(firing) > 0 {
		t.Errorf("alerts: %q, %v", firing, err)
	}
	for _, address := range addresses[:3] {
		checkServed(t, programs, address)
	}
	t.Logf("%d queries for 2 jobs, %s", len(queries), time.Since(began).Round(time.Second))
}

// freeAddresses are addresses on loopback that nobody listens at.
func freeAddresses(t *testing.T, n int) (all []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // all at once, so that none comes twice
		all = append(all, l.Addr().String())
	}
	return all
}

// startMetered starts a job on a simulator of its own, whole or a share at each address. It
// is slow enough to last, and is killed when the test ends.
func startMetered(t *testing.T, name string, addresses ...string) {
	t.Helper()
	const objects = 40_000
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1}, simaws.Report{RowsPerFile: objects / 4})
	w := serveWorld(t, sim, manifest)
	about := []string{"--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", "s3://" + simaws.ReportBucket + "/jobs/" + name, "--kms-rps", "200"}
	if out, err := w.command(append([]string{"plan"}, about...)...).CombinedOutput(); err != nil {
		t.Fatalf("plan: %v\n%s", err, out)
	}
	for i, address := range addresses {
		args := append([]string{"run", "--yes", "--no-canary", "--probe-key-prefix", fmt.Sprintf("reseal-probe-%d/", i), "--metrics", address}, about...)
		if len(addresses) > 1 {
			args = append(args, "--shard", fmt.Sprintf("%d/%d", i, len(addresses)))
		}
		cmd, out := w.command(args...), &tail{}
		cmd.Stderr = out
		ended := startCommand(t, cmd)
		t.Cleanup(func() {
			if cmd.Process.Kill() != nil {
				t.Errorf("%s ended before its time: %s", name, out)
			}
			<-ended
		})
	}
}

// prometheus is a Prometheus that runs.
type prometheus struct{ url string }

// startPrometheus has one scrape the targets, with the alert rules, until the test ends.
func startPrometheus(t *testing.T, programs, listen string, targets []string) *prometheus {
	t.Helper()
	rules, err := filepath.Abs("../../deploy/monitoring/prometheus-rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	list, err := json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 2s, evaluation_interval: 2s}\nrule_files: [%q]\nscrape_configs:\n- job_name: reseal\n  static_configs: [{targets: %s}]\n", rules, list)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(programs, "prometheus"), "--config.file", filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", listen)
	out := &tail{}
	cmd.Stderr = out
	ended := startCommand(t, cmd)
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // an error is one that it has ended by itself, which no answer of it shows
		<-ended
		if t.Failed() {
			t.Logf("prometheus: %s", out)
		}
	})
	return &prometheus{"http://" + listen}
}

// query returns the values that a query has now, none where it is empty.
func (p *prometheus) query(ctx context.Context, query string) (values []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/query?query="+url.QueryEscape(query), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%s: %s", query, answer.Error)
	}
	for _, r := range answer.Data.Result {
		if v := fmt.Sprint(r.Value[1]); v != "NaN" {
			values = append(values, v)
		}
	}
	return values, nil
}

// dataOf asks until the query has data, or ctx ends.
func (p *prometheus) dataOf(ctx context.Context, query string) (values []string, err error) {
	for {
		if values, err = p.query(ctx, query); len(values) > 0 {
			return values, nil
		}
		if ended := wait.For(ctx, time.Second/2); ended != nil {
			if err == nil {
				err = ended
			}
			return nil, err
		}
	}
}

// waitForTargets waits until so many targets are scraped, and says what is wrong with
// them where they are not.
func (p *prometheus) waitForTargets(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	want := fmt.Sprint(n)
	for {
		up, err := p.query(ctx, "count(up == 1)")
		if len(up) == 1 && up[0] == want {
			return
		}
		if wait.For(ctx, time.Second/2) == nil {
			continue
		}
		resp, problem := http.Get(p.url + "/api/v1/targets")
		if problem != nil {
			t.Fatalf("%q targets are scraped, %v; %v", up, err, problem)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("%q targets are scraped, want %s: %s", up, want, text)
	}
}

// panelQuery is one query of the dashboard.
type panelQuery struct{ panel, expr string }

// of is the query for a job, as Grafana would ask it at a scrape in two seconds.
func (q panelQuery) of(job string) string {
	return strings.NewReplacer("$__rate_interval", "8s", "$job", job, "$share", ".*").Replace(q.expr)
}

func dashboardQueries(t *testing.T) (all []panelQuery) {
	t.Helper()
	data, err := os.ReadFile("../../deploy/monitoring/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	for _, panel := range d.Panels {
		for _, q := range panel.Targets {
			all = append(all, panelQuery{panel.Title, q.Expr})
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d queries in the dashboard", len(all))
	}
	return all
}

// checkServed has promtool look at what a run serves.
func checkServed(t *testing.T, programs, address string) {
	t.Helper()
	resp, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
		return
	}
	check := exec.Command(filepath.Join(programs, "promtool"), "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
