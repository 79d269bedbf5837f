package inventory

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"reseal/inventory/parquet"
)

// Values that no object can have stop the reading of the file at their row;
// the rows before are whole.
func TestParquetBadValues(t *testing.T) {
	fields := []parquet.Field{{Name: "bucket", Kind: parquet.ByteArray, Optional: true}, {Name: "key", Kind: parquet.ByteArray, Optional: true}, {Name: "size", Kind: parquet.Int64}, {Name: "e_tag", Kind: parquet.ByteArray}}
	for _, tt := range []struct {
		name, bucket, key string
		size              int64
		want              string
	}{
		{"negative size", "b", "k", -1, "Size"},
		{"empty bucket", "", "k", 1, "Bucket: empty"},
		{"empty key, which is for a plan to judge", "b", "", 1, ""},
	} {
		var buf bytes.Buffer
		w, err := parquet.NewWriter(&buf, "x", fields)
		if err != nil {
			t.Fatal(err)
		}
		const bad = 5
		for i := range 10 {
			bucket, key, size := "b", "k", int64(i)
			if i == bad {
				bucket, key, size = tt.bucket, tt.key, tt.size
			}
			w.Text(0, bucket)
			if key == "" {
				w.Null(1)
			} else {
				w.Text(1, key)
			}
			w.Int64(2, size)
			w.Text(3, "\"e\"")
			if err := w.EndRow(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c, err := newColumnarReader(t.Context(), bytes.NewReader(buf.Bytes()), columnarRead{format: Parquet, size: int64(buf.Len()), segment: Segment{Last: OpenEnd}}, Options{}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		recs := make([]Record, 20)
		n, err := c.read(recs)
		if tt.want == "" {
			if n != 10 || err != nil || recs[bad].Key != "" || recs[bad].Known.Has(ColKey) || recs[bad+1].Key != "k" {
				t.Errorf("%s: %d rows, %v, %+v", tt.name, n, err, recs[bad])
			}
			continue
		}
		if n != bad || c.row() != bad || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %d rows, %v, want %q", tt.name, n, err, tt.want)
		}
		for i, r := range recs[:n] {
			if want := (Record{Pos: Position{Row: int64(i)}, Known: ColumnsOf(ColBucket, ColKey, ColSize, ColETag), Bucket: "b", Key: "k", Size: int64(i), ETag: "e"}); r != want {
				t.Errorf("%s: record %d: %s", tt.name, i, diff(r, want))
			}
		}
	}
}

// Columns of a shape that cannot be meant are refused before any row.
func TestParquetBadSchema(t *testing.T) {
	text := func(name string) parquet.Field { return parquet.Field{Name: name, Kind: parquet.ByteArray} }
	for want, fields := range map[string][]parquet.Field{
		"size is binary":                       {text("bucket"), text("key"), text("size")},
		"last_modified_date is int64":          {text("bucket"), text("key"), {Name: "last_modified_date", Kind: parquet.Int64}},
		"key is int64":                         {text("bucket"), {Name: "key", Kind: parquet.Int64}},
		"required column missing: Key":         {text("bucket")},
		"required column missing: Bucket, Key": {text("x")},
		"column Key is there twice":            {text("bucket"), text("key"), text("KEY")},
	} {
		var buf bytes.Buffer
		w, err := parquet.NewWriter(&buf, "x", fields)
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = newColumnarReader(t.Context(), bytes.NewReader(buf.Bytes()), columnarRead{format: Parquet, size: int64(buf.Len()), segment: Segment{Last: OpenEnd}}, Options{}.withDefaults())
		var se *SchemaError
		if !errors.As(err, &se) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Columns that nobody wants are unknown, in every format.
func TestReadWantedColumns(t *testing.T) {
	want := ColumnsOf(ColSize, ColStorageClass)
	for _, name := range []string{"good/csv", "good/parquet-duckdb-gzip", "good/orc-clickhouse-zlib"} {
		src, manifest := set{name: name}.manifest(t)
		r, err := Open(t.Context(), src, manifest, Options{Columns: want})
		if err != nil {
			t.Fatal(err)
		}
		all := want.With(ColBucket).With(ColKey)
		var seen Columns
		for _, rec := range readReport(t, r).all() {
			seen |= rec.Known
			if rec.VersionID != "" || rec.ETag != "" || !rec.LastModified.IsZero() || rec.Key == "" || rec.Known&^all != 0 {
				t.Fatalf("%s: %+v", name, rec)
			}
		}
		if seen != all {
			t.Errorf("%s: columns %v, want %v", name, seen.Names(), all.Names())
		}
	}
}

// FuzzParquetReport: whatever the bytes of a Parquet file, records hold
// together and reading ends.
func FuzzParquetReport(f *testing.F) {
	var buf bytes.Buffer
	enc, err := newParquetRows(&buf, ColumnsOf(ColBucket, ColKey, ColVersionID, ColSize, ColLastModified, ColIsLatest, ColTier))
	if err != nil {
		f.Fatal(err)
	}
	for _, k := range []string{"a", "b", "c"} {
		if err := enc.write(&Record{Known: AllColumns, Bucket: "b", Key: k, VersionID: "v", Size: 7, Tier: "ARCHIVE"}); err != nil {
			f.Fatal(err)
		}
	}
	if err := enc.close(); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := newColumnarReader(t.Context(), bytes.NewReader(data), columnarRead{format: Parquet, size: int64(len(data)), segment: Segment{Last: 10_000}}, Options{}.withDefaults())
		if err != nil {
			return
		}
		recs := make([]Record, 64)
		for {
			n, err := c.read(recs)
			for _, r := range recs[:n] {
				if r.Bucket == "" || r.Key == "" || r.Known.Has(ColSize) != (r.Size >= 0) {
					t.Errorf("%+v", r)
				}
			}
			if err != nil {
				return
			}
			if n == 0 && !errors.Is(err, io.EOF) {
				t.Fatal("no rows and no end")
			}
		}
	})
}
