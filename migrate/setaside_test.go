package migrate

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/internal/jobtest"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// asideJob is a job of two files of 100 rows, whose runs work on a share of it.
type asideJob struct {
	t     *testing.T
	store *checkpoint.Dir
	share job.Share
	limit cost.Money
	last  int64 // row of both files, OpenEnd where nobody has counted them
	reads int

	*checkpoint.Journal
	*job.HistoryWriter
	ledger *ledger.Ledger
	found  *checkpoint.Snapshot
	ahead  *job.SpendingBound
}

// own is what the share has: all of the job, or one file of it.
func (j *asideJob) own(index int) bool { return j.share.Count == 0 || index == j.share.Index }

// open begins another run.
func (j *asideJob) open() {
	j.t.Helper()
	log := slog.New(slog.DiscardHandler)
	var err error
	j.Journal, j.found, err = checkpoint.Open(j.t.Context(), j.store, checkpoint.PlanHash{}, []inventory.Segment{{File: 0, Last: j.last}, {File: 1, Last: j.last}},
		checkpoint.Options{ReserveAdmitted: true, ReserveRows: 10, Own: j.own})
	if err != nil {
		j.t.Fatal(err)
	}
	j.HistoryWriter = job.OpenHistory(j.t.Context(), j.store, j.share.HistoryName(), 0, log)
	j.Reconcile(cost.Money(j.found.Totals().Counters[ledger.SpentCounter]), job.RequestCount{})
	j.ledger = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "us-east-1", Now: time.Now(), Earlier: j.Spent})
	j.Readings.Spent = j.ledger.Spent
	j.ahead = job.NewSpendingBound(j.t.Context(), j.store, job.SpendingName(j.share.HistoryName()), log)
	j.ahead.Limit = j.limit
}

// at is a row of the share's first file.
func (j *asideJob) at(row int64) inventory.Position {
	return inventory.Position{File: j.share.Index, Row: row}
}

// durable is the bound that is written down.
func (j *asideJob) durable() cost.Money {
	doc := struct {
		AtMost cost.Money `json:"at_most_usd"`
	}{}
	data, _, err := j.store.Get(j.t.Context(), job.SpendingName(j.share.HistoryName()))
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.t.Fatal(err)
	}
	return doc.AtMost
}

// crash lets a run admit the block of rows that row is in, and be killed once it
// has written down that it will cost more.
func (j *asideJob) crash(row int64, more cost.Money) {
	j.t.Helper()
	j.open()
	if err := j.Admit(j.t.Context(), j.at(row)); err != nil {
		j.t.Fatal(err)
	}
	j.Write(j.t.Context())
	j.ahead.Cover(j.Spent.Add(more))
}

// less has what was set aside held against the rows, as a run does at its beginning.
func (j *asideJob) less(chosen ...job.Row) {
	j.t.Helper()
	d, err := findInterrupted(j.t.Context(), j.found, chosen)
	if err == nil {
		err = setAsideLess(j.t.Context(), j.HistoryWriter, j.ahead, j.ledger, func() (cost.Money, bool, error) { return d.price(j.t.Context(), j, asidePolicy(), j.ledger) })
	}
	if err != nil {
		j.t.Fatal(err)
	}
}

func asidePolicy() *plan.Policy {
	return &plan.Policy{
		Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simaws.Key}.Normal(),
		Facts:   plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, IgnoresIfMatch: plan.No, AWS: plan.Yes},
		Weights: plan.DefaultWeights(false),
	}
}

// Record is a row of the report; every object is alike.
func (j *asideJob) record(p inventory.Position) inventory.Record {
	known := inventory.Columns(0)
	for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag, inventory.ColStorageClass, inventory.ColEncryption} {
		known = known.With(c)
	}
	return inventory.Record{Pos: p, Known: known, Bucket: "b", Key: "k", Size: 1, ETag: "e", StorageClass: inventory.Standard, Encryption: inventory.SSES3}
}

