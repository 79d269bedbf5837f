package checkpoint

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
)

// benchJournal is a journal over segments files of one open segment each, in a
// real folder.
func benchJournal(b *testing.B, segments int) (*Journal, *Dir) {
	b.Helper()
	d, err := CreateDir(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := d.Lock(b.Context(), Self("bench")); err != nil {
		b.Fatal(err)
	}
	list := make([]inventory.Segment, segments)
	for i := range list {
		list[i] = inventory.Segment{File: i, Last: inventory.OpenEnd}
	}
	j, _, err := Open(b.Context(), d, PlanHash{1}, list, Options{})
	if err != nil {
		b.Fatal(err)
	}
	return j, d
}

// window returns rows in the order in which 2,000 workers settle them.
func window(n int) []int64 {
	rows := make([]int64, n)
	for i := range rows {
		rows[i] = int64(i)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		k := min(i+r.IntN(2000), n-1)
		rows[i], rows[k] = rows[k], rows[i]
	}
	return rows
}

// Budget: 150 ns a row.
func BenchmarkDone(b *testing.B) {
	for name, files := range map[string]int{"one segment": 1, "16 segments interleaved": 16} {
		b.Run(name, func(b *testing.B) {
			j, _ := benchJournal(b, files)
			rows := window(1 << 20)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				n := i / files
				p := inventory.Position{File: i % files, Row: int64(n>>20)<<20 + rows[n&(1<<20-1)]}
				if err := j.Done(p); err != nil {
					b.Fatal(err)
				}
				i++
				if i%100_000 == 0 { // as often as once a second, at 100,000 a second
					b.StopTimer()
					if err := j.Flush(context.Background()); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			}
		})
	}
}

// What a row costs with all that an engine says of it, forced flushes included.
func BenchmarkRow(b *testing.B) {
	for _, size := range []int{0, 400} {
		b.Run(fmt.Sprintf("lines of %d bytes", size), func(b *testing.B) {
			j, _ := benchJournal(b, 1)
			line := make([]byte, size)
			b.ReportAllocs()
			row := int64(0)
			for b.Loop() {
				p := inventory.Position{Row: row}
				row++
				if err := j.Admit(b.Context(), p); err != nil {
					b.Fatal(err)
				}
				if size > 0 {
					if err := j.Log(b.Context(), p, line); err != nil {
						b.Fatal(err)
					}
				}
				for _, name := range [...]string{"copied", "bytes", "requests", "kms"} {
					if err := j.Count(p, name, 1); err != nil {
						b.Fatal(err)
					}
				}
				if err := j.Done(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A flush of 4 segments with 1,000 news each, to the disk under the temporary folder.
func BenchmarkFlush4(b *testing.B) {
	for _, lines := range []bool{false, true} {
		b.Run(fmt.Sprintf("lines=%v", lines), func(b *testing.B) {
			j, _ := benchJournal(b, 4)
			row := int64(0)
			for b.Loop() {
				b.StopTimer()
				for range 1000 {
					row++
					for file := range 4 {
						p := inventory.Position{File: file, Row: row}
						if lines && row%10 == 0 {
							if err := j.Log(b.Context(), p, []byte("a line of some length about what did not work")); err != nil {
								b.Fatal(err)
							}
						}
						if err := j.Done(p); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.StartTimer()
				if err := j.Flush(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The size of the state of 3 million rows, some of which failed here and there.
func BenchmarkStateSize(b *testing.B) {
	for _, one := range []int{100_000, 1000, 100, 10} {
		b.Run(fmt.Sprintf("one in %d failed", one), func(b *testing.B) {
			s := newState(PlanHash{}, 0, inventory.Segment{Last: inventory.OpenEnd})
			s.low = 3_000_000
			r := rand.New(rand.NewPCG(3, 4))
			for range 3_000_000 / one {
				s.failed.Add(r.Uint32N(s.low))
			}
			var data []byte
			for b.Loop() {
				var err error
				if data, err = s.encode(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}

// What a job of 2,000 segments takes to open.
func BenchmarkOpen(b *testing.B) {
	const segments = 2000
	j, d := benchJournal(b, segments)
	for file := range segments {
		for row := range int64(10) {
			if err := j.Done(inventory.Position{File: file, Row: row}); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := j.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Read(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/segments, "us/segment")
}

// A holder takes a job of 10^8 rows over, whose states are in a bucket that answers
// after 20 ms: the lease, all states read and written anew. Half of each segment is
// settled, one row in a thousand failed, and 2,000 behind the mark are done here and
// there. The bucket is in memory.
func BenchmarkResume(b *testing.B) {
	const rows = 100_000_000
	for _, c := range []struct {
		segments int
		lease    bool // else the epoch is found in the states, as in a job of format 1
	}{{100, true}, {1000, true}, {1000, false}} {
		segments := c.segments
		b.Run(fmt.Sprintf("%d segments, lease=%v", segments, c.lease), func(b *testing.B) {
			m, list, size := slowJob(b, segments, rows/segments, c.lease)
			var total Totals
			for b.Loop() {
				lock, snap := takeOver(b, m, list)
				total = snap.Totals()
				b.StopTimer()
				must(b, lock.Release())
				b.StartTimer()
			}
			b.ReportMetric(float64(total.Done+total.Failed), "settled")
			b.ReportMetric(float64(size)/float64(numCopies*segments), "bytes/state")
		})
	}
}

// slowJob is a job in memory whose last holder had epoch 1: segments of so many rows
// each, half of them settled. Without a lease that epoch shows in the states alone.
func slowJob(tb testing.TB, segments, each int, lease bool) (m *model, list []inventory.Segment, size int) {
	tb.Helper()
	m = &model{r: rand.New(rand.NewPCG(1, 2)), objects: map[string]modelObject{}}
	if lease {
		m.objects["job/"+leaseName] = modelObject{(&leases{Format: leaseFormat, Epoch: 1}).encode(), time.Now()}
	}
	for i := range segments {
		list = append(list, inventory.Segment{File: i, Last: int64(each) - 1})
		s := newState(PlanHash{1}, i, list[i])
		s.epoch, s.low = 1, uint32(each/2)
		s.admitted = min(s.low+4096, s.span())
		for range each / 2000 {
			s.failed.Add(m.r.Uint32N(s.low))
		}
		for range min(2000, each/4) {
			s.done.Add(s.low + 1 + m.r.Uint32N(uint32(min(4000, each/2-1))))
		}
		for generation := range uint64(numCopies) {
			s.generation = generation + 1
			data, err := s.encode()
			must(tb, err)
			m.objects["job/"+stateName(i, int(generation))] = modelObject{data, time.Now()}
			size += len(data)
		}
	}
	return m, list, size
}

// takeOver opens such a job, with as many writers as a run has.
func takeOver(tb testing.TB, m *model, list []inventory.Segment) (*Lock, *Snapshot) {
	tb.Helper()
	store := NewRemote(slowModel{modelLook{m}}, "job", "job", RemoteConfig{})
	lock, err := store.Lock(tb.Context(), Holder{PID: 1})
	must(tb, err)
	_, snap, err := Open(tb.Context(), store, PlanHash{1}, list, Options{Writers: 32})
	must(tb, err)
	return lock, snap
}

// A job of a thousand segments, which is one of 10^8 rows, is taken over within 5 s
// where each answer takes 20 ms, whether or not it has a lease that tells its epoch.
func TestAThousandSegmentsAreTakenOverSoon(t *testing.T) {
	for _, lease := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			const segments, each = 1000, 40
			m, list, _ := slowJob(t, segments, each, lease)
			began := time.Now()
			lock, snap := takeOver(t, m, list)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("with a lease: %v: it took %v", lease, took)
			}
			if total := snap.Totals(); total.Segments != segments || total.Done < segments*each/2 || lock.Epoch != 2 {
				t.Errorf("with a lease: %v: %+v in epoch %d", lease, total, lock.Epoch)
			}
			must(t, lock.Release())
		})
	}
}

// slowModel is a bucket that answers after 20 ms.
type slowModel struct{ modelLook }

const slowAnswer = 20 * time.Millisecond

func (s slowModel) Get(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	time.Sleep(slowAnswer)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modelLook.Get(ctx, key)
}

func (s slowModel) Put(_ context.Context, key string, data []byte, _ string) (string, error) {
	time.Sleep(slowAnswer)
	s.mu.Lock()
	defer s.mu.Unlock()
	o := modelObject{bytes.Clone(data), time.Now()}
	s.objects[key] = o
	return o.etag(), nil
}

func (s slowModel) List(ctx context.Context, prefix string, each func(string, int64) error) error {
	time.Sleep(slowAnswer)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modelLook.List(ctx, prefix, each)
}
