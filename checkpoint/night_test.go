package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
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
// journal as they are, on the simulator's core and on a disk that takes time and
// loses what was not synced. The key is disabled and enabled again, KMS and S3
// throttle, the credentials run out for a while, and the power goes three times, once
// in the middle of a flush. Then every object has been copied exactly once, and
// after each loss of power no more was unrecorded than what was in flight and what
// came within one flush interval. (That a key is rotated shows in no answer of S3
// or KMS, so that there is nothing of it to play.)
//
// A failure prints its seed; RESEAL_NIGHT_SEED=N plays it again. Here there are two
// nights of 3,000 objects, shortened to a quarter of an hour; RESEAL_SOAK=1 plays a
// hundred (or RESEAL_NIGHTS) of eight hours, the first with 1,000,000 objects, the
// others with 20,000.
func TestNight(t *testing.T) {
	seeds, p := []uint64{1, 2}, nightPlan{objects: 3_000, length: 15 * time.Minute}
	soak := os.Getenv("RESEAL_SOAK") != ""
	if testing.Short() {
		seeds = seeds[:1]
	}
	if soak {
		seeds, p = nil, nightPlan{objects: 20_000, length: 8 * time.Hour}
		for range nightSeeds(t) {
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
		p := p
		if i == 0 && len(seeds) > 1 && soak {
			p.objects = 1_000_000
		}
		t.Run(fmt.Sprintf("%d objects, seed %d", p.objects, seed), func(t *testing.T) {
			began := time.Now()
			synctest.Test(t, func(t *testing.T) {
				n := newNightWorld(t, seed, p)
				n.rewriter, n.ask = n, n.alive
				n.virtual = true
				n.play()
			})
			t.Logf("took %v", time.Since(began).Round(time.Millisecond))
		})
	}
}

// nightSeeds is how many nights a soak plays: 100, or RESEAL_NIGHTS.
func nightSeeds(t *testing.T) int {
	s := os.Getenv("RESEAL_NIGHTS")
	if s == "" {
		return 100
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const (
	nightBucket = "night"
	nightKey    = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001"
	nightFiles  = 8
)

// nightPlan is how much happens in a night, and in how long.
type nightPlan struct {
	objects int
	length  time.Duration
}

// nightWorld is what outlives the processes of a night.
type nightWorld struct {
	nightPlan
	t       *testing.T
	rng     *rand.Rand
	start   time.Time
	plan    *plan.Policy
	segs    []inventory.Segment
	rows    [][]row // by file
	virtual bool    // time passes only while nothing happens

	rewriter engine.Rewriter
	ask      func(context.Context) error
	locked   func(func(*simulator.World))
	idle     func() // waits until no request is under way

	mu     sync.Mutex // of the world, where nothing else guards it, and of rng
	world  *simulator.World
	spoils int // the fault that takes effect and spoils the answer

	loss    loss // the last one
	skipped int  // objects found done that no crash can have left behind
}

type row struct{ key, etag string }

// loss is what is known of a loss of power at its moment, and afterwards.
type loss struct {
	at          time.Time
	inFlight    int64
	since       int64         // copies since the last whole flush began
	age, flush  time.Duration // since that one began; the longest one took
	unrecorded  int64         // copies that the disk does not know of
	repeats     int64         // that it knows of
	lostAnswers int64
}

func newNightWorld(t *testing.T, seed uint64, p nightPlan) *nightWorld {
	n := &nightWorld{nightPlan: p, t: t, rng: rand.New(rand.NewPCG(seed, 0)), start: time.Now(), rows: make([][]row, nightFiles), idle: func() {}}
	n.locked = func(do func(*simulator.World)) {
		n.mu.Lock()
		defer n.mu.Unlock()
		do(n.world)
	}
	n.world = simulator.New(simulator.Config{Account: "111122223333", Region: "us-east-1", Seed: seed})
	n.must(n.world.CreateKey(simulator.Key{ARN: nightKey}))
	if err := n.world.CreateBucket(n.start, &simulator.CreateBucketInput{Request: simulator.Request{Bucket: nightBucket}}); err != nil {
		t.Fatal(err)
	}
	n.must(n.world.Populate(nightBucket, simulator.Population{N: int64(p.objects), Seed: seed, Plain: true}))
	i := 0
	for o := range n.world.Walk(nightBucket) {
		f := i * nightFiles / p.objects
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
	for _, f := range []simulator.Fault{
		{Op: "CopyObject", Code: "SlowDown", HTTPStatus: 503, Probability: 0.8, From: n.at(2), Until: n.at(2.2)},
		{Op: "CopyObject", Code: "ThrottlingException", HTTPStatus: 400, Probability: 0.5, From: n.at(3), Until: n.at(3.3)},
		{Code: "ExpiredToken", HTTPStatus: 400, From: n.at(4), Until: n.at(4.4)},
		{Op: "CopyObject", Code: "InternalError", HTTPStatus: 500, Probability: 0.02},
		{Op: "CopyObject", Code: "InternalError", HTTPStatus: 500, Probability: 0.01, AfterCommit: true},
	} {
		f.Seed = seed
		n.spoils = n.world.AddFault(f)
	}
	return n
}

// at is an hour of a night of eight.
func (n *nightWorld) at(hour float64) time.Time {
	return n.start.Add(time.Duration(hour / 8 * float64(n.length)))
}

// play goes through the night, process by process.
func (n *nightWorld) play() {
	key := func(hour float64, s simulator.KeyState) {
		time.AfterFunc(time.Until(n.at(hour)), func() { n.locked(func(w *simulator.World) { n.must(w.SetKeyState(nightKey, s)) }) })
	}
	key(1, "Disabled")
	key(1.25, "Enabled")
	d := newDisk()
	for runs, losses := 0, 0; ; runs++ {
		if runs > 60 || n.virtual && time.Since(n.start) > 3*n.length {
			n.t.Fatalf("after %d runs and %v the night does not end", runs, time.Since(n.start))
		}
		work, kill := context.WithCancel(n.t.Context())
		p := &nightProcess{nightWorld: n, disk: d, work: work, kill: kill, stats: new(engine.Stats)}
		if losses < 3 {
			p.loseSoon(losses == 1)
		}
		err := p.run()
		died := work.Err() != nil
		kill()
		n.idle()
		var breaker *engine.BreakerError
		switch {
		case died:
			if losses++; losses == 2 {
				d.loseReplaced()
			}
			d = d.crash(n.rng)
			n.reckon(d, losses)
		case err == nil && losses == 3:
			n.judge(d)
			return
		case err == nil:
			n.t.Fatalf("the work was done after %d losses of power, want 3 before", losses)
		case errors.As(err, &breaker):
			time.Sleep(n.length / 96) // somebody looks at the key, and starts it again
		default:
			n.t.Fatalf("run %d, %v into the night: %v", runs, time.Since(n.start), err)
		}
	}
}

func (n *nightWorld) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// nightProcess is one process: from the lock to its end, or to that of the power.
type nightProcess struct {
	*nightWorld
	disk  *disk
	work  context.Context
	kill  func()
	stats *engine.Stats
	sent  atomic.Int64 // requests under way

	flush struct { // guarded by lock
		lock    sync.Mutex
		began   time.Time // the last whole one
		copies  int64     // then
		longest time.Duration
	}
}

// loseSoon has the power go at a random moment, or in the middle of a flush: when
// a state was put in the place of another, and that is not durable yet.
func (p *nightProcess) loseSoon(writing bool) {
	p.mu.Lock()
	wait := time.Duration(p.rng.Int64N(int64(p.length) / 5))
	flushes := p.rng.IntN(4)
	p.mu.Unlock()
	timer := time.AfterFunc(wait, func() {
		if !writing {
			p.lose()
			p.disk.cut()
			p.kill()
			return
		}
		p.disk.arm(func(_ int, step, name string) fault {
			if step != "syncdir" || name != stateFolder {
				return fault{}
			}
			if flushes--; flushes >= 0 {
				return fault{}
			}
			p.lose()
			p.kill()
			return fault{dies: true}
		})
	})
	context.AfterFunc(p.work, func() { timer.Stop() })
}

// lose takes down what is in flight at the moment at which the power goes.
func (p *nightProcess) lose() {
	p.flush.lock.Lock()
	defer p.flush.lock.Unlock()
	l := &p.loss
	l.at, l.inFlight, l.since = time.Now(), p.sent.Load(), p.copies()-p.flush.copies
	if !p.virtual {
		l.inFlight = p.stats.InFlight.Load() // an answer may be on its way from a worker to the journal
	}
	l.age, l.flush = time.Since(p.flush.began), p.flush.longest
}

// copies is how many copies have taken effect.
func (n *nightWorld) copies() (c int64) {
	n.locked(func(w *simulator.World) { c = w.Counters().OK("CopyObject") + w.FaultHits(n.spoils) })
	return c
}

func (p *nightProcess) run() error {
	dir := newDir("night", slowDisk{p.disk, p.write})
	lock, err := dir.Lock(p.work, Holder{PID: 1})
	if err != nil {
		return p.unless(err)
	}
	p.flush.began, p.flush.copies = time.Now(), p.copies()
	journal, snap, err := Open(p.work, dir, PlanHash{7}, p.segs, Options{ReserveAdmitted: true})
	if err != nil {
		return p.unless(err)
	}
	// The work of six of the eight hours fits between the events.
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: float64(p.objects) / (p.length * 3 / 4).Seconds()}})
	var pacer sync.WaitGroup
	pacing, stop := context.WithCancel(context.WithoutCancel(p.work))
	pacer.Go(func() { governor.Run(pacing) })
	defer pacer.Wait()
	defer stop()
	segs, indexes := snap.Remaining()
	known := map[int]*Rows{}
	for i, s := range segs {
		if known[s.File], err = snap.Rows(p.work, indexes[i]); err != nil {
			return p.unless(err)
		}
	}
	kept := &nightJournal{Journal: journal, process: p, segs: segs, indexes: indexes}
	err = engine.Run(p.work, p.work, engine.Config{
		Rewriter: p.rewriter, Gate: countingGate{governor, &p.sent}, Journal: kept, Sink: kept, Policy: p.plan,
		Settled:   func(at inventory.Position) bool { return known[at.File].Settled(at.Row) },
		Uncertain: func(at inventory.Position) bool { return known[at.File].Uncertain(at.Row) },
		Slots:     governor.Slots, Ready: governor.Ready, Stats: p.stats, Alive: p.ask,
	}, p.batches(segs))
	if p.work.Err() == nil {
		if e := lock.Release(); e != nil {
			return e
		}
	}
	return err
}

// countingGate counts the requests under way.
type countingGate struct {
	engine.Gate
	sent *atomic.Int64
}

func (g countingGate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	return g.Gate.Do(ctx, s, func(ctx context.Context) error {
		g.sent.Add(1)
		defer g.sent.Add(-1)
		return send(ctx)
	})
}

// unless returns err, which is no surprise once the power is gone.
func (p *nightProcess) unless(err error) error {
	if p.work.Err() == nil {
		p.t.Fatal(err)
	}
	return err
}

// write is the time that one step of writing takes.
func (n *nightWorld) write() {
	if n.virtual {
		n.mu.Lock()
		d := time.Duration(n.rng.Int64N(int64(20 * time.Millisecond)))
		n.mu.Unlock()
		time.Sleep(d)
	}
}

// reckon compares what the disk knows after a loss of power with what happened.
func (n *nightWorld) reckon(d *disk, losses int) {
	snap, err := Read(n.t.Context(), newDir("night", d))
	n.must(err)
	tot := snap.Totals()
	var answers int64
	n.locked(func(w *simulator.World) { answers = w.FaultHits(n.spoils) })
	now := loss{unrecorded: n.copies() - tot.Done, repeats: tot.Counters["repeats"], lostAnswers: answers}
	if now.unrecorded < 0 {
		n.t.Fatalf("loss %d: the job claims %d objects, %d were copied", losses, tot.Done, n.copies())
	}
	l := &n.loss
	// What was unrecorded before and was recognised since is not new; of the
	// repeats, those that come from lost answers are.
	news := now.unrecorded - l.unrecorded + (now.repeats - l.repeats) - (now.lostAnswers - l.lostAnswers)
	if news > l.inFlight+l.since {
		n.t.Errorf("loss %d: %d more copies are unrecorded, want at most %d in flight and the %d since the last flush began", losses, news, l.inFlight, l.since)
	}
	if again := now.repeats - l.repeats; again > l.unrecorded+now.lostAnswers-l.lostAnswers {
		n.t.Errorf("loss %d: %d repeats since the one before, which left %d copies unrecorded, and %d lost answers", losses, again, l.unrecorded, now.lostAnswers-l.lostAnswers)
	}
	// The next flush begins at most an interval after the last one ended, and one
	// to admit rows may come in between.
	if limit := time.Second + 3*l.flush; n.virtual && l.age > limit {
		n.t.Errorf("loss %d: the last flush began %v before, want at most %v", losses, l.age, limit)
	}
	n.t.Logf("loss %d after %v: %d in flight, %d copies and %v since the last flush began, %d more unrecorded", losses, l.at.Sub(n.start).Round(time.Second),
		l.inFlight, l.since, l.age.Round(time.Millisecond), news)
	l.unrecorded, l.repeats, l.lostAnswers = now.unrecorded, now.repeats, now.lostAnswers
}

// judge looks at what the night left behind.
func (n *nightWorld) judge(d *disk) {
	snap, err := Read(n.t.Context(), newDir("night", d))
	n.must(err)
	tot := snap.Totals()
	if tot.Done != int64(n.objects) || tot.Failed+tot.Deferred != 0 || tot.Finished != nightFiles || n.skipped != 0 {
		n.t.Errorf("the job says %+v, want %d done and nothing else; %d objects were done by nobody knows whom", tot, n.objects, n.skipped)
	}
	var answers int64
	n.locked(func(w *simulator.World) {
		wrong := 0
		for o := range w.Walk(nightBucket) {
			if times := w.Rewrites(nightBucket, o.Key); times != 1 || o.Encryption.KMSKeyARN != nightKey {
				if wrong++; wrong < 5 {
					n.t.Errorf("%s was copied %d times and is under %q", o.Key, times, o.Encryption.KMSKeyARN)
				}
			}
		}
		answers = w.FaultHits(n.spoils)
	})
	repeats := tot.Counters["repeats"] - n.loss.repeats
	if most := n.loss.unrecorded + answers - n.loss.lostAnswers; repeats < n.loss.unrecorded || repeats > most {
		n.t.Errorf("%d repeats since the last loss of power, want the %d copies that it left unrecorded, %d with lost answers", repeats, n.loss.unrecorded, most)
	}
	n.audit(answers)
	n.t.Logf("%d repeats in all, %d answers lost, %v", tot.Counters["repeats"], answers, time.Since(n.start).Round(time.Second))
}

// audit compares what the night took with what its tasks were estimated to take:
// copies and KMS requests are as many, but for tries that failed.
func (n *nightWorld) audit(answers int64) {
	var d plan.Demand
	for b, err := range n.batches(n.segs) {
		n.must(err)
		for i := range b.Records {
			d = d.Add(n.plan.Decide(&b.Records[i]).Demand)
		}
	}
	var c simulator.Counters
	n.locked(func(w *simulator.World) { c = w.Counters() })
	took, failed := c.OK(simulator.OpCopyObject)+answers, c.Ops(simulator.OpCopyObject)-c.OK(simulator.OpCopyObject)-answers
	if took != d.Writes.Max || d.Writes.Min != d.Writes.Max {
		n.t.Errorf("%d copies, estimated %+v", took, d.Writes)
	}
	if c.KMS.Total < d.KMS.Min || c.KMS.Total > d.KMS.Max+failed {
		n.t.Errorf("%d KMS requests and %d copies that failed, estimated %+v", c.KMS.Total, failed, d.KMS)
	}
	if heads := c.Ops(simulator.OpHeadObject); heads < d.Reads.Min || heads > d.Reads.Max+failed+answers {
		n.t.Errorf("%d looks and %d copies that failed, estimated %+v", heads, failed+answers, d.Reads)
	}
	n.t.Logf("%d copies, %d KMS requests, %d looks of %+v; %d copies failed", took, c.KMS.Total, c.Ops(simulator.OpHeadObject), d, failed)
}

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
	process *nightProcess
	segs    []inventory.Segment
	indexes []int
}

