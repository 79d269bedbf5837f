package front

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// controlPath begins the paths of the control plane. No bucket can have this
// name, as an underscore is not allowed in one.
const controlPath = "/_simulator/"

// command is one request of the control plane: it answers a value that is
// written as JSON, nil for none.
type command func(f *Front, q url.Values, body []byte) (any, error)

var commands = map[string]command{
	"GET counters":    getCounters,
	"DELETE counters": deleteCounters,
	"POST faults":     addFault,
	"GET faults":      getFault,
	"DELETE faults":   deleteFault,
	"POST keys":       postKey,
	"PUT keys":        putKeyState,
	"PUT quotas":      putQuotas,
	"PUT knobs":       putKnobs,
	"GET digest":      getDigest,
	"GET rewrites":    getRewrites,
	"POST populate":   postPopulate,
	"POST inventory":  postInventory,
}

// control serves the control plane. It is not signed, so only this machine may
// use it, and no web page running on it.
func (f *Front) control(w http.ResponseWriter, r *http.Request, name, rawQuery string) {
	answer := func(status int, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			status, data = http.StatusInternalServerError, []byte(`{"error":"encode answer"}`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(data, '\n'))
	}
	fault := func(status int, err error) { answer(status, map[string]string{"error": err.Error()}) }
	if !fromLoopback(r) {
		fault(http.StatusForbidden, fmt.Errorf("only for clients on this machine"))
		return
	}
	run := commands[r.Method+" "+name]
	if run == nil {
		fault(http.StatusNotFound, fmt.Errorf("no command %s %s", r.Method, name))
		return
	}
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		fault(http.StatusBadRequest, err)
		return
	}
	p, werr := newPayload(r, nil, maxDocument)
	if werr != nil {
		fault(werr.status, werr)
		return
	}
	body, werr := p.readAll()
	if werr != nil {
		fault(werr.status, werr)
		return
	}
	v, err := run(f, q, body)
	switch {
	case err != nil:
		fault(http.StatusBadRequest, err)
	case v == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(http.StatusOK, v)
	}
}

// fromLoopback reports whether a request came from this machine and not from a
// browser, which sends Origin or a Host that a name server made up.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !net.ParseIP(host).IsLoopback() || r.Header.Get("Origin") != "" {
		return false
	}
	target := r.Host
	if h, _, err := net.SplitHostPort(target); err == nil {
		target = h
	}
	return target == "localhost" || net.ParseIP(strings.Trim(target, "[]")).IsLoopback()
}

// Counters is the answer of GET /_simulator/counters.
type Counters struct {
	Calls     []CallCount           `json:"calls"`
	KMS       simulator.KMSCounters `json:"kms"`
	Throttles map[string]int64      `json:"throttles"`
}

// CallCount counts the requests of one operation that ended alike.
type CallCount struct {
	Op     simulator.Op `json:"op"`
	Status int          `json:"status"` // 0: never answered
	Code   string       `json:"code,omitempty"`
	Count  int64        `json:"count"`
}

