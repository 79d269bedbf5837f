package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/jobtest"
	"reseal/inventory"
	"reseal/migrate"
	"reseal/plan"
)

// files is a report of some files with so many rows each. It refuses to be read
// more often than any run needs to.
type files struct {
	rows   []int
	broken map[int]bool // of these files nothing can be read
	reads  int
}

// name is the key of a row: those of the first half of a file are in a folder.
func (f *files) name(file, row int) string {
	folder := "fast"
	if row < f.rows[file]/2 {
		folder = "slow"
	}
	return fmt.Sprintf("%s/%d/%05d", folder, file, row)
}

func (f *files) Read(_ context.Context, segments []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		if f.reads++; f.reads > 20 {
			yield(inventory.Batch{}, errors.New("the report was read 20 times: it would go on for ever"))
			return
		}
		for i, s := range segments {
			b := inventory.Batch{Segment: i}
			if f.broken[s.File] {
				b.Err = errors.New("file cannot be read")
			} else {
				for row := int(s.First); row < f.rows[s.File] && int64(row) <= s.Last; row++ {
					b.Records = append(b.Records, f.record(s.File, row))
				}
				b.End, b.Rows = true, int64(len(b.Records))
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (f *files) record(file, row int) inventory.Record {
	known := inventory.Columns(0)
	for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColEncryption} {
		known = known.With(c)
	}
	return inventory.Record{Pos: inventory.Position{File: file, Row: int64(row)}, Known: known, Bucket: "b", Key: f.name(file, row), Size: 1,
		ETag: "e", StorageClass: inventory.Standard, Encryption: inventory.SSES3}
}

// bucket is a Rewriter over objects that are there.
type bucket struct {
	mu   sync.Mutex
	done map[string]int
	fail func(key string) error // nil: none does
}

func (b *bucket) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Head, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := &plan.Head{ETag: "e", Size: 1, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
	if b.done[t.Record.Key] > 0 {
		h.ETag, h.Encryption, h.KMSKeyID, h.BucketKey = "kms", inventory.SSEKMS, wantedKey, true
	}
	return h, g.Do(ctx, t.Step(plan.StepHead), func(context.Context) error { return nil })
}

func (b *bucket) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (e engine.Effect, err error) {
	key := t.Record.Key
	return engine.Effect{ETag: "kms", KMSKeyID: wantedKey}, g.Do(ctx, t.Step(plan.StepCopy), func(context.Context) error {
		time.Sleep(time.Millisecond)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.fail != nil {
			if err := b.fail(key); err != nil {
				return err
			}
		}
		if b.done[key] > 0 {
			return failure(key, engine.Changed)
		}
		b.done[key]++
		return nil
	})
}

func failure(key string, c engine.Class) error {
	return &engine.ObjectError{Op: "CopyObject", Bucket: "b", Key: key, Class: c, Err: errors.New(c.String())}
}

const wantedKey = "arn:aws:kms:eu-west-1:111122223333:key/k1"

// free is a gate that lets everything through.
type free struct{}

func (free) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

// book is a job's journal, with outcomes in the checkpoint's words.
type book struct{ *checkpoint.Journal }

func (b book) Settle(r *engine.Result) error {
	switch p := r.Task.Record.Pos; r.Outcome {
	case engine.Failed:
		return b.Fail(p)
	case engine.Deferred:
		return b.Defer(p)
	default:
		return b.Done(p)
	}
}

type job struct {
	t     *testing.T
	store *checkpoint.Dir
	*files
	*bucket
	stats *engine.Stats
}

func newJob(t *testing.T, rows ...int) *job {
	store := jobtest.Locked(t)
	return &job{t: t, store: store, files: &files{rows: rows, broken: map[int]bool{}}, bucket: &bucket{done: map[string]int{}}}
}

// results keeps the outcomes that were written.
type results struct{ outcomes []string }

func (s *results) Write(r *engine.Result) error {
	s.outcomes = append(s.outcomes, r.Task.Record.Key+" "+r.Outcome.String())
	return nil
}

// run goes on with the job; adjust may change the configuration.
func (j *job) run(admit context.Context, rows migrate.Selection, adjust func(*engine.Config)) (checkpoint.Totals, []string, error) {
	j.t.Helper()
	var segments []inventory.Segment
	for file := range j.rows {
		segments = append(segments, inventory.Segment{File: file, Last: inventory.OpenEnd})
	}
	journal, snapshot, err := checkpoint.Open(j.t.Context(), j.store, checkpoint.HashPlan([]byte("p")), segments, checkpoint.Options{ReserveAdmitted: true})
	if err != nil {
		j.t.Fatal(err)
	}
	sink := new(results)
	j.stats = new(engine.Stats)
	cfg := engine.Config{
		Rewriter: j.bucket, Gate: free{}, Sink: sink, Stats: j.stats, Workers: 4, Parking: 5,
		Policy: &plan.Policy{
			Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: wantedKey, BucketKey: true}.Normal(),
			Facts:   plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, IgnoresIfMatch: plan.No, AWS: plan.Yes},
			Weights: plan.DefaultWeights(true),
		},
	}
	adjust(&cfg)
	j.reads = 0
	p := migrate.Passes{Engine: cfg, Report: j.files, Journal: book{journal}, Rows: rows}
	err = p.Run(admit, j.t.Context(), snapshot)
	return journal.Totals(), sink.outcomes, err
}

