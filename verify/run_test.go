package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/jobtest"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// one is a row of a report, what a job recorded of it, and what is there now.
type one struct {
	kind   string
	rec    inventory.Record
	result *engine.Result // nil for a row that has no record
	before *engine.Result // of a try before that one, may be nil
	state  State
	head   *plan.Head
	err    error // of the look, where head is nil
	want   Verdict
}

// oneKind makes rows of a kind; r is a row under SSE-S3 that is to be copied.
type oneKind struct {
	name string
	make func(r *inventory.Record) one
}

// doneAs is the result of a row that the job copied.
func doneAs(r *inventory.Record, etag string) *engine.Result {
	return &engine.Result{Task: plan.Task{Record: *r, Action: plan.Copy}, Outcome: engine.Done, Effect: engine.Effect{ETag: etag, KMSKeyID: theKey}}
}

// endedAs is the result of a row that was not re-encrypted.
func endedAs(r *inventory.Record, o engine.Outcome, reason plan.Reason, why string) *engine.Result {
	res := &engine.Result{Task: plan.Task{Record: *r, Action: plan.Copy}, Outcome: o, Reason: reason}
	if why != "" {
		res.Err = &engine.ObjectError{Op: "CopyObject", Bucket: r.Bucket, Key: r.Key, Class: engine.Permanent, Reason: reason, Err: errors.New(why)}
	}
	return res
}

// lookFailure is the error of a look.
func lookFailure(r *inventory.Record, c engine.Class, reason plan.Reason) error {
	return &engine.ObjectError{Op: "HeadObject", Bucket: r.Bucket, Key: r.Key, Class: c, Reason: reason, Err: errors.New("no")}
}

// sseS3 is a head under SSE-S3.
func sseS3(etag string) *plan.Head {
	return aHead(func(h *plan.Head) { h.ETag, h.Encryption, h.KMSKeyID, h.BucketKey = etag, inventory.SSES3, "", false })
}

// skippedByPlan is a row that the plan leaves alone, and whose reason still holds.
func skippedByPlan(r *inventory.Record, edit func(*inventory.Record), h *plan.Head, err error) one {
	edit(r)
	return one{state: Settled, head: h, err: err, want: LeftAlone}
}

