package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	foreign "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
)

func foreignFile[T any](t testing.TB, rows []T, options ...foreign.WriterOption) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := foreign.NewGenericWriter[T](&buf, options...)
	for len(rows) > 0 { // row groups of 600 rows
		n := min(600, len(rows))
		if _, err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// What another implementation writes, in every codec, page version and
// encoding that is read, comes out the same.
func TestRowsAgainstForeignWriter(t *testing.T) {
	want := someRows(1600)
	codecs := map[string]compress.Codec{"none": &foreign.Uncompressed, "snappy": &foreign.Snappy, "gzip": &foreign.Gzip, "zstd": &foreign.Zstd, "lz4": &foreign.Lz4Raw, "brotli": &foreign.Brotli}
	encodings := map[string][]foreign.WriterOption{
		"plain":        {foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.Plain), foreign.DefaultEncodingFor(foreign.Int64, &foreign.Plain)},
		"delta":        {foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.DeltaLengthByteArray), foreign.DefaultEncodingFor(foreign.Int64, &foreign.DeltaBinaryPacked), foreign.DefaultEncodingFor(foreign.Boolean, &foreign.RLE)},
		"deltastrings": {foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.DeltaByteArray)},
		"dictionary":   {foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.RLEDictionary), foreign.DefaultEncodingFor(foreign.Int64, &foreign.RLEDictionary)},
	}
	for codecName, c := range codecs {
		for encodingName, options := range encodings {
			for version := 1; version <= 2; version++ {
				name := fmt.Sprintf("%s, %s, pages of version %d", codecName, encodingName, version)
				data := foreignFile(t, want, append(options, foreign.Compression(c), foreign.DataPageVersion(version), foreign.PageBufferSize(2000))...)
				for _, batch := range []int{1, 333, 5000} {
					if batch == 1 && codecName != "snappy" {
						continue
					}
					got, err := readRows(t, data, 0, -1, Options{BatchRows: batch})
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					compareRows(t, name, got, want)
				}
				if codecName != "snappy" && codecName != "none" {
					continue
				}
				for _, r := range [][2]int64{{0, 0}, {1600, 1600}, {599, 601}, {600, 1200}, {234, 1376}, {1599, 1600}} {
					got, err := readRows(t, data, r[0], r[1], Options{BatchRows: 100})
					if err != nil {
						t.Fatalf("%s, rows %v: %v", name, r, err)
					}
					compareRows(t, fmt.Sprint(name, ", rows ", r), got, want[r[0]:r[1]])
				}
			}
		}
	}
}

// Our own files come out the same, too, with batches that cross pages.
func TestRowsOfWriter(t *testing.T) {
	want := someRows(groupRows + 100)
	data := writeRows(t, want)
	got, err := readRows(t, data, 0, -1, Options{BatchRows: 7001})
	if err != nil {
		t.Fatal(err)
	}
	compareRows(t, "own file", got, want)
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(f.RowGroups()) != 2 || f.RowGroups()[1].First != groupRows || f.RowGroups()[1].Rows != 100 {
		t.Errorf("row groups %+v, %v", f.RowGroups(), err)
	}
}

