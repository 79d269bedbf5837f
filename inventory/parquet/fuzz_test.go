package parquet

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	foreign "github.com/parquet-go/parquet-go"
)

// readEverything reads whatever columns the file has, in the ways its types
// allow, and returns how many rows there were.
func readEverything(ctx context.Context, data []byte, memory int64) (rows int64, err error) {
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	var names []string
	for _, field := range f.Schema() {
		if _, err := f.field(field.Name); err == nil {
			names = append(names, field.Name)
		}
		if len(names) == 32 {
			break
		}
	}
	// A file can claim any number of rows that take no bytes; so many are enough.
	r, err := f.Rows(names, 0, min(f.NumRows(), 100_000), Options{BatchRows: 500, Memory: memory})
	if err != nil {
		return 0, err
	}
	for {
		n, err := r.Next(ctx)
		rows += int64(n)
		for _, c := range r.cols {
			if err == nil && c.field.Kind == ByteArray {
				for i := range n {
					_ = c.bytes.At(i)
				}
			}
		}
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
	}
}

func corpus(tb testing.TB) [][]byte {
	tb.Helper()
	rows := someRows(9)
	out := [][]byte{
		writeRows(tb, rows),
		writeRows(tb, nil),
		foreignFile(tb, rows, foreign.Compression(&foreign.Zstd), foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.DeltaLengthByteArray), foreign.DefaultEncodingFor(foreign.Int64, &foreign.DeltaBinaryPacked), foreign.DefaultEncodingFor(foreign.Boolean, &foreign.RLE)),
		foreignFile(tb, rows, foreign.Compression(&foreign.Gzip), foreign.DataPageVersion(1), foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.DeltaByteArray)),
		foreignFile(tb, rows, foreign.Compression(&foreign.Uncompressed), foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.RLEDictionary)),
	}
	var tag [4]byte
	copy(tag[:], "etag")
	out = append(out,
		foreignFile(tb, []numbers{{Int32: 1, Decimal: 100, Fixed: [16]byte{15: 100}}}, foreign.Compression(&foreign.Uncompressed)),
		foreignFile(tb, []apart{{1, 2, tag, tag, tag, tag}, {3, 0, tag, tag, tag, tag}}, foreign.Compression(&foreign.Brotli)),
		crafted{ByteArray, codecLZ4, 1, 9, 1, plain, []byte{0, 0, 0, 9, 0, 0, 0, 10, 0x90, 2, 0, 0, 0, 2, 1, 0, 0, 0}, false}.file())
	small, err := filepath.Glob("../testdata/fixtures/*/empty-parquet/inv/*/*/data/*.parquet")
	if err != nil || len(small) == 0 {
		tb.Fatal("no fixtures", err)
	}
	for _, name := range small {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// FuzzRows: whatever the bytes, reading ends, with values or an error.
func FuzzRows(f *testing.F) {
	for _, data := range corpus(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readEverything(t.Context(), data, 8<<20)
	})
}

// Every byte of every file of the corpus, changed in several ways, and every
// length it can be cut to: no panic, and no more memory than allowed.
func TestDamage(t *testing.T) {
	var before, after runtime.MemStats
	for k, good := range corpus(t) {
		for i := range good {
			runtime.ReadMemStats(&before)
			for _, change := range []byte{1, 0x80, good[i]} { // the last makes it 0
				bad := bytes.Clone(good)
				bad[i] ^= change
				readEverything(t.Context(), bad, 4<<20)
			}
			// Vectors, windows and decompressors' tables come on top of the
			// budget; buffers that grow are counted each time.
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 128<<20 {
				t.Fatalf("file %d, byte %d: %d bytes allocated", k, i, n)
			}
			if _, err := readEverything(t.Context(), good[:i], 4<<20); err == nil {
				t.Fatalf("file %d cut to %d bytes is read without an error", k, i)
			}
		}
	}
}
