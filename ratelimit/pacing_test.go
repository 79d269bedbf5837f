package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/plan"
)

// Every cap is used by 97 to 100 % in the steady state, and no second holds
// more (inBubble checks that).
func TestCapsAreUsed(t *testing.T) {
	for _, tt := range []struct {
		cap      float64
		workers  int
		from, to time.Duration
	}{
		{0.5, 4, time.Hour, 3 * time.Hour},
		{0.7, 4, time.Hour, 3 * time.Hour},
		{1, 4, time.Hour, 3 * time.Hour},
		{2.5, 4, time.Hour, 3 * time.Hour},
		{3, 4, time.Minute, time.Hour},
		{50, 20, time.Minute, 10 * time.Minute},
		{99, 64, time.Minute, 5 * time.Minute},
		{500, 128, 20 * time.Second, time.Minute},
		{3500, 300, 20 * time.Second, 25 * time.Second},
		{20000, 2048, 12 * time.Second, 14 * time.Second},
	} {
		t.Run(fmt.Sprint(tt.cap), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: tt.cap}}, func(b *bubble) {
				b.work(tt.workers, 50*ms, always(kmsStep(1)), nil)
				time.Sleep(tt.to)
				got := float64(b.released(plan.QuotaKMS, tt.from, tt.to)) / (tt.to - tt.from).Seconds()
				if got < 0.97*tt.cap || got > tt.cap*1.0001 {
					t.Errorf("cap %v: %v requests a second, want 97 to 100 %%", tt.cap, got)
				}
				if s := b.Status(); s.Bottleneck.String() != "kms cap" {
					t.Errorf("bottleneck %q, want the cap", s.Bottleneck)
				}
			})
		})
	}
}

func TestRampUp(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: 20 * time.Second}, func(b *bubble) {
		b.work(256, 100*ms, always(kmsStep(1)), nil)
		time.Sleep(30 * time.Second)
		for _, tt := range []struct{ from, least, most int64 }{{0, 200, 230}, {9, 560, 630}, {20, 950, 1000}} {
			from := time.Duration(tt.from) * time.Second
			if got := b.released(plan.QuotaKMS, from, from+time.Second); got < tt.least || got > tt.most {
				t.Errorf("second %d: %d requests, want %d to %d", tt.from, got, tt.least, tt.most)
			}
		}
	})
}

// Who asks for less than a quota allows waits for no tick: a hundred requests of
// 20 ms, one after the other, take two seconds, however the ticks fall.
func TestBelowTheRateNobodyWaits(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
		for range 100 {
			if err := b.do(b.ctx, kmsStep(1), 20*ms, nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := b.since(); took != 2*time.Second {
			t.Errorf("100 requests of 20 ms took %v below a cap of 1,000/s, want 2 s", took)
		}
	})
}

// A crowd that comes all at once finds ten ticks' worth at most, however long
// nothing was asked for, and then the rate; nor does it get past one that waits.
func TestCrowd(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
		_ = b.do(b.ctx, kmsStep(1), 0, nil)
		for range 5 {
			time.Sleep(time.Minute)
			from := b.since()
			b.workers.Go(func() { _ = b.do(b.ctx, kmsStep(400), 0, nil) })
			synctest.Wait()
			for range 500 {
				b.workers.Go(func() { _ = b.do(b.ctx, kmsStep(1), 0, nil) })
			}
			time.Sleep(300 * ms)
			if got := b.released(plan.QuotaKMS, from, b.since()); got != 0 {
				t.Errorf("%d released before the step of 400 that came first", got)
			}
			time.Sleep(5 * time.Second)
			for range 500 {
				b.workers.Go(func() { _ = b.do(b.ctx, kmsStep(1), 0, nil) })
			}
			from = b.since()
			time.Sleep(100*ms + 1)
			if got := b.released(plan.QuotaKMS, from, b.since()); got < 145 || got > 151 {
				t.Errorf("%d of a crowd released within 100 ms, want 51 at once and 5 a tick", got)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// What may pass between two ticks is what the first of them left, and nobody who
// waits is overtaken. The ticks are made by hand.
func TestBetweenTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Caps: Limits{KMS: 1000}, RampUp: -1})
		g.state = running
		var passed atomic.Int64
		light := writeStep("k") // of another lane
		light.Demand.KMS = plan.Exactly(1)
		send := func(n int, s plan.Step) {
			for range n {
				go func() {
					_ = g.Do(t.Context(), s, func(context.Context) error { passed.Add(int64(weights(&s.Demand)[plan.QuotaKMS])); return nil })
				}()
			}
			synctest.Wait()
		}
		expect := func(what string, want int64) {
			t.Helper()
			synctest.Wait()
			if got := passed.Swap(0); got != want {
				t.Errorf("%s: %d passed, want %d", what, got, want)
			}
		}
		after := func(d time.Duration) {
			time.Sleep(d)
			g.tick()
		}
		send(1, light)
		expect("before the first tick", 0)
		after(tick)
		expect("the first tick", 1)
		send(30, light)
		expect("without credit", 0)
		after(time.Second)
		expect("30 wait for a tick that has 51", 30)
		send(30, light)
		expect("the rest of them is 21", 21)
		time.Sleep(time.Second)
		send(1, light)
		expect("others wait", 0)
		after(tick)
		expect("the ten", 10)
		send(1, kmsStep(45))
		send(20, light)
		expect("more than there is holds up what came later, in other lanes too", 0)
		after(tick)
		send(20, light)
		expect("until it can pass, 25 ms later", 0)
		after(5 * tick)
		expect("and then as many as are left of 50", 50)
		after(time.Second)
		expect("and the rest", 35)
		g.Pause("test")
		send(1, light)
		g.Resume("test")
		send(1, light)
		expect("who waited while paused is not overtaken", 0)
		after(tick)
		expect("both", 2)
		g.stop()
	})
}

