package ratelimit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reseal/plan"
)

// The quota is cut to half for two minutes and comes back.
func TestQuotaHalvedAndBack(t *testing.T) {
	const cut, back = time.Minute, 3 * time.Minute
	for _, tt := range []struct {
		quota   plan.Quota
		sliding bool
		latency time.Duration
		cap     float64
	}{
		{plan.QuotaKMS, false, 100 * ms, 1000},
		{plan.QuotaKMS, true, 100 * ms, 100},
		{plan.QuotaKMS, true, 500 * ms, 300},
		{plan.QuotaWrites, false, 100 * ms, 500},
		{plan.QuotaWrites, true, 100 * ms, 200},
	} {
		t.Run(fmt.Sprintf("%v at %v, sliding %t, latency %v", tt.quota, tt.cap, tt.sliding, tt.latency), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: tt.cap, Writes: tt.cap}, RampUp: -1}, func(b *bubble) {
				s := &quotaServer{quota: tt.quota, sliding: tt.sliding, start: b.start, grants: func(now time.Duration) int {
					if now >= cut && now < back {
						return int(tt.cap / 2)
					}
					return int(tt.cap)
				}}
				rnd := rand.New(rand.NewPCG(1, 6))
				b.work(int(tt.cap*tt.latency.Seconds()*1.5)+8, tt.latency, func() plan.Step {
					if tt.quota == plan.QuotaKMS {
						return kmsStep(1)
					}
					b.mu.Lock()
					defer b.mu.Unlock()
					return writeStep(fmt.Sprintf("%08x", rnd.Uint32()))
				}, s.call)
				time.Sleep(back + 61*time.Second)

				if all, throttled := s.calls(0, cut); throttled > 0 {
					t.Errorf("%d of %d calls throttled at the cap", throttled, all)
				}
				second := func(from time.Duration) float64 { return float64(b.released(tt.quota, from, from+time.Second)) }
				if got := second(cut + 5*time.Second); got > tt.cap/2 {
					t.Errorf("%v released in the sixth second after the cut, quota %v", got, tt.cap/2)
				}
				all, throttled := s.calls(cut+5*time.Second, back)
				if throttled*100 >= all {
					t.Errorf("%d of %d calls throttled from 5 s after the cut on, want less than 1 %%", throttled, all)
				}
				if used := float64(all-throttled) / (back - cut - 5*time.Second).Seconds() / (tt.cap / 2); used < 0.93 {
					t.Errorf("%.1f %% of the halved quota used, want 93 %%", 100*used)
				} else {
					t.Logf("%.1f %% of the halved quota used, %.2f %% throttled", 100*used, 100*float64(throttled)/float64(all))
				}
				if got := second(back + time.Minute); got < 0.95*tt.cap {
					t.Errorf("%v released a minute after the quota is back, want 95 %% of %v", got, tt.cap)
				}
				if got := b.usage(tt.quota).Scopes; got != 1 {
					t.Errorf("%d scopes of a bucket that is throttled evenly", got)
				}
			})
		})
	}
}

func TestStatusNamesTheThrottledQuota(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 100}, RampUp: -1}, func(b *bubble) {
		s := &quotaServer{quota: plan.QuotaKMS, start: b.start, grants: func(time.Duration) int { return 50 }}
		b.work(64, 10*ms, always(kmsStep(1)), s.call)
		time.Sleep(time.Minute)
		st := b.Status()
		if st.Bottleneck.String() != "kms throttled" || st.Bottleneck.Rate > 60 || st.Bottleneck.Rate < 20 {
			t.Errorf("bottleneck %q at %v/s, want kms throttled at about 50/s", st.Bottleneck, st.Bottleneck.Rate)
		}
		if since := st.Bottleneck.Since.Sub(b.start); since > 5*time.Second {
			t.Errorf("since %v after the start, want its beginning", since)
		}
		if _, throttled := s.calls(0, time.Hour); st.KMS.Throttled != int64(throttled) || throttled == 0 {
			t.Errorf("%d throttled by status, %d by the server", st.KMS.Throttled, throttled)
		}
	})
}

// 2,048 calls in flight fail at once: one cut.
func TestAllInFlightFail(t *testing.T) {
	for _, q := range []plan.Quota{plan.QuotaKMS, plan.QuotaWrites, plan.QuotaReads, plan.QuotaNone} {
		inBubble(t, Config{Caps: Limits{KMS: 21000, Writes: 21000, Reads: 21000}, Expected: Limits{Writes: 21000, Reads: 21000}, RampUp: -1}, func(b *bubble) {
			s := plan.Step{Demand: plan.Demand{KMS: plan.Exactly(1)}}
			if q == plan.QuotaWrites {
				s.Demand.Writes = plan.Exactly(1)
			}
			if q == plan.QuotaReads {
				s.Demand.Reads = plan.Exactly(1)
			}
			charged := q
			if q == plan.QuotaNone {
				charged = plan.QuotaKMS
			}
			const together = 2 * time.Second
			b.work(2500, 0, always(s), func(plan.Step) error {
				now := b.since()
				if now < together && now >= together-103*ms {
					time.Sleep(together - now)
					return throttle{q}
				}
				time.Sleep(100 * ms)
				return nil
			})
			time.Sleep(together + time.Second)
			if u := b.usage(charged); u.Throttled < 2048 || u.Rate != 17850 {
				t.Errorf("%v: %d throttled, rate %v, want one cut of 21,000 to 17,850", q, u.Throttled, u.Rate)
			}
		})
	}
}

