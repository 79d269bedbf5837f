package control

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/ratelimit"
)

// newTestController returns a controller without a run. What cfg leaves out is
// filled in.
func newTestController(cfg Config) *Controller {
	if cfg.Governor == nil {
		cfg.Governor = ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: cfg.KMSCap}})
	}
	if cfg.Stats == nil {
		cfg.Stats = new(engine.Stats)
	}
	if cfg.Stop == nil {
		cfg.Stop = func(error) {}
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 64
	}
	if cfg.MaxSlots == 0 {
		cfg.MaxSlots = MaxConcurrency
	}
	cfg.Log, cfg.Notify = slog.New(slog.DiscardHandler), func(Notice) {}
	return New(cfg)
}

// TestWatch plays two days: the window opens and closes, a flag file comes and
// goes, an operator pauses, and the end of admission lets everything go.
func TestWatch(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "stop")
	synctest.Test(t, func(t *testing.T) {
		w, err := ParseWindow("22:00-06:00@UTC")
		if err != nil {
			t.Fatal(err)
		}
		c := newTestController(Config{KMSCap: 500, Window: w, FlagFile: flag})
		admit, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.Watch(admit) }()
		start := time.Now().UTC() // midnight
		want := func(hours float64, limit Limit, paused int) {
			t.Helper()
			time.Sleep(time.Until(start.Add(time.Duration(hours*3600+2) * time.Second)))
			synctest.Wait()
			if st := c.Status(); st.Binding.Limit != limit || len(st.Paused) != paused {
				t.Errorf("hour %v: bound by %q, paused %q; want %q and %d reasons", hours, st.Binding.Limit, st.Paused, limit, paused)
			}
		}
		want(0, LimitReader, 0)
		want(6, LimitWindow, 1)
		want(21.9, LimitWindow, 1)
		want(22, LimitReader, 0)
		if err := os.WriteFile(flag, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		want(23, LimitFlagFile, 1)
		want(30, LimitFlagFile, 2)
		if err := os.Remove(flag); err != nil {
			t.Fatal(err)
		}
		want(31, LimitWindow, 1)
		c.Execute(Request{Command: "pause"})
		want(40, LimitOperator, 2)
		want(46, LimitOperator, 1)
		cancel()
		<-done
		if g := c.cfg.Governor.Status(); g.Bottleneck.Cause == ratelimit.CausePaused {
			t.Errorf("after the end of admission the governor is %v", g.Bottleneck)
		}
		if a := c.Execute(Request{Command: "pause"}); a.Warning == "" || c.cfg.Governor.Status().Bottleneck.Cause == ratelimit.CausePaused {
			t.Errorf("pause while ending = %+v", a)
		}
	})
}

// TestWindowExit: with --window-exit the end of the window ends the run.
func TestWindowExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := ParseWindow("22:00-06:00@UTC")
		if err != nil {
			t.Fatal(err)
		}
		admit, stop := context.WithCancelCause(t.Context())
		c := newTestController(Config{KMSCap: 500, Window: w, WindowExit: true, Stop: stop})
		c.Watch(admit) // from midnight
		var stopped *engine.StopError
		if err := context.Cause(admit); !errors.As(err, &stopped) || !strings.Contains(err.Error(), "opens at 22:00 UTC") {
			t.Errorf("stopped by %v", err)
		}
		if h := time.Now().UTC().Hour(); h != 6 {
			t.Errorf("stopped at %d o'clock, want 6", h)
		}
	})
}

