package deploy

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// alertRules is what is checked of a file of rules.
type alertRules struct {
	Groups []struct {
		Rules []struct {
			Record, Alert, Expr string
			Labels, Annotations map[string]string
		}
	}
}

// alertTests is what is checked of a file of tests of rules.
type alertTests struct {
	Tests []struct {
		AlertRuleTest []struct {
			AlertName string `yaml:"alertname"`
			ExpAlerts []any  `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// shortestRange is four scrapes at one a minute, as $__rate_interval has it.
const shortestRange = 4 * time.Minute

// TestAlertRules: every rule parses and asks for what there is, over a range that fits a
// scrape a minute. Every alert says how bad it is, what happened and what to do, and is
// played: once where it fires, and where it must not.
func TestAlertRules(t *testing.T) {
	var rules alertRules
	readYAML(t, "../../deploy/monitoring/prometheus-rules.yaml", &rules)
	var tests alertTests
	readYAML(t, "../../deploy/monitoring/prometheus-rules-test.yaml", &tests)
	fires, silent := map[string]bool{}, map[string]int{}
	for _, test := range tests.Tests {
		for _, a := range test.AlertRuleTest {
			if len(a.ExpAlerts) > 0 {
				fires[a.AlertName] = true
			} else {
				silent[a.AlertName]++
			}
		}
	}
	names, alerts := readMetricNames(t), 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			name := r.Alert + r.Record
			for _, problem := range names.wrong(r.Expr) {
				t.Errorf("%s: %s", name, problem)
			}
			for _, d := range ranges(t, r.Expr) {
				if d < shortestRange {
					t.Errorf("%s has a range of %s", name, d)
				}
			}
			if r.Record != "" {
				names[r.Record] = []string{"reseal_job", "share", "job", "instance"}
				continue
			}
			alerts++
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks severity, summary or description", name)
			}
			if !fires[name] || silent[name] < 3 {
				t.Errorf("%s is played firing: %t, and silent at %d times", name, fires[name], silent[name])
			}
		}
	}
	if alerts < 7 {
		t.Errorf("%d alerts", alerts)
	}
}

// ranges are the ranges that a query looks back.
func ranges(t *testing.T, query string) (all []time.Duration) {
	t.Helper()
	expr, err := parser.ParseExpr(query)
	if err != nil {
		return nil // said already
	}
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if m, ok := n.(*parser.MatrixSelector); ok {
			all = append(all, m.Range)
		}
		return nil
	})
	return all
}

func TestRanges(t *testing.T) {
	if got := ranges(t, `sum(rate(a[1m])) / rate(b[1h])`); !slices.Equal(got, []time.Duration{time.Minute, time.Hour}) {
		t.Errorf("ranges %v", got)
	}
}
