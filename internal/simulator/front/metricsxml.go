package front

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// CloudWatch's query protocol, which SDKs and the AWS CLI spoke until 2025:
// forms, answered in XML.

// metricsInXML answers GetMetricData in the query protocol.
func (x *exchange) metricsInXML(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return newError(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error.")
	}
	action := form.Get("Action")
	if action != "GetMetricData" {
		return notHere(action)
	}
	in, err := metricsForm(form)
	if err != nil {
		return err
	}
	results, err := x.metrics(in)
	if err != nil {
		return err
	}
	out := metricsResult{Results: make([]memberResult, len(results))}
	for i, r := range results {
		m := &out.Results[i]
		m.Id, m.Label, m.StatusCode, m.Values = r.Id, r.Label, r.StatusCode, r.Values
		for _, t := range r.Timestamps {
			m.Timestamps = append(m.Timestamps, instant(t).Format(time.RFC3339))
		}
	}
	return x.queryAnswer(action, out)
}

type metricsResult struct {
	XMLName xml.Name       `xml:"GetMetricDataResult"`
	Results []memberResult `xml:"MetricDataResults>member"`
}

type memberResult struct {
	Id, Label, StatusCode string
	Timestamps            []string  `xml:"Timestamps>member"`
	Values                []float64 `xml:"Values>member"`
}

// metricsForm makes a document, as the other protocols have it, of a form.
func metricsForm(form url.Values) (map[string]any, error) {
	in := map[string]any{"ScanBy": form.Get("ScanBy")}
	for _, name := range []string{"StartTime", "EndTime"} {
		t, err := time.Parse(time.RFC3339, form.Get(name))
		if err != nil {
			return nil, errMetrics("The parameter " + name + " is required, as a time.")
		}
		in[name] = float64(t.Unix())
	}
	queries := []any{}
	for n := 1; n <= 500; n++ {
		at := "MetricDataQueries.member." + strconv.Itoa(n) + "."
		if !form.Has(at + "Id") {
			break
		}
		queries = append(queries, queryForm(form, at))
	}
	in["MetricDataQueries"] = queries
	return in, nil
}

// queryForm reads the query whose fields begin with at.
func queryForm(form url.Values, at string) map[string]any {
	q := map[string]any{"Id": form.Get(at + "Id")}
	stat := at + "MetricStat."
	if !hasPrefixed(form, stat) {
		return q
	}
	dimensions := []any{}
	for n := 1; n <= 30; n++ { // which is what a metric has at most
		d := stat + "Metric.Dimensions.member." + strconv.Itoa(n) + "."
		if !form.Has(d + "Name") {
			break
		}
		dimensions = append(dimensions, map[string]any{"Name": form.Get(d + "Name"), "Value": form.Get(d + "Value")})
	}
	period, _ := strconv.ParseInt(form.Get(stat+"Period"), 10, 64) // what is no number is refused as a period of none
	q["MetricStat"] = map[string]any{"Stat": form.Get(stat + "Stat"), "Period": period, "Metric": map[string]any{
		"Namespace": form.Get(stat + "Metric.Namespace"), "MetricName": form.Get(stat + "Metric.MetricName"), "Dimensions": dimensions}}
	return q
}

func hasPrefixed(form url.Values, prefix string) bool {
	for name := range form {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
