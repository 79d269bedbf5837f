package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/internal/simulator"
)

// spentCmd checks what a job has cost, by its own account and at the prices of
// maxcost.txt by the simulator's, of which probes are a small part:
//
//	spent JOB LOW HIGH
func spentCmd(ts *testscript.TestScript, neg bool, args []string) {
	low, high := float64(number(ts, args[1])), float64(number(ts, args[2]))
	snapshot, err := readStatus(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	if got := float64(snapshot.Spent) / float64(cost.Dollar); got < low || got > high {
		ts.Fatalf("the job says that it cost %.2f, want %.0f to %.0f", got, low, high)
	}
	histogram, _ := sceneOf(ts).sim.counted(scriptBucket)
	var copies int64
	for times, n := range histogram {
		copies += int64(times) * n
	}
	if float64(copies) > high {
		ts.Fatalf("%d copies at a dollar, want %.0f at most", copies, high)
	}
}

// A copy at a dollar, a look at ten cents.
const dearPrices = `{"format": "reseal-prices/1", "currency": "USD", "date": "2026-11-21", "source": "made up",
	"regions": {"us-east-1": {"kms_10000_requests": 0, "classes": {"STANDARD": {"put_1000": 1000, "get_1000": 100}}}}}`

// What a job says that it spent is never below what the simulator counted, also
// after runs were killed: not when one has just been, nor at the end.
func TestSpentCountsWhatKilledRunsDid(t *testing.T) {
	t.Parallel()
	const objects, kills = 300, 3
	w := newTestWorld(t, simConfig{seed: 1, latency: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true})
	dir := t.TempDir()
	job, prices := filepath.Join(dir, "job"), filepath.Join(dir, "prices.json")
	if err := os.WriteFile(prices, []byte(dearPrices), 0o600); err != nil {
		t.Fatal(err)
	}
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simKey, "--job", job, "--yes", "--quiet", "--no-canary", "--prices", prices,
		"--accept", "weak-conditions", "--accept", "drops-expires", "--concurrency", "8"}
	counted := func() cost.Money {
		w.audit.mu.Lock()
		defer w.audit.mu.Unlock()
		took := w.audit.jobs[auditKey{auditTag(job), scriptBucket}].all
		return cost.Money(took.writes)*cost.Dollar + cost.Money(took.reads)*cost.Dollar/10
	}
	spent := func() cost.Money {
		s, err := readStatus(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		return s.Spent
	}
	for n := range kills {
		cmd := w.command(run...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		w.waitForCopies(ended, int64(n+1)*objects/(kills+1))
		_ = cmd.Process.Kill()
		if err := <-ended; err == nil {
			t.Fatal("the run ended before it could be killed")
		}
		if got, low := spent(), counted(); got < low {
			t.Errorf("after kill %d: spent %s by the job's account; the simulator counted %s", n, got, low)
		}
	}
	if out, err := w.command(run...).CombinedOutput(); err != nil {
		t.Fatalf("last run: %v\n%s", err, out)
	}
	got, low := spent(), counted()
	if high := 2*low + kills*cost.Dollar; got < low || got > high { // each run may be ahead by as much as it spent
		t.Errorf("spent %s by the job's account; the simulator counted %s, want %s at most", got, low, high)
	}
	t.Logf("spent %s by the job's account, %s counted", got, low)
}

// A bound is durable before what it bounds, is seldom written, never above the
// limit, and exact at the end.
func TestAdvance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := checkpoint.CreateDir(filepath.Join(t.TempDir(), "job"))
		if err != nil {
			t.Fatal(err)
		}
		lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Release()
		a := newAdvance(t.Context(), store, "spending.json", slog.New(slog.DiscardHandler))
		a.limit = 100 * cost.Dollar
		durable := func() cost.Money { m, _ := readSpending(t.Context(), store, "spending.json"); return m }
		writes, last := 0, cost.Money(0)
		for sum := cost.Cent; sum <= 100*cost.Dollar; sum += cost.Cent { // a dollar a second
			a.cover(sum)
			d := durable()
			if d < sum || d > a.limit || d > sum+4*cost.Dollar {
				t.Fatalf("%s spent, %s durable", sum, d)
			}
			if d != last {
				writes, last = writes+1, d
			}
			time.Sleep(10 * time.Millisecond)
		}
		if writes > 110 {
			t.Errorf("%d writes in 100 seconds, want one a second", writes)
		}
		a.end(t.Context(), 99*cost.Dollar) // something was given back
		if got := durable(); got != 99*cost.Dollar {
			t.Errorf("%s at the end, want $99.00", got)
		}
		if a = newAdvance(t.Context(), store, "spending.json", a.log); cost.Money(a.durable.Load()) != 99*cost.Dollar {
			t.Errorf("%d after a restart", a.durable.Load())
		}
	})
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
func TestAdvanceGoesOnAfterAFailure(t *testing.T) {
	dir, fail := lockedDir(t), true
	a := newAdvance(t.Context(), failingStore{dir, &fail}, "spending.json", slog.New(slog.DiscardHandler))
	a.cover(cost.Dollar)
	fail = false
	a.cover(100 * cost.Dollar)
	if got, _ := readSpending(t.Context(), dir, "spending.json"); got < 100*cost.Dollar {
		t.Errorf("%s durable, want at least $100.00", got)
	}
}