func plainly(*engine.Config) {}

// throttled keeps the slow folder waiting until ready.
func throttled(ready func() bool) func(*engine.Config) {
	return func(c *engine.Config) {
		c.Ready = func(key string) bool { return !strings.HasPrefix(key, "slow/") || ready() }
	}
}

// putOff runs the job until only what its slow folder has put off is left.
func (j *job) putOff() checkpoint.Totals {
	j.t.Helper()
	admit, stop := context.WithCancel(j.t.Context())
	defer stop()
	totals, _, err := j.run(admit, migrate.Unsettled(), func(c *engine.Config) {
		throttled(func() bool { return false })(c)
		c.Budget = func(s *engine.Stats) string {
			if s.Count(engine.Done)+s.Count(engine.Failed) >= int64(j.rows[0]/2) && s.Count(engine.Deferred) > 0 {
				return "the test"
			}
			return ""
		}
	})
	var stopped *engine.StopError
	if !errors.As(err, &stopped) || totals.Deferred == 0 {
		j.t.Fatalf("%v, with %d rows put off; want a stop with some", err, totals.Deferred)
	}
	return totals
}

// A run takes up what an earlier pass and an earlier run put off.
func TestWhatWasPutOffIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 40)
		j.putOff()
		calls := 0
		totals, lines, err := j.run(t.Context(), migrate.Unsettled(), throttled(func() bool { calls++; return calls > 30 }))
		if err != nil || totals.Done != 40 || totals.Finished != 1 {
			t.Errorf("%v, %+v; want all 40 done", err, totals)
		}
		for _, l := range lines {
			if strings.HasSuffix(l, engine.Deferred.String()) {
				t.Errorf("line %q: that a row was put off is no result", l)
			}
		}
	})
}

// Another try of failed rows is about these alone: rows that were put off by an
// interrupted run neither keep it going nor are done by it.
func TestFailedRowsBesideOthersPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 40)
		j.fail = func(key string) error {
			if strings.HasPrefix(key, "fast/") {
				return failure(key, engine.Permanent)
			}
			return nil
		}
		before := j.putOff()
		if before.Failed != 20 {
			t.Fatalf("%d failed, want 20", before.Failed)
		}
		j.fail = nil
		totals, lines, err := j.run(t.Context(), migrate.Failed(), plainly)
		if err != nil || totals.Failed != 0 || totals.Deferred != before.Deferred || len(lines) != 20 || j.reads != 1 {
			t.Errorf("%v, %d failed, %d put off, %d results, report read %d times; want the 20 done, %d put off, one pass",
				err, totals.Failed, totals.Deferred, len(lines), j.reads, before.Deferred)
		}
	})
}

