package front

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"reseal/internal/simulator"
)

// CloudWatch speaks Smithy's RPC v2 with CBOR (Smithy specification, "Smithy RPC
// v2 CBOR protocol", read 2026-11-21).
const (
	cborProtocol = "rpc-v2-cbor"
	cborType     = "application/cbor"
	metricsPath  = "service/GraniteServiceVersion20100801/operation/"
)

// metricQuery is one of MetricDataQueries.
type metricQuery struct {
	id         string
	namespace  string
	name       string
	dimensions map[string]string
	period     int64 // seconds
	stat       string
}

// serveMetrics answers the one operation of CloudWatch that is here.
func (x *exchange) serveMetrics(body []byte) error {
	asJSON := strings.HasPrefix(x.r.Header.Get("X-Amz-Target"), metricsTarget)
	switch path := x.bucket + "/" + x.key; {
	case asJSON:
		return x.metricsInJSON(body)
	case x.isForm():
		return x.metricsInXML(body)
	case x.r.Method != http.MethodPost || !strings.HasPrefix(path, metricsPath) || x.r.Header.Get("Smithy-Protocol") != cborProtocol:
		return newError(http.StatusNotFound, "UnknownOperationException", "The request names no operation of CloudWatch.")
	case path != metricsPath+"GetMetricData":
		return notHere(strings.TrimPrefix(path, metricsPath))
	}
	doc, err := parseCBOR(body)
	if err != nil {
		return newError(http.StatusBadRequest, "SerializationException", "The request is not well-formed CBOR.")
	}
	in, _ := doc.(map[string]any)
	results, err := x.metrics(in)
	if err != nil {
		return err
	}
	return x.sendCBOR(http.StatusOK, map[string]any{"MetricDataResults": results})
}

// metricsTarget begins the X-Amz-Target of CloudWatch's JSON protocol, which
// older SDKs speak, boto3 among them.
const metricsTarget = "GraniteServiceVersion20100801."

// metricsInJSON answers the same in the AWS JSON protocol.
func (x *exchange) metricsInJSON(body []byte) error {
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil {
		return newError(http.StatusBadRequest, "SerializationException", "The request is not well-formed JSON.")
	}
	if target := x.r.Header.Get("X-Amz-Target"); target != metricsTarget+"GetMetricData" {
		return unknownOperation(target)
	}
	results, err := x.metrics(in)
	if err != nil {
		return err
	}
	data, err := json.Marshal(map[string]any{"MetricDataResults": results})
	if err != nil {
		return err
	}
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(http.StatusOK, x.r.Header.Get("Content-Type"), data)
}

// metrics answers a GetMetricData whose document was read in either protocol.
func (x *exchange) metrics(in map[string]any) ([]metricResult, error) {
	from, ok := numberOf(in["StartTime"])
	to, ok2 := numberOf(in["EndTime"])
	if !ok || !ok2 || !(from < to) {
		return nil, errMetrics("The parameters StartTime and EndTime are required, and EndTime must be greater than StartTime.")
	}
	list, _ := in["MetricDataQueries"].([]any)
	if len(list) == 0 || len(list) > 500 {
		return nil, errMetrics("MetricDataQueries must have 1 to 500 members.")
	}
	var queries []metricQuery
	for _, v := range list {
		q, err := queryOf(v)
		if err != nil {
			return nil, err
		}
		queries = append(queries, q)
	}
	order, _ := in["ScanBy"].(string)
	return x.readMetrics(queries, instant(from), instant(to), order == "TimestampAscending")
}

// errMetrics is CloudWatch's word for a request that makes no sense.
func errMetrics(message string) *wireError {
	return newError(http.StatusBadRequest, "ValidationError", message)
}

// instant is so many seconds after 1970, until the end of the year 9999.
func instant(seconds float64) time.Time {
	return time.Unix(int64(min(max(seconds, 0), 253402300799)), 0).UTC()
}

// queryOf reads a query that asks for a metric; expressions are not here.
func queryOf(v any) (metricQuery, error) {
	m, _ := v.(map[string]any)
	stat, _ := m["MetricStat"].(map[string]any)
	metric, _ := stat["Metric"].(map[string]any)
	q := metricQuery{dimensions: map[string]string{}}
	q.id, _ = m["Id"].(string)
	q.namespace, _ = metric["Namespace"].(string)
	q.name, _ = metric["MetricName"].(string)
	q.stat, _ = stat["Stat"].(string)
	period, _ := numberOf(stat["Period"])
	q.period = int64(period)
	list, _ := metric["Dimensions"].([]any)
	for _, d := range list {
		d, _ := d.(map[string]any)
		name, _ := d["Name"].(string)
		q.dimensions[name], _ = d["Value"].(string)
	}
	switch {
	case q.id == "":
		return q, errMetrics("The parameter MetricDataQueries.member.1.Id is required.")
	case metric == nil:
		return q, errMetrics("This simulator has no metric math: MetricStat is required.")
	case q.period <= 0 || q.period%60 != 0:
		return q, errMetrics("Period must be a multiple of 60.")
	}
	return q, nil
}