// hangingStore is a store whose writes of what begins with name get no answer until their
// context ends.
type hangingStore struct {
	checkpoint.Store
	name    string
	hanging chan struct{} // told of each write
}

func (s hangingStore) Put(ctx context.Context, name string, data []byte, expect checkpoint.Version) (checkpoint.Version, error) {
	if !strings.HasPrefix(name, s.name) {
		return s.Store.Put(ctx, name, data, expect)
	}
	s.hanging <- struct{}{}
	<-ctx.Done()
	return "", ctx.Err()
}

// A request that waits for its bound waits no longer than the work goes on.
func TestAdvanceEndsWithTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := lockedDir(t)
		work, kill := context.WithCancel(t.Context())
		hanging := make(chan struct{}, 1)
		a := newAdvance(work, hangingStore{store, "spending.json", hanging}, "spending.json", slog.New(slog.DiscardHandler))
		covered := make(chan struct{})
		go func() {
			a.cover(cost.Dollar)
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

// lockedDir is an empty job, held by the test.
func lockedDir(t *testing.T) *checkpoint.Dir {
	t.Helper()
	store, err := checkpoint.CreateDir(filepath.Join(t.TempDir(), "job"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Release() })
	return store
}

// One write of the history that fails loses that one, whether it took place or not,
// and not all that follow.
func TestHistoryOutlivesAFailedWrite(t *testing.T) {
	t.Parallel()
	store, fail := lockedDir(t), false
	h := openHistory(t.Context(), failingStore{store, &fail}, historyFile, 0, slog.New(slog.DiscardHandler))
	h.ledger = newLedger(cost.BuiltIn(), "eu-west-1", time.Now(), 0)
	for runs := range int64(6) {
		fail = runs%2 == 1
		h.Runs = runs
		h.write(t.Context())
		if got, _, err := readHistory(t.Context(), store, historyFile); err != nil || got.Runs != runs {
			t.Fatalf("write %d: the history has %d (%v)", runs, got.Runs, err)
		}
	}
}

// What a run that was cut off had written down ahead counts as spent, and is told
// apart: it is why a job can have cost more than its plan said.
func TestCutOffIsToldApart(t *testing.T) {
	dir, log := lockedDir(t), slog.New(slog.DiscardHandler)
	h := openHistory(t.Context(), dir, historyFile, 0, log)
	h.ledger = newLedger(cost.BuiltIn(), "us-east-1", time.Now(), 2*cost.Cent)
	h.write(t.Context())
	newAdvance(t.Context(), dir, spendingName(historyFile), log).cover(4 * cost.Cent) // and then it is killed
	for range 2 {                                                                     // the next run counts it once
		past, _, err := readHistory(t.Context(), dir, historyFile)
		if err != nil || past.Spent != 5*cost.Cent || past.CutOff != 3*cost.Cent {
			t.Fatalf("%v spent, %v of it cut off, %v; want $0.05 and $0.03", past.Spent, past.CutOff, err)
		}
		h = openHistory(t.Context(), dir, historyFile, 0, log)
		h.ledger = newLedger(cost.BuiltIn(), "us-east-1", time.Now(), past.Spent)
		h.write(t.Context())
	}
	var out strings.Builder
	s := jobStatus{State: "finished", Spent: 5 * cost.Cent, Estimated: &cost.Span{Expected: 2 * cost.Cent, Max: 3 * cost.Cent}, Prices: "list prices", cutOff: 3 * cost.Cent}
	if err := s.text(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Spent        at most $0.05; the plan expected $0.02, at most $0.03 (list prices)\n", "above the plan: at most $0.03 of it is set aside for what a run"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("status lacks %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	s.State, s.Spent, s.Estimated = "unfinished", 1, &cost.Span{Expected: 1, Max: 2}
	if _ = s.text(&out); !strings.Contains(out.String(), "less than $0.01 so far; the plan expected less than $0.01 (list prices)") {
		t.Errorf("status of small amounts:\n%s", out.String())
	}
}
