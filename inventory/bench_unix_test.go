//go:build unix

package inventory

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// nineColumns are what a plan reads of a report of all versions.
var nineColumns = ColumnsOf(ColBucket, ColKey, ColVersionID, ColIsLatest, ColIsDeleteMarker, ColSize, ColLastModified, ColETag, ColStorageClass, ColEncryption)

const benchRows = 1_000_000

// benchReport writes a report with keys, versions and ETags as random as real
// ones are: they are most of the bytes.
func benchReport(b *testing.B, format Format) *Report {
	b.Helper()
	dir := b.TempDir()
	sink, err := NewFolder(dir)
	if err != nil {
		b.Fatal(err)
	}
	w, err := NewWriter(sink, WriterOptions{SourceBucket: "bench-bucket", Format: format, Created: time.Unix(1763690400, 0), Columns: AllColumns.Without(ColumnsOf(ColACL, ColOwner))})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	classes := []StorageClass{Standard, Standard, Standard, StandardIA, IntelligentTiering, Glacier}
	encryptions := []Encryption{SSES3, SSES3, SSES3, SSEKMS, NotSSE}
	for i := range benchRows {
		rec := Record{Known: AllColumns, Bucket: "bench-bucket", Key: fmt.Sprintf("warehouse/events/dt=2025-%02d-%02d/part-%08x-%016x.parquet", 1+i%12, 1+i%28, r.Uint32(), r.Uint64()),
			VersionID: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), IsLatest: r.IntN(4) > 0, Size: r.Int64N(1 << 32), LastModified: time.UnixMilli(1.6e12 + r.Int64N(1e11)),
			ETag: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), StorageClass: classes[r.IntN(6)], Encryption: encryptions[r.IntN(5)], LegalHold: "OFF", BucketKey: "DISABLED"}
		if err := w.Write(b.Context(), &rec); err != nil {
			b.Fatal(err)
		}
	}
	name, err := w.Close(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	src, file, err := LocalFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		b.Fatal(err)
	}
	rep, err := Open(b.Context(), src, file, Options{Columns: nineColumns, Open: 1})
	if err != nil {
		b.Fatal(err)
	}
	return rep
}

func benchmarkRead(b *testing.B, r *Report) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rows, cpu := 0, processTime()
	for b.Loop() {
		for batch, err := range r.Read(b.Context(), []Segment{{Last: OpenEnd}}) {
			if err != nil || batch.Err != nil {
				b.Fatal(err, batch.Err)
			}
			rows += len(batch.Records)
		}
	}
	b.ReportMetric(float64(rows)/(processTime()-cpu).Seconds(), "rows/cpu-s") // also on a machine that others use
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(rows), "allocs/row")
	b.ReportMetric(float64(r.Manifest().Bytes())/benchRows, "B/row")
}

// processTime is the processor time that the process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// On one core (GOMAXPROCS=1) the targets are 500,000 rows/s of CSV, with the
// decompression, and 1.2 million of Parquet; allocations are a few a batch.
// BenchmarkReport of inventory/orc does the same for ORC.
func BenchmarkReadCSV(b *testing.B)     { benchmarkRead(b, benchReport(b, CSV)) }
func BenchmarkReadParquet(b *testing.B) { benchmarkRead(b, benchReport(b, Parquet)) }