func getCounters(f *Front, _ url.Values, _ []byte) (any, error) {
	var c simulator.Counters
	f.Locked(func(w *simulator.World) { c = w.Counters() })
	out := Counters{Calls: []CallCount{}, KMS: c.KMS, Throttles: c.Throttles}
	for k, n := range c.Calls {
		out.Calls = append(out.Calls, CallCount{k.Op, k.Status, k.Code, n})
	}
	slices.SortFunc(out.Calls, func(a, b CallCount) int {
		return cmp.Or(cmp.Compare(a.Op, b.Op), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return out, nil
}

func deleteCounters(f *Front, _ url.Values, _ []byte) (any, error) {
	f.Locked((*simulator.World).ResetCounters)
	return nil, nil
}

// FaultRule is the body of POST /_simulator/faults: a [simulator.Fault] with
// its directive by name.
type FaultRule struct {
	Name        string       `json:"name"`
	Op          simulator.Op `json:"op"`
	Bucket      string       `json:"bucket"`
	Key         string       `json:"key"`
	Code        string       `json:"code"`
	Message     string       `json:"message"`
	Status      int          `json:"status"`
	Directive   string       `json:"directive"` // error (also ""), inside-ok, reset, hang, truncate
	AfterCommit bool         `json:"after_commit"`
	Probability float64      `json:"probability"`
	Nth         int64        `json:"nth"`
	Count       int64        `json:"count"`
	From        time.Time    `json:"from"`
	Until       time.Time    `json:"until"`
	Seed        uint64       `json:"seed"`
}

func addFault(f *Front, _ url.Values, body []byte) (any, error) {
	var in FaultRule
	if err := strictJSON(body, &in); err != nil {
		return nil, err
	}
	directives := map[string]simulator.Directive{
		"": simulator.AsError, "error": simulator.AsError, "inside-ok": simulator.InsideOK,
		"reset": simulator.ResetConn, "hang": simulator.Hang, "truncate": simulator.TruncateBody,
	}
	directive, ok := directives[in.Directive]
	if !ok {
		return nil, fmt.Errorf("unknown directive %q", in.Directive)
	}
	answers := directive == simulator.AsError || directive == simulator.InsideOK
	if answers && (in.Code == "" || in.Status < 400 || in.Status > 599) {
		return nil, fmt.Errorf("a fault that answers needs a code and a status of 400 to 599, not %q and %d", in.Code, in.Status)
	}
	var id int
	f.Locked(func(w *simulator.World) {
		id = w.AddFault(simulator.Fault{
			Name: in.Name, Op: in.Op, Bucket: in.Bucket, Key: in.Key,
			Code: in.Code, Message: in.Message, HTTPStatus: in.Status, Directive: directive,
			AfterCommit: in.AfterCommit, Probability: in.Probability, Nth: in.Nth, Count: in.Count,
			From: in.From, Until: in.Until, Seed: in.Seed,
		})
	})
	return map[string]int{"id": id}, nil
}

func getFault(f *Front, q url.Values, _ []byte) (any, error) {
	id, err := strconv.Atoi(q.Get("id"))
	if err != nil {
		return nil, fmt.Errorf("read id: %w", err)
	}
	var hits int64
	f.Locked(func(w *simulator.World) { hits = w.FaultHits(id) })
	return map[string]int64{"hits": hits}, nil
}

func deleteFault(f *Front, q url.Values, _ []byte) (any, error) {
	id, err := strconv.Atoi(q.Get("id"))
	if err != nil {
		return nil, fmt.Errorf("read id: %w", err)
	}
	f.Locked(func(w *simulator.World) { w.RemoveFault(id) })
	return nil, nil
}

func postKey(f *Front, _ url.Values, body []byte) (any, error) {
	var key simulator.Key
	if err := strictJSON(body, &key); err != nil {
		return nil, err
	}
	var err error
	f.Locked(func(w *simulator.World) { err = w.CreateKey(key) })
	return nil, err
}

func putKeyState(f *Front, q url.Values, _ []byte) (any, error) {
	state := simulator.KeyState(q.Get("state"))
	switch state {
	case simulator.KeyEnabled, simulator.KeyDisabled, simulator.KeyPendingDeletion, simulator.KeyPendingImport, simulator.KeyUnavailable:
	default:
		return nil, fmt.Errorf("unknown key state %q", state)
	}
	var err error
	f.Locked(func(w *simulator.World) { err = w.SetKeyState(q.Get("arn"), state) })
	return nil, err
}

func putQuotas(f *Front, _ url.Values, body []byte) (any, error) {
	var in struct {
		KMS      int `json:"kms"`
		S3Writes int `json:"s3_writes"`
		S3Reads  int `json:"s3_reads"`
	}
	if err := strictJSON(body, &in); err != nil {
		return nil, err
	}
	if in.KMS < 0 || in.S3Writes < 0 || in.S3Reads < 0 {
		return nil, fmt.Errorf("quotas must not be negative")
	}
	f.Locked(func(w *simulator.World) { w.SetQuotas(in.KMS, in.S3Writes, in.S3Reads) })
	return nil, nil
}

func putKnobs(f *Front, _ url.Values, body []byte) (any, error) {
	var in simulator.Knobs
	if err := strictJSON(body, &in); err != nil {
		return nil, err
	}
	f.Locked(func(w *simulator.World) { w.SetKnobs(in) })
	return nil, nil
}

func getDigest(f *Front, q url.Values, _ []byte) (any, error) {
	var sum [32]byte
	f.Locked(func(w *simulator.World) { sum = w.Digest(q.Get("bucket"), nil) })
	return map[string]string{"digest": hex.EncodeToString(sum[:])}, nil
}

func getRewrites(f *Front, q url.Values, _ []byte) (any, error) {
	bucket, key := q.Get("bucket"), q.Get("key")
	if q.Has("key") {
		var n int
		f.Locked(func(w *simulator.World) { n = w.Rewrites(bucket, key) })
		return map[string]int{"rewrites": n}, nil
	}
	var histogram map[int]int64
	f.Locked(func(w *simulator.World) { histogram = w.RewriteHistogram(bucket) })
	return map[string]map[int]int64{"keys_by_rewrites": histogram}, nil
}

func postPopulate(f *Front, q url.Values, body []byte) (any, error) {
	var in simulator.Population
	if err := strictJSON(body, &in); err != nil {
		return nil, err
	}
	var err error
	f.Locked(func(w *simulator.World) { err = w.Populate(q.Get("bucket"), in) })
	return nil, err
}

// postInventory delivers a report of one bucket to another. Other requests wait
// meanwhile, so that the report is of one instant, unlike S3's.
func postInventory(f *Front, q url.Values, _ []byte) (any, error) {
	in := Inventory{
		Bucket:      q.Get("bucket"),
		Destination: q.Get("destination"),
		Prefix:      q.Get("prefix"),
		ConfigID:    q.Get("id"),
		CurrentOnly: q.Get("versions") == "current",
		Created:     f.config.Now(),
	}
	if rows := q.Get("rows_per_file"); rows != "" {
		var err error
		if in.RowsPerFile, err = strconv.ParseInt(rows, 10, 64); err != nil || in.RowsPerFile < 1 {
			return nil, fmt.Errorf("rows_per_file %q is no positive number", rows)
		}
	}
	var manifest string
	var err error
	f.Locked(func(w *simulator.World) {
		depot := &BucketDepot{Bucket: in.Destination}
		if manifest, err = WriteInventory(context.Background(), w, in, depot); err == nil {
			err = depot.Deliver(w, in.Created)
		}
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{"manifest": "s3://" + in.Destination + "/" + manifest}, nil
}

// strictJSON refuses members that v has not: a misspelt fault would otherwise
// match everything.
func strictJSON(body []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}
