package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/s3api"
)

func TestParseHeadroom(t *testing.T) {
	for text, want := range map[string]headroom{"500": {rps: 500}, "0": {}, "12.5": {rps: 12.5}, "10%": {share: 0.1}, "0%": {}} {
		if h, err := parseHeadroom(text); err != nil || *h != want {
			t.Errorf("parseHeadroom(%q) = %+v, %v; want %+v", text, h, err, want)
		}
	}
	for _, text := range []string{"-1", "a lot", "NaN", "Inf", "100%", "150%", "-5%", "%", "10 %%"} {
		if h, err := parseHeadroom(text); err == nil {
			t.Errorf("parseHeadroom(%q) = %+v, want an error", text, h)
		}
	}
	if h, err := parseHeadroom(""); h != nil || err != nil {
		t.Errorf("parseHeadroom of nothing = %v, %v", h, err)
	}
}

// TestCapBesideOthers: the cap is what is wanted, as long as others and the
// headroom leave that much.
func TestCapBesideOthers(t *testing.T) {
	for _, tt := range []struct{ wanted, quota, others, headroom, want float64 }{
		{5000, 10000, 0, 0, 5000},
		{5000, 10000, 3000, 1000, 5000},
		{5000, 10000, 5000, 1000, 4000},
		{5000, 10000, 8990, 1000, 10},
		{5000, 10000, 9500, 1000, leastCap},
		{5000, 10000, 20000, 0, leastCap},
		{0.5, 10000, 20000, 0, 0.5},
		{50000, 10000, 0, 1000, 9000}, // wanted above the quota
	} {
		if got := capBeside(tt.wanted, leftBeside(tt.quota, tt.others, tt.headroom)); got != tt.want {
			t.Errorf("wanted %v of %v beside %v with %v free: cap %v, want %v", tt.wanted, tt.quota, tt.others, tt.headroom, got, tt.want)
		}
	}
	if got := capBeside(5000, math.Inf(1)); got != 5000 {
		t.Errorf("without knowing what others use: cap %v, want what is wanted", got)
	}
}

func TestOthersUse(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 11, 21, 3, m, 0, 0, time.UTC) }
	own := new(ownCalls)
	own.add(at(1).Add(30*time.Second), 60_000)
	own.add(at(1).Add(59*time.Second), 6_000)
	own.add(at(2), 1_000)
	for _, tt := range []struct {
		name    string
		minutes []s3api.KMSCalls
		want    float64
	}{
		{"nobody", nil, 0},
		{"only this run", []s3api.KMSCalls{{Minute: at(1), Calls: 66_000}}, 0},
		{"this run and others", []s3api.KMSCalls{{Minute: at(1), Calls: 126_000}}, 1000},
		{"the busiest counts", []s3api.KMSCalls{{Minute: at(0), Calls: 6_000}, {Minute: at(2), Calls: 301_000}, {Minute: at(3), Calls: 600}}, 5000},
		{"counted late", []s3api.KMSCalls{{Minute: at(1), Calls: 50_000}}, 0},
		{"nonsense", []s3api.KMSCalls{{Minute: at(3), Calls: math.NaN()}, {Minute: at(3), Calls: math.Inf(1)}, {Minute: at(3), Calls: -5}}, 0},
	} {
		if got := othersUse(tt.minutes, own.in); got != tt.want {
			t.Errorf("%s: %v/s, want %v", tt.name, got, tt.want)
		}
	}
	own.add(at(17), 5) // takes the place of minute 1
	if n := own.in(at(1)); n != 0 {
		t.Errorf("%d calls in a minute that was forgotten, want 0", n)
	}
}

// cloudWatch is one that tells what production asks of KMS, beside what
// the run says itself.
type cloudWatch struct {
	production func(time.Time) float64 // requests a second
	denied     func(time.Time) bool
	asked      int
}

func (a *cloudWatch) KMSUsage(_ context.Context, from, to time.Time) (out []s3api.KMSCalls, err error) {
	a.asked++
	if a.denied != nil && a.denied(to) {
		return nil, errors.New("AccessDenied")
	}
	for m := from.Truncate(time.Minute); m.Before(to.Add(-2 * time.Minute)); m = m.Add(time.Minute) { // the newest come late
		out = append(out, s3api.KMSCalls{Minute: m, Calls: 60 * a.production(m)})
	}
	return out, nil
}

// helmFor is a steering with its governor, without a run.
func helmFor(c caps) *steering {
	g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: c.kms}})
	return newSteering(g, new(engine.Stats), func(error) {}, slog.New(slog.DiscardHandler), io.Discard, c, 64)
}

