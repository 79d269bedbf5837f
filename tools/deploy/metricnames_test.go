package deploy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	metric "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// metricNames are the metrics of docs/metrics.md with their labels. A test of the
// package that registers them holds that page against what there is.
type metricNames map[string][]string

var (
	metricRow = regexp.MustCompile("(?m)^\\| `(reseal_[a-z_0-9]+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|")
	quoted    = regexp.MustCompile("`([a-z_]+)`")
)

// readMetricNames reads the table of the page.
func readMetricNames(t *testing.T) metricNames {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	names := metricNames{}
	for _, row := range metricRow.FindAllStringSubmatch(string(page), -1) {
		its := []string{"reseal_job", "share", "job", "instance"} // the scraper adds the last two
		for _, l := range quoted.FindAllStringSubmatch(row[3], -1) {
			its = append(its, l[1])
		}
		if row[2] != "histogram" {
			names[row[1]] = its
			continue
		}
		names[row[1]+"_count"], names[row[1]+"_sum"] = its, its
		names[row[1]+"_bucket"] = append(slices.Clone(its), "le")
	}
	if len(names) < 20 {
		t.Fatalf("only %d metrics in docs/metrics.md", len(names))
	}
	return names
}

// wrong says what a query asks for that is not there: a metric, or a label of one.
func (names metricNames) wrong(query string) []string {
	expr, err := parser.ParseExpr(query)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	selectors := 0
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		selectors++
		its, there := names[v.Name]
		if !there {
			problems = append(problems, "there is no metric "+v.Name)
			return nil
		}
		for _, m := range v.LabelMatchers {
			if m.Name != metric.MetricName && !slices.Contains(its, m.Name) {
				problems = append(problems, v.Name+" has no label "+m.Name)
			}
		}
		return nil
	})
	if selectors == 0 {
		problems = append(problems, "it asks for no metric")
	}
	return problems
}

func TestWrongQueries(t *testing.T) {
	names := metricNames{"reseal_a_total": {"reseal_job", "quota"}}
	for query, want := range map[string]string{
		`sum(rate(reseal_a_total{quota="kms"}[5m]))`: "", `reseal_b`: "no metric reseal_b", `reseal_a_total{cause="kms"}`: "no label cause",
		`vector(0)`: "no metric", `sum(reseal_a_total`: "parse error",
	} {
		if got := strings.Join(names.wrong(query), "; "); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
