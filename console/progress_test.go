package console

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/migrate"
	"reseal/ratelimit"
)

// shownBy is the progress of a run that is doing so, and has handled so many objects.
func shownBy(st control.Status, total, handled int64) *Progress {
	return &Progress{Out: terminal.NewTerminal(new(bytes.Buffer)), Total: total,
		Handled: func() int64 { return handled }, Status: func() control.Status { return st }, Spent: func() (cost.Money, bool) { return 1234 * cost.Cent, true }}
}

// steady is a meter that has seen so many objects a second for long.
func steady(rate float64) *control.Meter {
	m := control.NewMeter(time.Unix(0, 0), 0)
	m.Sample(int64(rate*1e6), time.Unix(1e6, 0))
	return m
}

// The line of a terminal fits it, and where it is narrow the most important things
// are what is left.
func TestBarFitsTheTerminal(t *testing.T) {
	st := control.Status{Failed: 3, KMS: control.QuotaUsage{Cap: 60, LastSecond: 59}, Binding: control.Binding{Limit: control.LimitKMSCap, Rate: 60}}
	p := shownBy(st, 3000, 1416)
	all := p.parts(steady(57.3), &st)
	for _, tt := range []struct {
		columns int
		want    string
	}{
		{119, "47.2 % " + strings.Repeat("█", 11) + strings.Repeat("░", 13) + "  1,416 of 3,000  57.3/s  KMS 59 of 60/s  3 failed  bound by KMS cap  $12.34  ETA 28s"},
		{79, "47.2 %  1,416/3,000  57.3/s  KMS 59/60  3 failed  KMS cap  $12.34  ETA 28s"},
		{70, "47.2 %  1,416/3,000  57.3/s  KMS 59/60  3 failed  KMS cap  $12.34"},
		{50, "47.2 %  1,416/3,000  57.3/s  KMS 59/60  3 failed"},
		{20, "47.2 %  1,416/3,000"},
	} {
		if got := p.bar(all, tt.columns); got != tt.want {
			t.Errorf("%d columns: %q, want %q", tt.columns, got, tt.want)
		}
	}
	p = shownBy(st, job.Unknown, 1416) // nobody has read the report yet
	if got, want := p.bar(p.parts(steady(57.3), &st), 79), "1,416 objects  57.3/s  KMS 59 of 60/s  3 failed  bound by KMS cap  $12.34"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A run that sends nothing says so, and has neither a rate nor a time to its end.
func TestProgressWhileNothingIsSent(t *testing.T) {
	for _, tt := range []struct {
		st   control.Status
		want string
	}{
		{control.Status{Paused: []string{control.Operator}, Binding: control.Binding{Limit: control.LimitOperator, Detail: control.Operator}}, "paused: operator  $12.34"},
		{control.Status{Binding: control.Binding{Limit: control.LimitEndpoint}}, "waiting for the endpoint, which does not answer  $12.34"},
		{control.Status{Draining: true, Binding: control.Binding{Limit: control.LimitDrain}}, "5/s  draining: finishing what is under way  $12.34"},
		{control.Status{Binding: control.Binding{Limit: control.LimitNone}}, "5/s  $12.34  ETA 1m 00s"},
	} {
		p := shownBy(tt.st, 400, 100)
		if got := join(p.parts(steady(5), &tt.st), true); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	m := control.NewMeter(time.Unix(0, 0), 0)
	m.Sample(10, time.Unix(1, 0))
	st := control.Status{Paused: []string{control.Operator}, Binding: control.Binding{Limit: control.LimitOperator}}
	shownBy(st, 400, 10).sample(m, &st, time.Unix(3600, 0))
	if m.Rate() != 10 {
		t.Errorf("after an hour's pause the rate is %v, want 10 as before", m.Rate())
	}
}

// Whatever was taken up and settled counts, those too that a look shows to be
// encrypted or gone: also of earlier runs. Another try of failed objects is about these.
func TestProgressCountsWhatIsSettled(t *testing.T) {
	earlier := checkpoint.Totals{Failed: 16, Counters: map[string]int64{"done.copy": 1900, job.CounterLooked: 100, "skipped.gone": 5000}}
	stats := new(engine.Stats)
	stats.Outcomes[engine.Done].Store(3)
	stats.Outcomes[engine.Failed].Store(1)
	stats.Outcomes[engine.Skipped].Store(4000) // by their rows in the report, but for four
	stats.Handled.Store(8)
	made := &job.Plan{Todo: 3000}
	c := control.New(control.Config{Governor: ratelimit.New(ratelimit.Config{}), Stats: stats, Stop: func(error) {}, Log: slog.New(slog.DiscardHandler), Notify: func(control.Notice) {}})
	for _, tt := range []struct {
		rows   migrate.Selection
		want   string
		before int64
	}{
		{migrate.Failed(), "8 of 16 objects (50.0 %)  ", 2000},
		{migrate.Unsettled(), "2,024 of 3,000 objects (67.5 %)  ", 2016},
	} {
		run := &migrate.Live{Plan: made, Earlier: earlier, Stats: stats, Controller: c, Spent: new(ledger.Ledger)}
		if got := RunProgress(terminal.NewScreen(new(bytes.Buffer)), false, run, tt.rows).line(nil); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if got := tt.rows.HandledBefore(earlier); got != tt.before {
			t.Errorf("%d settled before, want %d", got, tt.before)
		}
	}
}

// A bar goes with its run; lines end with one that is true at the end.
func TestProgressEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, drawn := range []bool{true, false} {
			st := control.Status{Binding: control.Binding{Limit: control.LimitNone}}
			p := shownBy(st, 400, 400)
			shown := new(bytes.Buffer)
			if p.Out = terminal.NewScreen(shown); drawn {
				p.Out = terminal.NewTerminal(shown)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			p.Watch(ctx)
			cancel()
			out := shown.String()
			if drawn && (!strings.Contains(out, " 100 % ██") || !strings.HasSuffix(out, "\r\x1b[K")) {
				t.Errorf("a terminal is left with %q", out)
			}
			if !drawn && out != "400 of 400 objects (100 %)  0/s  $12.34\n" {
				t.Errorf("elsewhere there is %q", out)
			}
		}
	})
}

// A progress line never has more than there is: objects that failed in an earlier run
// are tried again by the canary.
func TestProgressLineStaysBelowItsTotal(t *testing.T) {
	p := &Progress{Total: 200, Earlier: 150, Handled: func() int64 { return 60 }}
	if got := p.line(nil); !strings.HasPrefix(got, "200 of 200 objects (100 %)") {
		t.Errorf("%q", got)
	}
}