// TestHeadroomFollowsProduction plays a night: production grows, so the cap
// shrinks within minutes, and comes back when production is done. An operator's
// cap and a CloudWatch that does not answer do not lift the bound.
func TestHeadroomFollowsProduction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := helmFor(caps{kms: 5000, quota: 10000})
		start := time.Now()
		a := &cloudWatch{
			production: func(at time.Time) float64 {
				if h := at.Sub(start).Hours(); h >= 1 && h < 2 {
					return 7000
				}
				return 100
			},
			denied: func(at time.Time) bool { m := at.Sub(start).Minutes(); return m > 90 && m < 110 },
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.keepHeadroom(ctx, a, new(ownCalls), headroom{share: 0.1}) }()
		want := func(minute int, cap float64) {
			t.Helper()
			time.Sleep(time.Until(start.Add(time.Duration(minute) * time.Minute)))
			synctest.Wait()
			if got := s.governor.Status().KMS.Cap; got != cap {
				t.Errorf("minute %d: cap %v, want %v", minute, got, cap)
			}
		}
		want(0, 5000)
		want(59, 5000)
		want(65, 2000)
		s.setKMS(8000)
		want(70, 2000)
		s.setKMS(500)
		want(75, 500)
		s.setKMS(5000)
		want(100, 2000) // nothing is known for ten minutes
		want(130, 5000)
		cancel()
		<-done
		if a.asked < 125 || a.asked > 135 {
			t.Errorf("CloudWatch was asked %d times in 130 minutes, want once a minute", a.asked)
		}
	})
}

// TestHeadroomUnknown: without CloudWatch the cap is the plain one.
func TestHeadroomUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := helmFor(caps{kms: 5000, quota: 10000})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		s.keepHeadroom(ctx, &cloudWatch{denied: func(time.Time) bool { return true }}, new(ownCalls), headroom{rps: 500})
		if got := s.governor.Status().KMS.Cap; got != 5000 {
			t.Errorf("cap %v, want 5000", got)
		}
	})
}

func TestBucketKeyWeight(t *testing.T) {
	for _, tt := range []struct {
		share float64
		r     plan.Range
		n     int
		want  int64
	}{
		{1, plan.Range{Min: 0, Max: 1}, 1000, 1000},
		{0, plan.Range{Min: 0, Max: 1}, 1000, 0},
		{0.05, plan.Range{Min: 0, Max: 1}, 1000, 50},
		{0.05, plan.Range{Min: 1, Max: 1}, 1000, 1000}, // what is certain is certain
		{0.25, plan.Range{Min: 1, Max: 3}, 1000, 1500},
		{1.0 / 3, plan.Range{Min: 0, Max: 1}, 3_000_000, 999_999},
	} {
		w := newBucketKeyWeight(tt.share)
		var sum, most int64
		for range tt.n {
			n := w.of(tt.r)
			sum, most = sum+n, max(most, n)
		}
		if sum != tt.want || most > tt.r.Max {
			t.Errorf("%d requests of %v at a share of %v weigh %d, at most %d each; want %d", tt.n, tt.r, tt.share, sum, most, tt.want)
		}
	}
}

func TestFailureLimit(t *testing.T) {
	for _, tt := range []struct {
		text              string
		attempted, failed int64
		want              bool
	}{
		{"1%", 1, 1, false},
		{"1%", enoughAttempts - 1, enoughAttempts - 1, false},
		{"1%", enoughAttempts, 1, false},
		{"1%", enoughAttempts, 2, true},
		{"1%", 10_000, 99, false},
		{"1%", 10_000, 100, true},
		{"0.1%", enoughAttempts, 0, false}, // a fifth of an object
		{"0.1%", enoughAttempts, 1, true},
		{"100%", 500, 499, false},
		{"5", 500, 500, false}, // the engine's
		{"", 500, 500, false},
	} {
		l, err := parseFailureLimit(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.reached(tt.attempted, tt.failed); got != tt.want {
			t.Errorf("%q: %d of %d failed: stop %v, want %v", tt.text, tt.failed, tt.attempted, got, tt.want)
		}
	}
	if l, err := parseFailureLimit("7"); err != nil || l.count != 7 || l.budget() != nil {
		t.Errorf("parseFailureLimit(7) = %+v, %v", l, err)
	}
	for _, text := range []string{"0%", "-1", "101%", "some", "1.5", "%"} {
		if l, err := parseFailureLimit(text); err == nil {
			t.Errorf("parseFailureLimit(%q) = %+v, want an error", text, l)
		}
	}
}