// Read implements Report.
func (j *asideJob) Read(_ context.Context, segments []inventory.Segment) iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		for i, s := range segments {
			for row := s.First; row <= min(s.Last, 99); row++ {
				j.reads++
				if !yield(inventory.Batch{Segment: i, Records: []inventory.Record{j.record(inventory.Position{File: s.File, Row: row})}}, nil) {
					return
				}
			}
			b := inventory.Batch{Segment: i, End: true}
			if s.Last > 99 && s.Last != inventory.OpenEnd {
				b = inventory.Batch{Segment: i, Err: io.ErrUnexpectedEOF}
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func newAsideJob(t *testing.T, s job.Share) *asideJob {
	return &asideJob{t: t, store: sharedDir(t), share: s, limit: 10 * cost.Dollar, last: 99}
}

// sharedDir has room for the documents of shares, as a bucket has.
func sharedDir(t *testing.T) *checkpoint.Dir {
	t.Helper()
	store := jobtest.Locked(t)
	for _, folder := range []string{job.HistoryFolder, "spending", "runs"} {
		if err := os.Mkdir(filepath.Join(store.String(), folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

var asideShares = []job.Share{{}, {Index: 0, Count: 2}, {Index: 1, Count: 2}}

// most is what one row can cost a run that was cut off at it.
func (j *asideJob) most() cost.Money {
	rec := j.record(j.at(0))
	m, ok := j.ledger.InterruptedCost(asidePolicy(), &rec)
	if !ok || m <= 0 {
		j.t.Fatalf("a row costs %v", m)
	}
	return m
}

// What a run that was cut off set aside is given back as soon as the rows that it
// may have worked on are settled, while others are still to be done: of a job, and
// of a share of it, which waits for no other.
func TestWhatWasSetAsideComesBackDuringTheRun(t *testing.T) {
	for _, s := range asideShares {
		j := newAsideJob(t, s)
		j.crash(0, 4*cost.Cent) // rows 0 to 9
		j.open()
		a := newReserve(j.found, false, j.ahead)
		for row := range int64(20) {
			if err := errors.Join(j.Done(j.at(row)), j.Journal.Flush(t.Context())); err != nil {
				t.Fatal(err)
			}
			a.release(t.Context(), j.Journal, j.HistoryWriter, j.ledger)
			if settled := row >= 9; settled != (j.ledger.Spent() == 0) || settled != (j.durable() == 0) || settled != (j.CutOff == 0) {
				t.Fatalf("share %q, after row %d: %v spent, %v durable, %v set aside", s.Name(), row, j.ledger.Spent(), j.durable(), j.CutOff)
			}
		}
	}
}

// Where it cannot be told which rows a run was cut off at, that waits until all of
// what the run has is settled; a share does not wait for the others.
func TestWhatWasSetAsideComesBackAtTheEnd(t *testing.T) {
	for _, s := range asideShares {
		j := newAsideJob(t, s)
		j.crash(0, 4*cost.Cent)
		j.open()
		a := newReserve(j.found, true, j.ahead)
		for row := range int64(100) {
			for file := range 2 {
				if j.own(file) {
					if err := j.Done(inventory.Position{File: file, Row: row}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := j.Journal.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.release(t.Context(), j.Journal, j.HistoryWriter, j.ledger)
			a.releaseAll(j.Journal, j.HistoryWriter, j.ledger)
			if settled := row == 99; settled != (j.ledger.Spent() == 0) || settled != (j.CutOff == 0) {
				t.Fatalf("share %q, after row %d: %v spent, %v set aside", s.Name(), row, j.ledger.Spent(), j.CutOff)
			}
		}
	}
}

// Of what a run set aside that was cut off, no more stays so than the rows in doubt
// can have cost: those that are settled count for nothing, nor do those that were not
// begun, and an object of the canary does, wherever it is.
func TestACrashSetsAsideWhatItsRowsCanCost(t *testing.T) {
	for _, s := range asideShares {
		j := newAsideJob(t, s)
		j.crash(0, 4*cost.Cent) // rows 0 to 9
		for row := range int64(4) {
			if err := errors.Join(j.Done(j.at(row*2)), j.Journal.Flush(t.Context())); err != nil { // rows 0, 2, 4 and 6, and then it is killed
				t.Fatal(err)
			}
		}
		j.open()
		if j.CutOff < 4*cost.Cent {
			t.Fatalf("share %q: %v set aside by the crash", s.Name(), j.CutOff)
		}
		chosen := []job.Row{{File: s.Index, Row: 0}, {File: s.Index, Row: 5}, {File: s.Index, Row: 70}, {File: 1 - s.Index, Row: 70}}
		rows := cost.Money(6 + 1) // and row 70
		if s.Count == 0 {
			rows++ // of the other file
		}
		j.less(chosen...)
		if want := rows * j.most(); j.CutOff != want || j.ledger.Spent() != want || j.durable() != want {
			t.Errorf("share %q: %v set aside, %v spent, %v durable; want %v", s.Name(), j.CutOff, j.ledger.Spent(), j.durable(), want)
		}
		j.open() // and killed before anything else was written
		if want := rows * j.most(); j.CutOff != want {
			t.Errorf("share %q: %v set aside after another crash, want %v", s.Name(), j.CutOff, want)
		}
		if j.reads > 9+int(rows) {
			t.Errorf("share %q: %d rows were read", s.Name(), j.reads)
		}
	}
}

// Of a file whose rows nobody has counted no more is read than was admitted, and more
// may be admitted than there is.
func TestRowsInDoubtOfAnOpenEnd(t *testing.T) {
	for row, want := range map[int64]cost.Money{0: 10, 95: 100} { // admitted: 10 rows, and 105
		j := newAsideJob(t, job.Share{})
		j.last = inventory.OpenEnd
		j.crash(row, 4*cost.Cent)
		j.open()
		j.less()
		if want *= j.most(); j.CutOff != want || j.reads > 105 || row == 0 && j.reads > 10 {
			t.Errorf("row %d: %v set aside, want %v; %d rows were read", row, j.CutOff, want, j.reads)
		}
	}
}

// Crash after crash near the limit leaves money to go on with, and all of it comes
// back once the rows are settled.
func TestManyCrashesLeaveMoneyBelowTheLimit(t *testing.T) {
	j := newAsideJob(t, job.Share{})
	const crashes = 60
	for range crashes {
		j.crash(0, cost.Cent/1000)
		j.open()
		j.less()
		j.Write(t.Context())
	}
	if most := crashes * 10 * j.most(); j.CutOff > most || j.limit-j.ledger.Spent() < j.limit/2 {
		t.Errorf("%v set aside by %d crashes, want %v at most; %v spent of %v", j.CutOff, crashes, most, j.ledger.Spent(), j.limit)
	}
	a := newReserve(j.found, false, j.ahead)
	for row := range int64(10) {
		if err := j.Done(j.at(row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Journal.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.release(t.Context(), j.Journal, j.HistoryWriter, j.ledger)
	if j.CutOff != 0 || j.ledger.Spent() != 0 {
		t.Errorf("%v set aside, %v spent once the rows are settled", j.CutOff, j.ledger.Spent())
	}
}

// A row that is in doubt and cannot be priced keeps all that was set aside.
func TestWhatCannotBePricedStaysSetAside(t *testing.T) {
	j := newAsideJob(t, job.Share{})
	j.crash(0, 4*cost.Cent)
	j.open()
	before := j.CutOff
	j.ledger = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "nowhere-1", Now: time.Now(), Earlier: j.Spent})
	j.less()
	if j.CutOff != before || j.ledger.Spent() != j.Spent {
		t.Errorf("%v set aside, want %v", j.CutOff, before)
	}
}

// Failed rows are in doubt where a run that tried them again was cut off, or a canary
// that chose one of them.
func TestTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		command string
		of      job.Share
		over    bool
		failed  []int64
		want    bool
	}{
		{"run", job.Share{}, false, []int64{3}, false},
		{"retry-failed", job.Share{}, true, []int64{3}, false},
		{"retry-failed", job.Share{Index: 0, Count: 2}, false, []int64{3}, false},
		{"retry-failed", job.Share{}, false, []int64{3}, true},
		{"retry-failed", job.Share{}, false, nil, false},
		{"run", job.Share{}, false, []int64{3, 5}, true},
	} {
		j := newAsideJob(t, job.Share{})
		record, err := job.Begin(t.Context(), j.store, job.Run{Command: tt.command, Share: tt.of.Name()})
		if err == nil && tt.over {
			err = record.End(t.Context(), 0, "finished")
		}
		j.open()
		for _, row := range tt.failed {
			err = errors.Join(err, j.Fail(j.at(row)))
		}
		if err := errors.Join(err, j.Journal.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
		if got := triedAgain(t.Context(), j.store, job.Share{}, j.Snapshot(), []job.Row{{Row: 4}, {Row: 5}}); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
