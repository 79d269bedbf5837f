package campaign_test

import (
	"context"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"reseal/campaign"
	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/migrate"
	"reseal/ratelimit"
)

// filesOfReport is how many files the report of a bucket has.
const filesOfReport = 4

// bucket is a bucket of the account, its report, and what was seen of its runs.
type bucket struct {
	name    string
	region  *region
	objects int
	start   time.Time // of the campaign

	text      string    // of the report: keys and ETags of all rows, one after the other
	ends      []uint32  // of each of them in text
	perSecond []int32   // copies sent, by second since start; under the Region's lock
	sent      int       // of them, in all
	mostSent  time.Time // from then on it may have nothing to send but what comes again
	runs      []span
	left      bool // something is left to do
	totals    checkpoint.Totals
}

// makeReport keeps the bucket as it is now, as S3 Inventory does.
func (b *bucket) makeReport() {
	b.region.mu.Lock()
	defer b.region.mu.Unlock()
	var text strings.Builder
	b.ends = make([]uint32, 0, 2*b.objects)
	for o := range b.region.world.Walk(b.name) {
		for _, s := range []string{o.Key, o.ETag} {
			text.WriteString(s)
			b.ends = append(b.ends, uint32(text.Len()))
		}
	}
	b.text = text.String()
}

// row is a row of the report.
func (b *bucket) row(file int, n int64) inventory.Record {
	i := 2 * (b.first(file) + int(n))
	begin := uint32(0)
	if i > 0 {
		begin = b.ends[i-1]
	}
	known := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption)
	return inventory.Record{Pos: inventory.Position{File: file, Row: n}, Known: known, Bucket: b.name, Key: b.text[begin:b.ends[i]], ETag: b.text[b.ends[i]:b.ends[i+1]],
		Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
}

// first is the number of the first object of a file.
func (b *bucket) first(file int) int { return file * b.objects / filesOfReport }

func (b *bucket) segments() (all []inventory.Segment) {
	for file := range filesOfReport {
		all = append(all, inventory.Segment{File: file, Last: inventory.OpenEnd})
	}
	return all
}

// Read implements migrate.Report. The files are read side by side.
func (b *bucket) Read(_ context.Context, segs []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		at := make([]int64, len(segs))
		for i, s := range segs {
			at[i] = s.First
		}
		for left := len(segs); left > 0; {
			for i, s := range segs {
				rows := int64(b.first(s.File+1) - b.first(s.File))
				if at[i] < 0 {
					continue
				}
				batch := inventory.Batch{Segment: i, Records: make([]inventory.Record, 0, 256)}
				for ; at[i] < rows && len(batch.Records) < 256; at[i]++ {
					batch.Records = append(batch.Records, b.row(s.File, at[i]))
				}
				if at[i] >= rows {
					batch.End, batch.Rows, at[i] = true, rows-s.First, -1
					left--
				}
				if !yield(batch, nil) {
					return
				}
			}
		}
	}
}

// process is one process of a campaign, until it ends or its machine is lost.
type process struct {
	number int
	work   context.Context
	shares *campaign.Shares
	disk   *machine
}

// run works on a bucket as a run of a job in a bucket does: governor, engine and journal as
// they are. Nothing goes on when it returns.
func (p *process) run(b *bucket) (err error) {
	if b.text == "" {
		b.makeReport()
	}
	store := checkpoint.NewRemote(p.disk, "campaign/"+b.name, b.name, checkpoint.RemoteConfig{})
	lock, err := store.Lock(p.work, checkpoint.Holder{PID: p.number})
	if err != nil {
		return err
	}
	defer func() {
		if e := lock.Release(); err == nil {
			err = e
		}
	}()
	journal, snapshot, err := checkpoint.Open(p.work, store, checkpoint.PlanHash{7}, b.segments(), checkpoint.Options{ReserveAdmitted: true, Writers: filesOfReport})
	if err != nil {
		return err
	}
	began := time.Now() // before that, it waits for the lease of a machine that was lost
	defer func() { b.runs = append(b.runs, span{began, time.Now()}) }()
	limit := float64(b.region.cap)
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: limit}, Shared: p.shares.Of(b.region.quota, limit)})
	defer governor.Start(context.WithoutCancel(p.work))()
	policy := b.region.policy
	policy.Options.Bucket = b.name
	kept := bucketJournal{journal}
	passes := migrate.Passes{
		Engine: engine.Config{Rewriter: b, Gate: governor, Sink: kept, Policy: &policy, Slots: governor.Slots, Ready: governor.Ready, Workers: 1024},
		Report: b, Journal: kept, Rows: migrate.Unsettled(),
	}
	err = passes.Run(p.work, p.work, snapshot)
	b.totals = journal.Totals()
	return err
}

// bucketJournal puts results into the checkpoint's words.
type bucketJournal struct{ *checkpoint.Journal }

// Write implements engine.Sink: failures alone have lines, and there are none.
func (j bucketJournal) Write(*engine.Result) error { return nil }

// Settle implements engine.Journal.
func (j bucketJournal) Settle(r *engine.Result) error {
	p := r.Task.Record.Pos
	switch r.Outcome {
	case engine.Failed:
		return j.Fail(p)
	case engine.Deferred:
		return j.Defer(p)
	case engine.Skipped:
		if err := j.Count(p, "skipped", 1); err != nil {
			return err
		}
	}
	if r.Repeat {
		if err := j.Count(p, "repeats", 1); err != nil {
			return err
		}
	}
	return j.Done(p)
}

// machine is what a process has of the object store that the jobs lie in: nothing any more,
// once it is lost.
type machine struct {
	*objectStore
	lost atomic.Bool
}

var _ checkpoint.Bucket = (*machine)(nil)

// rewritten tells how often the objects of the bucket were copied.
func (b *bucket) rewritten() map[int]int64 {
	b.region.mu.Lock()
	defer b.region.mu.Unlock()
	return b.region.world.RewriteHistogram(b.name)
}

// fill makes the bucket and its objects.
func (b *bucket) fill(seed uint64) error {
	w := b.region.world
	if err := w.CreateBucket(b.start, &simulator.CreateBucketInput{Request: simulator.Request{Bucket: b.name}}); err != nil {
		return err
	}
	return w.Populate(b.name, simulator.Population{N: int64(b.objects), Seed: seed, Plain: true, MaxSize: 16})
}
