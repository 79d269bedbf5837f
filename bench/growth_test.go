package bench

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/internal/resources"
	"reseal/inventory"
	"reseal/migrate"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
)

// BenchmarkGrowth re-encrypts jobs of more and more rows in this process, on one and
// on two processors, with a store that answers at once: what is left is decision,
// engine, money, gate, results and checkpoint, whose state is on the disk. An object is
// to take the same whatever the size of its job. RESEAL_BENCH_ROWS says how
// many rows the jobs have, 10,000 and 1,000,000 without it; RESEAL_BENCH_SEGMENT how
// many a segment has, 100,000 without it.
func BenchmarkGrowth(b *testing.B) {
	sizes, segment := numbersOf(b, "RESEAL_BENCH_ROWS", 10_000, 1_000_000), numbersOf(b, "RESEAL_BENCH_SEGMENT", 100_000)[0]
	resources.CollectLess(512 << 20) // as a run does
	defer resources.Fitting(b.Context())()
	for _, cores := range []int{1, 2} {
		for _, rows := range sizes {
			b.Run(fmt.Sprintf("cores=%d/rows=%d", cores, rows), func(b *testing.B) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
				var took, cpu time.Duration
				var peak uint64
				runs := max(1, 100_000/rows) // of a small job several, as its start would hide the rest
				for range b.N {
					for range runs {
						g := newGrown(b, rows, segment)
						at, used := time.Now(), processTime()
						done := watchHeap(&peak)
						g.run(b)
						done()
						took, cpu = took+time.Since(at), cpu+processTime()-used
						g.stop()
					}
				}
				n := float64(b.N) * float64(runs) * float64(rows)
				b.ReportMetric(n/took.Seconds(), "objects/s")
				b.ReportMetric(float64(cpu.Nanoseconds())/n, "cpu-ns/object")
				b.ReportMetric(float64(peak)/(1<<20), "peak-heap-MiB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// numbersOf are the numbers of an environment variable, with commas between them.
func numbersOf(b *testing.B, name string, without ...int64) (all []int64) {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return without
	}
	for one := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(one, 10, 64)
		if err != nil || n < 1 {
			b.Fatalf("%s=%s: want whole numbers above 0", name, text)
		}
		all = append(all, n)
	}
	return all
}

// processTime is what this process used of its processors.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("bench: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watchHeap looks at the heap until done is called.
func watchHeap(peak *uint64) (done func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			*peak = max(*peak, m.HeapInuse)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// grown is a job whose report, of one file, is made up as it is read.
type grown struct {
	segments []inventory.Segment
	each     int64 // rows of a segment
	journal  *grownJournal
	settled  func(inventory.Position) bool
	config   engine.Config
	stop     func()
}

func newGrown(b *testing.B, rows, each int64) *grown {
	b.Helper()
	g := &grown{each: each}
	for first := int64(0); first < rows; first += each {
		g.segments = append(g.segments, inventory.Segment{First: first, Last: min(first+each, rows) - 1})
	}
	folder, err := checkpoint.CreateDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	lock, err := folder.Lock(b.Context(), checkpoint.Self("bench"))
	if err != nil {
		b.Fatal(err)
	}
	state, _, err := checkpoint.Open(b.Context(), folder, checkpoint.PlanHash{1}, g.segments, checkpoint.Options{})
	if err != nil {
		b.Fatal(err)
	}
	_, has, err := migrate.Unsettled().In(b.Context(), state.Snapshot())
	if err != nil {
		b.Fatal(err)
	}
	g.settled = func(p inventory.Position) bool { return !has(p) }
	spent := ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "eu-west-1", Now: time.Now()})
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: 1e8}, Expected: ratelimit.Limits{Writes: 1e8, Reads: 1e8}, RampUp: -1, MaxSlots: 256})
	end := governor.Start(b.Context())
	g.stop = func() {
		end()
		if err := lock.Release(); err != nil {
			b.Error(err)
		}
	}
	g.journal = &grownJournal{Journal: state, ledger: spent}
	g.config = engine.Config{
		Rewriter: ledger.NewMeter(b.Context(), instantStore{}, spent), Gate: &control.CountingGate{Next: governor, KeyWeight: control.NewBucketKeyWeight(0.5)},
		Journal: g.journal, Sink: &report.Writer{Log: g.journal, Summary: new(report.Summary)}, Settled: g.settled,
		Workers: 256, Slots: governor.Slots, Ready: governor.Ready,
		Policy: &plan.Policy{
			Options: plan.Options{Bucket: "a-bucket", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: grownKey, BucketKey: true}.Normal(),
			Facts: plan.Facts{Region: "eu-west-1", Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No,
				IgnoresIfMatch: plan.No, AWS: plan.Yes},
			Weights: plan.DefaultWeights(true), Now: time.Now(),
		},
	}
	return g
}