// Rows that a run put off lie outside the range of those that failed, and another try
// is cut off while it has put some off itself: the next one is through with its rows
// in one pass, and leaves the others to run.
func TestRetryCutOffBesideRowsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 40)
		j.fail = func(key string) error {
			if strings.HasPrefix(key, "fast/") {
				return failure(key, engine.Permanent)
			}
			return nil
		}
		before := j.putOff() // rows 0 to 19, all before the first that failed
		j.fail = nil
		admit, stop := context.WithCancel(t.Context())
		defer stop()
		_, _, err := j.run(admit, migrate.Failed(), func(c *engine.Config) {
			c.Ready = func(key string) bool { return key < j.name(0, 25) }
			c.Budget = func(s *engine.Stats) string {
				if s.Count(engine.Deferred) > 0 {
					return "the test"
				}
				return ""
			}
		})
		var stopped *engine.StopError
		if !errors.As(err, &stopped) || j.stats.Count(engine.Deferred) == 0 {
			t.Fatalf("%v, %d put off; want a stop with some", err, j.stats.Count(engine.Deferred))
		}
		totals, _, err := j.run(t.Context(), migrate.Failed(), plainly)
		if err != nil || totals.Failed != 0 || totals.Deferred != before.Deferred || j.reads != 1 {
			t.Errorf("%v, %d failed, %d put off, report read %d times; want none, %d, once", err, totals.Failed, totals.Deferred, j.reads, before.Deferred)
		}
		if totals, _, err = j.run(t.Context(), migrate.Unsettled(), plainly); err != nil || totals.Done != 40 {
			t.Errorf("run: %v, %+v; want all done", err, totals)
		}
	})
}

// A failed row that is put off by another try stays failed, also where the run is
// cut off, and the next pass has it.
func TestFailedRowPutOffStaysFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 40)
		j.fail = func(key string) error { return failure(key, engine.Permanent) }
		if totals, _, err := j.run(t.Context(), migrate.Unsettled(), plainly); err != nil || totals.Failed != 40 {
			t.Fatalf("%v, %d failed", err, totals.Failed)
		}
		j.fail = nil
		admit, stop := context.WithCancel(t.Context())
		defer stop()
		totals, _, err := j.run(admit, migrate.Failed(), func(c *engine.Config) {
			throttled(func() bool { return false })(c)
			c.Budget = func(s *engine.Stats) string {
				if s.Count(engine.Done) == 20 {
					return "the test"
				}
				return ""
			}
		})
		if err == nil || totals.Done != 20 || totals.Failed != 20 || totals.Deferred != 0 {
			t.Fatalf("cut off: %v, %d done, %d failed, %d put off; want 20, 20, none", err, totals.Done, totals.Failed, totals.Deferred)
		}
		calls := 0
		totals, _, err = j.run(t.Context(), migrate.Failed(), throttled(func() bool { calls++; return calls > 40 }))
		if err != nil || totals.Failed != 0 || totals.Done != 40 || j.stats.Count(engine.Deferred) == 0 {
			t.Errorf("%v, %+v; want all done, after some were put off", err, totals)
		}
	})
}

// A file of the report that has become unreadable ends the run, although a row in it
// was put off.
func TestPutOffRowThatCannotBeReadAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 40)
		before := j.putOff()
		j.broken[0] = true
		totals, _, err := j.run(t.Context(), migrate.Unsettled(), plainly)
		if err != nil || totals.Damaged != 1 || totals.Deferred != before.Deferred || j.reads != 1 {
			t.Errorf("%v, %d damaged, %d put off, report read %d times; want the damage, and one pass", err, totals.Damaged, totals.Deferred, j.reads)
		}
		j.broken[0] = false
		if totals, _, err := j.run(t.Context(), migrate.Unsettled(), plainly); err != nil || totals.Done != 40 || totals.Damaged != 0 {
			t.Errorf("readable again: %v, %+v; want all done", err, totals)
		}
	})
}

// Where a pass settles nothing the run ends and says so.
func TestAPassWithoutProgressEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 40)
		_, _, err := j.run(t.Context(), migrate.Unsettled(), func(c *engine.Config) {
			c.Parking = -1 // no room at all: every slow row is put off
			throttled(func() bool { return false })(c)
		})
		var left *migrate.UnfinishedError
		if !errors.As(err, &left) || left.Left != 20 || j.reads != 2 {
			t.Errorf("%v after %d passes, want 20 left after 2", err, j.reads)
		}
	})
}

