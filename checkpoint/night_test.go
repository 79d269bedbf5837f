package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
	"reseal/ratelimit"
)

// TestNight plays a night of eight hours in virtual time: engine, governor and
// journal as they are, on the simulator's core and on a disk that loses what was
// not synced. The key is disabled and enabled again, KMS and S3 throttle, the
// credentials run out for a while, and the power goes three times. Then every
// object has been copied exactly once.
//
// A failure prints its seed; RESEAL_NIGHT_SEED=N plays it again. In CI there
// are two nights of a tenth of the objects; RESEAL_SOAK=1 plays a hundred, the
// first of them with all.
func TestNight(t *testing.T) {
	seeds, objects := []uint64{1, 2}, 20_000
	if testing.Short() {
		seeds = seeds[:1]
	}
	if os.Getenv("RESEAL_SOAK") != "" {
		seeds = nil
		for range 100 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	if s := os.Getenv("RESEAL_NIGHT_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seeds = []uint64{seed}
	}
	for i, seed := range seeds {
		n := objects
		if i == 0 && os.Getenv("RESEAL_SOAK") != "" {
			n = 1_000_000
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playNight(t, seed, n) })
		})
	}
}

const (
	nightBucket = "night"
	nightKey    = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001"
	nightFiles  = 8
)

// nightWorld is what outlives the processes of one.
type nightWorld struct {
	t    *testing.T
	rng  *rand.Rand
	plan *plan.Policy
	segs []inventory.Segment
	rows [][]row // by file

	mu    sync.Mutex // of the world
	world *simulator.World

	flown, most int // copies in flight, and the most ever
}

type row struct{ key, etag string }

func playNight(t *testing.T, seed uint64, objects int) {
	start := time.Now()
	n := &nightWorld{t: t, rng: rand.New(rand.NewPCG(seed, 0)), rows: make([][]row, nightFiles)}
	n.world = simulator.New(simulator.Config{Account: "111122223333", Region: "us-east-1", Seed: seed})
	n.must(n.world.CreateKey(simulator.Key{ARN: nightKey}))
	if err := n.world.CreateBucket(start, &simulator.CreateBucketInput{Request: simulator.Request{Bucket: nightBucket}}); err != nil {
		t.Fatal(err)
	}
	n.must(n.world.Populate(nightBucket, simulator.Population{N: int64(objects), Seed: seed, Plain: true}))
	i := 0
	for o := range n.world.Walk(nightBucket) {
		f := i * nightFiles / objects
		n.rows[f] = append(n.rows[f], row{o.Key, o.ETag})
		i++
	}
	for f := range n.rows {
		n.segs = append(n.segs, inventory.Segment{File: f, Last: inventory.OpenEnd})
	}
	n.plan = &plan.Policy{
		Options: plan.Options{Bucket: nightBucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: nightKey}.Normal(),
		Facts: plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No,
			IgnoresIfMatch: plan.No, AWS: plan.Yes},
		Weights: plan.DefaultWeights(false),
	}
	// The work of six hours fits between the events below.
	rate := float64(objects) / (6 * time.Hour).Seconds()
	at := func(h float64) time.Time { return start.Add(time.Duration(h * float64(time.Hour))) }
	for _, f := range []simulator.Fault{
		{Code: "SlowDown", HTTPStatus: 503, Probability: 0.8, From: at(2), Until: at(2.2)},
		{Code: "ThrottlingException", HTTPStatus: 400, Probability: 0.5, From: at(3), Until: at(3.3)},
		{Code: "ExpiredToken", HTTPStatus: 400, From: at(4), Until: at(4.4)},
		{Code: "InternalError", HTTPStatus: 500, Probability: 0.02},
		{Code: "InternalError", HTTPStatus: 500, Probability: 0.01, AfterCommit: true},
	} {
		f.Op, f.Seed = "CopyObject", seed
		n.world.AddFault(f)
	}
	time.AfterFunc(at(1).Sub(start), func() { n.keyState(simulator.KeyState("Disabled")) })
	time.AfterFunc(at(1.25).Sub(start), func() { n.keyState(simulator.KeyState("Enabled")) })

	d := newDisk()
	crashes := 0
	var repeats int64
	for runs := 0; ; runs++ {
		if runs > 40 || time.Since(start) > 24*time.Hour {
			t.Fatalf("after %d runs and %v the night does not end", runs, time.Since(start))
		}
		work, kill := context.WithCancel(t.Context())
		if crashes < 3 { // the power goes at a random moment
			time.AfterFunc(time.Duration(n.rng.Int64N(int64(3*time.Hour))), kill)
		}
		err := n.run(work, d, rate, &repeats)
		died := work.Err() != nil
		kill()
		var breaker *engine.BreakerError
		switch {
		case died:
			crashes++
			d = d.crash(n.rng)
		case err == nil:
			n.judge(d, objects, crashes, repeats)
			return
		case errors.As(err, &breaker):
			time.Sleep(5 * time.Minute) // somebody looks at the key, and starts it again
		default:
			t.Fatalf("run %d, %v into the night: %v", runs, time.Since(start), err)
		}
	}
}

