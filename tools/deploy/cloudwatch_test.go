package deploy

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// agentConfig is the part of the CloudWatch agent's configuration that is used here
// (CloudWatch User Guide, CloudWatch-Agent-PrometheusEC2, and the agent's own JSON schema,
// both read 2026-11). The agent refuses fields that it does not know.
type agentConfig struct {
	Logs struct {
		Collected struct {
			Prometheus struct {
				ConfigPath string `json:"prometheus_config_path"`
				LogGroup   string `json:"log_group_name"`
				Processor  struct {
					Namespace    string              `json:"metric_namespace"`
					Dedup        bool                `json:"metric_declaration_dedup"`
					Units        map[string]string   `json:"metric_unit"`
					Declarations []metricDeclaration `json:"metric_declaration"`
				} `json:"emf_processor"`
			} `json:"prometheus"`
		} `json:"metrics_collected"`
	} `json:"logs"`
}

// metricDeclaration says which series become metrics of CloudWatch: those whose source
// labels, joined by semicolons, match, and whose name a selector matches.
type metricDeclaration struct {
	SourceLabels []string   `json:"source_labels"`
	LabelMatcher string     `json:"label_matcher"`
	Dimensions   [][]string `json:"dimensions"`
	Selectors    []string   `json:"metric_selectors"`
}

// maxDimensions is what a metric of CloudWatch has at most (CloudWatch quotas, read 2026-11).
const maxDimensions = 30

// wrong says what a declaration asks for that is not there.
func (d *metricDeclaration) wrong(names metricNames) (problems []string) {
	matcher, err := regexp.Compile(d.LabelMatcher)
	if err != nil {
		return []string{err.Error()}
	}
	values := map[string][]string{"job": {"reseal"}, "outcome": {"done", "failed"}, "limit": {"kms-throttled", "s3-throttled", "endpoint", "silence", "credentials"}}
	joined := []string{""}
	for i, l := range d.SourceLabels {
		var longer []string
		for _, j := range joined {
			for _, v := range values[l] {
				longer = append(longer, strings.TrimPrefix(j+";"+v, strings.Repeat(";", max(0, 1-i))))
			}
		}
		joined = longer
	}
	if len(joined) == 0 {
		problems = append(problems, "unknown source label")
	}
	for _, j := range joined {
		if !matcher.MatchString(j) {
			problems = append(problems, d.LabelMatcher+" does not match "+j)
		}
	}
	for _, s := range d.Selectors {
		selector, err := regexp.Compile(s)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		found := false
		for name, its := range names {
			if !selector.MatchString(name) {
				continue
			}
			found = true
			if strings.HasSuffix(name, "_bucket") {
				problems = append(problems, name+" is of a histogram, which the agent drops")
			}
			for _, l := range slices.Concat(append(d.Dimensions, d.SourceLabels)...) {
				if !slices.Contains(its, l) {
					problems = append(problems, name+" has no label "+l)
				}
			}
		}
		if !found {
			problems = append(problems, s+" selects nothing")
		}
	}
	for _, set := range d.Dimensions {
		if len(set) == 0 || len(set) > maxDimensions {
			problems = append(problems, "a set of no dimensions, or of too many")
		}
	}
	return problems
}

// TestCloudWatchAgent: the configuration has the fields that the agent knows, and every
// selector picks metrics that there are, which have its dimensions.
func TestCloudWatchAgent(t *testing.T) {
	data, err := os.ReadFile("../../deploy/monitoring/cloudwatch-agent.json")
	if err != nil {
		t.Fatal(err)
	}
	var c agentConfig
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&c); err != nil {
		t.Fatal(err)
	}
	p, names := &c.Logs.Collected.Prometheus, readMetricNames(t)
	if !strings.HasPrefix(p.ConfigPath, "/") || p.LogGroup == "" || p.Processor.Namespace == "" || len(p.Processor.Declarations) < 3 {
		t.Errorf("incomplete: %+v", p)
	}
	for i := range p.Processor.Declarations {
		for _, problem := range p.Processor.Declarations[i].wrong(names) {
			t.Errorf("declaration %d: %s", i, problem)
		}
	}
	for name, unit := range p.Processor.Units {
		if names[name] == nil || !slices.Contains([]string{"Seconds", "Bytes", "Count"}, unit) {
			t.Errorf("unit %q of %s", unit, name)
		}
	}
}

// TestCloudWatchScrape: what the agent scrapes has the job by which it selects, once a
// minute at least, which is as fine as CloudWatch keeps metrics by default.
func TestCloudWatchScrape(t *testing.T) {
	data, err := os.ReadFile("../../deploy/monitoring/cloudwatch-scrape.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Global struct {
			Interval time.Duration `yaml:"scrape_interval"`
			Timeout  time.Duration `yaml:"scrape_timeout"`
		}
		Scrape []struct {
			Job    string                       `yaml:"job_name"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	strict := yaml.NewDecoder(bytes.NewReader(data))
	strict.KnownFields(true)
	if err := strict.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if c.Global.Interval > time.Minute || c.Global.Timeout >= c.Global.Interval || len(c.Scrape) != 1 || c.Scrape[0].Job != "reseal" || len(c.Scrape[0].Static) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestWrongDeclarations(t *testing.T) {
	names := metricNames{"reseal_a_total": {"job", "share", "outcome"}, "reseal_b_bucket": {"job", "share", "le"}}
	for want, d := range map[string]metricDeclaration{
		"":                    {[]string{"job", "outcome"}, "^reseal;(done|failed)$", [][]string{{"share"}}, []string{"^reseal_a_total$"}},
		"does not match":      {[]string{"job"}, "^other$", [][]string{{"share"}}, []string{"^reseal_a_total$"}},
		"unknown source":      {[]string{"nothing"}, "", [][]string{{"share"}}, []string{"^reseal_a_total$"}},
		"selects nothing":     {[]string{"job"}, "^reseal$", [][]string{{"share"}}, []string{"^reseal_c$"}},
		"has no label limit":  {[]string{"job"}, "^reseal$", [][]string{{"limit"}}, []string{"^reseal_a_total$"}},
		"of a histogram":      {[]string{"job"}, "^reseal$", [][]string{{"share"}}, []string{"^reseal_b"}},
		"a set of no dimensi": {[]string{"job"}, "^reseal$", [][]string{{}}, []string{"^reseal_a_total$"}},
	} {
		if got := strings.Join(d.wrong(names), "; "); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%+v: %q, want %q", d, got, want)
		}
	}
}
