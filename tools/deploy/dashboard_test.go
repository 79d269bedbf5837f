package deploy

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what is checked of a dashboard of Grafana.
type dashboard struct {
	Templating struct {
		List []struct {
			Name, Type string
			Query      string
		}
	}
	Panels []struct {
		ID      int
		Title   string
		Targets []struct {
			RefID, Expr, LegendFormat string
		}
		GridPos struct{ X, Y, W, H int }
	}
}

// inTime puts values in place of the variables that Grafana fills in.
var inTime = strings.NewReplacer("$__rate_interval", "4m", "$job", ".*", "$share", ".*")

var (
	brackets = regexp.MustCompile(`\[[^\]]*\]`)
	legend   = regexp.MustCompile(`\{\{(\w+)\}\}`)
	grouping = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
)

// TestDashboard: every query of the dashboard parses, and asks for what there is. No
// range is fixed: at a scrape a minute, a rate over one is empty. Job and share filter
// every panel.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../../deploy/monitoring/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	if want := []string{"datasource", "job", "share"}; !slices.Equal(variables, want) {
		t.Errorf("variables %q, want %q", variables, want)
	}
	names, ids := readMetricNames(t), map[int]bool{}
	if len(d.Panels) < 10 {
		t.Errorf("%d panels", len(d.Panels))
	}
	for _, p := range d.Panels {
		if ids[p.ID] || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q: id %d, %d queries, at %+v", p.Title, p.ID, len(p.Targets), p.GridPos)
		}
		ids[p.ID] = true
		for _, q := range p.Targets {
			for _, problem := range names.wrong(inTime.Replace(q.Expr)) {
				t.Errorf("panel %q, query %s: %s", p.Title, q.RefID, problem)
			}
			for _, span := range brackets.FindAllString(q.Expr, -1) {
				if span != "[$__rate_interval]" {
					t.Errorf("panel %q, query %s has the range %s", p.Title, q.RefID, span)
				}
			}
			selectors := strings.Count(q.Expr, "{")
			if n := strings.Count(q.Expr, `{reseal_job=~"$job",share=~"$share"`); n != selectors || n == 0 {
				t.Errorf("panel %q, query %s: %d of %d selectors go by job and share", p.Title, q.RefID, n, selectors)
			}
			for _, label := range legend.FindAllStringSubmatch(q.LegendFormat, -1) {
				if by := grouping.FindStringSubmatch(q.Expr); by == nil || !slices.Contains(strings.Split(by[1], ", "), label[1]) {
					t.Errorf("panel %q, query %s: the legend has %s, the result has not", p.Title, q.RefID, label[0])
				}
			}
		}
	}
}
