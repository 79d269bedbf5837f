package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// calmModel is a bucket in memory on which nothing goes wrong.
func calmModel(t *testing.T) *model {
	m := newModel(t, new(modelSeen), 1)
	m.calm = true
	return m
}

// A holder that fell silent keeps its share for its whole lease, whatever the
// server's clock does, and not for much longer.
func TestTakeoverWaitsForTheWholeLease(t *testing.T) {
	for _, skew := range []time.Duration{0, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			m := calmModel(t)
			old, awake, mu := m.holder("old", 0, 0)
			lock, err := old.store.Lock(t.Context(), Holder{PID: 1, Command: "old"})
			must(t, err)
			time.Sleep(21 * time.Second)
			m.mu.Lock()
			last := m.objects["job/"+old.store.lease.Load().alive()].at
			m.mu.Unlock()
			mu.Lock()
			*awake = time.Now().Add(time.Hour)
			mu.Unlock()
			time.Sleep(7 * time.Second)
			m.mu.Lock()
			m.skew = skew
			m.mu.Unlock()
			next, _, _ := m.holder("next", 0, 0)
			defer next.kill()
			var waited []string
			var until time.Time
			next.store.config.Waiting = func(h Holder, at time.Time) { waited, until = append(waited, h.Command), at }
			got, err := next.store.Lock(t.Context(), Holder{PID: 2, Command: "next"})
			must(t, err)
			silent := time.Since(last)
			if most := 25 * time.Second; skew == 0 && (silent < 15*time.Second || silent > most) || skew != 0 && silent < 22*time.Second {
				t.Errorf("clock %v off: taken over after %v of silence, want 15 s to %v", skew, silent, most)
			}
			if len(waited) != 1 || waited[0] != "old" || time.Now().After(until.Add(3*time.Second)) {
				t.Errorf("clock %v off: waiting was told of %q until %v, want old once, and until about %v", skew, waited, until, time.Now())
			}
			if got.Previous == nil || got.Previous.Command != "old" || got.Epoch != lock.Epoch+1 {
				t.Errorf("epoch %d after %+v, want %d after the old holder", got.Epoch, got.Previous, lock.Epoch+1)
			}
			must(t, got.Release())
			old.kill()
			_ = lock.Release()
		})
	}
}

// A live holder keeps its share, and all shares of another division out.
func TestLiveHoldersAreInTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := calmModel(t)
		held, _, _ := m.holder("0/2", 0, 2)
		lock, err := held.store.Lock(t.Context(), Holder{PID: 1, Command: "0/2"})
		must(t, err)
		for _, tt := range []struct {
			share, shares int
			free          bool
		}{{0, 2, false}, {1, 2, true}, {0, 0, false}, {1, 3, false}} {
			h, _, _ := m.holder("other", tt.share, tt.shares)
			l, err := h.store.Lock(t.Context(), Holder{PID: 2, Command: "other"})
			var locked *LockedError
			switch {
			case tt.free && err == nil:
				must(t, l.Release())
			case tt.free || !errors.As(err, &locked) || locked.Holder.Command != "0/2":
				t.Errorf("share %d of %d: %v", tt.share, tt.shares, err)
			}
			h.kill()
		}
		must(t, lock.Release())
		h, _, _ := m.holder("whole", 0, 0)
		l, err := h.store.Lock(t.Context(), Holder{PID: 3})
		must(t, err)
		if l.Previous != nil || l.Epoch != 3 {
			t.Errorf("epoch %d after %+v, want 3 and nobody who died", l.Epoch, l.Previous)
		}
		must(t, l.Release())
		held.kill()
		h.kill()
	})
}

// Without the lock, after it was given back, and after it was taken over, nothing
// is written.
func TestNothingIsWrittenWithoutALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := calmModel(t)
		h, _, _ := m.holder("h", 0, 0)
		put := func() error {
			_, err := h.store.Put(t.Context(), "history.json", []byte("x"), "")
			return err
		}
		if err := put(); !errors.Is(err, ErrNotLocked) {
			t.Errorf("before the lock: %v", err)
		}
		l, err := h.store.Lock(t.Context(), Holder{PID: 1})
		must(t, err, h.store.Held(t.Context()))
		now := m.leases()
		next, own := now.with(grant{ID: "thief"}, 0)
		m.objects["job/"+leaseName] = modelObject{next.encode(), m.now()}
		var conflict *ConflictError
		if err := h.store.Held(t.Context()); !errors.As(err, &conflict) || own.Epoch != l.Epoch+1 {
			t.Errorf("held after a takeover: %v", err)
		}
		if err := put(); !errors.As(err, &conflict) {
			t.Errorf("after a takeover: %v", err)
		}
		must(t, l.Release())
		if err := put(); !errors.Is(err, ErrNotLocked) {
			t.Errorf("after the lock: %v", err)
		}
		if after := m.leases(); after.Epoch != next.Epoch || after.Grants[0].Released {
			t.Errorf("giving back changed what is another's: %+v", after)
		}
		h.kill()
	})
}

