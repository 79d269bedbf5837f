package front

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/cbor"

	"reseal/internal/simulator"
)

// usageQuery asks for the use of the quota of symmetric requests.
func usageQuery(change ...func(*types.MetricDataQuery)) types.MetricDataQuery {
	q := types.MetricDataQuery{Id: aws.String("q1"), MetricStat: &types.MetricStat{Period: aws.Int32(60), Stat: aws.String("Sum"),
		Metric: &types.Metric{Namespace: aws.String("AWS/Usage"), MetricName: aws.String("CallCount"), Dimensions: []types.Dimension{
			{Name: aws.String("Service"), Value: aws.String("KMS")}, {Name: aws.String("Type"), Value: aws.String("API")},
			{Name: aws.String("Class"), Value: aws.String("None")}, {Name: aws.String("Resource"), Value: aws.String("CryptographicOperationsSymmetric")}}}}}
	for _, f := range change {
		f(&q)
	}
	return q
}

// TestGetMetricData asks with the SDK's client.
func TestGetMetricData(t *testing.T) {
	s := newRig(t, simulator.Config{Region: "eu-west-1"}, Config{})
	begin := time.Now().Truncate(5 * time.Minute).Add(5 * time.Minute) // the world's time does not go back
	s.front.Locked(func(w *simulator.World) {
		for i, n := range []int{100, 0, 7, 0, 0, 40, 0} {
			w.UseKMS(begin.Add(time.Duration(i)*time.Minute), w.Config().Account, n)
		}
	})
	c := cloudwatch.New(cloudwatch.Options{Region: "eu-west-1", BaseEndpoint: &s.url, RetryMaxAttempts: 1, HTTPClient: s.client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentialsOf(longLived), nil })})
	ask := func(in cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
		in.StartTime, in.EndTime = aws.Time(begin), aws.Time(begin.Add(time.Hour))
		return c.GetMetricData(t.Context(), &in)
	}
	for _, tt := range []struct {
		name   string
		order  types.ScanBy
		query  types.MetricDataQuery
		values []float64
		first  time.Duration
	}{
		{"by the minute", types.ScanByTimestampAscending, usageQuery(), []float64{100, 7, 40}, 0},
		{"newest first, as if not told", "", usageQuery(), []float64{40, 7, 100}, 5 * time.Minute},
		{"by five minutes", types.ScanByTimestampAscending, usageQuery(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(300) }), []float64{107, 40}, 0},
		{"another metric", types.ScanByTimestampAscending, usageQuery(func(q *types.MetricDataQuery) { q.MetricStat.Metric.MetricName = aws.String("Errors") }), nil, 0},
		{"fewer dimensions", types.ScanByTimestampAscending, usageQuery(func(q *types.MetricDataQuery) { q.MetricStat.Metric.Dimensions = q.MetricStat.Metric.Dimensions[1:] }), nil, 0},
	} {
		out, err := ask(cloudwatch.GetMetricDataInput{ScanBy: tt.order, MetricDataQueries: []types.MetricDataQuery{tt.query}})
		if err != nil || len(out.MetricDataResults) != 1 {
			t.Fatalf("%s: %+v, %v", tt.name, out, err)
		}
		r := out.MetricDataResults[0]
		if *r.Id != "q1" || r.StatusCode != types.StatusCodeComplete || len(r.Timestamps) != len(r.Values) || !reflect.DeepEqual(append([]float64(nil), r.Values...), tt.values) {
			t.Errorf("%s: %v at %v, want %v", tt.name, r.Values, r.Timestamps, tt.values)
		}
		if len(r.Timestamps) > 0 && !r.Timestamps[0].Equal(begin.Add(tt.first)) {
			t.Errorf("%s: begins at %v, want %v", tt.name, r.Timestamps[0], begin.Add(tt.first))
		}
	}
	for _, q := range []types.MetricDataQuery{
		{Id: aws.String("e"), Expression: aws.String("SERVICE_QUOTA(q1)")},
		usageQuery(func(q *types.MetricDataQuery) { q.MetricStat.Period = aws.Int32(61) }),
	} {
		_, err := ask(cloudwatch.GetMetricDataInput{MetricDataQueries: []types.MetricDataQuery{q}})
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "ValidationError" {
			t.Errorf("%+v: %v, want ValidationError", q, err)
		}
	}
	s.front.Locked(func(w *simulator.World) {
		w.AddFault(simulator.Fault{Op: simulator.OpGetMetricData, Code: "AccessDenied", HTTPStatus: 403, Message: "no"})
	})
	_, err := ask(cloudwatch.GetMetricDataInput{MetricDataQueries: []types.MetricDataQuery{usageQuery()}})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" {
		t.Errorf("denied: %v, want AccessDeniedException", err)
	}
}

// TestMetricsUnsigned: who did not sign gets CloudWatch's form of an error.
func TestMetricsUnsigned(t *testing.T) {
	s := newRig(t, simulator.Config{Region: "eu-west-1"}, Config{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/"+metricsPath+"GetMetricData", strings.NewReader("\xa0"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Smithy-Protocol", cborProtocol)
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseCBOR(body)
	if m, ok := v.(map[string]any); err != nil || !ok || answer.StatusCode/100 != 4 || !strings.Contains(m["__type"].(string), "MissingAuthenticationToken") {
		t.Errorf("status %d, %v, %v", answer.StatusCode, v, err)
	}
}

// A document that is not CBOR, or that claims more than it has, is an error and takes no
// memory. So is one that is nested too deep.
func TestHostileCBOR(t *testing.T) {
	for _, text := range []string{
		"", "\xa1", "\x9f", "\xa0\xa0", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "\xbb\x00\x00\x00\xff\xff\xff\xff\xff", "\x7b\x00\x00\x00\x7f\xff\xff\xff\xffx",
		strings.Repeat("\x81", 10_000), strings.Repeat("\xc1", 10_000), "\xa1\x01\x02", "\x61\xff", "\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		allocated := testing.AllocsPerRun(1, func() {
			if v, err := parseCBOR([]byte(text)); err == nil {
				t.Errorf("%.20x was read as %v", text, v)
			}
		})
		if allocated > 1000 {
			t.Errorf("%.20x took %v allocations", text, allocated)
		}
	}
}

// What the SDK's codec writes is read as what it means.
func TestCBORIsReadAsTheSDKWritesIt(t *testing.T) {
	data := cbor.Encode(cbor.Map{"a": cbor.List{cbor.Uint(5), cbor.NegInt(7), cbor.Float64(1.5), cbor.String("x"), cbor.Bool(true), &cbor.Nil{}},
		"at": &cbor.Tag{ID: 1, Value: cbor.Float64(1764460800.5)}, "whole": &cbor.Tag{ID: 1, Value: cbor.Uint(1764460800)}})
	got, err := parseCBOR(data)
	m, _ := got.(map[string]any)
	if err != nil || !reflect.DeepEqual(m["a"], []any{int64(5), int64(-7), 1.5, "x", true, nil}) {
		t.Errorf("read %v, %v", got, err)
	}
	for name, want := range map[string]float64{"at": 1764460800.5, "whole": 1764460800} {
		if at, ok := numberOf(m[name]); !ok || at != want {
			t.Errorf("%s is %v, want %v", name, at, want)
		}
	}
}