// oneKinds are the kinds of rows that a report of a busy bucket has.
var oneKinds = []oneKind{
	{"copied", func(r *inventory.Record) one {
		return one{state: Settled, result: doneAs(r, "after"), head: aHead(nil), want: Proven}
	}},
	{"copied, then written under the key", func(r *inventory.Record) one {
		return one{state: Settled, result: doneAs(r, "after"), head: aHead(func(h *plan.Head) { h.ETag = "newer" }), want: ChangedUnderKey}
	}},
	{"copied, then written under SSE-S3", func(r *inventory.Record) one {
		return one{state: Settled, result: doneAs(r, "after"), head: sseS3("newer"), want: ChangedNotUnderKey}
	}},
	{"copied, then gone", func(r *inventory.Record) one {
		return one{state: Settled, result: doneAs(r, "after"), err: lookFailure(r, engine.Gone, ""), want: Gone}
	}},
	{"copied, then written with the same ETag", func(r *inventory.Record) one {
		res := doneAs(r, "after")
		res.Effect.VersionID = "v2"
		return one{state: Settled, result: res, head: aHead(func(h *plan.Head) { h.VersionID = "v3" }), want: ChangedUnderKey}
	}},
	{"updated in place", func(r *inventory.Record) one {
		res := doneAs(r, "")
		res.Task.Action = plan.Update
		return one{state: Settled, result: res, head: aHead(func(h *plan.Head) { h.ETag = "before" }), want: Proven}
	}},
	{"updated in place, then written under the key", func(r *inventory.Record) one {
		res := doneAs(r, "")
		res.Task.Action = plan.Update
		return one{state: Settled, result: res, head: aHead(func(h *plan.Head) { h.ETag, h.Size = "newer", 7 }), want: ChangedUnderKey}
	}},
	{"copied as a client had written it since the report", func(r *inventory.Record) one {
		res := doneAs(r, "after")
		res.Newer, res.Task.Record.ETag, res.Task.Record.Size = true, "theirs", 7
		return one{state: Settled, result: res, head: aHead(func(h *plan.Head) { h.Size, h.StorageClass = 7, inventory.StandardIA }), want: Proven}
	}},
	{"copied, and lost tags in a try before", func(r *inventory.Record) one {
		return one{state: Settled, before: endedAs(r, engine.Failed, plan.Unfaithful, plan.NotKept([]plan.Attribute{plan.Tags})), result: doneAs(r, "after"),
			head: aHead(nil), want: LostAttribute}
	}},
	{"copied, and failed in a try before", func(r *inventory.Record) one {
		return one{state: Settled, before: endedAs(r, engine.Failed, plan.RequestError, "broken"), result: doneAs(r, "after"), head: aHead(nil), want: Proven}
	}},
	{"copied, as the endpoint said, and not encrypted", func(r *inventory.Record) one {
		res := doneAs(r, "after")
		res.Started, res.Took = began, time.Second
		return one{state: Settled, result: res, head: sseS3("after"), want: NeverUnderKey}
	}},
	{"copied without encryption, and encrypted by a client", func(r *inventory.Record) one {
		return one{state: Failed, result: endedAs(r, engine.Failed, plan.Unfaithful, plan.NotKept([]plan.Attribute{plan.Encryption})), head: aHead(nil), want: ChangedUnderKey}
	}},
	{"copied, and another class", func(r *inventory.Record) one {
		return one{state: Settled, result: doneAs(r, "after"), head: aHead(func(h *plan.Head) { h.StorageClass = inventory.StandardIA }), want: LostAttribute}
	}},
	{"copied, and nobody may look", func(r *inventory.Record) one {
		return one{state: Settled, result: doneAs(r, "after"), err: lookFailure(r, engine.Denied, ""), want: CouldNotLook}
	}},
	{"failed", func(r *inventory.Record) one {
		return one{state: Failed, result: endedAs(r, engine.Failed, plan.RequestError, "broken"), err: errors.New("nobody may look at it"), want: NotDone}
	}},
	{"not reached", func(*inventory.Record) one { return one{head: sseS3("before"), want: NotDone} }},
	{"put off", func(r *inventory.Record) one {
		return one{result: endedAs(r, engine.Deferred, "", ""), head: sseS3("before"), want: NotDone}
	}},
	{"gone before the run", func(r *inventory.Record) one {
		return one{state: Settled, result: endedAs(r, engine.Skipped, plan.Gone, ""), err: lookFailure(r, engine.Gone, ""), want: Gone}
	}},
	{"under another key", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.Encryption = inventory.SSEKMS },
			aHead(func(h *plan.Head) { h.ETag, h.KMSKeyID = "before", otherKey }), nil)
	}},
	{"SSE-C", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.Encryption = inventory.SSEC }, nil, lookFailure(r, engine.Refused, plan.SSECustomer))
	}},
	{"DSSE-KMS", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.Encryption = inventory.DSSEKMS },
			aHead(func(h *plan.Head) { h.ETag, h.Encryption = "before", inventory.DSSEKMS }), nil)
	}},
	{"archived", func(r *inventory.Record) one {
		h := sseS3("before")
		h.StorageClass, h.Archived = inventory.Glacier, true
		return skippedByPlan(r, func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, h, nil)
	}},
	{"noncurrent", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.IsLatest = false }, sseS3("before"), nil)
	}},
	{"old delete marker", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.IsDeleteMarker, r.IsLatest = true, false }, nil, errors.New("nobody may look at it"))
	}},
	{"delete marker", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.IsDeleteMarker = true }, nil, lookFailure(r, engine.Gone, ""))
	}},
	{"filtered", func(r *inventory.Record) one {
		return skippedByPlan(r, func(r *inventory.Record) { r.Key = "excluded/" + r.Key }, nil, errors.New("nobody may look at it"))
	}},
	{"locked since", func(r *inventory.Record) one {
		h := sseS3("before")
		h.StorageClass, h.Archived = inventory.DeepArchive, true // by a lifecycle rule after the report
		return one{state: Settled, result: endedAs(r, engine.Skipped, plan.Archived, ""), head: h, want: LeftAlone}
	}},
	{"restored since", func(r *inventory.Record) one {
		o := skippedByPlan(r, func(r *inventory.Record) { r.StorageClass = inventory.Glacier }, sseS3("before"), nil)
		o.head.StorageClass, o.head.Archived, o.head.Restored, o.want = inventory.Glacier, true, true, NotDone
		return o
	}},
}

