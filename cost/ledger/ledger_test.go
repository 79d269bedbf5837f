package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
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
				admit, stop := context.WithCancel(t.Context())
				l := New(Config{Prices: cost.BuiltIn(), Region: "eu-west-2", Now: time.Now(), Limit: Limit{
					Amount: c.limit, StallTimeout: time.Minute,
					Reached: func(error) { stop() }, Stalled: func() { t.Error("nothing hangs") },
				}})

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
								_ = l.refuse(&task)
								return
							}
							tries := 1
							if rng.IntN(10) < c.retries {
								tries += rng.IntN(3)
							}
							for range tries {
								price, _ := l.region.Spent(&task, plan.Demand{Writes: plan.Exactly(1), KMS: plan.Exactly(1)}, true, l.now)
								if !l.charge(admit, &task, price) {
									_ = l.refuse(&task)
									return
								}
								if sum := cost.Money(spent.Add(int64(price))); sum > c.limit {
									t.Errorf("spent %s, above the limit of %s", sum, c.limit)
								}
								time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond)
							}
							l.Settle(task.Record.Pos)
							done.Add(1)
						}
					})
				}
				all.Wait()
				if got := l.Spent(); got != cost.Money(spent.Load()) || got > c.limit {
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

// dearPrices lets a put cost a dollar.
const dearPrices = `{"format": "reseal-prices/1", "currency": "USD", "date": "2026-11-21", "source": "made up",
	"regions": {"us-east-1": {"kms_10000_requests": 0, "classes": {"STANDARD": {"put_1000": 1000, "get_1000": 100}}}}}`

// Under a limit an object waits for those under way, which may come to less than was
// set aside for them: as long as their requests are answered, or none is sent, and no
// longer than a drain may take where they hang. They had the time of the drain then.
func TestMoneyIsNotWaitedForWhereRequestsHang(t *testing.T) {
	list, err := cost.ReadPrices(strings.NewReader(dearPrices))
	if err != nil {
		t.Fatal(err)
	}
	const stallTimeout = time.Minute
	for _, tt := range []struct {
		name     string
		requests int // of each object under way, two objects in all; -1: one that hangs
		every    time.Duration
		idle     time.Duration // before its requests: paused, or an outage
		gaveUp   time.Duration // 0: room was found in the end
	}{
		{"two copies hang", -1, 0, 0, stallTimeout},
		{"they hang after a pause", -1, 0, time.Hour, time.Hour + stallTimeout},
		{"many requests, all answered", 20, stallTimeout / 2, 0, 0},
		{"a long pause", 1, time.Second, 8 * time.Hour, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				admit, stop := context.WithCancel(t.Context())
				work, kill := context.WithCancel(t.Context())
				defer stop()
				var over, hung time.Duration
				l := New(Config{Prices: list, Region: "us-east-1", Now: start, Limit: Limit{
					Amount: 2 * cost.Dollar, StallTimeout: stallTimeout,
					Reached: func(error) { over = time.Since(start); stop() },
					Stalled: func() { hung = time.Since(start); kill() },
				}})
				object := func(row int64) *plan.Task {
					return &plan.Task{Action: plan.Copy, Demand: plan.Demand{Writes: plan.Exactly(1)},
						Record: inventory.Record{Pos: inventory.Position{Row: row}, StorageClass: inventory.Standard}}
				}
				var all sync.WaitGroup
				for row := range int64(2) {
					task := object(row)
					if !l.reserve(admit, task) {
						t.Fatal("there is room for two")
					}
					all.Go(func() {
						time.Sleep(tt.idle)
						through := &gate{next: open{}, meter: NewMeter(admit, nil, l), task: task}
						for range max(tt.requests, 1) {
							_ = through.Do(work, plan.Step{Kind: plan.StepHead}, func(ctx context.Context) error {
								if tt.requests > 0 {
									time.Sleep(tt.every)
									return nil
								}
								<-ctx.Done()
								return &engine.ObjectError{Class: engine.Transient, Err: ctx.Err()}
							})
						}
						if work.Err() == nil {
							l.Settle(task.Record.Pos) // at no cost
						}
					})
				}
				task := object(2)
				room := l.reserve(admit, task)
				if !room {
					_ = l.refuse(task)
				}
				if room != (tt.gaveUp == 0) || over != tt.gaveUp || hung != tt.gaveUp {
					t.Errorf("room %t; given up after %v, and the work ended after %v; want %v", room, over, hung, tt.gaveUp)
				}
				kill()
				all.Wait()
			})
		})
	}
}

// open is a gate that lets everything through.
type open struct{}

func (open) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

// unmet is a store that no request may reach.
type unmet struct {
	Store
	t *testing.T
}

func (s unmet) Inspect(context.Context, *plan.Task, engine.Gate) (*plan.Head, error) {
	s.t.Error("a request above the limit was sent")
	return nil, nil
}

// Money that does not suffice is no failure of the object: it is left for a later run,
// with the limit as the reason, and the whole run is told the same.
func TestTooLittleMoneyLeavesTheObject(t *testing.T) {
	list, err := cost.ReadPrices(strings.NewReader(dearPrices))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		class inventory.StorageClass
		want  string
	}{
		{inventory.Standard, "--max-cost 0.5"},
		{"NEW_CLASS", "--max-cost 0.5: no price is known for class NEW_CLASS in us-east-1"},
	} {
		var told error
		l := New(Config{Prices: list, Region: "us-east-1", Now: time.Now(), Limit: Limit{
			Amount: cost.Dollar / 2, Name: "--max-cost 0.5", StallTimeout: time.Minute,
			Reached: func(why error) { told = why }, Stalled: func() { t.Error("nothing hangs") },
		}})
		task := &plan.Task{Action: plan.Copy, Demand: plan.Demand{Writes: plan.Exactly(1)}, Record: inventory.Record{StorageClass: tt.class}}
		_, err := NewMeter(t.Context(), unmet{t: t}, l).Inspect(t.Context(), task, open{})
		var left *engine.LeftForLater
		if !errors.As(err, &left) || left.Task != task || left.Why.Limit != tt.want || !errors.Is(told, left.Why) {
			t.Errorf("class %s: the error is %v, and the run was told %v; want %s", tt.class, err, told, tt.want)
		}
		var fault *engine.ObjectError
		if errors.As(err, &fault) {
			t.Errorf("class %s: a fault of class %s", tt.class, fault.Class)
		}
	}
}
