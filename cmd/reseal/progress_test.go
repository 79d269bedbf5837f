package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/engine"
	"reseal/ratelimit"
)

// shownBy is the progress of a run that is doing so, and has handled so many objects.
func shownBy(st runStatus, total, handled int64) *progress {
	return &progress{out: &screen{out: new(bytes.Buffer), terminal: true}, total: total,
		handled: func() int64 { return handled }, status: func() runStatus { return st }, spent: func() (string, bool) { return "$12.34", true }}
}

// steady is a meter that has seen so many objects a second for long.
func steady(rate float64) *meter { return &meter{smooth: rate, weight: 1} }

// The line of a terminal fits it, and where it is narrow the most important things
// are what is left.
func TestBarFitsTheTerminal(t *testing.T) {
	st := runStatus{Failed: 3, KMS: quotaUsage{Cap: 60, LastSecond: 59}, Binding: binding{Limit: boundByKMSCap, Rate: 60}}
	p := shownBy(st, 3000, 1416)
	all := p.parts(steady(57.3), &st)
	for _, tt := range []struct {
		columns int
		want    string
	}{
		{119, " 47% " + strings.Repeat("█", 11) + strings.Repeat("░", 13) + "  57.3/s  KMS 59 of 60/s  3 failed  bound by KMS cap  $12.34  ETA 28s"},
		{79, " 47% ███░░░░░  57.3/s  KMS 59 of 60/s  3 failed  KMS cap  $12.34  ETA 28s"},
		{70, "47.2 %  57.3/s  KMS 59 of 60/s  3 failed  KMS cap  $12.34  ETA 28s"},
		{50, "47.2 %  57.3/s  KMS 59 of 60/s  3 failed  KMS cap"},
		{20, "47.2 %  57.3/s"},
	} {
		if got := p.bar(all, tt.columns); got != tt.want {
			t.Errorf("%d columns: %q, want %q", tt.columns, got, tt.want)
		}
	}
	p = shownBy(st, unknown, 1416) // nobody has read the report yet
	if got, want := p.bar(p.parts(steady(57.3), &st), 79), "1,416 objects  57.3/s  KMS 59 of 60/s  3 failed  bound by KMS cap  $12.34"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for columns := range 130 {
		p.out.show(cut(strings.Repeat("█", 200), columns))
	}
	for _, line := range strings.Split(p.out.out.(*bytes.Buffer).String(), clearLine) {
		if n := utf8.RuneCountInString(line); n > p.out.width() {
			t.Errorf("a line of %d columns where there are %d", n, p.out.width())
		}
	}
}

// What is said while a bar is shown stands on a line of its own, and no bar stays
// above it.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, terminal: true}
	s.show("bar 1")
	s.show("bar 2")
	fmt.Fprintln(s, "said")
	s.show("bar 3")
	s.clear()
	s.clear()
	fmt.Fprintln(s, "last")
	if got, want := out.String(), clearLine+"bar 1"+clearLine+"bar 2"+clearLine+"said\n"+clearLine+"bar 3"+clearLine+"last\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	s = newScreen(&out) // no terminal
	s.show("bar")
	fmt.Fprintln(s, "said")
	s.clear()
	if got := out.String(); got != "said\n" {
		t.Errorf("elsewhere than on a terminal: %q", got)
	}
}

// The time to the end begins as the plan's and becomes the run's own; the silence
// before the first object counts for nothing.
func TestETA(t *testing.T) {
	start := time.Unix(0, 0)
	var o outlook
	if _, _, ok := o.eta(300, 400, &meter{last: start}); ok {
		t.Error("a time out of nothing")
	}
	o.of.Store(&cost.Duration{Shortest: 4 * time.Minute, Longest: 8 * time.Minute, Binding: "concurrency"})
	m := &meter{last: start}
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	is := func(what string, wantShortest, wantLongest time.Duration) {
		t.Helper()
		shortest, longest, ok := o.eta(300, 400, m)
		if !ok || shortest.Round(time.Second) != wantShortest || longest.Round(time.Second) != wantLongest {
			t.Errorf("%s: %v to %v, want %v to %v", what, shortest, longest, wantShortest, wantLongest)
		}
	}
	is("by the plan", 3*time.Minute, 6*time.Minute)
	for s := range 5 {
		m.rate(0, at(float64(s+1)))
	}
	is("in silence", 3*time.Minute, 6*time.Minute)
	if m.rate(2, at(5.2)); m.now() < 9.9 || m.now() > 10.1 {
		t.Errorf("after the first sample the rate is %v, want 10", m.now())
	}
	is("after a moment", 164*time.Second, 296*time.Second)
	for s := 1; s <= 100; s++ {
		m.rate(int64(2+10*s), at(5.2+float64(s)))
	}
	is("in the end", 30*time.Second, 30*time.Second)
}

