package job

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/internal/jobtest"
	"reseal/report"
)

// What was set aside for a run that was cut off is given back once all rows are
// settled, but for what the objects may have cost that it was cut off at, and never
// what settled rows have come to.
func TestWhatWasSetAsideIsGivenBack(t *testing.T) {
	for _, tt := range []struct {
		name                             string
		written, atMost, before, settled cost.Money // settled: rows, as the resume finds them
		doubted                          cost.Money
		cutOff, back                     cost.Money
	}{
		{"nothing was cut off", 10, 0, 0, 10, 5, 0, 0},
		{"nothing was under way", 10, 18, 0, 10, 0, 8, 8},
		{"some objects were", 10, 18, 0, 10, 3, 8, 5},
		{"rows were settled after the history was written", 10, 18, 0, 14, 1, 4, 3},
		{"all of it was settled", 10, 18, 0, 20, 1, 0, 0},
		{"after another crash", 16, 18, 6, 10, 3, 8, 5},
		{"many objects in doubt", 10, 18, 0, 10, 100, 8, 0},
	} {
		store := jobtest.Locked(t)
		d := document{store: store, name: HistoryFile}
		if err := d.put(t.Context(), &History{Spent: tt.written, CutOff: tt.before, Summary: new(report.Summary)}); err != nil {
			t.Fatal(err)
		}
		d = document{store: store, name: "spending.json"}
		if err := d.put(t.Context(), spendingDoc{tt.atMost}); err != nil {
			t.Fatal(err)
		}
		h := OpenHistory(t.Context(), store, HistoryFile, 0, slog.New(slog.DiscardHandler))
		h.Reconcile(tt.settled, RequestCount{})
		cutOff := h.CutOff
		if back := h.ReleaseReserved(tt.doubted); cutOff != tt.cutOff || back != tt.back || h.CutOff != cutOff-back {
			t.Errorf("%s: %d was cut off, %d given back; want %d and %d", tt.name, cutOff, back, tt.cutOff, tt.back)
		}
	}
}

// A bound is durable before what it bounds, is seldom written, never above the
// limit, and exact at the end.
func TestSpendingBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := jobtest.Locked(t)
		a := NewSpendingBound(t.Context(), store, "spending.json", slog.New(slog.DiscardHandler))
		a.Limit = 100 * cost.Dollar
		durable := func() cost.Money { m, _ := readSpending(t.Context(), store, "spending.json"); return m }
		writes, last := 0, cost.Money(0)
		for sum := cost.Cent; sum <= 100*cost.Dollar; sum += cost.Cent { // a dollar a second
			a.Cover(sum)
			d := durable()
			if d < sum || d > a.Limit || d > sum+4*cost.Dollar {
				t.Fatalf("%s spent, %s durable", sum, d)
			}
			if d != last {
				writes, last = writes+1, d
			}
			time.Sleep(10 * time.Millisecond)
		}
		if writes > 220 { // the steps get smaller towards the limit
			t.Errorf("%d writes in 100 seconds, want about one a second", writes)
		}
		a.End(t.Context(), 99*cost.Dollar) // something was given back
		if got := durable(); got != 99*cost.Dollar {
			t.Errorf("%s at the end, want $99.00", got)
		}
		if a = NewSpendingBound(t.Context(), store, "spending.json", a.log); cost.Money(a.durable.Load()) != 99*cost.Dollar {
			t.Errorf("%d after a restart", a.durable.Load())
		}
	})
}

// Runs that are cut off again and again set a small part of what is left aside
// each time, so that the job under a limit still has money to go on with.
func TestCrashesLeaveMoneyBelowTheLimit(t *testing.T) {
	store, log := jobtest.Locked(t), slog.New(slog.DiscardHandler)
	const limit, object = 6 * cost.Cent, cost.Cent / 1000
	const crashes = 20
	for n := range crashes {
		a := NewSpendingBound(t.Context(), store, "spending.json", log)
		a.Limit = limit
		before := cost.Money(a.durable.Load())
		a.Cover(before.Add(object)) // and then it is killed
		after, _ := readSpending(t.Context(), store, "spending.json")
		if most := object + (limit-before)/10; after-before > most {
			t.Fatalf("crash %d took %v of %v that were left", n, after-before, limit-before)
		}
	}
}

