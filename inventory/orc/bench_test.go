package orc

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

// inventoryRows is a report as S3 writes it, with all versions listed: its nine columns that a reader wants, of which three
// are random text that no codec makes much smaller. Keys are some 65 bytes, as in common buckets.
func inventoryRows(rows int, codec compression) *written {
	r := rand.New(rand.NewPCG(11, 12))
	hex := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "0123456789abcdef"[r.IntN(16)]
		}
		return string(b)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
	classes := []any{"STANDARD", "STANDARD", "STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER"}
	encryption := []any{"SSE-S3", "SSE-S3", "SSE-KMS", "NOT-SSE"}
	w := &written{codec: codec, rows: (rows + 1) / 2, block: 256 << 10, zone: "GMT", columns: []writtenColumn{
		{name: "bucket", kind: String, dictionary: true},
		{name: "key", kind: String},
		{name: "version_id", kind: String},
		{name: "is_latest", kind: Boolean},
		{name: "is_delete_marker", kind: Boolean},
		{name: "size", kind: Long},
		{name: "last_modified_date", kind: Timestamp},
		{name: "e_tag", kind: String},
		{name: "storage_class", kind: String, dictionary: true},
		{name: "encryption_status", kind: String, dictionary: true},
		{name: "replication_status", kind: String},
	}}
	values := make([][]any, len(w.columns))
	day := 0
	for i := range rows {
		if i%100 == 0 {
			day = r.IntN(3000)
		}
		marker := r.IntN(10) == 0
		version := make([]byte, 32)
		for k := range version {
			version[k] = letters[r.IntN(64)]
		}
		row := []any{
			"acme-media-archive",
			fmt.Sprintf("warehouse/events/date=2024-%02d-%02d/hour=%02d/part-%05d-%s.snappy.parquet", day%12+1, day%28+1, r.IntN(24), i, hex(8)),
			string(version),
			r.IntN(10) > 0,
			marker,
			r.Int64N(1 << r.IntN(40)),
			time.Unix(1600000000+int64(day)*86400+r.Int64N(86400), int64(r.IntN(1000))*1e6).UTC(),
			hex(32),
			classes[r.IntN(len(classes))],
			encryption[r.IntN(len(encryption))],
			nil,
		}
		if marker {
			row[5], row[7], row[8], row[9] = nil, nil, nil, nil
		}
		for c, v := range row {
			values[c] = append(values[c], v)
		}
	}
	for c := range w.columns {
		w.columns[c].values = values[c]
	}
	return w
}

var inventoryColumns = []string{"key", "version_id", "is_latest", "is_delete_marker", "size", "last_modified_date", "e_tag",
	"storage_class", "encryption_status"}

const benchRows = 300_000

// benchFile writes each file once.
var benchFile = func() func(tb testing.TB, codec compression) []byte {
	var mu sync.Mutex
	files := map[compression][]byte{}
	return func(tb testing.TB, codec compression) []byte {
		mu.Lock()
		defer mu.Unlock()
		if files[codec] == nil {
			files[codec] = inventoryRows(benchRows, codec).write(tb)
		}
		return files[codec]
	}
}()

// BenchmarkRows reads a report of 300,000 rows in two stripes from memory. Goal: 900,000 rows/s of zlib on one core, and no
// allocation that grows with the rows.
func BenchmarkRows(b *testing.B) {
	for _, codec := range testCodecs {
		for _, set := range []struct {
			name    string
			columns []string
		}{
			{"9columns", inventoryColumns},
			{"5columns", []string{"key", "is_latest", "size", "last_modified_date", "storage_class"}},
		} {
			b.Run(fmt.Sprintf("%s/%s", codec, set.name), func(b *testing.B) {
				data := benchFile(b, codec)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				total := 0
				for b.Loop() {
					total += drain(b, data, set.columns)
				}
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(total), "allocs/row")
			})
		}
	}
}

func drain(b *testing.B, data []byte, columns []string) int {
	f, err := Open(bytes.NewReader(data), int64(len(data)), Options{})
	if err != nil {
		b.Fatal(err)
	}
	rows, err := f.Rows(columns, 0, f.NumRows())
	if err != nil {
		b.Fatal(err)
	}
	total := 0
	for {
		n, err := rows.Next(b.Context())
		if err == io.EOF {
			return total
		}
		if err != nil {
			b.Fatal(err)
		}
		total += n
	}
}

// BenchmarkSkip reads the last row of a report: what a resume decodes before its first object.
func BenchmarkSkip(b *testing.B) {
	data := benchFile(b, zlib)
	f, err := Open(bytes.NewReader(data), int64(len(data)), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		rows, err := f.Rows(inventoryColumns, f.NumRows()-1, f.NumRows())
		if err != nil {
			b.Fatal(err)
		}
		if n, err := rows.Next(b.Context()); n != 1 || err != nil {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/2/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkOpenFiles states what one open file keeps in memory while it is read,
// nine columns: eight files are read to the same row, in steps.
func BenchmarkOpenFiles(b *testing.B) {
	data := benchFile(b, zlib)
	const files = 8
	var stats runtime.MemStats
	var most uint64
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&stats)
		before := stats.HeapAlloc
		var open []*Rows
		for range files {
			f, err := Open(bytes.NewReader(data), int64(len(data)), Options{BatchRows: 512})
			if err != nil {
				b.Fatal(err)
			}
			rows, err := f.Rows(inventoryColumns, 0, f.NumRows())
			if err != nil {
				b.Fatal(err)
			}
			open = append(open, rows)
		}
		for step, more := 1, true; more; step++ {
			for _, rows := range open {
				if _, err := rows.Next(b.Context()); err == io.EOF {
					more = false
				} else if err != nil {
					b.Fatal(err)
				}
			}
			if more && step%97 == 1 {
				runtime.GC()
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapAlloc-before)
			}
		}
	}
	b.ReportMetric(float64(most)/files/(1<<20), "MiB/file")
	runtime.KeepAlive(data)
}
