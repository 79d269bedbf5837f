package main

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
	"reseal/internal/simulator"
	"reseal/ratelimit"
)

// TestEngineUnderHalvedQuota is the real engine, with its retries and its pool, at
// a cap whose quota is halved and comes back: what is promised of the governor
// holds with the engine in front of it. The higher rates: RESEAL_SOAK=1.
func TestEngineUnderHalvedQuota(t *testing.T) {
	t.Parallel()
	rates := []int{50, 200}
	if os.Getenv("RESEAL_SOAK") != "" {
		rates = []int{50, 200, 1000, 5000, 20000}
	}
	const cut, back, end = 20, 60, 120 // seconds
	for _, rate := range rates {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: float64(rate)}, Expected: ratelimit.Limits{Writes: 1e6}, MaxSlots: control.MaxConcurrency})
				n := newCoreNight(t, simulator.Config{KMSRequestsPerSecond: rate}, g, rate*end, func(i int) string { return fmt.Sprintf("k/%07d", i) })
				n.workers = max(256, rate/5)
				stop := n.start(nil)
				type second struct{ sent, rejected int64 }
				var seconds []second
				var was second
				for range end {
					switch len(seconds) {
					case cut:
						n.setQuota(rate / 2)
					case back:
						n.setQuota(rate)
					}
					time.Sleep(time.Second)
					c := n.counters().KMS
					now := second{c.Total + c.Rejected, c.Rejected}
					seconds = append(seconds, second{now.sent - was.sent, now.rejected - was.rejected})
					was = now
				}
				_ = stop()
				sum := func(from, to int) (s second) {
					for _, x := range seconds[from:to] {
						s.sent += x.sent
						s.rejected += x.rejected
					}
					return s
				}
				// The cap is the quota, so that those that meet on their way are throttled, now and then.
				if s := sum(12, cut); float64(s.sent-s.rejected) < 0.95*float64(rate*(cut-12)) {
					t.Errorf("%d requests granted in %d s before the cut, want 95 %% of %d/s", s.sent-s.rejected, cut-12, rate)
				}
				if s := sum(cut+5, cut+8); s.sent > int64(3*rate/2) {
					t.Errorf("%d requests in the sixth to eighth second after the cut, want at most %d/s", s.sent, rate/2)
				}
				late := sum(cut+5, back)
				if late.rejected*100 >= late.sent {
					t.Errorf("%d of %d requests rejected from 5 s after the cut on, want less than 1 %%", late.rejected, late.sent)
				}
				if want := int64(rate / 2 * (back - cut - 5) * 85 / 100); late.sent-late.rejected < want {
					t.Errorf("%d requests granted from 5 s after the cut on, want 85 %% of %d/s: %d", late.sent-late.rejected, rate/2, want)
				}
				most := int64(0)
				for at := back; at <= end-3; at++ {
					s := sum(at, at+3)
					most = max(most, s.sent-s.rejected)
				}
				if float64(most) < 0.95*float64(3*rate) {
					t.Errorf("%d requests granted in the best 3 s of the minute after the quota's return, want 95 %% of %d/s", most, rate)
				}
				if s := sum(end-10, end); float64(s.sent-s.rejected) < 0.94*float64(10*rate) {
					t.Errorf("%d requests granted in the last 10 s, a minute after the quota's return, want 94 %% of %d/s", s.sent-s.rejected, rate)
				}
				t.Logf("%.2f %% rejected, %.1f %% of the halved quota used", 100*float64(late.rejected)/float64(late.sent), 100*float64(late.sent-late.rejected)/float64(rate/2*(back-cut-5)))
			})
		})
	}
}

// TestInFlightFollowsLatency: whatever a request takes, the cap is used without
// any tuning, and no more objects are in flight than that needs.
func TestInFlightFollowsLatency(t *testing.T) {
	t.Parallel()
	const rate, from, to = 1500, 13, 18 // seconds
	for _, latency := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: rate}, MaxSlots: control.MaxConcurrency})
				n := newCoreNight(t, simulator.Config{}, g, rate*to, func(i int) string { return fmt.Sprintf("k/%07d", i) })
				n.latency, n.workers = latency, defaultConcurrency
				end := n.start(nil)
				time.Sleep(from * time.Second)
				was := n.counters().KMS.Total
				slots := g.Slots()
				time.Sleep((to - from) * time.Second)
				used := float64(n.counters().KMS.Total-was) / (to - from) / rate
				_ = end()
				if used < 0.97 || used > 1.02 { // what was released earlier may arrive here
					t.Errorf("%.1f %% of the cap used, want 97 %% to 100", 100*used)
				}
				// The mean latency is one and a half times n.latency, and half as many more are kept.
				need := rate * 1.5 * latency.Seconds()
				if float64(slots) < need || float64(slots) > max(64, 2*need) {
					t.Errorf("%d objects in flight at most, want %.0f to twice that", slots, need)
				}
				t.Logf("%.1f %% used with at most %d in flight", 100*used, slots)
			})
		})
	}
}
