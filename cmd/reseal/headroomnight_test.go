package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/ratelimit"
)

// TestHeadroomNight runs under a production that grows and goes again, in one
// account of the simulator with a quota for both and a CloudWatch that counts
// both: the run gives way, nobody is throttled then, and it comes back.
func TestHeadroomNight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const quota, cap, free = 50, 40, 5
		const grows, leaves, ends = 10 * time.Minute, 22 * time.Minute, 31 * time.Minute
		g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: cap}})
		n := newCoreNight(t, simulator.Config{KMSRequestsPerSecond: quota, UsageDelay: time.Minute}, g, int(ends.Seconds())*cap, func(i int) string { return fmt.Sprintf("k/%07d", i) })
		controller := idleController(control.Config{Governor: g, Stats: n.stats, KMSCap: cap, KMSQuota: quota, Concurrency: control.MaxConcurrency})
		watch := &control.UsageWatch{Controller: controller, Usage: migrate.AccountUsage(n.KMSUsage), Own: new(control.OwnCalls), Headroom: control.Headroom{RPS: free}}
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			n.produce(ctx, func(at time.Duration) float64 {
				if at >= grows && at < leaves {
					return 33
				}
				return 3
			})
		})
		watch.Check(ctx)
		others.Go(func() { watch.Run(ctx) })
		end := n.start(&control.CountingGate{Next: g, Own: watch.Own})
		start := time.Now()

		// Between two minutes: requests of the run, and rejections of anybody.
		during := func(from, to int) (own float64, rejected int64) {
			time.Sleep(time.Until(start.Add(time.Duration(from) * time.Minute)))
			was, before := g.Status().KMS.Released, n.counters().KMS.Rejected
			time.Sleep(time.Until(start.Add(time.Duration(to) * time.Minute)))
			return float64(g.Status().KMS.Released-was) / float64(60*(to-from)), n.counters().KMS.Rejected - before
		}
		if rate, rejected := during(2, 10); rate < 0.97*cap || rate > cap || rejected > 0 {
			t.Errorf("before production grows: %.2f/s, %d rejected; want 97 to 100 %% of %d/s, and none", rate, rejected, cap)
		}
		// A minute to be over, one until it is known, one until it is asked for; once more, as the first one was not full.
		if rate, rejected := during(15, 22); rate < 0.9*(quota-33-free) || rate > quota-33-free+0.1 || rejected > 0 {
			t.Errorf("beside production: %.2f/s, %d rejected; want up to %d/s, and none", rate, rejected, quota-33-free)
		}
		if got := controller.Status().Binding; got.Limit != control.LimitKMSCap {
			t.Errorf("beside production the run is bound by %+v, want the cap", got)
		}
		// Of the last five minutes the busiest counts.
		if rate, rejected := during(29, 31); rate < 0.95*cap || rejected > 0 {
			t.Errorf("after production left: %.2f/s, %d rejected; want 95 %% of %d/s, and none", rate, rejected, cap)
		}
		cancel()
		others.Wait()
		_ = end()
	})
}

// TestHeadroomOverHTTP: a run asks CloudWatch before its first object, and goes
// by what it says.
func TestHeadroomOverHTTP(t *testing.T) {
	t.Parallel()
	const quota, production = 400, 150
	sim, err := simaws.New(simaws.Config{Seed: 1, KMSQuota: quota})
	if err != nil {
		t.Fatal(err)
	}
	minute := time.Now().Add(-2 * time.Minute).Truncate(time.Minute)
	for s := range 60 {
		if n := sim.World.UseKMS(minute.Add(time.Duration(s)*time.Second), simaws.AccountID, production); n != production {
			t.Fatalf("%d of %d requests within the quota of %d", n, production, quota)
		}
	}
	manifest, err := sim.Populate(t.Context(), scriptBucket, simulator.Population{N: 50, Seed: 1, Plain: true}, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	w := serveWorld(t, sim, manifest)
	out := w.output(0, "run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet", "--json",
		"--accept", "weak-conditions", "--accept", "drops-expires", "--no-canary", "--bucket-key-enabled=false", "--kms-share", "100%", "--kms-headroom", "10%")
	var s status.Status
	if err := json.Unmarshal(out, &s); err != nil || s.Run == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := float64(quota - production - quota/10); s.Run.KMS.Cap != want {
		t.Errorf("cap %v, want %v: what production leaves of %d, less a tenth", s.Run.KMS.Cap, want, quota)
	}
}
