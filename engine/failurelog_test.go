package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/plan"
)

// logged are the lines of a log with that event.
func logged(t *testing.T, text, event string) (out []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if l["msg"] == event {
			out = append(out, l)
		}
	}
	return out
}

// TestFailedObjectsAreLogged: each of them, unless there are many, of which all are
// counted.
func TestFailedObjectsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all = 400
		s, l := newStore(all), newLog()
		s.latency = 10 * time.Millisecond
		s.before = func(op, key string, _ int) error {
			return &ObjectError{Op: op, Bucket: "b", Key: key, Class: Permanent, Code: "Broken", HTTPStatus: 400, RequestID: "R1", Said: "no signature=abc"}
		}
		var text bytes.Buffer
		cfg := config(s, l)
		cfg.Stats = new(Stats)
		cfg.Logger = slog.New(slog.NewJSONHandler(&text, nil))
		_ = Run(t.Context(), t.Context(), cfg, batches(all, 40, nil))
		shown, more := logged(t, text.String(), "object failed"), 0.0
		if len(shown) == 0 || len(shown) > all/8 {
			t.Fatalf("%d lines for %d failures", len(shown), all)
		}
		for _, m := range logged(t, text.String(), "more objects failed") {
			more += m["count"].(float64)
			if m["reason"] != string(plan.RequestError) || m["window_s"].(float64) < 0 {
				t.Errorf("%v", m)
			}
		}
		if failed := float64(cfg.Stats.Count(Failed)); float64(len(shown))+more != failed || failed == 0 {
			t.Errorf("%d shown and %v more, of %v that failed", len(shown), more, failed)
		}
		first := shown[0]
		for name, want := range map[string]any{"level": "WARN", "code": "Broken", "status": 400.0, "request_id": "R1", "error": "no [left out]"} {
			if first[name] != want {
				t.Errorf("%s is %v, want %v", name, first[name], want)
			}
		}
	})
}

// TestFailureWindow: ten lines for a reason, then a number when the window is over, and
// then lines again.
func TestFailureWindow(t *testing.T) {
	var text bytes.Buffer
	l := failureLog{log: slog.New(slog.NewJSONHandler(&text, nil))}
	began := time.Unix(1e9, 0)
	for range 422 {
		l.add(&Result{Outcome: Failed, Reason: plan.Denied}, began)
	}
	l.add(&Result{Outcome: Failed, Reason: plan.RequestError}, began)
	l.sweep(began.Add(failureWindow-1), false)
	if lines, more := logged(t, text.String(), "object failed"), logged(t, text.String(), "more objects failed"); len(lines) != loggedFailures+1 || len(more) != 0 {
		t.Fatalf("%d lines, %d numbers", len(lines), len(more))
	}
	l.sweep(began.Add(failureWindow), false)
	more := logged(t, text.String(), "more objects failed")
	if len(more) != 1 || more[0]["count"] != 412.0 || more[0]["reason"] != string(plan.Denied) || more[0]["window_s"] != 30.0 {
		t.Fatalf("%v", more)
	}
	text.Reset()
	l.add(&Result{Outcome: Failed, Reason: plan.Denied}, began.Add(failureWindow))
	l.sweep(began, true)
	if text := text.String(); len(logged(t, text, "object failed")) != 1 || len(logged(t, text, "more objects failed")) != 0 {
		t.Error(text)
	}
}

// TestAttemptsAreNumbered: whoever sends a request for a run that logs debug knows which
// attempt it is, and nobody else does.
func TestAttemptsAreNumbered(t *testing.T) {
	for level, want := range map[slog.Level][]int{slog.LevelDebug: {1, 2, 3}, slog.LevelInfo: {0, 0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			r := &run{Config: Config{Gate: open{}, Logger: slog.New(slog.NewJSONHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: level}))}.withDefaults(), work: t.Context(), admit: t.Context()}
			r.outage = newOutage(r)
			defer r.outage.stop()
			var got []int
			err := steps{r, new(tally)}.Do(t.Context(), plan.Step{Kind: plan.StepCopy}, func(ctx context.Context) error {
				got = append(got, Attempt(ctx))
				if len(got) < 3 {
					return failure("CopyObject", "k", Transient)
				}
				return nil
			})
			if err != nil || len(got) != 3 || got[0] != want[0] || got[2] != want[2] {
				t.Errorf("%v: %v, %v; want %v", level, got, err, want)
			}
		})
	}
}

// TestTheRecorderShowsThatItGoesOn: also while no request gets through; not while the
// journal hangs.
func TestTheRecorderShowsThatItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(80), newLog()
		cfg := config(s, l)
		cfg.Stats = new(Stats)
		held := make(chan struct{})
		cfg.Gate = pausedGate{held}
		go func() {
			time.Sleep(3 * time.Hour)
			if still := time.Since(time.Unix(0, cfg.Stats.Recorded.Load())); still > 2*time.Second {
				t.Errorf("a run that is held went on last %s ago", still)
			}
			close(held)
		}()
		if err := Run(t.Context(), t.Context(), cfg, batches(80, 40, nil)); err != nil {
			t.Fatal(err)
		}
		if at := cfg.Stats.Recorded.Load(); at != 0 {
			t.Errorf("a run that is over went on at %d", at)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, l := newStore(80), newLog()
		cfg := config(s, l)
		cfg.Stats = new(Stats)
		cfg.Journal = &hanging{Journal: cfg.Journal, still: func() {
			before := cfg.Stats.Recorded.Load()
			time.Sleep(time.Hour)
			if at := cfg.Stats.Recorded.Load(); at != before || at == 0 {
				t.Errorf("a run that hangs went on at %d, before at %d", at, before)
			}
		}}
		if err := Run(t.Context(), t.Context(), cfg, batches(80, 40, nil)); err != nil {
			t.Fatal(err)
		}
	})
}

// pausedGate is a gate as of a run that is paused.
type pausedGate struct{ until <-chan struct{} }

func (g pausedGate) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	<-g.until
	return send(ctx)
}

// hanging is a journal whose first flush takes long.
type hanging struct {
	Journal
	still func()
}

func (h *hanging) Flush(ctx context.Context) error {
	if h.still != nil {
		h.still()
		h.still = nil
	}
	return h.Journal.Flush(ctx)
}