// bucketOf is a job, its report, and its bucket.
type bucketOf struct {
	rows     []one
	segments []inventory.Segment
	job      *checkpoint.Snapshot
	torn     int // rows of the last segment that can be read, -1 for all

	mu     sync.Mutex
	looks  map[string]int
	before func() error // asked before every look, may be nil
}

const segmentRows = 40

// newBucketOf makes a job with rows of the kinds that pick says.
func newBucketOf(t *testing.T, n int, pick func(i int) oneKind) *bucketOf {
	t.Helper()
	return newBucket(t, n, false, pick)
}

// newBucket is newBucketOf; open tells that the report does not say how many rows a
// file has.
func newBucket(t *testing.T, n int, open bool, pick func(i int) oneKind) *bucketOf {
	t.Helper()
	b := &bucketOf{torn: -1, looks: map[string]int{}}
	for first := 0; first < n; first += segmentRows {
		s := inventory.Segment{File: first / segmentRows, First: 0, Last: int64(min(segmentRows, n-first) - 1)}
		if open {
			s.Last = inventory.OpenEnd
		}
		b.segments = append(b.segments, s)
	}
	dir := jobtest.Locked(t)
	journal, _, err := checkpoint.Open(t.Context(), dir, checkpoint.HashPlan([]byte("p")), b.segments, checkpoint.Options{})
	if err != nil {
		t.Fatal(err)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		rec := aRow(nil)
		rec.Pos, rec.Key = inventory.Position{File: i / segmentRows, Row: int64(i % segmentRows)}, fmt.Sprintf("key-%05d", i)
		k := pick(i)
		o := k.make(&rec)
		o.kind, o.rec = k.name, rec
		do(journal.Admit(t.Context(), rec.Pos))
		for _, res := range []*engine.Result{o.before, o.result} {
			if res == nil {
				continue
			}
			line := report.LineOf(res)
			do(journal.Log(t.Context(), rec.Pos, bytes.TrimSuffix(report.AppendLine(nil, &line), []byte("\n"))))
		}
		switch {
		case o.state == Settled:
			do(journal.Done(rec.Pos))
		case o.state == Failed:
			do(journal.Fail(rec.Pos))
		case o.result != nil:
			do(journal.Defer(rec.Pos))
		}
		b.rows = append(b.rows, o)
	}
	for i := range b.segments {
		do(journal.End(i, int64(min(segmentRows, n-i*segmentRows)), nil))
	}
	do(journal.Flush(t.Context()))
	b.job = journal.Snapshot()
	return b
}

