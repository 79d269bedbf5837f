package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// TestLedgerKeepsItsLimit has many workers pay for objects that come to less or,
// with retries, to more than was set aside for them. The sum stays below the
// limit at every moment, most of the limit is used, and nobody waits for ever: a
// deadlock would end the bubble.
func TestLedgerKeepsItsLimit(t *testing.T) {
	for _, c := range []struct {
		name    string
		limit   cost.Money
		retries int     // of 10 objects
		used    float64 // share of the limit that must have been used
	}{
		{"no retries", 20 * cost.Dollar, 0, .95},
		{"some retries", 20 * cost.Dollar, 2, .8},
		{"nothing but retries", 20 * cost.Dollar, 10, .3},
		{"smaller than one object", cost.Dollar / 100, 0, 0},
		{"larger than the job", 10_000 * cost.Dollar, 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const workers, objects = 50, 400
				london, _ := cost.BuiltIn().Region("eu-west-2")
				admit, stop := context.WithCancel(t.Context())
				l := &ledger{region: london, priced: true, now: time.Now(), open: map[inventory.Position]*account{}, changed: make(chan struct{})}
				l.below(c.limit, func(*plan.Task) { stop() })

				var next, done atomic.Int64
				var spent atomic.Int64
				var all sync.WaitGroup
				for w := range workers {
					rng := rand.New(rand.NewPCG(uint64(w), 7))
					all.Go(func() {
						for admit.Err() == nil {
							i := next.Add(1)
							if i > objects {
								return
							}
							// 10 GiB of GLACIER_IR: 30 cents of retrieval, 15 of early deletion.
							task := plan.Task{Action: plan.Copy, Demand: plan.Demand{Writes: plan.Exactly(1), Reads: plan.Range{Max: 1}, KMS: plan.Exactly(1)}}
							task.Record = inventory.Record{Pos: inventory.Position{Row: i}, Size: 10 << 30, StorageClass: inventory.GlacierIR, LastModified: l.now}
							if !l.reserve(admit, &task) {
								l.over(&task)
								return
							}
							tries := 1
							if rng.IntN(10) < c.retries {
								tries += rng.IntN(3)
							}
							for range tries {
								price, _ := l.region.Spent(&task, plan.Demand{Writes: plan.Exactly(1), KMS: plan.Exactly(1)}, true, l.now)
								if !l.charge(admit, &task, price) {
									l.over(&task)
									return
								}
								if sum := cost.Money(spent.Add(int64(price))); sum > c.limit {
									t.Errorf("spent %s, above the limit of %s", sum, c.limit)
								}
								time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond)
							}
							l.settle(&engine.Result{Task: task})
							done.Add(1)
						}
					})
				}
				all.Wait()
				if got := l.spent(); got != cost.Money(spent.Load()) || got > c.limit {
					t.Errorf("the ledger says %s, paid were %s, the limit is %s", got, cost.Money(spent.Load()), c.limit)
				}
				if float64(spent.Load()) < c.used*float64(c.limit) {
					t.Errorf("stopped at %s of %s", cost.Money(spent.Load()), c.limit)
				}
				if c.limit > 1000*cost.Dollar && done.Load() != objects {
					t.Errorf("%d objects done under a limit that is never reached, want %d", done.Load(), objects)
				}
				stop()
			})
		})
	}
}

// The second look at an object of the canary whose first look an earlier run took
// is paid for, and not sent where that does not fit the limit.
func TestSecondLooksArePaidFor(t *testing.T) {
	london, _ := cost.BuiltIn().Region("eu-west-2")
	l := &ledger{region: london, priced: true, now: time.Now(), open: map[inventory.Position]*account{}, changed: make(chan struct{})}
	policy := &plan.Policy{Options: plan.Options{SSE: plan.TargetKMS}, Weights: plan.DefaultWeights(false)}
	task := plan.Task{Action: plan.Copy, Record: inventory.Record{Size: 1, StorageClass: inventory.Standard}}
	one, known := london.Spent(&task, policy.SnapshotDemand(&task, true), false, l.now)
	if !known || one <= 0 {
		t.Fatalf("a look costs %s, known %t", one, known)
	}
	over := 0
	l.below(2*one, func(*plan.Task) { over++ })
	paid := payingSnapshots{ledger: l}
	for i, want := range []bool{true, true, false} {
		if got := paid.second(&task, policy); got != want {
			t.Errorf("look %d within a limit of two: %t, want %t", i+1, got, want)
		}
	}
	if l.spent() != 2*one || over != 1 {
		t.Errorf("spent %s, ended admission %d times; want %s, once", l.spent(), over, 2*one)
	}
}