// A failed row may have been done by a try that was cut off before it said so: that
// is this job's work, and no skip.
func TestFailedRowDoneByATryThatWasCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(t, 4)
		j.fail = func(key string) error { return failure(key, engine.Permanent) }
		if _, _, err := j.run(t.Context(), migrate.Unsettled(), plainly); err != nil {
			t.Fatal(err)
		}
		j.fail = nil
		for row := range 4 {
			j.done[j.name(0, row)] = 1
		}
		if _, _, err := j.run(t.Context(), migrate.Failed(), plainly); err != nil || j.stats.Repeats.Load() != 4 {
			t.Errorf("%v, %d repeats, %d skipped; want 4 repeats", err, j.stats.Repeats.Load(), j.stats.Count(engine.Skipped))
		}
	})
}

// Rows that were admitted ahead when a run ended in order were not begun: what is
// found done there by the next one is another client's work. After a crash it may be
// this job's.
func TestWhatOthersDidAfterAStopIsNoRepeat(t *testing.T) {
	for _, crashed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			j := newJob(t, 40)
			totals, _, err := j.run(t.Context(), migrate.Unsettled(), func(c *engine.Config) {
				c.Limit = 10
				if crashed {
					c.Sink = dying{c.Sink}
				}
			})
			if (err == nil) || totals.Done != 10 && !crashed {
				t.Fatalf("%v, %d done; want a stop after 10", err, totals.Done)
			}
			for row := 20; row < 25; row++ {
				j.done[j.name(0, row)]++
			}
			want := int64(0)
			if crashed {
				want = int64(len(j.done)) - totals.Done
			}
			if _, _, err := j.run(t.Context(), migrate.Unsettled(), plainly); err != nil || j.stats.Repeats.Load() != want {
				t.Errorf("crashed %t: %v, %d repeats and %d left alone; want %d repeats", crashed, err, j.stats.Repeats.Load(), j.stats.Count(engine.Skipped), want)
			}
		})
	}
}

// dying is a sink that cannot be written to any more after some results.
type dying struct{ engine.Sink }

func (d dying) Write(r *engine.Result) error {
	if r.Task.Record.Pos.Row >= 5 {
		return errors.New("disk full")
	}
	return d.Sink.Write(r)
}

// What lies below a denied prefix is left, and does not keep the run going: a pass or
// two show that it is still so. Once it is allowed, the next run does it.
func TestADeniedPrefixIsLeft(t *testing.T) {
	for _, rows := range []struct {
		name string
		sel  migrate.Selection
	}{{"run", migrate.Unsettled()}, {"retry", migrate.Failed()}} {
		t.Run(rows.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(t, 400)
				if rows.name == "retry" {
					j.fail = func(key string) error { return failure(key, engine.Permanent) }
					if _, _, err := j.run(t.Context(), migrate.Unsettled(), plainly); err != nil {
						t.Fatal(err)
					}
				}
				j.fail = func(key string) error {
					if strings.HasPrefix(key, "slow/") {
						return failure(key, engine.Denied)
					}
					return nil
				}
				totals, _, err := j.run(t.Context(), rows.sel, plainly)
				var left *migrate.UnfinishedError
				if !errors.As(err, &left) || len(left.Denied) != 1 || left.Denied[0].Prefix != "slow/0/" || j.reads > 2 {
					t.Fatalf("%v after %d passes, want that slow/0/ is left after two at most", err, j.reads)
				}
				if totals.Done != 200 || totals.Failed+totals.Deferred != 200 || left.Denied[0].Tried() > 60 {
					t.Errorf("%+v, %d denied, want 200 done", totals, left.Denied[0].Tried())
				}
				j.fail = nil
				totals, _, err = j.run(t.Context(), rows.sel, plainly)
				if again, _, errAgain := j.run(t.Context(), migrate.Failed(), plainly); err != nil || errAgain != nil || again.Done != 400 {
					t.Errorf("allowed again: %v, %v, %+v, %+v; want all done", err, errAgain, totals, again)
				}
			})
		})
	}
}