// After a crash the requests of a job are never counted twice: what rows had not
// counted when the history was last written, they may have counted since. Whether
// a figure is exact is said.
func TestRequestsAfterACrash(t *testing.T) {
	store, log := jobtest.Locked(t), slog.New(slog.DiscardHandler)
	settled := RequestCount{100, 50}
	begin := func() *HistoryWriter {
		h := OpenHistory(t.Context(), store, HistoryFile, 0, log)
		h.Reconcile(0, settled)
		h.Readings.Spent = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "eu-west-1", Now: time.Now()}).Spent
		h.Readings.Settled = func() RequestCount { return settled }
		return h
	}
	total := func() int64 {
		doc, _, err := ReadHistory(t.Context(), store, HistoryFile)
		if err != nil {
			t.Fatal(err)
		}
		return settled.Plus(doc.Uncounted(settled)).Requests
	}
	h := begin()
	h.Readings.Unsettled = func() RequestCount { return RequestCount{40, 20} } // under way
	h.Write(t.Context())
	if n := total(); n != 140 {
		t.Errorf("%d requests with 40 under way, want 140", n)
	}
	settled = RequestCount{130, 65} // 30 of them are counted now; and then it is killed
	if n := total(); n != 140 {
		t.Errorf("%d requests after a crash, want 140", n)
	}
	settled = RequestCount{200, 100}
	if n := total(); n != 200 {
		t.Errorf("%d requests after a crash, want the 200 that rows have counted", n)
	}
	settled = RequestCount{130, 65}
	begin().Write(t.Context())
	if settled = (RequestCount{180, 90}); total() != 190 {
		t.Errorf("%d requests of the run after it, want 10 that no row has counted and 180", total())
	}
}

// Whether a figure is exact is told from how the runs ended.
func TestAccuracy(t *testing.T) {
	open := RequestCount{5, 5}
	for _, tt := range []struct {
		name     string
		finished bool
		past     History
		want     Accuracy
	}{
		{"in order", false, History{Unsettled: open}, Accuracy{Exact, Exact, AtMost, AtMost}},
		{"goes on", false, History{Running: true, Settled: new(RequestCount)}, Accuracy{AtLeast, AtLeast, AtMost, AtMost}},
		{"cut off", false, History{RunsCutOff: 1, Settled: new(RequestCount)}, Accuracy{AtLeast, AtLeast, AtMost, AtMost}},
		{"finished after a crash", true, History{RunsCutOff: 1, Settled: new(RequestCount)}, Accuracy{Exact, AtLeast, AtMost, AtMost}},
		{"a share was cut off", true, History{RunsCutOff: 1, Unsettled: open}, Accuracy{Exact, About, About, AtMost}},
	} {
		if got := tt.past.Accuracy(tt.finished); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// failingStore is a store whose writes fail, after they took place, for a while.
type failingStore struct {
	checkpoint.Store
	fail *bool
}

func (s failingStore) Put(ctx context.Context, name string, data []byte, expect checkpoint.Version) (checkpoint.Version, error) {
	v, err := s.Store.Put(ctx, name, data, expect)
	if *s.fail {
		return "", errors.New("the answer got lost")
	}
	return v, err
}

// A write that fails ends neither the run nor the ones after it.
func TestSpendingBoundOutlivesAFailedWrite(t *testing.T) {
	dir, fail := jobtest.Locked(t), true
	a := NewSpendingBound(t.Context(), failingStore{dir, &fail}, "spending.json", slog.New(slog.DiscardHandler))
	a.Cover(cost.Dollar)
	fail = false
	a.Cover(100 * cost.Dollar)
	if got, _ := readSpending(t.Context(), dir, "spending.json"); got < 100*cost.Dollar {
		t.Errorf("%s durable, want at least $100.00", got)
	}
}

// A request that waits for its bound waits no longer than the work goes on.
func TestSpendingBoundEndsWithTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := jobtest.Locked(t)
		work, kill := context.WithCancel(t.Context())
		hanging := make(chan struct{}, 1)
		a := NewSpendingBound(work, jobtest.Hanging{Store: store, Prefix: "spending.json", Begun: hanging}, "spending.json", slog.New(slog.DiscardHandler))
		covered := make(chan struct{})
		go func() {
			a.Cover(cost.Dollar)
			close(covered)
		}()
		<-hanging
		kill()
		<-covered // else the bubble is found to be stuck
		if a.broken {
			t.Error("an end at once was taken for a store that fails")
		}
	})
}