const grownKey = "arn:aws:kms:eu-west-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001"

// run works on the whole job.
func (g *grown) run(b *testing.B) {
	b.Helper()
	if err := engine.Run(b.Context(), b.Context(), g.config, g.read()); err != nil {
		b.Fatal(err)
	}
	rows := g.segments[len(g.segments)-1].Last + 1
	if t := g.journal.Totals(); t.Done != rows || t.Finished != len(g.segments) {
		b.Fatalf("%d of %d rows done, %d of %d segments finished", t.Done, rows, t.Finished, len(g.segments))
	}
}

// read makes the batches of the report, of 512 rows as those of a report have. Four
// segments are read at once.
func (g *grown) read() iter.Seq2[inventory.Batch, error] {
	known := inventory.Columns(0)
	for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption} {
		known = known.With(c)
	}
	const batchRows, atOnce = 512, 4
	return func(yield func(inventory.Batch, error) bool) {
		for from := 0; from < len(g.segments); from += atOnce {
			some := g.segments[from:min(from+atOnce, len(g.segments))]
			for offset := int64(0); offset < g.each; offset += batchRows {
				for i, s := range some {
					first := s.First + offset
					if first > s.Last {
						continue
					}
					last := min(first+batchRows-1, s.Last)
					batch := inventory.Batch{Segment: from + i, Records: make([]inventory.Record, 0, batchRows), End: last == s.Last, Rows: s.Last + 1}
					for row := first; row <= last; row++ {
						batch.Records = append(batch.Records, inventory.Record{Pos: inventory.Position{File: s.File, Row: row}, Known: known, Bucket: "a-bucket",
							Key: keyOf(s.File, row), Size: 1000, ETag: "00112233445566778899aabbccddeeff", StorageClass: inventory.Standard, Encryption: inventory.SSES3})
					}
					if !yield(batch, nil) {
						return
					}
				}
			}
		}
	}
}

// keyOf is the key of a row.
func keyOf(file int, row int64) string {
	name := append(make([]byte, 0, 40), "data/2026/"...)
	name = strconv.AppendInt(name, int64(file), 10)
	name = append(name, "/picture-"...)
	name = strconv.AppendInt(name, row, 10)
	return string(append(name, ".jpg"...))
}

// instantStore is a store that copies in no time.
type instantStore struct{}

func (instantStore) Inspect(context.Context, *plan.Task, engine.Gate) (*plan.Head, error) {
	panic("bench: nothing is looked at")
}

func (instantStore) Snapshot(context.Context, *plan.Task, engine.Gate) (*plan.Snapshot, error) {
	panic("bench: nothing is kept")
}

func (instantStore) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	err := g.Do(ctx, t.Step(plan.StepCopy), func(context.Context) error { return nil })
	return engine.Effect{ETag: "ffeeddccbbaa99887766554433221100", KMSKeyID: grownKey, RequestID: "0123456789ABCDEF"}, err
}

// grownJournal says of each row what a run says.
type grownJournal struct {
	*checkpoint.Journal
	ledger *ledger.Ledger
}

func (j *grownJournal) Log(p inventory.Position, line []byte) error {
	return j.Journal.Log(context.Background(), p, line)
}

func (j *grownJournal) Settle(r *engine.Result) error {
	p := r.Task.Record.Pos
	charged, _ := j.ledger.Settle(p)
	for _, c := range [...]struct {
		name string
		n    int64
	}{{"bytes", r.Task.Record.Size}, {"done.copy", 1}, {"requests", int64(r.Attempts)}, {"kms_max", r.KMSMax}, {ledger.SpentCounter, int64(charged)}} {
		if err := j.Count(p, c.name, c.n); err != nil {
			return err
		}
	}
	return j.Done(p)
}
