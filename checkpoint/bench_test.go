package checkpoint

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

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