// perPrefix is a server with a quota for each of the prefixes p0/ to p9/.
func perPrefix(start time.Time, grants func(i int) int) (call func(plan.Step) error, servers []*quotaServer) {
	for i := range 10 {
		servers = append(servers, &quotaServer{quota: plan.QuotaWrites, start: start, grants: func(time.Duration) int { return grants(i) }})
	}
	return func(s plan.Step) error { return servers[s.Key[1]-'0'].call(s) }, servers
}

// Ten prefixes with a tenth of the load each; one is throttled to a tenth of that.
func TestThrottledPrefix(t *testing.T) {
	for _, tt := range []struct {
		shared bool
		rampUp time.Duration
	}{{false, -1}, {true, -1}, {false, 0}, {true, 0}} {
		shared := tt.shared
		t.Run(fmt.Sprintf("workers shared %t, ramp %t", shared, tt.rampUp == 0), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: 3500, Writes: 3500}, RampUp: tt.rampUp}, func(b *bubble) {
				call, servers := perPrefix(b.start, func(i int) int {
					if i == 3 {
						return 35
					}
					return 3500
				})
				var n atomic.Int64
				step := func(prefix int64) plan.Step {
					s := writeStep(fmt.Sprintf("p%d/%08d", prefix, n.Add(1)))
					s.Demand.KMS = plan.Exactly(1)
					return s
				}
				if shared { // workers that put work on throttled prefixes off
					b.work(600, 100*ms, func() plan.Step {
						for {
							if s := step(n.Load() % 10); b.Ready(s.Key) {
								return s
							}
						}
					}, call)
				} else {
					for i := range int64(10) {
						b.work(60, 100*ms, func() plan.Step { return step(i) }, call)
					}
				}
				time.Sleep(75 * time.Second)
				from, to := 5*time.Second, time.Minute
				if tt.rampUp == 0 { // which the throttled one interrupts
					from, to = 20*time.Second, 75*time.Second
				}
				for i, s := range servers {
					all, throttled := s.calls(from, to)
					rate := float64(all-throttled) / (to - from).Seconds()
					switch {
					case i != 3 && rate < 0.95*350:
						t.Errorf("prefix %d: %.1f a second beside a throttled one, want 95 %% of 350", i, rate)
					case i == 3 && rate < 25:
						t.Errorf("the throttled prefix: %.1f a second of the 35 it is granted", rate)
					case i != 3 && throttled*50 > all:
						t.Errorf("prefix %d: %d of %d calls throttled, want less than 2 %%", i, throttled, all)
					case throttled*20 > all: // its rate is found by trying
						t.Errorf("the throttled prefix: %d of %d calls throttled, want less than 5 %%", throttled, all)
					}
				}
				if got := b.Status().Writes.Scopes; got < 2 || got > 3 { // the third is a part of the prefix
					t.Errorf("%d scopes, want the bucket and one prefix", got)
				}
				// Workers that put work off keep the queue at the length at which it is put off.
				if !shared && b.Ready("p3/x") || !b.Ready("p4/x") {
					t.Errorf("Ready: throttled prefix %t, another %t", b.Ready("p3/x"), b.Ready("p4/x"))
				}
			})
		})
	}
}

// Waiting steps move along when their prefix becomes a scope, and the status names it.
func TestStatusNamesThePrefix(t *testing.T) {
	inBubble(t, Config{Caps: Limits{Writes: 3500}, RampUp: -1}, func(b *bubble) {
		call, _ := perPrefix(b.start, func(i int) int {
			if i == 3 {
				return 35
			}
			return 3500
		})
		for i := range 10 {
			var n atomic.Int64
			b.work(20, 100*ms, func() plan.Step { return writeStep(fmt.Sprintf("p%d/%08d", i, n.Add(1))) }, call)
		}
		time.Sleep(time.Minute)
		if got := b.Status().Bottleneck.String(); got != `s3 writes throttled, prefix "p3/"` {
			t.Errorf("bottleneck %q", got)
		}
	})
}

