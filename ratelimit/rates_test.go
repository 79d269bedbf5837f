package ratelimit

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"reseal/plan"
)

// atRate is a cap that the promises about the pace are checked at. Steps of
// some weight make high rates cheap: all that is counted are requests. With
// RESEAL_SOAK every step is one request.
type atRate struct {
	rate   float64
	weight int64
}

func rates(t *testing.T) []atRate {
	if os.Getenv("RESEAL_SOAK") != "" {
		return []atRate{{50, 1}, {200, 1}, {1000, 1}, {5000, 1}, {20000, 1}}
	}
	t.Log("from 1,000/s on in steps of several requests; one by one: RESEAL_SOAK=1 go test ./ratelimit -count=1 -timeout 60m -v -run AtAllRates")
	return []atRate{{50, 1}, {200, 1}, {1000, 2}, {5000, 4}, {20000, 10}}
}

// For each rate, and quotas that count by the clock and by the last second: all
// of the cap in the steady state; below the new limit within five seconds after
// the quota was halved, hardly anything throttled from then on; and nearly all
// of the cap within a minute of the quota's return.
func TestQuotaHalvedAtAllRates(t *testing.T) {
	const cut, back = 20 * time.Second, 80 * time.Second
	for _, r := range rates(t) {
		if r.weight > 1 {
			r.weight *= 5
		}
		for _, sliding := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, sliding %t", r.rate, sliding), func(t *testing.T) {
				inBubble(t, Config{Caps: Limits{KMS: r.rate}}, func(b *bubble) {
					s := &quotaServer{quota: plan.QuotaKMS, sliding: sliding, start: b.start, grants: func(now time.Duration) int {
						if now >= cut && now < back {
							return int(r.rate/2) / int(r.weight)
						}
						return int(r.rate) / int(r.weight)
					}}
					b.work(int(r.rate*0.05)/int(r.weight)+8, 30*ms, always(kmsStep(r.weight)), s.call)
					per := func(from, to time.Duration) float64 {
						return float64(b.released(s.quota, from, to)) / (to - from).Seconds()
					}

					time.Sleep(back)
					if used := per(12*time.Second, cut) / r.rate; used < 0.97 || used > 1 {
						t.Errorf("%.1f %% of the cap used before the cut, want 97 to 100 %%", 100*used)
					}
					below := inf
					for at := cut; at <= cut+4*time.Second; at += 100 * ms {
						below = min(below, per(at, at+time.Second))
					}
					if got := per(cut+5*time.Second, cut+15*time.Second); below > r.rate/2 || got > 1.01*r.rate/2 {
						t.Errorf("within 5 s after the cut down to %v in a second, in the 10 s after that %v a second; the quota is %v", below, got, r.rate/2)
					}
					all, throttled := s.calls(cut+5*time.Second, back)
					if throttled*100 >= all {
						t.Errorf("%d of %d calls throttled from 5 s after the cut on, want less than 1 %%", throttled, all)
					}
					used := float64(r.weight) * float64(all-throttled) / (back - cut - 5*time.Second).Seconds() / (r.rate / 2)
					if used < 0.93 {
						t.Errorf("%.1f %% of the halved quota used, want 93 %%", 100*used)
					}
					for at := back; ; at += time.Second {
						if at > back+time.Minute {
							t.Fatalf("not back at 95 %% of %v within a minute of the quota's return", r.rate)
						}
						time.Sleep(time.Second)
						if per(at, at+time.Second) >= 0.95*r.rate {
							t.Logf("%.1f %% of the halved quota used, %.2f %% throttled, back at 95 %% after %v", 100*used, 100*float64(throttled)/float64(all), at+time.Second-back)
							return
						}
					}
				})
			})
		}
	}
}

// For each rate ten prefixes with a tenth of it each, one of them granted a tenth
// of that: the nine keep 95 % of theirs. What the tenth leaves is theirs, too.
func TestThrottledPrefixAtAllRates(t *testing.T) {
	const from, to = 20 * time.Second, 40 * time.Second
	for _, r := range rates(t) {
		t.Run(fmt.Sprint(r.rate), func(t *testing.T) {
			expected := max(3500, r.rate)
			inBubble(t, Config{Caps: Limits{KMS: r.rate}, Expected: Limits{Writes: expected}, RampUp: -1}, func(b *bubble) {
				share := r.rate / 10
				call, servers := perPrefix(b.start, func(i int) int {
					if i == 3 {
						return max(1, int(share/10)/int(r.weight))
					}
					return int(r.rate)
				})
				var n atomic.Int64
				b.work(int(r.rate*0.1)/int(r.weight)+20, 30*ms, func() plan.Step {
					for {
						i := n.Add(1)
						s := writeStep(fmt.Sprintf("p%d/%08d", i%10, i))
						s.Demand.KMS, s.Demand.Writes = plan.Exactly(r.weight), plan.Exactly(r.weight)
						if b.Ready(s.Key) {
							return s
						}
					}
				}, call)
				time.Sleep(to)
				for i, s := range servers {
					all, throttled := s.calls(from, to)
					got := float64(r.weight) * float64(all-throttled) / (to - from).Seconds()
					if i != 3 && got < 0.95*share {
						t.Errorf("prefix %d: %.1f a second beside a throttled one, want 95 %% of %v", i, got, share)
					}
					if i == 3 {
						t.Logf("the throttled prefix: %.1f a second of the %v it is granted; %d of %d calls throttled", got, share/10, throttled, all)
					}
				}
				if got := b.Status().Writes.Scopes; got < 2 || got > 3 { // the third is a part of the prefix
					t.Errorf("%d scopes, want the bucket and one prefix", got)
				}
			})
		})
	}
}