// isKMSUsage tells whether the query is for the use of the quota of symmetric
// requests (AWS KMS Developer Guide, monitoring-cloudwatch, read 2026-11-21). A
// metric is named by all of its dimensions.
func (q *metricQuery) isKMSUsage() bool {
	d := q.dimensions
	return q.namespace == "AWS/Usage" && q.name == "CallCount" && q.stat == "Sum" && len(d) == 4 &&
		d["Service"] == "KMS" && d["Type"] == "API" && d["Class"] == "None" && d["Resource"] == "CryptographicOperationsSymmetric"
}

// stored is the value of a query for a daily metric of a bucket, in the Region of the request.
func (q *metricQuery) stored(w *simulator.World, now time.Time, account, region string) (day time.Time, n int64, ok bool) {
	d := q.dimensions
	if q.namespace != "AWS/S3" || q.stat != "Average" || q.period != 86400 || len(d) != 2 {
		return day, 0, false
	}
	f := w.StoredFigures(now, account, region, d["BucketName"])
	switch {
	case f == nil:
		return day, 0, false
	case q.name == "NumberOfObjects" && d["StorageType"] == "AllStorageTypes":
		return f.Day, f.Objects, true
	case q.name == "BucketSizeBytes":
		n, ok = f.Bytes[d["StorageType"]]
	}
	return f.Day, n, ok
}

// readMetrics answers the queries. A metric that nobody counts has no values,
// which is no error.
func (x *exchange) readMetrics(queries []metricQuery, from, to time.Time, ascending bool) ([]metricResult, error) {
	points := make([][]simulator.UsageMinute, len(queries))
	_, err := world(x.front, func(w *simulator.World, now time.Time, p simulator.Principal) (struct{}, *simulator.Error) {
		minutes, err := w.KMSUsage(now, p, from, to) // which asks whether the caller may
		if err != nil {
			return struct{}{}, err
		}
		for i, q := range queries {
			if q.isKMSUsage() {
				points[i] = sumPeriods(minutes, q.period)
			} else if day, n, ok := q.stored(w, now, p.Account, x.signer.region); ok && !day.Before(from) && day.Before(to) {
				points[i] = []simulator.UsageMinute{{Minute: day, Calls: n}}
			}
		}
		return struct{}{}, nil
	}, principalOf(x.signer))
	if err != nil {
		return nil, err
	}
	var out []metricResult
	for i, q := range queries {
		points := points[i]
		if !ascending {
			slices.Reverse(points)
		}
		r := metricResult{Id: q.id, Label: q.name, StatusCode: "Complete", Timestamps: []float64{}, Values: []float64{}}
		for _, p := range points {
			r.Timestamps, r.Values = append(r.Timestamps, float64(p.Minute.Unix())), append(r.Values, float64(p.Calls))
		}
		out = append(out, r)
	}
	return out, nil
}

// metricResult is one of MetricDataResults.
type metricResult struct {
	Id, Label, StatusCode string
	Timestamps            []float64 // seconds since 1970
	Values                []float64
}

// MarshalCBOR writes the instants as such.
func (r metricResult) MarshalCBOR() ([]byte, error) {
	type plain metricResult // without this method
	at := make([]cbor.Tag, len(r.Timestamps))
	for i, seconds := range r.Timestamps {
		at[i] = cborTime(seconds)
	}
	return cbor.Marshal(struct {
		plain
		Timestamps []cbor.Tag
	}{plain(r), at})
}

// sumPeriods adds minutes up to periods of so many seconds.
func sumPeriods(minutes []simulator.UsageMinute, seconds int64) (out []simulator.UsageMinute) {
	for _, m := range minutes {
		begin := time.Unix(m.Minute.Unix()/seconds*seconds, 0).UTC()
		if n := len(out); n > 0 && out[n-1].Minute.Equal(begin) {
			out[n-1].Calls += m.Calls
			continue
		}
		out = append(out, simulator.UsageMinute{Minute: begin, Calls: m.Calls})
	}
	return out
}

// sendCBOR answers a document.
func (x *exchange) sendCBOR(status int, document any) error {
	data, err := cbor.Marshal(document)
	if err != nil {
		return err
	}
	x.set("Smithy-Protocol", cborProtocol)
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(status, cborType, data)
}

// writeCBORError answers an error of CloudWatch.
func (x *exchange) writeCBORError(status int, e *wireError) {
	_ = x.sendCBOR(status, map[string]string{"__type": "com.amazonaws.cloudwatch#" + jsonCode(e.code), "message": e.message})
}
