package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/control"
	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/s3api"
)

// coreNight is a run of the real engine and governor on the simulator's core, in
// a synctest bubble: no HTTP, and hours pass in moments.
type coreNight struct {
	t        *testing.T
	governor *ratelimit.Governor
	stats    *engine.Stats
	latency  time.Duration // of a copy, and as much again at random
	workers  int

	mu    sync.Mutex
	world *simulator.World
	rng   *rand.Rand
	keys  []string
	sent  map[string]int64 // copies that were sent, by the first part of the key
	slow  map[string]int64 // of them throttled
}

// newCoreNight makes a bucket of n objects, whose keys are made by name.
func newCoreNight(t *testing.T, c simulator.Config, g *ratelimit.Governor, n int, name func(i int) string) *coreNight {
	t.Helper()
	night := &coreNight{t: t, governor: g, stats: new(engine.Stats), latency: 30 * time.Millisecond, workers: control.MaxConcurrency,
		world: simulator.New(c), rng: rand.New(rand.NewPCG(1, 5)), sent: map[string]int64{}, slow: map[string]int64{}}
	if err := night.world.CreateKey(simulator.Key{ARN: simaws.Key}); err != nil {
		t.Fatal(err)
	}
	if e := night.world.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: simulator.Request{Bucket: scriptBucket}}); e != nil {
		t.Fatal(e)
	}
	for i := range n {
		o := simulator.ObjectInfo{Key: name(i), Size: 10, ETag: fmt.Sprintf("%032x", i), LastModified: time.Now()}
		if err := night.world.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
			t.Fatal(err)
		}
		night.keys = append(night.keys, o.Key)
	}
	return night
}

// start runs the governor and, with a gate in front of it where one is given,
// the engine. What it returns ends both, and gives what the engine returned.
func (n *coreNight) start(gate engine.Gate) (end func() error) {
	ctx, cancel := context.WithCancel(n.t.Context())
	if gate == nil {
		gate = n.governor
	}
	var running sync.WaitGroup
	running.Go(func() { _ = n.governor.Run(ctx) })
	var err error
	running.Go(func() { err = engine.Run(ctx, ctx, n.config(gate), n.batches) })
	return func() error {
		cancel()
		running.Wait()
		return err
	}
}

// config is that of the engine.
func (n *coreNight) config(gate engine.Gate) engine.Config {
	return engine.Config{
		Rewriter: n, Gate: gate, Journal: nowhere{}, Sink: nowhere{}, Workers: n.workers, Slots: n.governor.Slots, Ready: n.governor.Ready, Stats: n.stats,
		Policy: &plan.Policy{
			Options: plan.Options{Bucket: scriptBucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simaws.Key}.Normal(),
			Facts:   plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, IgnoresIfMatch: plan.No, AWS: plan.Yes},
			Weights: plan.DefaultWeights(false),
		},
	}
}

// batches is the report.
func (n *coreNight) batches(yield func(inventory.Batch, error) bool) {
	known := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption)
	for at := 0; at < len(n.keys); {
		var b inventory.Batch
		for ; at < len(n.keys) && len(b.Records) < 64; at++ {
			b.Records = append(b.Records, inventory.Record{Pos: inventory.Position{Row: int64(at)}, Known: known, Bucket: scriptBucket, Key: n.keys[at], Size: 10,
				ETag: fmt.Sprintf("%032x", at), StorageClass: inventory.Standard, Encryption: inventory.SSES3})
		}
		b.End, b.Rows = at == len(n.keys), int64(len(n.keys))
		if !yield(b, nil) {
			return
		}
	}
}

// pause is half the latency of a copy.
func (n *coreNight) pause(ctx context.Context) error {
	n.mu.Lock()
	d := (n.latency + time.Duration(n.rng.Int64N(int64(n.latency)+1))) / 2
	n.mu.Unlock()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Inspect implements engine.Rewriter.
func (n *coreNight) Inspect(context.Context, *plan.Task, engine.Gate) (*plan.Head, error) {
	return nil, errors.New("not asked for")
}

// Rewrite implements engine.Rewriter.
func (n *coreNight) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (effect engine.Effect, err error) {
	err = g.Do(ctx, t.Step(plan.StepCopy), func(ctx context.Context) error {
		effect, err = n.copy(ctx, t)
		return err
	})
	return effect, err
}

// copy is one CopyObject.
func (n *coreNight) copy(ctx context.Context, t *plan.Task) (effect engine.Effect, err error) {
	key := t.Record.Key
	top, _, _ := strings.Cut(key, "/")
	bucketKey := false
	in := &simulator.CopyObjectInput{Request: simulator.Request{Bucket: scriptBucket}, Key: key,
		Source:     simulator.CopySource{Bucket: scriptBucket, Key: key, Conditions: simulator.ReadConditions{IfMatch: t.Record.ETag}},
		Conditions: simulator.WriteConditions{IfMatch: t.Record.ETag}}
	in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: simaws.Key, BucketKeyEnabled: &bucketKey}
	fault := func(e *simulator.Error) error {
		out := &engine.ObjectError{Op: "CopyObject", Bucket: scriptBucket, Key: key, Class: engine.Permanent, Code: e.Code, HTTPStatus: e.HTTPStatus, Err: e}
		if e.Code == "SlowDown" {
			n.slow[top]++
			if out.Class, out.Quota = engine.Throttled, plan.QuotaWrites; strings.Contains(e.Message, "KMS") {
				out.Quota = plan.QuotaKMS
			}
		}
		return out
	}
	if err := n.pause(ctx); err != nil {
		return effect, &engine.ObjectError{Op: "CopyObject", Key: key, Class: engine.Transient, Err: err}
	}
	n.mu.Lock()
	n.sent[top]++
	pending, e := n.world.BeginCopy(time.Now(), in)
	if e != nil {
		defer n.mu.Unlock()
		return effect, fault(e)
	}
	n.mu.Unlock()
	err = n.pause(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	out, e := pending.Commit(time.Now())
	switch {
	case e != nil:
		return effect, fault(e)
	case err != nil:
		return effect, &engine.ObjectError{Op: "CopyObject", Key: key, Class: engine.Transient, Err: err}
	}
	return engine.Effect{ETag: out.ETag, KMSKeyID: out.Encryption.KMSKeyARN}, nil
}

// produce makes n(at) KMS requests a second for others, evenly, until ctx ends.
func (n *coreNight) produce(ctx context.Context, rate func(at time.Duration) float64) {
	const every = 100 * time.Millisecond
	begun, owed := time.Now(), 0.0
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		owed += rate(time.Since(begun)) * every.Seconds()
		n.mu.Lock()
		n.world.UseKMS(time.Now(), n.world.Config().Account, int(owed))
		n.mu.Unlock()
		owed -= float64(int(owed))
	}
}

// KMSUsage answers as CloudWatch does.
func (n *coreNight) KMSUsage(_ context.Context, from, to time.Time) (out []s3api.KMSCalls, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	minutes, e := n.world.KMSUsage(time.Now(), simulator.Principal{}, from.Truncate(time.Minute), to)
	if e != nil {
		return nil, e
	}
	for _, m := range minutes {
		out = append(out, s3api.KMSCalls{Minute: m.Minute, Calls: float64(m.Calls)})
	}
	return out, nil
}

// counters are the core's.
func (n *coreNight) counters() simulator.Counters {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.world.Counters()
}

// setQuota changes the quota of KMS.
func (n *coreNight) setQuota(kms int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.world.SetQuotas(kms, 0, 0)
}
