package campaign_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"reseal/campaign"
	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

const simulated = "111122223333" // the account

// region is S3 and KMS of a Region: the simulator's core in process, with latencies in
// virtual time.
type region struct {
	quota  campaign.Quota
	cap    int // KMS requests a second that the campaign may send
	policy plan.Policy

	mu     sync.Mutex // of all below
	world  *simulator.World
	rng    *rand.Rand
	sent   slidingSecond // requests that KMS may be asked for
	due    []trouble
	storms []span // that were
}

// trouble begins once so many copies were sent.
type trouble struct {
	after int
	begin func(now time.Time) // the lock of the Region is held
}

// span is a time from its beginning to its end.
type span struct{ from, to time.Time }

// overlaps tells whether two spans have some time in common.
func (s span) overlaps(o span) bool { return s.from.Before(o.to) && o.from.Before(s.to) }

// slidingSecond counts events in each second, at any offset.
type slidingSecond struct {
	times   []time.Duration // of the events within the last second, a ring
	head, n int
	all     int
	fullest int
}

func (s *slidingSecond) add(at time.Duration) {
	for s.n > 0 && s.times[s.head] <= at-time.Second {
		s.head = (s.head + 1) % len(s.times)
		s.n--
	}
	if s.n == len(s.times) {
		grown := make([]time.Duration, max(1024, 2*s.n))
		for i := range s.n {
			grown[i] = s.times[(s.head+i)%s.n]
		}
		s.times, s.head = grown, 0
	}
	s.times[(s.head+s.n)%len(s.times)] = at
	s.n++
	s.all++
	s.fullest = max(s.fullest, s.n)
}

// newRegion makes a Region in which KMS grants twice the cap: others may have the rest.
func newRegion(name string, limit int, seed uint64) (*region, error) {
	r := &region{quota: campaign.Quota{Account: simulated, Region: name}, cap: limit, rng: rand.New(rand.NewPCG(seed, 0))}
	key := "arn:aws:kms:" + name + ":" + simulated + ":key/5e5ea1de-0000-4000-8000-000000000001"
	r.world = simulator.New(simulator.Config{Account: simulated, Region: name, Seed: seed, PartitionDepth: 1,
		KMSRequestsPerSecond: 2 * limit, S3WritesPerSecond: 3500, S3ReadsPerSecond: 5500})
	if err := r.world.CreateKey(simulator.Key{ARN: key}); err != nil {
		return nil, err
	}
	r.policy = plan.Policy{
		Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: key}.Normal(),
		Facts: plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No,
			IgnoresIfMatch: plan.No, AWS: plan.Yes},
		Weights: plan.DefaultWeights(false),
	}
	for _, f := range []simulator.Fault{
		{Code: "InternalError", Probability: 0.002},
		{Code: "InternalError", Probability: 0.001, AfterCommit: true},
	} {
		f.Op, f.HTTPStatus, f.Seed = simulator.OpCopyObject, 500, seed
		r.world.AddFault(f)
	}
	return r, nil
}

// throttleS3 has half of the copies throttled by S3 for a while.
func (r *region) throttleS3(length time.Duration) func(time.Time) {
	return func(now time.Time) {
		s := span{now, now.Add(length)}
		r.storms = append(r.storms, s)
		r.world.AddFault(simulator.Fault{Op: simulator.OpCopyObject, Code: "SlowDown", HTTPStatus: 503, Probability: 0.5, From: s.from, Until: s.to})
	}
}

// throttleKMS has others use so much of the quota for a while that half of the cap is left.
func (r *region) throttleKMS(length time.Duration) func(time.Time) {
	return func(now time.Time) {
		r.storms = append(r.storms, span{now, now.Add(length)})
		r.world.SetQuotas(r.cap/2, 3500, 5500)
		time.AfterFunc(length, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.world.SetQuotas(2*r.cap, 3500, 5500)
		})
	}
}

// answer plays the latency of a request: 50 to 150 ms.
func (b *bucket) answer() {
	b.region.mu.Lock()
	d := 50*time.Millisecond + time.Duration(b.region.rng.IntN(21))*5*time.Millisecond
	b.region.mu.Unlock()
	time.Sleep(d)
}