// Read implements Report.
func (b *bucketOf) Read(_ context.Context, segments []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		for i, s := range segments {
			rows := b.rows[s.File*segmentRows : min((s.File+1)*segmentRows, len(b.rows))]
			batch := inventory.Batch{Segment: i, End: true, Rows: int64(len(rows))}
			for i := range rows {
				batch.Records = append(batch.Records, rows[i].rec)
			}
			if last := b.segments[len(b.segments)-1]; s.File == last.File && b.torn >= 0 {
				batch.Records, batch.End, batch.Err = batch.Records[:b.torn], false, errors.New("the file is damaged")
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// Inspect implements engine.Rewriter.
func (b *bucketOf) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (head *plan.Head, err error) {
	o := &b.rows[t.Record.Pos.File*segmentRows+int(t.Record.Pos.Row)]
	err = g.Do(ctx, plan.Step{Kind: plan.StepHead, Key: t.Record.Key}, func(context.Context) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.looks[t.Record.Key]++
		if b.before != nil {
			if err := b.before(); err != nil {
				return err
			}
		}
		head = o.head
		return o.err
	})
	return head, err
}

// Rewrite implements engine.Rewriter.
func (b *bucketOf) Rewrite(context.Context, *plan.Task, engine.Gate) (engine.Effect, error) {
	panic("verify writes nothing")
}

// freely is a gate that lets everything through.
type freely struct{}

func (freely) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return send(ctx)
}

// config is that of a verification of the bucket.
func (b *bucketOf) config() Config {
	p := aPolicy()
	p.Options.Exclude = []string{"excluded/"}
	return Config{Report: b, Segments: b.segments, Rows: int64(len(b.rows)), Job: b.job, Policy: p, Rewriter: b, Gate: freely{}, Workers: 8, Sample: 1}
}

// TestEveryRowHasOneVerdict: whatever rows a report has, however they ended, and
// whatever became of their objects, each row has the one verdict that it should,
// and the counts add up to the rows of the report. A sample leaves rows out, and
// counts them.
func TestEveryRowHasOneVerdict(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 10 {
		n := len(oneKinds) + rng.IntN(180)
		first := rng.Perm(len(oneKinds))
		b := newBucketOf(t, n, func(i int) oneKind {
			if i < len(first) { // each kind once at least
				return oneKinds[first[i]]
			}
			return oneKinds[rng.IntN(len(oneKinds))]
		})
		last := len(b.segments) - 1
		if rng.IntN(2) == 0 {
			b.torn = rng.IntN(int(b.segments[last].Last) + 1)
		}
		var all int64 // that need a look
		for _, share := range []float64{1, 0.3, 0.000001} {
			cfg := b.config()
			cfg.Sample, cfg.Seen = share, new(atomic.Int64)
			var tally Tally
			got := map[inventory.Position]Verdict{}
			err := Run(t.Context(), cfg, &tally, func(f *Finding) error {
				if old, twice := got[f.Task.Record.Pos]; twice {
					t.Errorf("seed %d: %v has two verdicts: %s and %s", seed, f.Task.Record.Pos, old, f.Verdict)
				}
				got[f.Task.Record.Pos] = f.Verdict
				if o := &b.rows[f.Task.Record.Pos.File*segmentRows+int(f.Task.Record.Pos.Row)]; o.state == Failed && f.Reason != o.result.Reason {
					t.Errorf("seed %d: %s failed for %q, want %q", seed, o.kind, f.Reason, o.result.Reason)
				}
				return nil
			})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			unread, want := int64(0), map[Verdict]int64{}
			for i := range b.rows {
				o := &b.rows[i]
				if o.rec.Pos.File == last && b.torn >= 0 && o.rec.Pos.Row >= int64(b.torn) {
					unread++
					want[CouldNotLook]++
					continue
				}
				verdict, has := got[o.rec.Pos]
				if has && verdict != o.want || !has && share == 1 {
					t.Errorf("seed %d, sample %v: %s (%s) is %q, want %q", seed, share, o.rec.Key, o.kind, verdict, o.want)
				}
				if has {
					want[verdict]++
				}
			}
			if share == 1 {
				all = tally.Sampled
			}
			if drawn := tally.DrawnFrom(); drawn != all || tally.Sampled > tally.Looked {
				t.Errorf("seed %d, sample %v: %d drawn from %d objects, %d looked at; %d need a look", seed, share, tally.Sampled, drawn, tally.Looked, all)
			}
			if seen := cfg.Seen.Load(); seen != int64(n) {
				t.Errorf("seed %d, sample %v: who watches has seen %d rows of %d", seed, share, seen, n)
			}
			sum := tally.Unsampled
			for v, n := range tally.Verdicts {
				if sum += n; n != want[v] {
					t.Errorf("seed %d, sample %v: %d rows counted as %s, want %d", seed, share, n, v, want[v])
				}
			}
			if sum != int64(n) || tally.Rows != int64(n) || tally.Unsampled+int64(len(got))+unread != int64(n) {
				t.Fatalf("seed %d, sample %v: %d counted, %d rows, %d not in the sample, %d unread, %d verdicts; the report has %d rows",
					seed, share, sum, tally.Rows, tally.Unsampled, unread, len(got), n)
			}
		}
	}
}

// copied makes a bucket of n objects that are as the job left them.
func copied(t *testing.T, n int) *bucketOf {
	return newBucketOf(t, n, func(int) oneKind { return oneKinds[0] })
}

// TestOutageIsWaitedOut: while the endpoint is gone or the credentials have run
// out, a verification waits, and no object counts as one that could not be looked at.
func TestOutageIsWaitedOut(t *testing.T) {
	for _, class := range []engine.Class{engine.Transient, engine.Expired} {
		synctest.Test(t, func(t *testing.T) {
			b, start := copied(t, 200), time.Now()
			b.before = func() error {
				time.Sleep(time.Second)
				if d := time.Since(start); d > time.Minute && d < 40*time.Minute {
					return &engine.ObjectError{Op: "HeadObject", Class: class, Err: errors.New("no answer")}
				}
				return nil
			}
			cfg := b.config()
			cfg.Workers, cfg.Patience = 1, time.Hour
			cfg.Alive = func(context.Context) error {
				if d := time.Since(start); d > time.Minute && d < 40*time.Minute {
					return &engine.ObjectError{Op: "HeadBucket", Class: class, Err: errors.New("no answer")}
				}
				return nil
			}
			var tally Tally
			if err := Run(t.Context(), cfg, &tally, nil); err != nil || tally.Verdicts[Proven] != 200 || len(tally.Verdicts) != 1 {
				t.Errorf("%v: %v, verdicts %v; want all 200 proven", class, err, tally.Verdicts)
			}
			if waited := time.Since(start); waited < 40*time.Minute {
				t.Errorf("%v: ended after %v, in the middle of the outage", class, waited)
			}
		})
	}
}

// TestCallersErrorEndsIt: an error of the caller ends the verification and is
// returned, and the caller is not asked again.
func TestCallersErrorEndsIt(t *testing.T) {
	b, full, calls := copied(t, 300), errors.New("disk full"), 0
	var tally Tally
	err := Run(t.Context(), b.config(), &tally, func(*Finding) error { calls++; return full })
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("%v after %d calls, want %v after 1", err, calls, full)
	}
}