// A run that sends nothing says so, and has neither a rate nor a time to its end.
func TestProgressWhileNothingIsSent(t *testing.T) {
	for _, tt := range []struct {
		st   runStatus
		want string
	}{
		{runStatus{Paused: []string{operator}, Binding: binding{Limit: boundByOperator, Detail: operator}}, "paused: operator  $12.34"},
		{runStatus{Binding: binding{Limit: boundByEndpoint}}, "waiting for the endpoint, which does not answer  $12.34"},
		{runStatus{Draining: true, Binding: binding{Limit: boundByDrain}}, "5/s  draining: finishing what is under way  $12.34"},
		{runStatus{Binding: binding{Limit: boundByNothing}}, "5/s  $12.34  ETA 1m 00s"},
	} {
		p := shownBy(tt.st, 400, 100)
		if got := join(p.parts(steady(5), &tt.st), true); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	m := &meter{last: time.Unix(0, 0)}
	m.rate(10, time.Unix(1, 0))
	st := runStatus{Paused: []string{operator}, Binding: binding{Limit: boundByOperator}}
	shownBy(st, 400, 10).sample(m, &st, time.Unix(3600, 0))
	if m.now() != 10 {
		t.Errorf("after an hour's pause the rate is %v, want 10 as before", m.now())
	}
}

// One that tries failed objects again is about these, and those that have gone
// since count as well.
func TestProgressOfRetry(t *testing.T) {
	earlier := checkpoint.Totals{Failed: 16, Counters: map[string]int64{"done.copy": 2000}}
	stats := new(engine.Stats)
	stats.Outcomes[engine.Done].Store(3)
	stats.Outcomes[engine.Failed].Store(1)
	stats.Outcomes[engine.Skipped].Store(4)
	job := &jobPlan{Todo: 3000}
	helm := helmFor(caps{kms: 500})
	for _, tt := range []struct {
		retry  bool
		want   string
		before int64
	}{
		{true, "8 of 16 objects (50.0 %)  ", 2000},
		{false, "2,020 of 3,000 objects (67.3 %)  ", 2016},
	} {
		f := &runFlags{retry: tt.retry}
		if got := f.progress(newScreen(new(bytes.Buffer)), job, earlier, stats, helm, new(ledger)).line(nil); got != tt.want {
			t.Errorf("retry %v: %q, want %q", tt.retry, got, tt.want)
		}
		if got := f.settledBefore(earlier); got != tt.before {
			t.Errorf("retry %v: %d settled before, want %d", tt.retry, got, tt.before)
		}
	}
}

// A bar goes with its run; lines end with one that is true at the end.
func TestProgressEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, terminal := range []bool{true, false} {
			st := runStatus{Binding: binding{Limit: boundByNothing}}
			p := shownBy(st, 400, 400)
			p.out.terminal = terminal
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			p.watch(ctx)
			cancel()
			out := p.out.out.(*bytes.Buffer).String()
			if terminal && (!strings.Contains(out, "100% ██") || !strings.HasSuffix(out, clearLine)) {
				t.Errorf("a terminal is left with %q", out)
			}
			if !terminal && out != "400 of 400 objects (100 %)  0/s  $12.34\n" {
				t.Errorf("elsewhere there is %q", out)
			}
		}
	})
}

// Every limit reads well after "bound by", with its numbers in one form.
func TestBindingReads(t *testing.T) {
	for want, b := range map[string]binding{
		"the KMS cap of 0.50/s":                                  {Limit: boundByKMSCap, Rate: 0.5},
		"KMS throttling, 96.3/s now":                             {Limit: boundByKMSThrottle, Rate: 96.345},
		"the KMS rate, which is still rising, 1,520/s now":       {Limit: boundByKMSRise, Rate: 1520},
		"the cap on S3 writes of 3,500/s":                        {Limit: boundByS3Cap, Quota: "s3 writes", Rate: 3500},
		`throttling of S3 writes under "a/", 9.94/s now`:         {Limit: boundByS3Throttle, Quota: "s3 writes", Prefix: "a/", Rate: 9.936},
		"the rate of S3 reads, which is still rising, 587/s now": {Limit: boundByS3Rise, Quota: "s3 reads", Rate: 587},
		"concurrency, 1,024 objects in flight":                   {Limit: boundByConcurrency, Rate: 1024},
		"the reading of the report":                              {Limit: boundByReader},
		"a pause (operator, flag file stop)":                     {Limit: boundByOperator, Detail: "operator, flag file stop"},
		"an endpoint that does not answer":                       {Limit: boundByEndpoint, Detail: "endpoint does not answer, waiting for it"},
		"credentials that have expired":                          {Limit: boundByCredentials, Detail: "credentials expired, waiting for new ones"},
		"draining":                                               {Limit: boundByDrain},
		"nothing yet":                                            {Limit: boundByNothing},
	} {
		if got := b.String(); got != want {
			t.Errorf("%s: %q, want %q", b.Limit, got, want)
		}
	}
}

// What is wanted now counts as soon as an operator said it, and a pause has no rate.
func TestStatusFollowsTheOperator(t *testing.T) {
	s := newSteering(ratelimit.New(ratelimit.Config{}), new(engine.Stats), func(error) {}, slog.New(slog.DiscardHandler), new(bytes.Buffer), caps{}, 100)
	s.stats.InFlight.Store(64)
	s.stats.Outcomes[engine.Done].Store(10)
	s.sample(s.started.Add(time.Second))
	if s.rate != 10 {
		t.Errorf("rate %v, want 10", s.rate)
	}
	if b := s.status().Binding; b.Limit != boundByConcurrency || b.Rate != 64 {
		t.Fatalf("bound by %+v, want concurrency 64", b)
	}
	st := s.obey(controlRequest{"concurrency", 2}).Status
	if st.Binding.Rate != 2 || st.Slots != 2 || st.Concurrency != 2 {
		t.Errorf("after concurrency 2: bound by %+v, %d wanted, at most %d", st.Binding, st.Slots, st.Concurrency)
	}
	s.obey(controlRequest{Command: "pause"})
	s.sample(s.started.Add(2 * time.Second))
	if s.rate != 0 {
		t.Errorf("rate %v in a pause", s.rate)
	}
	if got, want := aboveQuota(1e6, 1e5, "the account's quota of"), "the KMS cap of 1,000,000/s is above the account's quota of 100,000/s"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
