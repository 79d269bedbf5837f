package front

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// TestMetricsInXML: the AWS CLI and boto3 asked CloudWatch in forms until 2025.
func TestMetricsInXML(t *testing.T) {
	ahead := func() time.Time { return time.Now().Add(5 * time.Minute) } // so that the minute is over
	r := newRig(t, simulator.Config{}, Config{Now: ahead})
	now := ahead().UTC()
	r.front.Locked(func(w *simulator.World) { w.UseKMS(time.Now(), longLived.AccountID, 7) })
	const at = "MetricDataQueries.member.1."
	form := url.Values{"Action": {"GetMetricData"}, "Version": {"2010-08-01"}, "StartTime": {now.Add(-10 * time.Minute).Format(time.RFC3339)},
		"EndTime": {now.Format(time.RFC3339)}, at + "Id": {"m"}, at + "MetricStat.Stat": {"Sum"}, at + "MetricStat.Period": {"60"},
		at + "MetricStat.Metric.Namespace": {"AWS/Usage"}, at + "MetricStat.Metric.MetricName": {"CallCount"}}
	for i, d := range []string{"Service=KMS", "Type=API", "Class=None", "Resource=CryptographicOperationsSymmetric"} {
		name, value, _ := strings.Cut(d, "=")
		member := at + "MetricStat.Metric.Dimensions.member." + string(rune('1'+i)) + "."
		form.Set(member+"Name", name)
		form.Set(member+"Value", value)
	}
	ask := func() (int, string) {
		return r.signedAsk(t, "monitoring", http.MethodPost, "/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	status, answer := ask()
	for _, want := range []string{"<GetMetricDataResult><MetricDataResults><member><Id>m</Id>", "<StatusCode>Complete</StatusCode>", "<Values><member>7</member></Values>"} {
		if status != 200 || !strings.Contains(answer, want) {
			t.Errorf("%d %s, want %s", status, answer, want)
		}
	}
	form.Del("StartTime")
	if status, answer := ask(); status != 400 || !strings.Contains(answer, "<Code>ValidationError</Code>") {
		t.Errorf("without a time: %d %s", status, answer)
	}
}