// Steps that come in groups, about as many a second as the cap, pass partly at
// once and partly at ticks: no second holds too many (inBubble checks that), and
// what is allowed is used.
func TestAroundTheCap(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
				rnd := rand.New(rand.NewPCG(seed, 7))
				share := 0.95 + 0.01*float64(seed) // of the cap
				asked := int64(0)
				for b.since() < 30*time.Second {
					n := 1 + rnd.Int64N(60)
					asked += n
					for range n {
						b.workers.Go(func() { _ = b.do(b.ctx, kmsStep(1), 0, nil) })
					}
					time.Sleep(time.Duration(float64(n) / (1000 * share) * float64(time.Second)))
				}
				time.Sleep(100 * ms)
				want := min(float64(asked), 1000*30)
				if got := float64(b.released(plan.QuotaKMS, 0, b.since())); got < 0.98*want {
					t.Errorf("%v of %v released in 30 s", got, want)
				}
			})
		})
	}
}

func TestUnpaced(t *testing.T) {
	inBubble(t, Config{Expected: Limits{Writes: inf}}, func(b *bubble) {
		before := b.since()
		for range 1000 {
			if err := b.do(b.ctx, writeStep("k"), 0, nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := b.since() - before; took > tick {
			t.Errorf("1,000 steps without a cap took %v", took)
		}
		b.Pause("test")
		ctx, cancel := context.WithTimeout(b.ctx, time.Second)
		defer cancel()
		if err := b.do(ctx, writeStep("k"), 0, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do without a cap while paused = %v, want %v", err, context.DeadlineExceeded)
		}
		if s := b.Status(); s.Writes.Released != 1000 || s.Steps != 1000 || s.Writes.FullestSecond != 1000 {
			t.Errorf("status %+v, want 1,000 writes", s)
		}
	})
}

// Of two quotas the tighter one counts, and both hold.
func TestTwoQuotas(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 300, Writes: 200}, RampUp: -1}, func(b *bubble) {
		s := plan.Step{Demand: plan.Demand{KMS: plan.Range{Min: 0, Max: 2}, Writes: plan.Exactly(1)}}
		b.work(64, 10*ms, always(s), nil)
		time.Sleep(time.Minute)
		if got := b.released(plan.QuotaKMS, 10*time.Second, time.Minute); got < 50*297 {
			t.Errorf("%d KMS requests in 50 s, want 300 a second", got)
		}
		if got := b.released(plan.QuotaWrites, 10*time.Second, time.Minute); got > 50*150+1 {
			t.Errorf("%d writes in 50 s, want half of the KMS requests", got)
		}
	})
}

// Steps that need no KMS do not wait behind those that do.
func TestOneQuotaDoesNotBlockAnother(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1, Writes: 1000, Reads: 1000}, RampUp: -1}, func(b *bubble) {
		b.work(500, 0, always(plan.Step{Demand: plan.Demand{KMS: plan.Exactly(1), Writes: plan.Exactly(1)}}), nil)
		time.Sleep(time.Second)
		b.work(64, 10*ms, always(writeStep("k")), nil)
		b.work(64, 10*ms, always(plan.Step{Demand: plan.Demand{Reads: plan.Exactly(1)}}), nil)
		time.Sleep(20 * time.Second)
		for _, q := range []plan.Quota{plan.QuotaWrites, plan.QuotaReads} {
			if got := b.released(q, 10*time.Second, 20*time.Second); got < 9700 {
				t.Errorf("%v: %d in 10 s beside a long queue for KMS, want 97 %% of 1,000 a second", q, got)
			}
		}
	})
}