func (n *nightWorld) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *nightWorld) keyState(s simulator.KeyState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.world.SetKeyState(nightKey, s); err != nil {
		n.t.Error(err)
	}
}

// run is one process: from the lock to its end, or to that of the power.
func (n *nightWorld) run(work context.Context, d *disk, rate float64, repeats *int64) error {
	dir := newDir("night", d)
	lock, err := dir.Lock(work, Holder{PID: 1})
	n.must(err)
	journal, snap, err := Open(work, dir, PlanHash{7}, n.segs, Options{ReserveAdmitted: true})
	n.must(err)
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: rate}})
	var pacer sync.WaitGroup
	pacing, stop := context.WithCancel(context.WithoutCancel(work))
	pacer.Go(func() { governor.Run(pacing) })
	defer pacer.Wait()
	defer stop()
	stats := new(engine.Stats)
	segs, indexes := snap.Remaining()
	known := map[int]*Rows{}
	for i, s := range segs {
		known[s.File], err = snap.Rows(work, indexes[i])
		n.must(err)
	}
	keeper := &nightJournal{Journal: journal, segs: segs, indexes: indexes}
	err = engine.Run(work, work, engine.Config{
		Rewriter: n, Gate: governor, Journal: keeper, Sink: keeper, Policy: n.plan,
		Settled:   func(p inventory.Position) bool { return known[p.File].Settled(p.Row) },
		Uncertain: func(p inventory.Position) bool { return known[p.File].Uncertain(p.Row) },
		Slots:     governor.Slots, Ready: governor.Ready, Stats: stats, Alive: n.alive,
	}, n.batches(segs))
	*repeats += stats.Repeats.Load()
	if work.Err() == nil {
		if e := lock.Release(); e != nil {
			return e
		}
	}
	return err
}

// judge looks at what the night left behind.
func (n *nightWorld) judge(d *disk, objects, crashes int, repeats int64) {
	snap, err := Read(n.t.Context(), newDir("night", d))
	n.must(err)
	if tot := snap.Totals(); tot.Done != int64(objects) || tot.Failed+tot.Deferred != 0 || tot.Finished != nightFiles {
		n.t.Errorf("the job says %+v, want %d done and nothing else", tot, objects)
	}
	wrong := 0
	for o := range n.world.Walk(nightBucket) {
		if times := n.world.Rewrites(nightBucket, o.Key); times != 1 || o.Encryption.KMSKeyARN != nightKey {
			if wrong++; wrong < 5 {
				n.t.Errorf("%s was copied %d times and is under %q", o.Key, times, o.Encryption.KMSKeyARN)
			}
		}
	}
	// A copy whose answer was spoilt is recognised as well; of these, one in a hundred.
	spoilt := int64(objects) / 50
	if bound := int64(crashes)*int64(n.most+2*rateBurst) + spoilt; crashes != 3 || repeats > bound {
		n.t.Errorf("%d crashes, %d repeats; want 3 and at most %d", crashes, repeats, bound)
	}
	n.t.Logf("%d crashes, %d repeats, %d in flight at most", crashes, repeats, n.most)
}

// rateBurst is more than any night here copies in a second: what one flush
// interval can hold.
const rateBurst = 100

