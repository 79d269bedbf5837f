package parquet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	foreign "github.com/parquet-go/parquet-go"
)

// reportRow is a row of a report with the columns that are not nearly empty.
type reportRow struct {
	Bucket     string `parquet:"bucket"`
	Key        string `parquet:"key"`
	VersionID  string `parquet:"version_id,optional"`
	IsLatest   bool   `parquet:"is_latest,optional"`
	IsMarker   bool   `parquet:"is_delete_marker,optional"`
	Size       int64  `parquet:"size,optional"`
	Modified   int64  `parquet:"last_modified_date,optional,timestamp(millisecond)"`
	ETag       string `parquet:"e_tag,optional"`
	Class      string `parquet:"storage_class,optional"`
	Encryption string `parquet:"encryption_status,optional"`
	Owner      string `parquet:"object_owner,optional"`
}

// BenchmarkOpenFiles states what one open file keeps in memory while it is read,
// all columns, by the size of its pages: S3's writers are not documented, 1 MiB is
// what parquet-mr makes, and DuckDB makes one page a column of 122,880 rows.
func BenchmarkOpenFiles(b *testing.B) {
	for _, page := range []int{1 << 20, 8 << 20} {
		b.Run(fmt.Sprintf("pages=%dMiB", page>>20), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			rows := make([]reportRow, 245_760)
			for i := range rows {
				rows[i] = reportRow{"acme-media-archive", fmt.Sprintf("warehouse/events/dt=2025-%02d-%02d/part-%08x-%016x.parquet", 1+i%12, 1+i%28, r.Uint32(), r.Uint64()),
					fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), true, false, r.Int64N(1 << 40), 1.6e12 + r.Int64N(1e11), fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()),
					"STANDARD", "SSE-S3", "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"}
			}
			var buf bytes.Buffer
			w := foreign.NewGenericWriter[reportRow](&buf, foreign.Compression(&foreign.Snappy), foreign.PageBufferSize(page))
			for from := 0; from < len(rows); from += 122_880 {
				if _, err := w.Write(rows[from : from+122_880]); err != nil {
					b.Fatal(err)
				}
				if err := w.Flush(); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			rows = nil
			data := buf.Bytes()
			const files = 8
			var most uint64
			for b.Loop() {
				most = max(most, heldBy(b, data, files))
			}
			b.ReportMetric(float64(most)/files/(1<<20), "MiB/file")
			runtime.KeepAlive(data)
		})
	}
}

// heldBy returns the most memory that is in use when n files have been read to
// the same row: in steps, through all of the file.
func heldBy(b *testing.B, data []byte, n int) (most uint64) {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before := stats.HeapAlloc
	var open []*Rows
	for range n {
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		var names []string
		for _, field := range f.Schema() {
			names = append(names, field.Name)
		}
		rows, err := f.Rows(names, 0, f.NumRows(), Options{BatchRows: 512})
		if err != nil {
			b.Fatal(err)
		}
		open = append(open, rows)
	}
	for step := 1; ; step++ {
		for _, rows := range open {
			if _, err := rows.Next(b.Context()); err == io.EOF {
				return most
			} else if err != nil {
				b.Fatal(err)
			}
		}
		if step%97 == 1 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc-before)
		}
	}
}
