package control

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// TestCapBesideOthers: the cap is what is wanted, as long as others and the
// headroom leave that much.
func TestCapBesideOthers(t *testing.T) {
	for _, tt := range []struct{ wanted, quota, others, headroom, want float64 }{
		{5000, 10000, 0, 0, 5000},
		{5000, 10000, 3000, 1000, 5000},
		{5000, 10000, 5000, 1000, 4000},
		{5000, 10000, 8990, 1000, 10},
		{5000, 10000, 9500, 1000, minCap},
		{5000, 10000, 20000, 0, minCap},
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
	own := new(OwnCalls)
	own.add(at(1).Add(30*time.Second), 60_000)
	own.add(at(1).Add(59*time.Second), 6_000)
	own.add(at(2), 1_000)
	for _, tt := range []struct {
		name    string
		minutes []MinuteCalls
		want    float64
	}{
		{"nobody", nil, 0},
		{"only this run", []MinuteCalls{{Minute: at(1), Calls: 66_000}}, 0},
		{"this run and others", []MinuteCalls{{Minute: at(1), Calls: 126_000}}, 1000},
		{"the busiest counts", []MinuteCalls{{Minute: at(0), Calls: 6_000}, {Minute: at(2), Calls: 301_000}, {Minute: at(3), Calls: 600}}, 5000},
		{"counted late", []MinuteCalls{{Minute: at(1), Calls: 50_000}}, 0},
		{"nonsense", []MinuteCalls{{Minute: at(3), Calls: math.NaN()}, {Minute: at(3), Calls: math.Inf(1)}, {Minute: at(3), Calls: -5}}, 0},
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

func (a *cloudWatch) usage(_ context.Context, from, to time.Time) (out []MinuteCalls, err error) {
	a.asked++
	if a.denied != nil && a.denied(to) {
		return nil, errors.New("AccessDenied")
	}
	for m := from.Truncate(time.Minute); m.Before(to.Add(-2 * time.Minute)); m = m.Add(time.Minute) { // the newest come late
		out = append(out, MinuteCalls{Minute: m, Calls: 60 * a.production(m)})
	}
	return out, nil
}

// TestHeadroomFollowsProduction plays a night: production grows, so the cap
// shrinks within minutes, and comes back when production is done. An operator's
// cap and a CloudWatch that does not answer do not lift the bound.
func TestHeadroomFollowsProduction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestController(Config{KMSCap: 5000, KMSQuota: 10000})
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
		go func() { defer close(done); (&UsageWatch{c, a.usage, new(OwnCalls), Headroom{Share: 0.1}}).Run(ctx) }()
		want := func(minute int, cap float64) {
			t.Helper()
			time.Sleep(time.Until(start.Add(time.Duration(minute) * time.Minute)))
			synctest.Wait()
			if got := c.cfg.Governor.Status().KMS.Cap; got != cap {
				t.Errorf("minute %d: cap %v, want %v", minute, got, cap)
			}
		}
		want(0, 5000)
		want(59, 5000)
		want(65, 2000)
		c.setWantedCap(8000)
		want(70, 2000)
		c.setWantedCap(500)
		want(75, 500)
		c.setWantedCap(5000)
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
		c := newTestController(Config{KMSCap: 5000, KMSQuota: 10000})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		a := &cloudWatch{denied: func(time.Time) bool { return true }}
		(&UsageWatch{c, a.usage, new(OwnCalls), Headroom{RPS: 500}}).Run(ctx)
		if got := c.cfg.Governor.Status().KMS.Cap; got != 5000 {
			t.Errorf("cap %v, want 5000", got)
		}
	})
}
