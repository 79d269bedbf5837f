package orc

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"reseal/inventory/vector"
)

// fixtures holds reports that other programs wrote, beside the rows they must give.
const fixtures = "../testdata/fixtures/"

// cells reads rows first to last-1 of the columns, a row a slice. Cells are nil, string, int64, bool, or for instants int64
// milliseconds.
func cells(tb testing.TB, f *File, columns []string, first, last int64) ([][]any, error) {
	rows, err := f.Rows(columns, first, last)
	if err != nil {
		return nil, err
	}
	var out [][]any
	for {
		n, err := rows.Next(tb.Context())
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if want := first + int64(len(out)); rows.First() != want {
			return out, fmt.Errorf("batch begins at row %d, want %d", rows.First(), want)
		}
		for i := range n {
			row := make([]any, len(columns))
			for c := range columns {
				row[c] = cell(rows.columns[c], i)
			}
			out = append(out, row)
		}
	}
}

func cell(c *column, i int) any {
	if (*c.null)[i] {
		return nil
	}
	switch v := c.vector.(type) {
	case *BytesColumn:
		return string(v.At(i))
	case *vector.Int64:
		return v.Values[i]
	case *vector.Bool:
		return v.Values[i]
	case *vector.Timestamp:
		return v.UnixMilli(i)
	default:
		return fmt.Sprintf("%T", v)
	}
}

// truth reads the rows of the imaginary bucket, in the order of its full reports.
func truth(t *testing.T) []map[string]any {
	t.Helper()
	out := jsonRows(t, fixtures+"truth.jsonl.gz")
	if len(out) != 3300 {
		t.Fatalf("%d rows of truth, want 3300", len(out))
	}
	return out
}

// jsonRows reads a compressed file with one JSON object a line.
func jsonRows(t *testing.T, name string) (out []map[string]any) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		row, err := jsonRow(lines.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// jsonRow decodes an object with its numbers as they are written.
func jsonRow(line []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var row map[string]any
	err := d.Decode(&row)
	return row, err
}

// dataFiles lists the data files of a set in the order of its manifest.
func dataFiles(t *testing.T, set string) []string {
	t.Helper()
	found, err := filepath.Glob(fixtures + set + "/inv/*/*/*Z/manifest.json")
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %d manifests, %v", set, len(found), err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Files []struct{ Key string } }
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range manifest.Files {
		out = append(out, fixtures+set+"/"+f.Key)
	}
	return out
}

func openBytes(data []byte, opts Options) (*File, error) {
	return Open(bytes.NewReader(data), int64(len(data)), opts)
}

func TestFixtures(t *testing.T) {
	rows := truth(t)
	for _, set := range []struct {
		name        string
		codec       string
		first, last int   // rows of truth
		unit        int64 // milliseconds that last_modified_date was cut to
		extra       int   // columns of kinds or names that truth does not have
		missing     string
	}{
		{name: "good/orc-clickhouse-zlib", codec: "zlib", last: 3300, unit: 1},
		{name: "good/orc-clickhouse-snappy", codec: "snappy", first: 3000, last: 3300, unit: 1},
		{name: "good/orc-clickhouse-lz4", codec: "lz4", first: 3000, last: 3300, unit: 1},
		{name: "good/orc-clickhouse-none", codec: "none", first: 3000, last: 3300, unit: 1},
		{name: "good/orc-apachecpp-gmt", codec: "zlib", last: 1500, unit: 1000},
		{name: "odd/unknown-column-orc", codec: "zlib", first: 3000, last: 3300, unit: 1, extra: 5},
		{name: "odd/no-size-orc", codec: "zlib", first: 3000, last: 3300, unit: 1, missing: "size"},
	} {
		t.Run(set.name, func(t *testing.T) {
			at := set.first
			for _, name := range dataFiles(t, set.name) {
				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				f, err := openBytes(data, Options{BatchRows: 77, Window: 1000})
				if err != nil {
					t.Fatal(err)
				}
				if f.Compression() != set.codec {
					t.Errorf("compression %s, want %s", f.Compression(), set.codec)
				}
				columns := knownColumns(f, rows[0])
				want := 18
				if set.missing != "" {
					want--
				}
				if len(columns) != want || len(f.Schema()) != want+set.extra {
					t.Fatalf("%d columns of which %d known, want %d of which %d", len(f.Schema()), len(columns), want+set.extra, want)
				}
				got, err := cells(t, f, columns, 0, f.NumRows())
				if err != nil {
					t.Fatal(err)
				}
				for i, row := range got {
					compareTruth(t, at+i, columns, row, rows[at+i], set.unit)
				}
				at += len(got)
			}
			if at != set.last {
				t.Errorf("rows to %d, want to %d", at, set.last)
			}
		})
	}
}

func knownColumns(f *File, known map[string]any) []string {
	var out []string
	for _, field := range f.Schema() {
		if _, ok := known[field.Name]; ok {
			out = append(out, field.Name)
		}
	}
	return out
}

func compareTruth(t *testing.T, row int, columns []string, got []any, want map[string]any, unit int64) {
	t.Helper()
	for c, name := range columns {
		w := want[name]
		if n, ok := w.(json.Number); ok {
			i, err := n.Int64()
			if err != nil {
				t.Fatal(err)
			}
			if name == "last_modified_date" {
				i -= i % unit
			}
			w = i
		}
		if got[c] != w {
			t.Errorf("row %d, %s: got %#v, want %#v", row, name, got[c], w)
		}
	}
}

func TestDamagedFixtures(t *testing.T) {
	for _, set := range []string{"damaged/orc-truncated", "damaged/orc-bad-footer", "damaged/orc-not-at-all"} {
		for _, name := range dataFiles(t, set) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, err = readAll(t, data, Options{})
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: got %v, want an *Error around ErrCorrupt", set, err)
			}
		}
	}
}

// readAll reads all columns that can be read, and returns how many rows there were.
func readAll(tb testing.TB, data []byte, opts Options) (int, error) {
	tb.Helper()
	f, err := openBytes(data, opts)
	if err != nil {
		return 0, err
	}
	got, err := cells(tb, f, readable(f), 0, f.NumRows())
	return len(got), err
}

// readable lists the columns of kinds that can be read.
func readable(f *File) []string {
	var columns []string
	for _, field := range f.Schema() {
		if _, err := newColumn(f, nil, field, 1); err == nil {
			columns = append(columns, field.Name)
		}
	}
	return columns
}