// One write of the history that fails loses that one, whether it took place or not,
// and not all that follow.
func TestHistoryOutlivesAFailedWrite(t *testing.T) {
	t.Parallel()
	store, fail := jobtest.Locked(t), false
	h := OpenHistory(t.Context(), failingStore{store, &fail}, HistoryFile, 0, slog.New(slog.DiscardHandler))
	h.Readings.Spent = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "eu-west-1", Now: time.Now()}).Spent
	for runs := range int64(6) {
		fail = runs%2 == 1
		h.Runs = runs
		h.Write(t.Context())
		if got, _, err := ReadHistory(t.Context(), store, HistoryFile); err != nil || got.Runs != runs {
			t.Fatalf("write %d: the history has %d (%v)", runs, got.Runs, err)
		}
	}
}

// What the canary has compared is written down soon, and at once where it is much: a
// run that is cut off has it compared anew.
func TestHistoryHasWhatWasCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := jobtest.Locked(t)
		h := OpenHistory(t.Context(), store, HistoryFile, 0, slog.New(slog.DiscardHandler))
		h.Readings.Spent = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "eu-west-1", Now: time.Now()}).Spent
		n := int64(0)
		h.Readings.Proven = func() *canary.Table { return &canary.Table{Kinds: []canary.Kind{{Compared: n}}} }
		for _, step := range []struct {
			after           time.Duration
			compared, there int64
		}{{0, 0, 0}, {0, 25, 25}, {time.Second, 26, 25}, {time.Second, 26, 26}, {time.Second, 27, 26}, {0, 36, 36}} {
			time.Sleep(step.after)
			n = step.compared
			h.WriteIfDue(t.Context())
			got, _, err := ReadHistory(t.Context(), store, HistoryFile)
			if err != nil || got.Canary.Compared() != step.there {
				t.Errorf("%d compared: the history has %d (%v), want %d", n, got.Canary.Compared(), err, step.there)
			}
		}
	})
}

// What a run that was cut off had written down ahead counts as spent, and is told
// apart: it is why a job can have cost more than its plan said.
func TestCutOffIsToldApart(t *testing.T) {
	dir, log := jobtest.Locked(t), slog.New(slog.DiscardHandler)
	h := OpenHistory(t.Context(), dir, HistoryFile, 0, log)
	h.Readings.Spent = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "us-east-1", Now: time.Now(), Earlier: 2 * cost.Cent}).Spent
	h.Write(t.Context())
	NewSpendingBound(t.Context(), dir, SpendingName(HistoryFile), log).Cover(4 * cost.Cent) // and then it is killed
	for range 2 {                                                                           // the next run counts it once
		past, _, err := ReadHistory(t.Context(), dir, HistoryFile)
		if err != nil || past.Spent != 5*cost.Cent || past.CutOff != 3*cost.Cent {
			t.Fatalf("%v spent, %v of it cut off, %v; want $0.05 and $0.03", past.Spent, past.CutOff, err)
		}
		h = OpenHistory(t.Context(), dir, HistoryFile, 0, log)
		h.Readings.Spent = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "us-east-1", Now: time.Now(), Earlier: past.Spent}).Spent
		h.Write(t.Context())
	}
}