func TestTimestamps(t *testing.T) {
	type times struct {
		Millis int64            `parquet:"millis,timestamp(millisecond)"`
		Micros int64            `parquet:"micros,timestamp(microsecond)"`
		Nanos  int64            `parquet:"nanos,timestamp(nanosecond)"`
		Int96  deprecated.Int96 `parquet:"int96"`
		Plain  int64            `parquet:"plain"`
	}
	instants := []time.Time{
		time.Date(2025, 11, 21, 2, 3, 4, 567e6, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2100, 2, 28, 23, 59, 59, 1e6, time.UTC),
	}
	var rows []times
	for _, at := range instants {
		days := at.Unix() / 86400
		if at.Unix() < 0 {
			days--
		}
		nanos := uint64(at.UnixNano() - days*86400e9)
		julian := uint32(days + 2440588)
		rows = append(rows, times{at.UnixMilli(), at.UnixMicro(), at.UnixNano(), deprecated.Int96{uint32(nanos), uint32(nanos >> 32), julian}, 1})
	}
	data := foreignFile(t, rows)
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"millis", "micros", "nanos", "int96"} {
		r, err := f.Rows([]string{name}, 0, f.NumRows(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.Timestamp(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range instants {
			if !v.Time(i).Equal(want) {
				t.Errorf("%s: %v, want %v", name, v.Time(i), want)
			}
		}
	}
	r, err := f.Rows([]string{"plain"}, 0, 1, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Timestamp("plain"); err == nil {
		t.Error("an integer is read as a timestamp without saying in what unit")
	}
	if _, err := r.Bytes("plain"); err == nil {
		t.Error("an integer is read as a string")
	}
	if _, err := r.Int64("millis"); err == nil {
		t.Error("a column that was not asked for is read")
	}
}

// Columns that cannot be read do not hinder those that can.
func TestOtherColumns(t *testing.T) {
	type odd struct {
		List  []string           `parquet:"list"`
		Map   map[string]float64 `parquet:"map"`
		Inner struct {
			Key string `parquet:"key"`
		} `parquet:"inner"`
		Key   string  `parquet:"key"`
		Ratio float32 `parquet:"ratio"`
		Small int32   `parquet:"small"`
	}
	data := foreignFile(t, []odd{{List: []string{"a", "b"}, Key: "k1", Small: -5}, {Map: map[string]float64{"x": 1}, Key: "k2", Small: 6}})
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Rows([]string{"key", "small"}, 0, 2, Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, err1 := r.Bytes("key")
	small, err2 := r.Int64("small")
	n, err3 := r.Next(t.Context())
	if err := errors.Join(err1, err2, err3); err != nil || n != 2 || string(key.At(0)) != "k1" || string(key.At(1)) != "k2" || small.Values[0] != -5 || small.Values[1] != 6 {
		t.Errorf("%d rows, %q %q %v, %v", n, key.At(0), key.At(1), small.Values, err)
	}
	for _, name := range []string{"list", "map", "inner", "ratio"} {
		if _, err := f.Rows([]string{name}, 0, 2, Options{}); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		}
	}
	if _, err := f.Rows([]string{"none"}, 0, 2, Options{}); err == nil {
		t.Error("a column that is not there is read")
	}
}

func TestRowsLimits(t *testing.T) {
	data := foreignFile(t, someRows(3000), foreign.Compression(&foreign.Snappy))
	if _, err := readRows(t, data, 0, -1, Options{Memory: 10_000}); !errors.Is(err, ErrLimit) {
		t.Errorf("with 10 kB: %v, want ErrLimit", err)
	}
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]int64{{-1, 2}, {0, 3001}, {2, 1}} {
		if _, err := f.Rows([]string{"key"}, r[0], r[1], Options{}); err == nil {
			t.Errorf("rows %v of 3000 are read", r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := f.Rows([]string{"key"}, 0, 3000, Options{BatchRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

// A long file is read in memory that does not grow: what pages took is given back.
func TestRowsMemory(t *testing.T) {
	want := someRows(12_000)
	data := foreignFile(t, want, foreign.Compression(&foreign.Snappy), foreign.PageBufferSize(2000), foreign.DefaultEncodingFor(foreign.ByteArray, &foreign.DeltaByteArray))
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	const memory = 64 << 20
	r, err := f.Rows([]string{"key", "version", "class"}, 0, f.NumRows(), Options{BatchRows: 100, Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	most := map[int]int64{} // of each half
	for rows := 0; ; {
		n, err := r.Next(t.Context())
		if err != nil {
			break
		}
		half := min(rows/6_000, 1)
		most[half] = max(most[half], memory-r.cols[0].budget.left)
		rows += n
	}
	if most[0] == 0 || most[1] > most[0]*5/4 {
		t.Errorf("%d bytes in the first half of the file, %d in the second", most[0], most[1])
	}
}