// fault puts an error of the simulator into the engine's words.
func (b *bucket) fault(op, key string, e *simulator.Error) error {
	class, quota := engine.Permanent, plan.Quota(0)
	switch {
	case e.Code == "SlowDown" && strings.Contains(e.Message, "AWS KMS"):
		class, quota = engine.Throttled, plan.QuotaKMS
	case e.Code == "SlowDown":
		class, quota = engine.Throttled, plan.QuotaWrites
	case e.HTTPStatus >= 500:
		class = engine.Transient
	case e.HTTPStatus == 412, e.HTTPStatus == 409:
		class = engine.Changed
	}
	return &engine.ObjectError{Op: op, Bucket: b.name, Key: key, Class: class, Quota: quota, Code: e.Code, HTTPStatus: e.HTTPStatus, Err: e}
}

// Inspect implements engine.Rewriter.
func (b *bucket) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (h *plan.Head, err error) {
	key := t.Record.Key
	err = g.Do(ctx, t.Step(plan.StepHead), func(ctx context.Context) error {
		b.answer()
		if err := ctx.Err(); err != nil {
			return &engine.ObjectError{Op: "HeadObject", Bucket: b.name, Key: key, Class: engine.Transient, Err: err}
		}
		b.region.mu.Lock()
		defer b.region.mu.Unlock()
		out, e := b.region.world.HeadObject(time.Now(), &simulator.GetObjectInput{Request: simulator.Request{Bucket: b.name}, Key: key})
		if e != nil {
			return b.fault("HeadObject", key, e)
		}
		h = &plan.Head{ETag: out.ETag, Size: out.Size, LastModified: out.LastModified, StorageClass: inventory.StorageClass(out.StorageClass),
			Encryption: inventory.Encryption(out.Encryption.Type), KMSKeyID: out.Encryption.KMSKeyARN, BucketKey: out.Encryption.BucketKeyEnabled}
		return nil
	})
	return h, err
}

// Rewrite implements engine.Rewriter. A copy that was begun is carried out even when the
// client is gone: nobody reads the answer.
func (b *bucket) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (effect engine.Effect, err error) {
	key, r := t.Record.Key, b.region
	err = g.Do(ctx, t.Step(plan.StepCopy), func(ctx context.Context) error {
		off := false
		in := simulator.CopyObjectInput{Request: simulator.Request{Bucket: b.name}, Key: key,
			Source:     simulator.CopySource{Bucket: b.name, Key: key, Conditions: simulator.ReadConditions{IfMatch: t.Record.ETag}},
			Conditions: simulator.WriteConditions{IfMatch: t.Record.ETag}}
		in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: r.policy.Options.KMSKeyID, BucketKeyEnabled: &off}
		r.mu.Lock()
		b.count()
		pending, e := r.world.BeginCopy(time.Now(), &in)
		r.mu.Unlock()
		b.answer()
		r.mu.Lock()
		defer r.mu.Unlock()
		if e != nil {
			return b.fault("CopyObject", key, e)
		}
		out, e := pending.Commit(time.Now())
		switch {
		case ctx.Err() != nil:
			return &engine.ObjectError{Op: "CopyObject", Bucket: b.name, Key: key, Class: engine.Transient, Err: ctx.Err()}
		case e != nil:
			return b.fault("CopyObject", key, e)
		}
		effect = engine.Effect{ETag: out.ETag, KMSKeyID: out.Encryption.KMSKeyARN}
		return nil
	})
	return effect, err
}

// count notes a copy that is sent now. The lock of the Region is held.
func (b *bucket) count() {
	at, r := time.Since(b.start), b.region
	r.sent.add(at)
	if len(r.due) > 0 && r.sent.all >= r.due[0].after {
		begin := r.due[0].begin
		r.due = r.due[1:]
		begin(time.Now())
	}
	second := int(at / time.Second)
	for len(b.perSecond) <= second {
		b.perSecond = append(b.perSecond, 0)
	}
	b.perSecond[second]++
	if b.sent++; b.sent == b.objects*9/10 {
		b.mostSent = time.Now()
	}
}
