package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	foreign "github.com/parquet-go/parquet-go"
)

// A small file of two billion equal rows is refused at once, with what it claims, where
// it is read and where its rows are counted.
func TestMoreRowsThanBytesCanHold(t *testing.T) {
	src, name, err := LocalFile(filepath.Join("testdata", "cases", "parquet-rle-bomb", "inv", "acme-media-archive", "daily-full", "2026-11-20T01-00Z", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), src, name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if n, err := r.Rows(t.Context()); n != -1 || err != nil {
		t.Errorf("counted: %d, %v; want unknown", n, err)
	}
	segments, err := r.Split(t.Context(), 1000)
	if err != nil || len(segments) != 1 {
		t.Fatalf("%d segments, %v", len(segments), err)
	}
	var errs []error
	for b, err := range r.Read(t.Context(), segments) {
		if err != nil || len(b.Records) > 0 {
			t.Fatalf("%d rows, %v", len(b.Records), err)
		}
		errs = append(errs, b.Err)
	}
	if len(errs) != 1 {
		t.Fatalf("errors %v", errs)
	}
	for _, err := range errs {
		var re *RowsError
		if !errors.As(err, &re) || re.Rows != 1<<31-1 || !strings.Contains(err.Error(), "2147483647 rows in 1247 bytes") {
			t.Errorf("%v", err)
		}
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// The densest reports that can be made of rows that differ stay within what a file is
// believed to have.
func TestDensestReports(t *testing.T) {
	type row struct {
		Bucket string `parquet:"bucket,dict"`
		Key    string `parquet:"key,delta"`
	}
	const n = 3 << 20
	for name, codec := range map[string]foreign.WriterOption{"zstd": foreign.Compression(&foreign.Zstd), "brotli": foreign.Compression(&foreign.Brotli)} {
		var buf bytes.Buffer
		w := foreign.NewGenericWriter[row](&buf, codec)
		rows := make([]row, 1<<16)
		for at := 0; at < n; at += len(rows) {
			for i := range rows {
				rows[i] = row{"acme-media", fmt.Sprintf("%08d", at+i)}
			}
			if _, err := w.Write(rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if most := mostRows(int64(buf.Len())); n > most-freeRows {
			t.Errorf("%s: %d rows in %d bytes, %.3f a row: %d would be believed", name, n, buf.Len(), float64(buf.Len())/n, most)
		}
		t.Logf("%s: %.4f bytes a row", name, float64(buf.Len())/n)
	}
}
