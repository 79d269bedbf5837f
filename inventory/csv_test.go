package inventory

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
)

// rows splits text with the splitter, reading it in the given way.
func splitAll(ctx context.Context, r io.Reader) (rows [][]string, err error) {
	s := newCSVSplitter(ctx, r)
	for {
		fields, err := s.next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		var row []string
		for _, f := range fields {
			if f.doubled {
				row = append(row, string(appendUndoubled(nil, f.raw)))
			} else {
				row = append(row, string(f.raw))
			}
		}
		rows = append(rows, row)
	}
}

func TestCSVSplit(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want [][]string
		err  error
	}{
		{"", nil, nil},
		{"\n\r\n\n", nil, nil},
		{"a", [][]string{{"a"}}, nil},
		{"a,b\nc,d", [][]string{{"a", "b"}, {"c", "d"}}, nil},
		{"a,b\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}, nil},
		{",\n", [][]string{{"", ""}}, nil},
		{`"",` + "\n", [][]string{{"", ""}}, nil},
		{`"a","b"`, [][]string{{"a", "b"}}, nil},
		{`"a""b","""",""""""`, [][]string{{`a"b`, `"`, `""`}}, nil},
		{"\"a\nb\r\nc\r\",d\r\n", [][]string{{"a\nb\r\nc\r", "d"}}, nil}, // line ends in quotes stay as they are
		{"\"a\"\r", [][]string{{"a"}}, nil},
		{"a\r", [][]string{{"a"}}, nil},
		{"a\rb,c\n", [][]string{{"a\rb", "c"}}, nil},
		{"x,y\n\n\nz,w\n", [][]string{{"x", "y"}, {"z", "w"}}, nil},
		{"a\n\"b", [][]string{{"a"}}, errUnclosed},
		{"a\n\"b\"\"", [][]string{{"a"}}, errUnclosed},
		{"a\nb\"c", [][]string{{"a"}}, errBareQuote},
		{"a\n\"b\"c", [][]string{{"a"}}, errAfter},
		{"a\n\"b\"\rc", [][]string{{"a"}}, errAfter},
		{strings.Repeat(",", maxFields-1), [][]string{make([]string, maxFields)}, nil},
		{strings.Repeat(",", maxFields), nil, errTooMany},
		{"\"" + strings.Repeat("x", maxRecordBytes+10), nil, errTooLong},
		{strings.Repeat("x", splitBuffer*3/2) + ",y\nz,w\n", [][]string{{strings.Repeat("x", splitBuffer*3/2), "y"}, {"z", "w"}}, nil},
	} {
		for way, r := range map[string]io.Reader{"whole": strings.NewReader(tt.in), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)), "with the end": iotest.DataErrReader(strings.NewReader(tt.in))} {
			got, err := splitAll(t.Context(), r)
			if !errors.Is(err, tt.err) || !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("%.60q %s: %.200q, %v, want %.200q, %v", tt.in, way, got, err, tt.want, tt.err)
			}
		}
	}
}

// Rows that were complete before the bytes break are still handed out.
func TestCSVSplitBroken(t *testing.T) {
	r := io.MultiReader(strings.NewReader("a,b\nc,d\ne"), iotest.ErrReader(errReset))
	got, err := splitAll(t.Context(), r)
	if !errors.Is(err, errReset) || len(got) != 2 {
		t.Errorf("%q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := splitAll(ctx, strings.NewReader("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

// Several gzip members are one text; anything behind them is damage.
func TestCSVGzip(t *testing.T) {
	member := func(s string) []byte {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		io.WriteString(w, s)
		w.Close()
		return buf.Bytes()
	}
	two := append(member("b,k1\nb,k"), member("2\nb,k3")...)
	for _, tt := range []struct {
		name string
		data []byte
		rows int
		bad  bool
	}{
		{"two members", two, 3, false},
		{"trailing garbage", append(slices.Clone(two), "garbage!!!"...), 2, true},
		{"cut", two[:len(two)-12], 1, true},
		{"cut in the checksum", two[:len(two)-3], 2, true},
		{"nothing at all", nil, 0, true},
		{"an empty member", member(""), 0, false},
	} {
		var rows int
		c, err := newCSVReader(t.Context(), bytes.NewReader(tt.data), csvShape{layout: []Column{ColBucket, ColKey}}, AllColumns)
		if err == nil {
			recs := make([]Record, 10)
			rows, err = c.read(recs)
		}
		if tt.bad != (err != io.EOF) || rows < tt.rows {
			t.Errorf("%s: %d rows, %v", tt.name, rows, err)
		}
	}
}

// FuzzCSV compares the splitter with encoding/csv, which is stricter in nothing
// that reports hold, except that it turns CRLF inside quotes into LF.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a\",\"b\"\"c\"\r\n", "\"\n", "a\rb\n", ",,\n\n", "\"x\" ,y"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := splitAll(t.Context(), bytes.NewReader(data))
		r := csv.NewReader(bytes.NewReader(data))
		r.FieldsPerRecord = -1
		want, werr := r.ReadAll()
		if bytes.IndexByte(data, '\r') >= 0 {
			return // carriage returns are where the two differ
		}
		if (err == nil) != (werr == nil) && !errors.Is(err, errTooMany) {
			t.Fatalf("%q: %q, %v, want %q, %v", data, got, err, want, werr)
		}
		if err == nil && !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	})
}

// FuzzCSVRecord feeds rows to the decoder: it must end, with records that hold
// together.
func FuzzCSVRecord(f *testing.F) {
	f.Add([]byte("\"b\",\"k%20+\",\"v\",\"true\",\"false\",\"12\",\"2024-04-22T01:11:06.000Z\",\"e\",\"STANDARD\",\"SSE-S3\"\n"))
	f.Add([]byte("b,k,,,,,,,,\n"))
	layout, _, err := parseLayout("Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass, EncryptionStatus")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := newCSVReader(t.Context(), bytes.NewReader(data), csvShape{layout: layout, plain: true, decodeKeys: true}, AllColumns)
		if err != nil {
			t.Fatal(err)
		}
		recs := make([]Record, 16)
		for {
			n, err := c.read(recs)
			for i, r := range recs[:n] {
				if r.Bucket == "" || r.Key == "" || r.VersionID == "" || !r.Known.Has(ColVersionID) || r.Known.Has(ColSize) != (r.Size >= 0) {
					t.Errorf("record %d: %+v", i, r)
				}
			}
			if err != nil {
				return
			}
		}
	})
}