// A share writes its own states only, and nothing of others is touched when it is
// opened.
func TestAShareTouchesNothingOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := calmModel(t)
		must(t, m.finish(false))
		m.objects["job/results/000001-000099-000001.jsonl.gz"] = modelObject{[]byte("of nobody"), m.now()}
		h, _, _ := m.holder("0/2", 0, 2)
		defer h.kill()
		l, err := h.store.Lock(t.Context(), Holder{PID: 1})
		must(t, err)
		before := map[string]string{}
		for key, o := range m.objects {
			before[key] = o.etag()
		}
		_, _, err = Open(t.Context(), h.store, PlanHash{1}, modelSegments, Options{Own: h.own})
		must(t, err)
		for key, o := range m.objects {
			index, isState := parseStateName(key[len("job/"):])
			if o.etag() != before[key] && !(isState && h.own(index)) && key != "job/"+h.store.lease.Load().alive() {
				t.Errorf("%s was written", key)
			}
		}
		must(t, l.Release())
	})
}

// lateStore loses the answer of a write, which takes effect later.
type lateStore struct {
	*objects
	lose bool
	late func()
}

func (s *lateStore) Put(ctx context.Context, name string, data []byte, expect Version) (Version, error) {
	if s.lose {
		s.lose = false
		s.late = func() { _, _ = s.objects.Put(ctx, name, slices.Clone(data), expect) }
		return "", errAnswer
	}
	return s.objects.Put(ctx, name, data, expect)
}

// An own write that takes effect late is recognised; the write of another is not
// written over.
func TestLateWrites(t *testing.T) {
	for _, other := range []bool{false, true} {
		s := &lateStore{objects: &objects{r: rand.New(rand.NewPCG(1, 1)), data: map[string][]byte{}, version: map[string]int{}, epoch: 1}}
		j, _ := mustOpen(t, s, twoFiles, Options{})
		flushes(t, j, 2)
		must(t, j.Log(t.Context(), at(1, 2), []byte("row 2")), j.Done(at(1, 2)))
		s.lose = true
		if err := j.Flush(t.Context()); !errors.Is(err, errAnswer) {
			t.Fatalf("flush: %v", err)
		}
		s.late()
		if other {
			name := stateName(1, j.active[1].copies.current^1)
			data, version, err := s.Get(t.Context(), name)
			must(t, err)
			st, err := decode(data)
			must(t, err)
			st.epoch++
			_, err = s.Put(t.Context(), name, mustEncode(t, st), version)
			must(t, err)
		}
		must(t, j.Log(t.Context(), at(1, 3), []byte("row 3")), j.Done(at(1, 3)))
		err := j.Flush(t.Context())
		var conflict *ConflictError
		if other != errors.As(err, &conflict) || !other && err != nil {
			t.Errorf("another wrote: %v; flush: %v", other, err)
		}
		if !other {
			want := []string{"1 row 0", "1 row 1", "1 row 2", "1 row 3"}
			if got := lines(t, j.Snapshot()); !slices.Equal(got, want) {
				t.Errorf("lines %q, want %q", got, want)
			}
		}
	}
}

// What was read of a job does not change while the job goes on.
func TestSnapshotsDoNotChange(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	say := func(from, to int64) {
		for row := from; row < to; row++ {
			must(t, j.Count(at(1, row), "n", 1))
			if row%3 == 0 {
				must(t, j.Fail(at(1, row)))
			} else {
				must(t, j.Done(at(1, row)))
			}
		}
		must(t, j.Flush(t.Context()))
	}
	say(0, 100)
	snap := j.Snapshot()
	rows, totals := rowsOf(t, snap, 1), fmt.Sprint(snap.Totals())
	failed := where(300, rows.Failed)
	settled := where(300, rows.Settled)
	say(100, 200)
	say(3, 4)
	for row := int64(0); row < 100; row += 3 {
		must(t, j.Done(at(1, row)))
	}
	must(t, j.Flush(t.Context()))
	if got := where(300, rows.Failed); !slices.Equal(got, failed) {
		t.Errorf("failed rows were %v and are %v", failed, got)
	}
	if got := where(300, rows.Settled); !slices.Equal(got, settled) {
		t.Errorf("settled rows were %v and are %v", settled, got)
	}
	if got := fmt.Sprint(snap.Totals()); got != totals {
		t.Errorf("totals were %s and are %s", totals, got)
	}
	// And the other way round: what was said before one flush is not part of the news of the next.
	if got := where(300, rowsOf(t, j.Snapshot(), 1).Failed); slices.Contains(got, 0) || !slices.Contains(got, 102) {
		t.Errorf("failed now: %v", got)
	}
}

// An old holder whose last write took effect without an answer knows what it left. It
// writes over neither copy once another has opened the job, and that one goes on.
func TestAnOldHolderWithoutAnAnswerWritesNothing(t *testing.T) {
	for flushed := range 3 { // so that either copy is the one
		s := &lateStore{objects: &objects{r: rand.New(rand.NewPCG(1, 1)), data: map[string][]byte{}, version: map[string]int{}, epoch: 1}}
		old, _ := mustOpen(t, s, twoFiles, Options{})
		flushes(t, old, flushed)
		must(t, old.Log(t.Context(), at(1, 5), []byte("row 5")), old.Done(at(1, 5)))
		s.lose = true
		if err := old.Flush(t.Context()); !errors.Is(err, errAnswer) {
			t.Fatalf("flush: %v", err)
		}
		s.late()
		s.epoch++
		next, _ := mustOpen(t, s, twoFiles, Options{})
		var conflict *ConflictError
		if err := old.Flush(t.Context()); !errors.As(err, &conflict) {
			t.Errorf("after %d flushes, the old holder's flush: %v, want a conflict", flushed, err)
		}
		for row := range int64(3) {
			must(t, next.Log(t.Context(), at(1, 10+row), []byte("next")), next.Done(at(1, 10+row)), next.Flush(t.Context()))
		}
	}
}
