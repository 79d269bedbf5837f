package orc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory/vector"
)

// mixture is a file with a column of every kind that can be read, and nested ones between them, which shift the numbers of
// the columns behind them. Nulls come in long and short stretches.
func mixture(rows int) *written {
	r := rand.New(rand.NewPCG(8, uint64(rows)))
	w := &written{columns: []writtenColumn{
		{name: "text", kind: String},
		{name: "list", kind: List, children: []writtenColumn{{kind: Map, children: []writtenColumn{{kind: String}, {kind: Double}}}}},
		{name: "word", kind: Varchar, dictionary: true},
		{name: "flag", kind: Boolean},
		{name: "tiny", kind: Byte},
		{name: "price", kind: Decimal},
		{name: "short", kind: Short},
		{name: "inner", kind: Struct, children: []writtenColumn{{name: "text", kind: String}, {name: "flag", kind: Boolean}}},
		{name: "big", kind: Long},
		{name: "day", kind: Date},
		{name: "local", kind: Timestamp},
		{name: "instant", kind: TimestampInstant},
		{name: "blob", kind: Binary},
		{name: "empty", kind: Int},
	}}
	words := []string{"STANDARD", "GLACIER", "", "DEEP_ARCHIVE", "ünïcode"}
	value := map[string]func() any{
		"text":    func() any { return string(text(r.IntN(60))) },
		"word":    func() any { return words[r.IntN(len(words))] },
		"flag":    func() any { return r.IntN(3) == 0 },
		"tiny":    func() any { return int64(int8(r.IntN(256))) },
		"short":   func() any { return int64(int16(r.Uint32())) / (1 + r.Int64N(5)*1000) },
		"big":     func() any { return int64(r.Uint64()) >> r.IntN(64) },
		"day":     func() any { return int64(r.IntN(40000)) - 10000 },
		"local":   func() any { return instant(r) },
		"instant": func() any { return instant(r) },
		"blob":    func() any { return string([]byte{0, byte(r.IntN(256)), 0xff}) },
	}
	for i := range w.columns {
		c := &w.columns[i]
		c.values = make([]any, rows)
		f := value[c.name]
		for at := 0; f != nil && at < rows; {
			n, null := 1+r.IntN(1+r.IntN(400)), r.IntN(3) == 0
			for ; n > 0 && at < rows; n, at = n-1, at+1 {
				if !null {
					c.values[at] = f()
				}
			}
		}
	}
	return w
}

// instant is a time that survives its file: not in the second before 1970, where the format loses the sign.
func instant(r *rand.Rand) time.Time {
	s := r.Int64N(vector.MaxSecond)
	if r.IntN(10) == 0 {
		s = -2 - r.Int64N(-vector.MinSecond-2)
	}
	nanos := []int64{0, 0, 1e6, 123e6, 999_999_999, 100}[r.IntN(6)]
	if s < 0 && nanos < 1e6 {
		nanos = 0
	}
	return time.Unix(s, nanos).UTC()
}

// want is the cell that a written value must give.
func (w *written) want(column string, row int) any {
	if w.absent != nil && w.absent[row] {
		return nil
	}
	for _, c := range w.columns {
		if c.name == column {
			if t, ok := c.values[row].(time.Time); ok {
				return t.UnixMilli()
			}
			return c.values[row]
		}
	}
	return "no such column"
}

func checkRows(t *testing.T, w *written, columns []string, first, last int64, got [][]any) {
	t.Helper()
	if int64(len(got)) != last-first {
		t.Fatalf("%d rows, want %d", len(got), last-first)
	}
	for i, row := range got {
		for c, name := range columns {
			if want := w.want(name, int(first)+i); row[c] != want {
				t.Fatalf("row %d, %s: got %#v, want %#v", int(first)+i, name, row[c], want)
			}
		}
	}
}

var mixtureColumns = []string{"big", "text", "word", "flag", "tiny", "short", "day", "local", "instant", "blob", "empty"}

// What was written comes back, whatever the codec, the version, the stripes, the zone, and the sizes of window and batch.
func TestRows(t *testing.T) {
	const rows = 2500
	for _, codec := range testCodecs {
		for _, v1 := range []bool{false, true} {
			for _, c := range []struct {
				stripe, block, window, batch int
				zone                         string
			}{
				{0, 0, 0, 0, ""},
				{1000, 300, 17, 1, "UTC"},
				{999, 4096, 1 << 20, 5000, "America/Los_Angeles"},
				{7, 100, 100, 100, "GMT+05:30"},
			} {
				name := fmt.Sprintf("%s/v1=%t/stripe=%d/window=%d/batch=%d", codec, v1, c.stripe, c.window, c.batch)
				w := mixture(rows)
				w.codec, w.v1, w.rows, w.block, w.zone = codec, v1, c.stripe, c.block, c.zone
				f, err := openBytes(w.write(t), Options{Window: c.window, BatchRows: c.batch})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, span := range [][2]int64{{0, rows}, {1, 2}, {998, 1001}, {1500, 1500}, {2000, rows}, {rows, rows}} {
					got, err := cells(t, f, mixtureColumns, span[0], span[1])
					if err != nil {
						t.Fatalf("%s: rows %d to %d: %v", name, span[0], span[1], err)
					}
					checkRows(t, w, mixtureColumns, span[0], span[1], got)
				}
			}
		}
	}
}

