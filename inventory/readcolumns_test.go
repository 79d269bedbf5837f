package inventory

import "testing"

// What is not wanted is not known, and all else is as it is.
func TestReadColumns(t *testing.T) {
	want := ColumnsOf(ColSize, ColEncryption)
	for _, name := range []string{"good/csv", "good/parquet-duckdb-snappy", "good/orc-clickhouse-zlib"} {
		src, manifest := set{name: name}.manifest(t)
		r, err := Open(t.Context(), src, manifest, Options{Columns: AllColumns.Without(ColumnsOf(ColSize))})
		if err != nil {
			t.Fatal(err)
		}
		whole := readReport(t, r).all()
		segments, err := r.Segments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		records := make([][]Record, len(segments))
		for batch, err := range r.ReadColumns(t.Context(), segments, want) {
			if err != nil || batch.Err != nil {
				t.Fatal(err, batch.Err)
			}
			for i := range batch.Records {
				records[batch.Segment] = append(records[batch.Segment], batch.Records[i].Clone())
			}
		}
		n := 0
		for _, of := range records {
			for _, got := range of {
				w := whole[n]
				only := Record{Pos: w.Pos, Known: w.Known & ColumnsOf(ColBucket, ColKey, ColEncryption), Bucket: w.Bucket, Key: w.Key, Encryption: w.Encryption, Size: -1}
				if got != only {
					t.Fatalf("%s: %+v, want %+v", name, got, only)
				}
				n++
			}
		}
		if n != len(whole) {
			t.Errorf("%s: %d rows, want %d", name, n, len(whole))
		}
	}
}