func TestHeavySteps(t *testing.T) {
	for _, tt := range []struct {
		cap   float64
		heavy int64
	}{{100, 7}, {100, 100}, {100, 101}, {100, 1000}, {2, 3}, {0.5, 2}, {10, math.MaxInt64}} {
		t.Run(fmt.Sprintf("%d of %v", tt.heavy, tt.cap), func(t *testing.T) {
			inBubble(t, Config{Caps: Limits{KMS: tt.cap}, RampUp: -1}, func(b *bubble) {
				b.work(200, 0, always(kmsStep(1)), nil)
				time.Sleep(10 * time.Second)
				for range 3 { // among a crowd of light ones
					before := b.since()
					if err := b.do(b.ctx, kmsStep(tt.heavy), 0, nil); err != nil {
						t.Fatal(err)
					}
					queue := time.Duration(200 / tt.cap * float64(time.Second))
					if took := b.since() - before; took > queue+70*time.Second {
						t.Errorf("waited %v", took)
					}
				}
			})
		})
	}
}

// The mean rate holds for heavy steps too, also for those above the cap. Of
// steps of 3 at most 6 fit into a second of 20, which with the slack are 17.9.
func TestHeavyStepsKeepTheRate(t *testing.T) {
	for _, tt := range []struct {
		cap   float64
		heavy int64
		least float64
	}{{100, 7, 97}, {20, 3, 17.9}, {100, 150, 95}, {0.5, 4, 0.49}} {
		inBubble(t, Config{Caps: Limits{KMS: tt.cap}, RampUp: -1}, func(b *bubble) {
			b.work(20, 0, always(kmsStep(tt.heavy)), nil)
			time.Sleep(time.Hour)
			got := float64(b.released(plan.QuotaKMS, time.Minute, time.Hour)) / (59 * 60)
			if got < tt.least || got > tt.cap+float64(tt.heavy)/(59*60) {
				t.Errorf("steps of %d: %v requests a second, want %v to %v", tt.heavy, got, tt.least, tt.cap)
			}
		})
	}
}

// A heavy step does not wait for light ones that came after it.
func TestHeavyStepsAreNotOvertaken(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 50}, RampUp: -1}, func(b *bubble) {
		s := writeStep("k") // another lane, the same quota
		s.Demand.KMS = plan.Exactly(1)
		b.work(200, 0, always(s), nil)
		time.Sleep(10 * time.Second)
		for _, n := range []int64{2, 10, 50, 80} {
			// 200 steps came before it, its own weight, and an empty window.
			most := time.Duration(200+n)*time.Second/50 + 2*time.Second
			ctx, cancel := context.WithTimeout(b.ctx, most)
			if err := b.do(ctx, kmsStep(n), 0, nil); err != nil {
				t.Errorf("a step of %d waited for more than %v: %v", n, most, err)
			}
			cancel()
		}
	})
}

func TestSetCap(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
		b.work(256, 20*ms, always(kmsStep(1)), nil)
		from := time.Duration(0)
		for _, rps := range []float64{1000, 100, 2000, 37, 0.5, 5000} {
			b.setCap(plan.QuotaKMS, rps)
			time.Sleep(10 * time.Second)
			to := b.since()
			if got := float64(b.released(plan.QuotaKMS, from+2*time.Second, to)) / 8; got < 0.97*rps-0.13 || got > rps+0.13 {
				t.Errorf("cap %v: %v requests a second", rps, got)
			}
			from = to
		}
		b.setCap(plan.QuotaKMS, 0)
		time.Sleep(time.Second)
		if got := b.released(plan.QuotaKMS, from, from+time.Second); got < 256*40 {
			t.Errorf("%d requests in a second without a cap, want 256 workers at 20 ms each", got)
		}
	})
}

