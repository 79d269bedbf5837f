package metrics

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reseal/control"
	"reseal/cost"
	"reseal/engine"
)

// TestHealthIsServed: beside the metrics, with the status that says it.
func TestHealthIsServed(t *testing.T) {
	stats := new(engine.Stats)
	admit, end := context.WithCancel(t.Context())
	defer end()
	h := &control.Health{Stats: stats, Admit: admit}
	s, err := Listen("127.0.0.1:0", Source{Stats: stats,
		Spent: func() (cost.Money, bool) { return 0, false }, Flushed: new(atomic.Int64), Health: h})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { s.Serve(ctx, slog.New(slog.DiscardHandler)) })
	defer server.Wait()
	defer cancel()
	says := func(when, path string, status int, text string) {
		t.Helper()
		answer, err := http.Get("http://" + s.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		got, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != status || string(got) != text+"\n" {
			t.Errorf("%s: %s answers %d %q, %v; want %d %q", when, path, answer.StatusCode, got, err, status, text)
		}
	}
	says("before the canary", "/healthz", 200, "ok")
	says("before the canary", "/readyz", 503, "not yet: the canary is not over")
	stats.Recorded.Store(time.Now().UnixNano())
	h.Proven()
	says("at work", "/healthz", 200, "ok")
	says("at work", "/readyz", 200, "ok")
	stats.Recorded.Store(time.Now().Add(-time.Hour - time.Second).UnixNano())
	says("stuck", "/healthz", 503, "stuck: nothing was recorded for 1h 00m")
	end()
	says("at the end", "/readyz", 503, "ending: no further object is begun")
}