func (j *nightJournal) Write(r *engine.Result) error {
	return j.Log(context.Background(), r.Task.Record.Pos, []byte(r.Task.Record.Key))
}

func (j *nightJournal) Settle(r *engine.Result) error {
	p := r.Task.Record.Pos
	switch r.Outcome {
	case engine.Failed:
		return j.Fail(p)
	case engine.Deferred:
		return j.Defer(p)
	case engine.Skipped:
		j.process.skipped++
	}
	if r.Repeat {
		if err := j.Count(p, "repeats", 1); err != nil {
			return err
		}
	}
	return j.Done(p)
}

func (j *nightJournal) Admit(ctx context.Context, p inventory.Position) error {
	began := time.Now()
	err := j.Journal.Admit(ctx, p)
	j.took(began, -1)
	return err
}

func (j *nightJournal) Flush(ctx context.Context) error {
	began, copies := time.Now(), j.process.copies()
	err := j.Journal.Flush(ctx)
	if err != nil {
		copies = -1
	}
	j.took(began, copies)
	return err
}

// took notes a flush, with the copies at its beginning where it was a whole one.
func (j *nightJournal) took(began time.Time, copies int64) {
	f := &j.process.flush
	f.lock.Lock()
	defer f.lock.Unlock()
	f.longest = max(f.longest, time.Since(began))
	if copies >= 0 {
		f.began, f.copies = began, copies
	}
}

func (j *nightJournal) End(segment int, rows int64, damage error) error {
	return j.Journal.End(j.indexes[segment], j.segs[segment].First+rows, damage)
}
