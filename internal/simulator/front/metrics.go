package front

import (
	"net/http"
	"slices"
	"time"

	"reseal/internal/simulator"
)

// CloudWatch speaks Smithy's RPC v2 with CBOR (Smithy specification, "Smithy RPC
// v2 CBOR protocol", read 2026-11-21).
const (
	cborProtocol   = "rpc-v2-cbor"
	cborType       = "application/cbor"
	getMetricsPath = "service/GraniteServiceVersion20100801/operation/GetMetricData"
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
	if x.r.Method != http.MethodPost || x.bucket+"/"+x.key != getMetricsPath || x.r.Header.Get("Smithy-Protocol") != cborProtocol {
		return newError(http.StatusNotFound, "UnknownOperationException", "The operation is not one of this service, or not of this simulator.")
	}
	doc, err := parseCBOR(body)
	if err != nil {
		return newError(http.StatusBadRequest, "SerializationException", "The request is not well-formed CBOR.")
	}
	in, _ := doc.(map[string]any)
	from, ok := numberOf(in["StartTime"])
	to, ok2 := numberOf(in["EndTime"])
	if !ok || !ok2 || !(from < to) {
		return errMetrics("The parameters StartTime and EndTime are required, and EndTime must be greater than StartTime.")
	}
	list, _ := in["MetricDataQueries"].([]any)
	if len(list) == 0 || len(list) > 500 {
		return errMetrics("MetricDataQueries must have 1 to 500 members.")
	}
	var queries []metricQuery
	for _, v := range list {
		q, err := queryOf(v)
		if err != nil {
			return err
		}
		queries = append(queries, q)
	}
	order, _ := in["ScanBy"].(string)
	return x.sendMetrics(queries, instant(from), instant(to), order == "TimestampAscending")
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
	q.period, _ = stat["Period"].(int64)
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

// sendMetrics answers the queries. A metric that nobody counts has no values,
// which is no error.
func (x *exchange) sendMetrics(queries []metricQuery, from, to time.Time, ascending bool) error {
	minutes, err := world(x.front, func(w *simulator.World, now time.Time, p simulator.Principal) ([]simulator.UsageMinute, *simulator.Error) {
		return w.KMSUsage(now, p, from, to)
	}, principalOf(x.signer))
	if err != nil {
		return err
	}
	w := &cborWriter{}
	w.head(cborMap, 1)
	w.field("MetricDataResults").head(cborList, uint64(len(queries)))
	for _, q := range queries {
		var points []simulator.UsageMinute
		if q.isKMSUsage() {
			points = sumPeriods(minutes, q.period)
		}
		if !ascending {
			slices.Reverse(points)
		}
		w.head(cborMap, 5)
		w.field("Id").text(q.id)
		w.field("Label").text(q.name)
		w.field("StatusCode").text("Complete")
		w.field("Timestamps").head(cborList, uint64(len(points)))
		for _, p := range points {
			w.time(float64(p.Minute.Unix()))
		}
		w.field("Values").head(cborList, uint64(len(points)))
		for _, p := range points {
			w.float(float64(p.Calls))
		}
	}
	x.set("Smithy-Protocol", cborProtocol)
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(http.StatusOK, cborType, w.buf)
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

// writeCBORError answers an error of CloudWatch.
func (x *exchange) writeCBORError(status int, e *wireError) {
	w := &cborWriter{}
	w.head(cborMap, 2)
	w.field("__type").text("com.amazonaws.cloudwatch#" + jsonCode(e.code))
	w.field("message").text(e.message)
	x.set("Smithy-Protocol", cborProtocol)
	x.set("x-amzn-RequestId", x.requestID)
	_ = x.send(status, cborType, w.buf)
}
