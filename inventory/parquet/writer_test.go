package parquet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	foreign "github.com/parquet-go/parquet-go"
)

// row is a row of the tests' files.
type row struct {
	Key      string  `parquet:"key"`
	Version  *string `parquet:"version,optional"`
	Size     *int64  `parquet:"size,optional"`
	Modified int64   `parquet:"modified,timestamp"`
	Latest   *bool   `parquet:"latest,optional"`
	Class    *string `parquet:"class,optional,dict"`
}

var rowFields = []Field{
	{Name: "key", Kind: ByteArray},
	{Name: "version", Kind: ByteArray, Optional: true},
	{Name: "size", Kind: Int64, Optional: true},
	{Name: "modified", Kind: Int64, Logical: Logical{Meaning: Timestamp, Unit: Millis}},
	{Name: "latest", Kind: Boolean, Optional: true},
	{Name: "class", Kind: ByteArray, Optional: true},
}

// someRows makes n rows with long runs of nulls and values, and mixed ones.
func someRows(n int) []row {
	r := rand.New(rand.NewPCG(1, 2))
	classes := []string{"STANDARD", "GLACIER", "", "DEEP_ARCHIVE", "INTELLIGENT_TIERING"}
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{Key: fmt.Sprintf("k/%d/%x", i, r.Uint64()>>r.IntN(64)), Modified: r.Int64N(4e12) - 1e12}
		if i/1000%3 != 1 && r.IntN(10) > 0 {
			v, s := fmt.Sprintf("%016x", r.Uint64()), r.Int64N(1<<r.IntN(50)+1)
			rows[i].Version, rows[i].Size = &v, &s
		}
		if i/700%2 == 0 {
			b := r.IntN(3) > 0
			rows[i].Latest = &b
		}
		if r.IntN(5) > 0 {
			rows[i].Class = &classes[r.IntN(len(classes))]
		}
	}
	return rows
}

func writeRows(t testing.TB, rows []row) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, "test", rowFields)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		w.Text(0, r.Key)
		text := func(i int, s *string) {
			if s == nil {
				w.Null(i)
			} else {
				w.Text(i, *s)
			}
		}
		text(1, r.Version)
		if r.Size == nil {
			w.Null(2)
		} else {
			w.Int64(2, *r.Size)
		}
		w.Int64(3, r.Modified)
		if r.Latest == nil {
			w.Null(4)
		} else {
			w.Bool(4, *r.Latest)
		}
		text(5, r.Class)
		if err := w.EndRow(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// What the writer writes, another implementation reads, and says is the same.
func TestWriterAgainstForeignReader(t *testing.T) {
	for _, n := range []int{0, 1, 7, pageRows + 1, groupRows + 1} {
		want := someRows(n)
		data := writeRows(t, want)
		got, err := foreign.Read[row](bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%d rows: %v", n, err)
		}
		compareRows(t, fmt.Sprint(n, " rows"), got, want)
	}
}

func compareRows(t *testing.T, name string, got, want []row) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
	}
	bad := 0
	for i := range want {
		if g, w := show(got[i]), show(want[i]); g != w {
			t.Errorf("%s: row %d is %s, want %s", name, i, g, w)
			if bad++; bad > 5 {
				return
			}
		}
	}
}

func show(r row) string {
	s := fmt.Sprintf("%q %d", r.Key, r.Modified)
	if r.Version != nil {
		s += fmt.Sprintf(" version=%q", *r.Version)
	}
	if r.Size != nil {
		s += fmt.Sprintf(" size=%d", *r.Size)
	}
	if r.Latest != nil {
		s += fmt.Sprintf(" latest=%v", *r.Latest)
	}
	if r.Class != nil {
		s += fmt.Sprintf(" class=%q", *r.Class)
	}
	return s
}

// readRows reads rows from to to with this package.
func readRows(t testing.TB, data []byte, from, to int64, o Options) ([]row, error) {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	if to < 0 {
		to = f.NumRows()
	}
	rows, err := f.Rows([]string{"class", "key", "version", "size", "modified", "latest"}, from, to, o)
	if err != nil {
		return nil, err
	}
	key, err1 := rows.Bytes("key")
	version, err2 := rows.Bytes("version")
	size, err3 := rows.Int64("size")
	modified, err4 := rows.Timestamp("modified")
	latest, err5 := rows.Bool("latest")
	class, err6 := rows.Bytes("class")
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			return nil, err
		}
	}
	var out []row
	for {
		n, err := rows.Next(t.Context())
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if rows.First() != from+int64(len(out)) {
			t.Fatalf("batch at row %d, want %d", rows.First(), from+int64(len(out)))
		}
		for i := range n {
			r := row{Key: string(key.At(i)), Modified: modified.Time(i).UnixMilli()}
			if !version.Null[i] {
				s := string(version.At(i))
				r.Version = &s
			}
			if !size.Null[i] {
				s := size.Values[i]
				r.Size = &s
			}
			if !latest.Null[i] {
				b := latest.Values[i]
				r.Latest = &b
			}
			if !class.Null[i] {
				s := string(class.At(i))
				r.Class = &s
			}
			out = append(out, r)
		}
	}
}

// The ids of a table's columns are written and read; a file without any has none.
func TestFieldIDs(t *testing.T) {
	fields := []Field{{Name: "key", ID: 2, Kind: ByteArray}, {Name: "size", ID: 7, Kind: Int64, Optional: true}, {Name: "latest", Kind: Boolean},
		{Name: "modified", ID: 1 << 30, Kind: Int64, Logical: Logical{Meaning: Timestamp, Unit: Millis}}}
	var buf bytes.Buffer
	w, err := NewWriter(&buf, "table", fields)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range f.Schema() {
		if got.ID != fields[i].ID || got.Name != fields[i].Name || got.Kind != fields[i].Kind || got.Logical.Unit != fields[i].Logical.Unit {
			t.Errorf("column %d is %+v, want %+v", i, got, fields[i])
		}
	}
}

// A name that two columns have would read the one for the other.
func TestAmbiguousName(t *testing.T) {
	var buf bytes.Buffer
	w, err := NewWriter(&buf, "table", []Field{{Name: "key", ID: 1, Kind: ByteArray}, {Name: "key", ID: 2, Kind: ByteArray}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Rows([]string{"key"}, 0, 0, Options{}); err == nil || !strings.Contains(err.Error(), "two columns") {
		t.Errorf("error %v, want one of two columns", err)
	}
}