func TestPause(t *testing.T) {
	inBubble(t, Config{Caps: Limits{KMS: 1000}, RampUp: -1}, func(b *bubble) {
		b.work(256, 20*ms, always(kmsStep(1)), nil)
		time.Sleep(5 * time.Second)
		b.Pause("outside the window")
		paused, from := b.since(), time.Now()
		time.Sleep(time.Minute)
		b.Pause("asked to")
		time.Sleep(time.Hour)
		if got := b.Status().Bottleneck.Since; !got.Equal(from) {
			t.Errorf("paused since %v, want since the first reason came, %v", got, from)
		}
		if got := b.Status().Bottleneck.String(); got != "paused: outside the window, asked to" {
			t.Errorf("bottleneck %q", got)
		}
		b.Resume("asked to")
		time.Sleep(time.Hour)
		if got := b.released(plan.QuotaKMS, paused+tick, b.since()); got != 0 {
			t.Errorf("%d released while paused", got)
		}
		resumed := b.since()
		b.Resume("outside the window")
		time.Sleep(2 * time.Second)
		if got := b.released(plan.QuotaKMS, resumed, resumed+100*ms); got > 160 {
			t.Errorf("%d released in the first 100 ms after a pause: lost time was made up for", got)
		}
		if got := b.released(plan.QuotaKMS, resumed+time.Second, resumed+2*time.Second); got < 970 {
			t.Errorf("%d released in a second after a pause, want 97 %%", got)
		}
	})
}

// Against random weights, caps, pauses, cancellations and stalls of the
// process: the pacer's ticks are made by hand, so that any may come late.
func TestNoSecondAboveTheCap(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 5))
				caps := []float64{0.5, 1, 2.5, 17, 100, 999, 5000}
				limit := caps[rnd.IntN(len(caps))]
				b := &bubble{Governor: New(Config{Caps: Limits{KMS: limit, Writes: 300}, RampUp: -1}), t: t, start: time.Now(), all: map[plan.Quota][]release{}, cap: map[plan.Quota]int64{plan.QuotaKMS: windowLimit(limit), plan.QuotaWrites: 300}}
				b.state = running
				ctx, cancel := context.WithCancel(t.Context())
				b.ctx = ctx
				for i := range 200 {
					rnd := rand.New(rand.NewPCG(seed, uint64(i)))
					b.workers.Go(func() {
						for ctx.Err() == nil {
							s := kmsStep(1)
							switch rnd.IntN(10) {
							case 0:
								s.Demand.KMS.Max = 1 + rnd.Int64N(5)
							case 1:
								s.Demand.Writes.Max = 1
							case 2:
								s.Retry = true
							}
							if rnd.IntN(200) == 0 {
								s.Demand.KMS.Max = 1 + rnd.Int64N(200)
							}
							short, stop := context.WithTimeout(ctx, time.Duration(rnd.Int64N(int64(20*time.Second))))
							_ = b.do(short, s, time.Duration(rnd.Int64N(int64(50*ms))), nil)
							stop()
						}
					})
				}
				for b.since() < 40*time.Second {
					gap := tick + time.Duration(rnd.Int64N(int64(ms)))
					switch rnd.IntN(100) {
					case 0:
						gap = time.Duration(rnd.Int64N(int64(300 * ms)))
					case 1:
						gap = time.Duration(rnd.Int64N(int64(3 * time.Second)))
					case 2, 3:
						gap = tick
						b.setCap(plan.QuotaKMS, caps[rnd.IntN(len(caps))])
					case 4:
						b.Pause("test")
					case 5, 6:
						b.Resume("test")
					}
					time.Sleep(gap)
					synctest.Wait()
					b.tick()
				}
				b.stop()
				cancel()
				b.workers.Wait()
				checkSeconds(t, b.all[plan.QuotaKMS])
				checkSeconds(t, b.all[plan.QuotaWrites])
				if len(b.all[plan.QuotaKMS]) == 0 {
					t.Error("nothing was released")
				}
			})
		})
	}
}

// A process that is stopped and goes on makes up for late ticks, not for a stall.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Caps: Limits{KMS: 20000}, RampUp: -1})
		g.state = running
		done := make(chan struct{})
		for range 10000 {
			go func() {
				_ = g.Do(t.Context(), kmsStep(1), func(context.Context) error { return nil })
				done <- struct{}{}
			}()
		}
		go func() {
			for range done {
			}
		}()
		synctest.Wait()
		var before int64
		passes := func(gap time.Duration) int64 {
			time.Sleep(gap)
			g.tick()
			n := g.kms.released - before
			before = g.kms.released
			return n
		}
		for range 10 {
			passes(tick)
		}
		if got := passes(tick); got != 100 {
			t.Errorf("a tick at 20,000/s released %d, want 100", got)
		}
		if got := passes(4 * tick); got != 400 {
			t.Errorf("a tick that came 15 ms late released %d, want what was left out, 400", got)
		}
		if got := passes(300 * ms); got > 1001 {
			t.Errorf("the tick after a stall of 300 ms released %d, want ten ticks' worth", got)
		}
		if got := passes(tick); got > 101 {
			t.Errorf("the tick after that released %d, want 100", got)
		}
		g.stop()
		synctest.Wait()
		close(done)
	})
}