// TestCanceled: the cause of the context is what is returned.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	b, why := copied(t, 300), errors.New("SIGTERM")
	var tally Tally
	if err := Run(ctx, b.config(), &tally, func(*Finding) error { cancel(why); return nil }); !errors.Is(err, why) {
		t.Errorf("%v, want %v", err, why)
	}
}

// TestUnreadFileIsPassed: a file that cannot be read does not keep the others from
// being verified; its rows count as rows that nobody could look at.
func TestUnreadFileIsPassed(t *testing.T) {
	b := copied(t, 2*segmentRows)
	b.torn = 10
	var tally Tally
	err := Run(t.Context(), b.config(), &tally, nil)
	if err != nil || tally.Verdicts[Proven] != segmentRows+10 || tally.Verdicts[CouldNotLook] != segmentRows-10 || len(tally.Unread) != 1 || tally.Grade() != Wrong {
		t.Errorf("%v: verdicts %v, unread %v, grade %v", err, tally.Verdicts, tally.Unread, tally.Grade())
	}
}

// TestUnreadRowsAreCounted: the rows of a file that cannot be read count by the job,
// or by the report, also where the job has not come to the file.
func TestUnreadRowsAreCounted(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{false, true} {
		b := newBucket(t, 2*segmentRows, open, func(int) oneKind { return oneKinds[0] })
		if !open { // one more file
			b.segments = append(b.segments, inventory.Segment{File: 2, First: 0, Last: segmentRows - 1})
			for i := range segmentRows {
				rec := aRow(nil)
				rec.Pos, rec.Key = inventory.Position{File: 2, Row: int64(i)}, fmt.Sprintf("more-%05d", i)
				b.rows = append(b.rows, one{rec: rec, head: sseS3("before")})
			}
		}
		b.torn = 10
		cfg := b.config()
		cfg.Rows = 0 // not known
		var tally Tally
		err := Run(t.Context(), cfg, &tally, nil)
		if err != nil || tally.Verdicts[CouldNotLook] != segmentRows-10 || tally.Uncount != 0 || tally.Rows != int64(len(b.rows)) {
			t.Errorf("counted by the job alone: %t: %v, %+v", open, err, tally)
		}
	}
}
