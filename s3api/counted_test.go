package s3api

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/control"
	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// unrecorded is a journal and sink that keeps nothing.
type unrecorded struct{}

func (unrecorded) Admit(context.Context, inventory.Position) error { return nil }
func (unrecorded) Settle(*engine.Result) error                     { return nil }
func (unrecorded) Doubt(inventory.Position) error                  { return nil }
func (unrecorded) End(int, int64, error) error                     { return nil }
func (unrecorded) Flush(context.Context) error                     { return nil }
func (unrecorded) Rest(context.Context) error                      { return nil }
func (unrecorded) Write(*engine.Result) error                      { return nil }

// noQuota is a gate that lets everything through.
type noQuota struct{}

func (noQuota) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

// keysAsReport is a report that lists the keys and nothing else of them.
func keysAsReport(keys []string) iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		b := inventory.Batch{End: true, Rows: int64(len(keys))}
		for i, k := range keys {
			b.Records = append(b.Records, inventory.Record{Pos: inventory.Position{Row: int64(i)}, Bucket: bucket, Key: k, Size: -1,
				Known: inventory.Columns(0).With(inventory.ColBucket).With(inventory.ColKey)})
		}
		yield(b, nil)
	}
}

// TestRequestsAreCountedAlike: for each operation, whatever way its requests take and
// however they end, as many are timed as the endpoint was asked, and the counter of the
// run has their sum.
func TestRequestsAreCountedAlike(t *testing.T) {
	for _, via := range []string{"http1", "net-http", "sdk"} {
		for _, method := range []plan.Method{plan.MethodCopy, plan.MethodUpdate} {
			t.Run(via+" "+string(method), func(t *testing.T) { countAlike(t, via, method) })
		}
	}
}

func countAlike(t *testing.T, via string, method plan.Method) {
	s := simulate(t, simulator.Config{})
	var keys []string
	for i := range 40 {
		keys = append(keys, fmt.Sprintf("k/%02d", i))
	}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		for _, k := range keys {
			if _, err := w.PutObject(now, &simulator.PutObjectInput{Request: r, Key: k}); err != nil {
				return failed(err)
			}
		}
		w.AddFault(simulator.Fault{Op: simulator.OpHeadObject, Key: keys[3], Count: 2, HTTPStatus: 500, Code: "InternalError"})
		w.AddFault(simulator.Fault{Op: simulator.OpCopyObject, Key: keys[4], Count: 1, HTTPStatus: 503, Code: "SlowDown"})
		w.AddFault(simulator.Fault{Op: simulator.OpUpdateObjectEncryption, Key: keys[5], HTTPStatus: 403, Code: "AccessDenied"})
		return nil
	})
	options := anOptions()
	options.Method = method
	of := facts(t, s.aws, bucket)
	s.calls()
	if via == "sdk" {
		s.aws.config.SDKClient = true
	}
	r, err := s.aws.Rewriter(RewriteConfig{Options: options, Facts: of})
	if err != nil {
		t.Fatal(err)
	}
	if (r.slim == nil) != (via == "sdk") {
		t.Fatalf("no path over %s", via)
	}
	if via == "net-http" {
		r.slim.http1 = nil
	}
	var mu sync.Mutex
	timed, stats := map[string]int64{}, new(engine.Stats)
	gate := &control.CountingGate{Next: noQuota{}, Observe: func(op, _ string, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		timed[op]++
	}}
	err = engine.Run(t.Context(), t.Context(), engine.Config{Rewriter: r, Gate: gate, Journal: unrecorded{}, Sink: unrecorded{}, Stats: stats, Attempts: 4,
		Policy: &plan.Policy{Options: options, Facts: of, Weights: plan.DefaultWeights(true), Now: time.Now()}}, keysAsReport(keys))
	if err != nil {
		t.Fatal(err)
	}
	asked, sum := map[string]int64{}, int64(0)
	for op, n := range s.calls() {
		asked[string(op)] = n
	}
	for _, n := range timed {
		sum += n
	}
	if !maps.Equal(asked, timed) {
		t.Errorf("the endpoint was asked %v, timed were %v", asked, timed)
	}
	if counted := stats.Requests.Load(); counted != sum || sum < int64(2*len(keys)) {
		t.Errorf("counted %d requests, timed %d", counted, sum)
	}
	if stats.Retries.Load() == 0 || !strings.Contains(fmt.Sprint(timed), map[plan.Method]string{plan.MethodCopy: "CopyObject", plan.MethodUpdate: "UpdateObjectEncryption"}[method]) {
		t.Errorf("%d retries, %v", stats.Retries.Load(), timed)
	}
}