// batches reads the report.
func (n *nightWorld) batches(segs []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	known := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption)
	return func(yield func(inventory.Batch, error) bool) {
		at := make([]int64, len(segs))
		for i, s := range segs {
			at[i] = s.First
		}
		for left := len(segs); left > 0; {
			for i, s := range segs { // interleaved, as the reader of reports does it
				rows := n.rows[s.File]
				if at[i] < 0 {
					continue
				}
				b := inventory.Batch{Segment: i}
				for ; at[i] < int64(len(rows)) && len(b.Records) < 64; at[i]++ {
					r := rows[at[i]]
					b.Records = append(b.Records, inventory.Record{Pos: inventory.Position{File: s.File, Row: at[i]}, Known: known,
						Bucket: nightBucket, Key: r.key, ETag: r.etag, Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3})
				}
				if at[i] >= int64(len(rows)) {
					b.End, b.Rows, at[i] = true, int64(len(rows))-s.First, -1
					left--
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// nightJournal puts results into the checkpoint's words.
type nightJournal struct {
	*Journal
	segs    []inventory.Segment
	indexes []int
}

func (j *nightJournal) Write(r *engine.Result) error {
	return j.Log(context.Background(), r.Task.Record.Pos, []byte(r.Task.Record.Key))
}

func (j *nightJournal) Settle(r *engine.Result) error {
	switch r.Outcome {
	case engine.Failed:
		return j.Fail(r.Task.Record.Pos)
	case engine.Deferred:
		return j.Defer(r.Task.Record.Pos)
	}
	return j.Done(r.Task.Record.Pos)
}

func (j *nightJournal) End(segment int, rows int64, damage error) error {
	return j.Journal.End(j.indexes[segment], j.segs[segment].First+rows, damage)
}

// pause is the latency of one request.
func (n *nightWorld) pause(ctx context.Context) error {
	n.mu.Lock()
	d := 30*time.Millisecond + time.Duration(n.rng.Int64N(int64(60*time.Millisecond)))
	n.mu.Unlock()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fault puts an error of the simulator into the engine's words.
func (n *nightWorld) fault(op, key string, e *simulator.Error) error {
	class := engine.Permanent
	switch {
	case e.Code == "SlowDown", strings.HasSuffix(e.Code, "ThrottlingException"):
		class = engine.Throttled
	case e.Code == "ExpiredToken":
		class = engine.Expired
	case e.HTTPStatus >= 500:
		class = engine.Transient
	case e.HTTPStatus == 412, e.HTTPStatus == 409:
		class = engine.Changed
	case strings.HasPrefix(e.Code, "KMS."):
		class = engine.Fatal
	}
	out := &engine.ObjectError{Op: op, Bucket: nightBucket, Key: key, Class: class, Code: e.Code, HTTPStatus: e.HTTPStatus, Err: e}
	if e.Code == "ThrottlingException" {
		out.Quota = plan.QuotaKMS
	}
	return out
}

// alive asks about nothing in particular.
func (n *nightWorld) alive(ctx context.Context) error {
	if err := n.pause(ctx); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	in := simulator.CopyObjectInput{Request: simulator.Request{Bucket: nightBucket}, Key: "none", Source: simulator.CopySource{Bucket: nightBucket, Key: "none"}}
	if _, e := n.world.BeginCopy(time.Now(), &in); e != nil && (e.Code == "ExpiredToken") {
		return n.fault("ask", "", e)
	}
	return nil
}

// Inspect implements engine.Rewriter.
func (n *nightWorld) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (h *plan.Head, err error) {
	key := t.Record.Key
	err = g.Do(ctx, t.Step(plan.StepHead), func(ctx context.Context) error {
		if err := n.pause(ctx); err != nil {
			return &engine.ObjectError{Op: "HeadObject", Key: key, Class: engine.Transient, Err: err}
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		out, e := n.world.HeadObject(time.Now(), &simulator.GetObjectInput{Request: simulator.Request{Bucket: nightBucket}, Key: key})
		if e != nil {
			return n.fault("HeadObject", key, e)
		}
		h = &plan.Head{ETag: out.ETag, Size: out.Size, LastModified: out.LastModified, StorageClass: inventory.StorageClass(out.StorageClass),
			Encryption: inventory.Encryption(out.Encryption.Type), KMSKeyID: out.Encryption.KMSKeyARN, BucketKey: out.Encryption.BucketKeyEnabled}
		return nil
	})
	return h, err
}

// Rewrite implements engine.Rewriter. A copy that was begun is carried out even
// when the power of the client goes: nobody reads the answer.
func (n *nightWorld) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (effect engine.Effect, err error) {
	key := t.Record.Key
	err = g.Do(ctx, t.Step(plan.StepCopy), func(ctx context.Context) error {
		off := false
		in := simulator.CopyObjectInput{Request: simulator.Request{Bucket: nightBucket}, Key: key,
			Source:     simulator.CopySource{Bucket: nightBucket, Key: key, Conditions: simulator.ReadConditions{IfMatch: t.Record.ETag}},
			Conditions: simulator.WriteConditions{IfMatch: t.Record.ETag}}
		in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: nightKey, BucketKeyEnabled: &off}
		n.mu.Lock()
		pending, e := n.world.BeginCopy(time.Now(), &in)
		n.flown++
		n.most = max(n.most, n.flown)
		n.mu.Unlock()
		cut := n.pause(ctx)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.flown--
		if e != nil {
			return n.fault("CopyObject", key, e)
		}
		out, e := pending.Commit(time.Now())
		switch {
		case cut != nil:
			return &engine.ObjectError{Op: "CopyObject", Key: key, Class: engine.Transient, Err: cut}
		case e != nil:
			return n.fault("CopyObject", key, e)
		}
		effect = engine.Effect{ETag: out.ETag, KMSKeyID: out.Encryption.KMSKeyARN}
		return nil
	})
	return effect, err
}