// Rows that are null as a whole are null in every column, and values after them stay in their rows.
func TestAbsentRows(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, share := range []float64{0, 0.01, 0.5, 1} {
		w := mixture(2000)
		w.codec, w.rows = zlib, 700
		w.absent = make([]bool, 2000)
		for i := range w.absent {
			w.absent[i] = r.Float64() < share
		}
		f, err := openBytes(w.write(t), Options{BatchRows: 64})
		if err != nil {
			t.Fatal(err)
		}
		for _, first := range []int64{0, 3, 1234} {
			got, err := cells(t, f, mixtureColumns, first, 2000)
			if err != nil {
				t.Fatalf("%v absent: %v", share, err)
			}
			checkRows(t, w, mixtureColumns, first, 2000, got)
		}
	}
}

func TestSchema(t *testing.T) {
	w := mixture(10)
	w.rows = 4
	data := w.write(t)
	f, err := openBytes(data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []Field
	for _, c := range w.columns {
		want = append(want, Field{c.name, c.kind})
	}
	if !slices.Equal(f.Schema(), want) {
		t.Errorf("schema %v, want %v", f.Schema(), want)
	}
	next := int64(3)
	for i, st := range f.Stripes() {
		rows := []int64{4, 4, 2}[i]
		if st.First != int64(4*i) || st.Rows != rows || st.Offset != next || st.Length <= 0 {
			t.Errorf("stripe %d: got %+v, want rows %d from %d at byte %d", i, st, rows, 4*i, next)
		}
		next = st.Offset + st.Length
	}
	if len(f.Stripes()) != 3 || f.NumRows() != 10 {
		t.Errorf("%d stripes, %d rows; want 3 and 10", len(f.Stripes()), f.NumRows())
	}
}

func TestNoRows(t *testing.T) {
	w := mixture(0)
	w.codec = zlib
	f, err := openBytes(w.write(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := cells(t, f, mixtureColumns, 0, 0)
	if err != nil || len(got) != 0 || len(f.Stripes()) != 0 || len(f.Schema()) != len(w.columns) {
		t.Errorf("%d rows, %d stripes, %d columns, %v; want 0, 0, %d", len(got), len(f.Stripes()), len(f.Schema()), err, len(w.columns))
	}
}

func TestRowsRefusals(t *testing.T) {
	w := mixture(10)
	w.columns = append(w.columns, writtenColumn{name: "day", kind: Date, values: make([]any, 10)})
	f, err := openBytes(w.write(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		columns     []string
		first, last int64
		want        string
	}{
		{nil, -1, 5, "rows -1 to 5 of 10"},
		{nil, 0, 11, "rows 0 to 11 of 10"},
		{nil, 6, 5, "rows 6 to 5 of 10"},
		{[]string{"text", "absent"}, 0, 10, `column "absent": open rows: no column of this name`},
		{[]string{"text", "text"}, 0, 10, `column "text": open rows: column named twice`},
		{[]string{"day"}, 0, 10, `column "day": open rows: damaged file: two columns of this name`},
		{[]string{"price"}, 0, 10, `reading a column of type decimal is not supported`},
		{[]string{"list"}, 0, 10, `reading a column of type array is not supported`},
	} {
		_, err := f.Rows(c.columns, c.first, c.last)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("columns %v, rows %d to %d: got %v, want *Error with %q", c.columns, c.first, c.last, err, c.want)
		}
	}
	rows, err := f.Rows([]string{"text"}, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Int64("text"); err == nil || !strings.Contains(err.Error(), "is of type string") {
		t.Errorf("a string column as integers: got %v", err)
	}
	if _, err := rows.Bytes("word"); err == nil || !strings.Contains(err.Error(), "not chosen") {
		t.Errorf("a column that was not chosen: got %v", err)
	}
}

// reads records which bytes of a file are asked for.
type reads struct {
	*bytes.Reader
	spans []span
}

func (r *reads) ReadAt(p []byte, off int64) (int, error) {
	r.spans = append(r.spans, span{off, int64(len(p))})
	return r.Reader.ReadAt(p, off)
}

// Stripes outside the range are not touched, nor streams of other columns.
func TestRowsReadOnlyWhatIsNeeded(t *testing.T) {
	w := mixture(4000)
	w.codec, w.rows = zlib, 1000
	data := w.write(t)
	r := &reads{Reader: bytes.NewReader(data)}
	f, err := Open(r, int64(len(data)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.spans = nil
	if _, err := cells(t, f, []string{"flag", "tiny"}, 2000, 3000); err != nil {
		t.Fatal(err)
	}
	st := f.Stripes()[2]
	total := int64(0)
	for _, s := range r.spans {
		total += s.length
		if s.offset < st.Offset || s.offset+s.length > st.Offset+st.Length {
			t.Errorf("bytes %d+%d were read, outside stripe 2 at %d+%d", s.offset, s.length, st.Offset, st.Length)
		}
	}
	if total == 0 || total > st.Length/10 {
		t.Errorf("%d bytes of a stripe of %d were read for two small columns, want a tenth at most", total, st.Length)
	}
	r.spans = nil
	if _, err := cells(t, f, []string{"flag"}, 2000, 2000); err != nil || len(r.spans) > 0 {
		t.Errorf("%d reads for no rows, %v", len(r.spans), err)
	}
}

func TestRowsContext(t *testing.T) {
	w := mixture(3000)
	f, err := openBytes(w.write(t), Options{BatchRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []int64{0, 2500} { // with and without rows to skip
		for _, column := range []string{"text", "word"} {
			rows, err := f.Rows([]string{column}, first, 3000)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if first == 0 {
				if n, err := rows.Next(ctx); n != 10 || err != nil {
					t.Fatalf("first batch: %d, %v", n, err)
				}
			}
			cancel()
			for range 2 { // an error stays
				n, err := rows.Next(ctx)
				var e *Error
				if n != 0 || !errors.Is(err, context.Canceled) || !errors.As(err, &e) {
					t.Errorf("%s from row %d: after cancel: %d rows, %v", column, first, n, err)
				}
				ctx = t.Context()
			}
		}
	}
}

// An error says where it happened.
func TestRowsErrorPlace(t *testing.T) {
	w := mixture(3000)
	w.codec, w.rows = none, 1000
	data := w.write(t)
	f, err := openBytes(data, Options{BatchRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]*part, len(f.nodes))
	word := f.nodes[0].children[2]
	parts[word] = &part{}
	if err := f.readParts(1, parts); err != nil {
		t.Fatal(err)
	}
	at := parts[word].spans[streamData]
	damaged := slices.Clone(data)
	for i := at.offset + at.length/2; i < at.offset+at.length; i++ {
		damaged[i] = 0xff
	}
	f, err = openBytes(damaged, Options{BatchRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	got, err := cells(t, f, []string{"big", "word"}, 0, 3000)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want *Error", err)
	}
	if e.Stripe != 1 || e.Column != "word" || e.Row != int64(len(got)) || e.Row <= 1000 || e.Row >= 2000 ||
		e.Offset < at.offset || e.Offset > at.offset+at.length || e.Op != "decode data stream" {
		t.Errorf("after %d rows got %+v, want stripe 1, column word, that row, within bytes %d+%d", len(got), e, at.offset, at.length)
	}
}

// A File serves several Rows at once.
func TestRowsTogether(t *testing.T) {
	w := mixture(3000)
	w.codec, w.rows = zlib, 1000
	f, err := openBytes(w.write(t), Options{Window: 100})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for i := range 3 {
		go func() {
			first := int64(1000 * i)
			got, err := cells(t, f, mixtureColumns, first, first+1000)
			if err == nil && (len(got) != 1000 || !reflect.DeepEqual(got[17][0], w.want("big", int(first)+17))) {
				err = fmt.Errorf("stripe %d came out different", i)
			}
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Once the buffers have their size, a batch allocates nothing.
func TestRowsAllocations(t *testing.T) {
	for _, codec := range testCodecs {
		w := mixture(40000)
		w.codec, w.rows = codec, 20000
		f, err := openBytes(w.write(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.Rows(mixtureColumns, 0, f.NumRows())
		if err != nil {
			t.Fatal(err)
		}
		for rows.First() < 22000 { // through the change of stripes
			if _, err := rows.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// The collector empties pools; the least of some tries is the reader's own.
		allocs := math.Inf(1)
		for range 3 {
			allocs = min(allocs, testing.AllocsPerRun(4, func() {
				if _, err := rows.Next(t.Context()); err != nil {
					t.Fatal(err)
				}
			}))
		}
		// A larger string than before may still come; a batch is 1024 rows of 11 columns.
		if allocs > 2 {
			t.Errorf("%s: %v allocations a batch, want 2 at most", codec, allocs)
		}
	}
}

// A stripe twenty times as large takes no more memory: windows and chunks are all that is held of it.
func TestMemoryDoesNotGrowWithTheStripe(t *testing.T) {
	took := map[int]uint64{}
	for _, rows := range []int{5000, 100_000} {
		w := &written{codec: zlib, block: 8 << 10, columns: []writtenColumn{{name: "text", kind: String}, {name: "number", kind: Long}}}
		r := rand.New(rand.NewPCG(14, 15))
		line := string(text(10_000))
		for range rows {
			at := r.IntN(9900)
			w.columns[0].values = append(w.columns[0].values, line[at:at+70])
			w.columns[1].values = append(w.columns[1].values, int64(r.Uint32()))
		}
		f, err := openBytes(w.write(t), Options{Window: 8 << 10})
		if err != nil {
			t.Fatal(err)
		}
		took[rows] = allocated(func() {
			rows, err := f.Rows([]string{"text", "number"}, 0, f.NumRows())
			for err == nil {
				_, err = rows.Next(t.Context())
			}
			if err != io.EOF {
				t.Fatal(err)
			}
		})
	}
	if took[100_000] > took[5000]*3/2 {
		t.Errorf("100,000 rows took %d bytes, 5,000 took %d", took[100_000], took[5000])
	}
	t.Logf("5,000 rows took %d bytes, 100,000 took %d", took[5000], took[100_000])
}

// Numbers of a timestamp column that no writer means.
func TestTimestampDamage(t *testing.T) {
	for _, c := range []struct {
		seconds, nanos int64
		ok             bool
	}{
		{0, 0, true},
		{vector.MaxSecond - 1420070400, 0, true},
		{vector.MaxSecond - 1420070400 + 1, 0, false},
		{vector.MinSecond - 1420070400, 0, true},
		{vector.MinSecond - 1420070400 - 1, 0, false},
		{1<<63 - 1, 0, false},
		{-1 << 63, 0, false},
		{0, 999_999_999 << 3, true},
		{0, 1_000_000_000 << 3, false},
		{0, 999_999_999<<3 | 1, false},
		{0, 9<<3 | 7, true},
		{0, 10<<3 | 7, false},
		{0, -1, false},
		{0, -1<<63 | 7, false}, // times 10^8 it would be 0 in 64 bits
	} {
		data := encodeInts([]int64{c.seconds}, true, true)
		nanos := encodeInts([]int64{c.nanos}, false, true)
		f := memoryFile(append(slices.Clone(data), nanos...), 100)
		d := &timestampDecoder{data: stream{file: f, name: "data"}, nanos: stream{file: f, name: "nanos"}}
		p := &part{encoding: encodingDirectV2}
		p.spans[streamData] = span{0, int64(len(data))}
		p.spans[streamSecondary] = span{int64(len(data)), int64(len(nanos))}
		if err := d.open(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		err := d.fill([]bool{false}, 1)
		if c.ok && err != nil || !c.ok && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d s, %d ns coded: got %v, want ok=%t", c.seconds, c.nanos, err, c.ok)
		}
	}
}

func TestFraction(t *testing.T) {
	for _, c := range []struct {
		coded uint64
		want  int32
	}{{0, 0}, {0x0a, 1000}, {0x0c, 100000}, {1<<3 | 1, 100}, {1<<3 | 7, 100_000_000}, {12 << 3, 12}} {
		if got, ok := fraction(c.coded); !ok || got != c.want {
			t.Errorf("fraction(%#x) = %d, %t; want %d", c.coded, got, ok, c.want)
		}
	}
}

func TestParseZone(t *testing.T) {
	for _, c := range []struct {
		name string
		base int64 // 2015-01-01 on its clock
	}{
		{"", 1420070400},
		{"UTC", 1420070400},
		{"GMT", 1420070400},
		{"GMT+05:30", 1420070400 - 5*3600 - 1800},
		{"GMT-08:00", 1420070400 + 8*3600},
		{"America/Los_Angeles", 1420070400 + 8*3600},
		{"Australia/Sydney", 1420070400 - 11*3600},
		{"Europe/Berlin", 1420070400 - 3600},
	} {
		zone, err := parseZone(c.name)
		if err != nil {
			t.Errorf("%q: %v", c.name, err)
			continue
		}
		if got := time.Date(2015, 1, 1, 0, 0, 0, 0, zone).Unix(); got != c.base {
			t.Errorf("%q: 2015 begins at %d, want %d", c.name, got, c.base)
		}
	}
	for _, name := range []string{"Local", "Mars/Olympus", "../../etc/passwd", "GMT+99:99", "PDT\x00", strings.Repeat("A", 1000)} {
		if zone, err := parseZone(name); err == nil {
			t.Errorf("%.20q: got %v, want an error", name, zone)
		}
	}
}