// What is wanted now counts as soon as an operator said it, and a pause has no rate.
func TestStatusFollowsTheOperator(t *testing.T) {
	c := newTestController(Config{Concurrency: 100})
	c.cfg.Stats.InFlight.Store(64)
	c.cfg.Stats.Handled.Store(10)
	c.sample(c.started.Add(time.Second))
	if c.rate != 10 {
		t.Errorf("rate %v, want 10", c.rate)
	}
	if b := c.Status().Binding; b.Limit != LimitSlots || b.Rate != 64 {
		t.Fatalf("bound by %+v, want its own 64 slots", b)
	}
	st := c.Execute(Request{Command: "concurrency", Value: 2}).Status
	if st.Binding.Rate != 2 || st.Slots != 2 || st.Concurrency != 2 {
		t.Errorf("after concurrency 2: bound by %+v, %d wanted, at most %d", st.Binding, st.Slots, st.Concurrency)
	}
	c.Execute(Request{Command: "pause"})
	c.sample(c.started.Add(2 * time.Second))
	if c.rate != 0 {
		t.Errorf("rate %v in a pause", c.rate)
	}
	if got, want := AboveQuota(1e6, 1e5, "the account's quota of"), "the KMS cap of 1,000,000/s is above the account's quota of 100,000/s"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Where no quota binds a run, it says what does: its own slots are not --concurrency,
// the last answers are not the reader, and an endpoint that falls silent is told
// within five seconds.
func TestWhatBindsWhereNoQuotaDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stats := new(engine.Stats)
		c := newTestController(Config{Governor: ratelimit.New(ratelimit.Config{MaxSlots: 64}), Stats: stats, KMSCap: 1000, Concurrency: 256, MaxSlots: 1000})
		want := func(limit Limit) {
			t.Helper()
			c.sample(time.Now())
			if b := c.Status().Binding; b.Limit != limit {
				t.Errorf("bound by %q, want %q", b.Limit, limit)
			}
		}
		answer := func() { stats.Heard.Store(time.Now().UnixNano()) }
		answer()
		want(LimitReader)
		stats.InFlight.Store(int64(c.Slots()))
		stats.Unmet.Store(int64(c.Slots()))
		if c.Slots() < 256 {
			want(LimitSlots)
		}
		c.concurrency.Store(int64(c.Slots()))
		want(LimitConcurrency)
		for range 4 {
			time.Sleep(time.Second)
			c.sample(time.Now())
		}
		want(LimitSilence)
		answer()
		stats.Fed.Store(true)
		stats.InFlight.Store(2)
		stats.Unmet.Store(2)
		want(LimitTail)
		time.Sleep(5 * time.Second)
		want(LimitSilence)
	})
}

// Who steers a run is told with what was before; what changes nothing is no order.
func TestOrdersAreTold(t *testing.T) {
	var told []Order
	c := newTestController(Config{KMSCap: 800, Concurrency: 100, Ordered: func(o Order) { told = append(told, o) }})
	me := Sender{User: "eve", Host: "h1", PID: 7}
	for _, r := range []Request{{Command: "status", By: me}, {Command: "reboot", By: me}, {Command: "kms-rps", Value: -1, By: me},
		{Command: "kms-rps", Value: 40000, By: me}, {Command: "concurrency", Value: 5, By: me}, {Command: "drain"}} {
		c.Execute(r)
	}
	var words []string
	for i := range told {
		words = append(words, told[i].String())
		if told[i].Time.IsZero() {
			t.Errorf("%+v has no time", told[i])
		}
	}
	want := []string{"kms-rps 40000, was 800, by eve on h1, process 7", "concurrency 5, was 100, by eve on h1, process 7", "drain, by somebody who did not say"}
	if !slices.Equal(words, want) {
		t.Errorf("told %q, want %q", words, want)
	}
}

// A cap above the one that the runs of a campaign share does not hold, and the answer says
// so: what is shown is what holds.
func TestSharedCapHolds(t *testing.T) {
	c := newTestController(Config{KMSCap: 40, Shared: ratelimit.NewShared(40)})
	if a := c.Execute(Request{Command: "kms-rps", Value: 400}); !a.OK || a.Status.KMS.Cap != 40 || !strings.Contains(a.Warning, "the cap of 40/s, which all runs of the campaign share, holds") {
		t.Errorf("above it: %+v, cap %v", a, a.Status.KMS.Cap)
	}
	if a := c.Execute(Request{Command: "kms-rps", Value: 10}); !a.OK || a.Status.KMS.Cap != 10 || a.Warning != "" {
		t.Errorf("below it: %+v, cap %v", a, a.Status.KMS.Cap)
	}
	c.cfg.Shared.SetCap(5) // as another run lowered it
	if st := c.Status(); st.KMS.Cap != 5 {
		t.Errorf("once it is lowered: cap %v, want 5", st.KMS.Cap)
	}
}