// When a prefix turns out to be the cause, those who wait go on under it, in
// their order, and the others get back the rate that they had before.
func TestSplit(t *testing.T) {
	g := New(Config{Expected: Limits{Writes: 1000}, RampUp: -1})
	g.state = running
	root := g.writes.root
	root.shut = true // the rate is used in full
	for i, key := range []string{"hot/1", "cold/2", "hot/3", "hot/4", "cold/5"} {
		w := &waiter{key: key, weight: weight{plan.QuotaWrites: 1}, retry: i == 3, ready: make(chan struct{}, 1)}
		g.enqueue(w, g.laneOf(nil, key, &w.weight))
	}
	result := func(from time.Duration, n int) {
		for i := range n {
			at := from + time.Duration(i)*ms
			g.mu.Lock()
			root.sample.add(outcome{key: fmt.Sprintf("hot/%d", i), released: at, throttled: true})
			root.sample.add(outcome{key: fmt.Sprintf("cold/%d", i), released: at})
			g.mu.Unlock()
		}
	}
	s := writeStep("hot/0")
	g.throttled(&s, plan.QuotaWrites, 0)
	result(0, 3) // too few to tell
	g.decideSamples(time.Second)
	if root.ctl.rate != 970 || len(g.writes.below) != 0 {
		t.Fatalf("rate %v, %d prefixes after the first decision, want a cut to 970", root.ctl.rate, len(g.writes.below))
	}
	result(3*time.Second, 50)
	g.throttled(&s, plan.QuotaWrites, 3*time.Second)
	g.decideSamples(4 * time.Second)
	if len(g.writes.below) != 1 || g.writes.below[0].prefix != "hot/" {
		t.Fatalf("%d prefixes after the second decision, want hot/", len(g.writes.below))
	}
	if root.ctl.rate != 1000 || root.ctl.throttled() {
		t.Errorf("rate of the bucket = %v, want 1,000 as before", root.ctl.rate)
	}
	writes := weight{plan.QuotaWrites: 1}
	for key, want := range map[string]string{"hot/": "hot/4 hot/1 hot/3", "cold/": "cold/2 cold/5"} {
		l := g.laneOf(nil, key, &writes)
		var got []string
		for w := l.head(); w != nil; w = l.head() {
			got = append(got, w.key)
			g.dequeue(w)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("waiting under %s: %q, want %s", key, got, want)
		}
	}
}

// S3 that grants more and more is followed; without throttling there is one scope.
func TestRisesBeyondWhatIsExpected(t *testing.T) {
	inBubble(t, Config{Expected: Limits{Writes: 100}}, func(b *bubble) {
		b.work(64, 100*ms, always(writeStep("k")), nil)
		time.Sleep(5 * time.Minute)
		if got := b.released(plan.QuotaWrites, 5*time.Second, 6*time.Second); got < 95 || got > 105 {
			t.Errorf("%d released in the second after the ramp, want 100", got)
		}
		if got := b.released(plan.QuotaWrites, 299*time.Second, 300*time.Second); got < 500 {
			t.Errorf("%d released a second after five minutes, want what 64 workers can do", got)
		}
	})
}

// More hot prefixes than there may be scopes.
func TestScopesAreBounded(t *testing.T) {
	g := New(Config{RampUp: -1})
	for i := range 3 * maxScopes {
		now := time.Duration(i) * time.Second
		root := g.writes.root
		root.sample = &sample{before: root.ctl, decideAt: now}
		g.samples = append(g.samples, root)
		g.sampling.Add(1)
		for range 20 {
			root.sample.add(outcome{key: fmt.Sprintf("%06d/", i), released: now, throttled: true})
			root.sample.add(outcome{key: "other", released: now})
		}
		g.laneOf(nil, fmt.Sprintf("%06d/", i), &weight{0, 1, 1, 1})
		g.decideSamples(now)
	}
	if n := len(g.scopesOf(plan.QuotaWrites)); n != maxScopes {
		t.Errorf("%d scopes, want %d", n, maxScopes)
	}
	last := fmt.Sprintf("%06d/", 3*maxScopes-1)
	if got := g.writes.leaf(last).prefix; !strings.HasPrefix(last, got) || got == "" {
		t.Errorf("the newest hot prefix %q is in scope %q", last, got)
	}
	if len(g.samples) != 0 || g.sampling.Load() != 0 {
		t.Errorf("%d samples, %d counted", len(g.samples), g.sampling.Load())
	}
}

func TestErrorsThatAreNoThrottles(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 100}, RampUp: -1}, func(b *bubble) {
		for _, err := range []error{fmt.Errorf("reset"), context.Canceled, noThrottle{}} {
			_ = b.Do(b.ctx, kmsStep(1), func(context.Context) error { return err })
		}
		if u := b.usage(plan.QuotaKMS); u.Rate != 100 || u.Throttled != 0 {
			t.Errorf("usage %+v after errors that are no throttles", u)
		}
	})
}

type noThrottle struct{}

func (noThrottle) Error() string                { return "changed" }
func (noThrottle) Throttle() (plan.Quota, bool) { return plan.QuotaKMS, false }
