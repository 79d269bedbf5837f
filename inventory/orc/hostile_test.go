package orc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"reseal/inventory/vector"
)

// raw is a file put together by hand, without compression: one stripe with the given streams.
type raw struct {
	types     [][]byte // messages; nil means a struct of one string column named "a"
	rows      uint64
	streams   []writtenStream
	encodings [][]byte
	stripe    []byte // put behind the footer of the stripe
	stripes   [][]byte
	footer    []byte // put behind the footer of the file
}

func typeOf(kind Kind, children []byte, names ...string) []byte {
	m := appendUintField(nil, 1, uint64(kind))
	if len(children) > 0 {
		m = appendBytesField(m, 2, children)
	}
	for _, n := range names {
		m = appendBytesField(m, 3, []byte(n))
	}
	return m
}

func encodingOf(kind, entries uint64) []byte {
	return appendUintField(appendUintField(nil, 1, kind), 2, entries)
}

func stripeOf(offset, index, data, footer, rows uint64) []byte {
	var m []byte
	for i, v := range []uint64{offset, index, data, footer, rows} {
		m = appendUintField(m, i+1, v)
	}
	return m
}

// file writes the header, the stripe and the footer, and gives the length of the footer.
func (r raw) file() (file []byte, footerLength uint64) {
	if r.types == nil {
		r.types = [][]byte{typeOf(Struct, []byte{1}, "a"), typeOf(String, nil)}
	}
	file = []byte("ORC")
	var stripe []byte
	for _, s := range r.streams {
		file = append(file, s.data...)
		stripe = appendStream(stripe, s)
	}
	for _, e := range r.encodings {
		stripe = appendBytesField(stripe, 2, e)
	}
	stripe = append(stripe, r.stripe...)
	if r.stripes == nil && r.rows > 0 {
		r.stripes = [][]byte{stripeOf(3, 0, uint64(len(file)-3), uint64(len(stripe)), r.rows)}
	}
	file = append(file, stripe...)
	var footer []byte
	for _, s := range r.stripes {
		footer = appendBytesField(footer, 3, s)
	}
	for _, m := range r.types {
		footer = appendBytesField(footer, 4, m)
	}
	footer = appendUintField(footer, 6, r.rows)
	footer = append(footer, r.footer...)
	return append(file, footer...), uint64(len(footer))
}

func (r raw) write() []byte {
	file, n := r.file()
	return appendPostscript(file, n, 0, 1000, []byte{0, 12}, "ORC")
}

func TestPostscriptRefusals(t *testing.T) {
	body, n := raw{}.file()
	good := func(f func(footer, codec, block *uint64, version *[]byte, magic *string)) []byte {
		footer, codec, block, version, magic := n, uint64(0), uint64(1000), []byte{0, 12}, "ORC"
		f(&footer, &codec, &block, &version, &magic)
		return appendPostscript(bytes.Clone(body), footer, codec, block, version, magic)
	}
	for _, c := range []struct {
		name string
		data []byte
		want error
		text string
	}{
		{"as it should be", good(func(_, _, _ *uint64, _ *[]byte, _ *string) {}), nil, ""},
		{"no bytes", nil, ErrCorrupt, "a file of 0 bytes"},
		{"three bytes", []byte("ORC"), ErrCorrupt, "a file of 3 bytes"},
		{"longer than the file", []byte{1, 2, 3, 4, 200}, ErrCorrupt, "postscript of 200 bytes"},
		{"other magic", good(func(_, _, _ *uint64, _ *[]byte, m *string) { *m = "ORB" }), ErrCorrupt, "no ORC mark"},
		{"version 1.9", good(func(_, _, _ *uint64, v *[]byte, _ *string) { *v = []byte{1, 9} }), ErrUnsupported, "file version 1"},
		{"lzo", good(func(_, c, _ *uint64, _ *[]byte, _ *string) { *c = 3 }), ErrUnsupported, "LZO compression"},
		{"brotli", good(func(_, c, _ *uint64, _ *[]byte, _ *string) { *c = 6 }), ErrUnsupported, "brotli compression"},
		{"codec 77", good(func(_, c, _ *uint64, _ *[]byte, _ *string) { *c = 77 }), ErrUnsupported, "compression codec 77"},
		{"codec 257", good(func(_, c, _ *uint64, _ *[]byte, _ *string) { *c = 257 }), ErrUnsupported, "compression codec 257"},
		{"large blocks", good(func(_, c, b *uint64, _ *[]byte, _ *string) { *c, *b = 1, maxBlock+1 }), ErrCorrupt, "blocks of 8388609"},
		{"empty blocks", good(func(_, c, b *uint64, _ *[]byte, _ *string) { *c, *b = 1, 0 }), ErrCorrupt, "blocks of 0"},
		{"long footer", good(func(f, _, _ *uint64, _ *[]byte, _ *string) { *f = 1000 }), ErrCorrupt, "footer of 1000 bytes"},
		{"endless footer", good(func(f, _, _ *uint64, _ *[]byte, _ *string) { *f = math.MaxUint64 }), ErrCorrupt, "footer of 18446744073709551615"},
		{"short footer", good(func(f, _, _ *uint64, _ *[]byte, _ *string) { *f -= 3 }), ErrCorrupt, "message"},
	} {
		f, err := openBytes(c.data, Options{})
		var e *Error
		switch {
		case c.want == nil && (err != nil || len(f.Schema()) != 1):
			t.Errorf("%s: %v", c.name, err)
		case c.want != nil && (!errors.Is(err, c.want) || !errors.As(err, &e) || !strings.Contains(err.Error(), c.text)):
			t.Errorf("%s: got %v, want an *Error around %q with %q", c.name, err, c.want, c.text)
		}
	}
}

func TestFooterRefusals(t *testing.T) {
	text := typeOf(String, nil)
	manyStripes := make([][]byte, maxStripes+1)
	for i := range manyStripes {
		manyStripes[i] = []byte{}
	}
	manyTypes := make([][]byte, maxTypes+1)
	for i := range manyTypes {
		manyTypes[i] = []byte{}
	}
	encryption := appendBytesField(nil, 10, nil)
	for _, c := range []struct {
		name string
		raw  raw
		want error
		text string
	}{
		{"rows without a stripe", raw{footer: appendUintField(nil, 6, 5)}, ErrCorrupt, "0 rows in the stripes, 5 in the footer"},
		{"negative rows", raw{footer: appendUintField(nil, 6, 1<<63)}, ErrCorrupt, "9223372036854775808 rows"},
		{"stripe behind the end", raw{rows: 1, stripes: [][]byte{stripeOf(3, 0, 1000, 0, 1)}}, ErrCorrupt, "stripe 0 is not within"},
		{"stripe that wraps around", raw{rows: 1, stripes: [][]byte{stripeOf(3, math.MaxUint64, 5, 5, 1)}}, ErrCorrupt, "not within"},
		{"stripe with too many rows", raw{rows: 1, stripes: [][]byte{stripeOf(3, 0, 0, 0, 1<<63)}}, ErrCorrupt, "9223372036854775808 rows"},
		{"stripes with too many rows", raw{rows: 1, stripes: [][]byte{stripeOf(3, 0, 0, 0, 1<<62), stripeOf(3, 0, 0, 0, 1<<62)}},
			ErrCorrupt, "stripe 1 has"},
		{"too many stripes", raw{stripes: manyStripes}, ErrLimit, "131072 stripes"},
		{"too many types", raw{types: manyTypes}, ErrLimit, "16384 types"},
		{"root of another kind", raw{types: [][]byte{text}}, ErrUnsupported, "string values instead of rows"},
		{"kind 300", raw{types: [][]byte{appendUintField(nil, 1, 300)}}, ErrCorrupt, "type of kind 300"},
		{"column without a name", raw{types: [][]byte{typeOf(Struct, []byte{1, 2}, "a"), text, text}}, ErrCorrupt, "2 columns with 1 names"},
		{"child outside the list", raw{types: [][]byte{typeOf(Struct, []byte{1, 9}, "a", "b"), text, text}}, ErrCorrupt, "type 9 where type 2"},
		{"child is the root", raw{types: [][]byte{typeOf(Struct, []byte{0}, "a"), text}}, ErrCorrupt, "type 0 where type 1"},
		{"one child twice", raw{types: [][]byte{typeOf(Struct, []byte{1, 1}, "a", "b"), text}}, ErrCorrupt, "type 1 where type 2"},
		{"one child many times", raw{types: [][]byte{typeOf(Struct, []byte{1}, "a"), typeOf(Union, []byte{1, 1, 1})}}, ErrCorrupt,
			"more edges than types"},
		{"child of nobody", raw{types: [][]byte{typeOf(Struct, []byte{1}, "a"), text, text}}, ErrCorrupt, "1 types outside"},
		{"ring", raw{types: [][]byte{typeOf(Struct, []byte{1}, "a"), typeOf(List, []byte{1})}}, ErrCorrupt, "type 1 where type 2"},
		{"list of 2^40", raw{types: [][]byte{typeOf(Struct, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x20}, "a")}}, ErrCorrupt, "bad list"},
		{"encryption", raw{footer: encryption}, ErrUnsupported, "column encryption"},
		{"group", raw{footer: []byte{0x7b}}, ErrCorrupt, "bad wire type"},
		{"stripes as a number", raw{footer: appendUintField(nil, 3, 1)}, ErrCorrupt, "wire type of a body"},
		{"rows as a body", raw{footer: appendBytesField(nil, 6, nil)}, ErrCorrupt, "wire type of a number"},
	} {
		_, err := openBytes(c.raw.write(), Options{})
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want an *Error around %q with %q", c.name, err, c.want, c.text)
		}
	}
}

// The limit counts the bytes in the file and the bytes after decompression.
func TestFooterLimit(t *testing.T) {
	w := &written{codec: zlib, columns: []writtenColumn{{name: strings.Repeat("a", 3000), kind: Long}}}
	packed := w.write(t)
	w.codec = none
	plain := w.write(t)
	for _, c := range []struct {
		data  []byte
		limit int
		text  string // of the error, if any
	}{
		{packed, 4000, ""},
		{packed, 2000, "more than 2000 bytes decompressed"},
		{plain, 4000, ""},
		{plain, 2000, "footer of 3"},
	} {
		_, err := openBytes(c.data, Options{Limits: Limits{FooterBytes: c.limit}})
		if c.text == "" && err != nil || c.text != "" && (!errors.Is(err, ErrLimit) || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("file of %d bytes, limit %d: got %v, want %q", len(c.data), c.limit, err, c.text)
		}
	}
}

// Stripes without rows may stand anywhere, and are never read: these are not even within reach of a footer.
func TestEmptyStripes(t *testing.T) {
	r := raw{rows: 3, streams: []writtenStream{{streamData, 1, []byte("abc")}, {streamLength, 1, encodeIntsV2([]int64{1, 0, 2}, false)}},
		encodings: [][]byte{nil, encodingOf(encodingDirectV2, 0)}}
	file, footer := r.file()
	data := uint64(3 + len(r.streams[1].data))
	full := stripeOf(3, 0, data, uint64(len(file))-footer-3-data, 3)
	empty := stripeOf(3, 0, 0, 0, 0)
	// Both full stripes are the same bytes of the file.
	r.rows, r.stripes = 6, [][]byte{empty, empty, full, empty, full, empty}
	for _, c := range []struct{ first, last int64 }{{0, 6}, {2, 3}, {2, 4}, {3, 5}, {6, 6}, {0, 0}} {
		f, err := openBytes(r.write(), Options{BatchRows: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := cells(t, f, []string{"a"}, c.first, c.last)
		want := [][]any{{"a"}, {""}, {"bc"}, {"a"}, {""}, {"bc"}}[c.first:c.last]
		if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("rows %d to %d: got %v, %v; want %v", c.first, c.last, got, err, want)
		}
	}
}

func TestStripeRefusals(t *testing.T) {
	v2 := encodingOf(encodingDirectV2, 0)
	letters := writtenStream{streamData, 1, []byte("abc")}
	lengths := func(v ...int64) writtenStream { return writtenStream{streamLength, 1, encodeIntsV2(v, false)} }
	codes := func(v ...int64) writtenStream { return writtenStream{streamData, 1, encodeIntsV2(v, false)} }
	words := writtenStream{streamDictionary, 1, []byte("abc")}
	words18 := writtenStream{streamDictionary, 1, make([]byte, 18)}
	dictionary := func(n uint64) [][]byte { return [][]byte{nil, encodingOf(encodingDictionaryV2, n)} }
	number := [][]byte{typeOf(Struct, []byte{1}, "a"), typeOf(Long, nil)}
	bits := [][]byte{typeOf(Struct, []byte{1}, "a"), typeOf(Boolean, nil)}
	small := Options{Limits: Limits{ValueBytes: 10, BatchBytes: 15, DictionaryBytes: 30, FooterBytes: 100}}
	for _, c := range []struct {
		name string
		raw  raw
		want error
		text string
	}{
		{"as it should be", raw{rows: 3, streams: []writtenStream{letters, lengths(1, 0, 2)}, encodings: [][]byte{nil, v2}}, nil, ""},
		{"dictionary as it should be", raw{rows: 3, streams: []writtenStream{codes(1, 0, 1), lengths(1, 2), words},
			encodings: dictionary(2)}, nil, ""},
		{"encoding missing", raw{rows: 1, streams: []writtenStream{letters}, encodings: [][]byte{nil}}, ErrCorrupt, "1 encodings for 2 types"},
		{"encoding too many", raw{rows: 1, encodings: [][]byte{nil, v2, v2}}, ErrCorrupt, "more encodings than the 2 types"},
		{"encoding 4", raw{rows: 1, encodings: [][]byte{nil, encodingOf(4, 0)}}, ErrUnsupported, "column encoding 4"},
		{"encryption", raw{rows: 1, encodings: [][]byte{nil, v2}, stripe: appendBytesField(nil, 4, nil)}, ErrUnsupported, "encryption"},
		{"stream longer than the stripe", raw{rows: 1, encodings: [][]byte{nil, v2},
			stripe: appendStream(nil, letters)}, ErrCorrupt, "stream of 3 bytes where the stripe has 0 left"},
		{"stream of type 2", raw{rows: 1, streams: []writtenStream{{streamData, 2, nil}}, encodings: [][]byte{nil, v2}}, ErrCorrupt,
			"stream of type 2 of 2"},
		{"two data streams", raw{rows: 1, streams: []writtenStream{letters, letters}, encodings: [][]byte{nil, v2}}, ErrCorrupt,
			"two streams of kind 1"},
		{"no lengths", raw{rows: 3, streams: []writtenStream{letters}, encodings: [][]byte{nil, v2}}, ErrCorrupt, "length stream"},
		{"no data", raw{rows: 3, streams: []writtenStream{lengths(1, 0, 2)}, encodings: [][]byte{nil, v2}}, ErrCorrupt, "data stream"},
		{"lengths left", raw{rows: 2, streams: []writtenStream{letters, lengths(1, 2, 0)}, encodings: [][]byte{nil, v2}}, ErrCorrupt,
			"goes on after its last value"},
		{"data left", raw{rows: 3, streams: []writtenStream{letters, lengths(1, 0, 1)}, encodings: [][]byte{nil, v2}}, ErrCorrupt,
			"goes on after its last value"},
		{"long string", raw{rows: 1, streams: []writtenStream{letters, lengths(11)}, encodings: [][]byte{nil, v2}}, ErrLimit,
			"string of 11 bytes"},
		{"negative string", raw{rows: 1, streams: []writtenStream{letters, lengths(-1)}, encodings: [][]byte{nil, v2}}, ErrCorrupt,
			"string of -1 bytes"},
		{"long batch", raw{rows: 2, streams: []writtenStream{letters, lengths(8, 9)}, encodings: [][]byte{nil, v2}}, ErrLimit,
			"17 bytes in one batch"},
		{"dictionary larger than the stripe", raw{rows: 1, encodings: dictionary(2)}, ErrCorrupt, "dictionary of 2 strings for 1 rows"},
		{"dictionary without lengths", raw{rows: 3, streams: []writtenStream{codes(0, 0, 0), words}, encodings: dictionary(2)}, ErrCorrupt,
			"length stream"},
		{"dictionary without words", raw{rows: 3, streams: []writtenStream{codes(0, 0, 0), lengths(1, 2)}, encodings: dictionary(2)},
			ErrCorrupt, "dictionary stream"},
		{"dictionary with words left", raw{rows: 3, streams: []writtenStream{codes(0, 0, 0), lengths(1, 1), words},
			encodings: dictionary(2)}, ErrCorrupt, "dictionary stream"},
		// The limit is 30, and every entry counts for 4 more than its length.
		{"dictionary at the limit", raw{rows: 3, streams: []writtenStream{codes(0, 0, 0), lengths(10, 8, 0), words18},
			encodings: dictionary(3)}, nil, ""},
		{"dictionary over the limit", raw{rows: 3, streams: []writtenStream{codes(0, 0, 0), lengths(10, 8, 1), words18},
			encodings: dictionary(3)}, ErrLimit, "dictionaries of more than 30 bytes"},
		{"place behind the dictionary", raw{rows: 3, streams: []writtenStream{codes(0, 2, 0), lengths(1, 2), words},
			encodings: dictionary(2)}, ErrCorrupt, "entry 2 of a dictionary of 2"},
		{"place in an empty dictionary", raw{rows: 1, streams: []writtenStream{codes(0)}, encodings: dictionary(0)}, ErrCorrupt,
			"entry 0 of a dictionary of 0"},
		{"numbers by dictionary", raw{types: number, rows: 1, encodings: dictionary(0)}, ErrCorrupt, "numbers in encoding 3"},
		{"booleans by dictionary", raw{types: bits, rows: 1, encodings: dictionary(0)}, ErrCorrupt, "booleans in encoding 3"},
		{"present stream too short", raw{rows: 9, streams: []writtenStream{{streamPresent, 1, []byte{0xff, 0}}},
			encodings: [][]byte{nil, v2}}, ErrCorrupt, "present stream"},
		{"present stream too long", raw{rows: 8, streams: []writtenStream{{streamPresent, 1, []byte{0xfe, 0, 0}}},
			encodings: [][]byte{nil, v2}}, ErrCorrupt, "goes on after its last value"},
		{"present stream with a run too long", raw{rows: 8, streams: []writtenStream{{streamPresent, 1, []byte{0, 0}}},
			encodings: [][]byte{nil, v2}}, ErrCorrupt, "goes on after its last value"},
		{"present stream of the rows too short", raw{rows: 9, streams: []writtenStream{{streamPresent, 0, []byte{0xff, 0}}},
			encodings: [][]byte{nil, v2}}, ErrCorrupt, "present stream of the rows"},
		{"footer over the limit", raw{rows: 1, encodings: [][]byte{nil, v2}, stripe: appendBytesField(nil, 9, make([]byte, 100))},
			ErrLimit, "stripe footer of"},
	} {
		n, err := readAll(t, c.raw.write(), small)
		var e *Error
		switch {
		case c.want == nil && (err != nil || uint64(n) != c.raw.rows):
			t.Errorf("%s: %d rows, %v", c.name, n, err)
		case c.want != nil && (!errors.Is(err, c.want) || !errors.As(err, &e) || !strings.Contains(err.Error(), c.text)):
			t.Errorf("%s: got %v, want an *Error around %q with %q", c.name, err, c.want, c.text)
		}
	}
}

// allocated is how many bytes f takes, given back or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Small files that claim much must not take much.
func TestClaimsTakeNoMemory(t *testing.T) {
	v2 := encodingOf(encodingDirectV2, 0)
	zeros := bytes.Repeat([]byte{0xc1, 0xff, 0, 0}, 1000) // 512 zeros each
	large := encodeIntsV2(sequence(4<<20, 0, 16), false)
	for _, c := range []struct {
		name string
		data []byte
		most uint64
	}{
		{"strings of 64 MiB in a stream of 3 bytes", raw{rows: 16, streams: []writtenStream{{streamData, 1, []byte("abc")},
			{streamLength, 1, large}}, encodings: [][]byte{nil, v2}}.write(), 1 << 20},
		{"dictionary of 64 MiB in a stream of 3 bytes", raw{rows: 16, streams: []writtenStream{{streamDictionary, 1, []byte("abc")},
			{streamLength, 1, large}}, encodings: [][]byte{nil, encodingOf(encodingDictionaryV2, 16)}}.write(), 1 << 20},
		{"dictionary of 2^32 empty strings", raw{rows: 1 << 40, streams: []writtenStream{{streamLength, 1, zeros}},
			encodings: [][]byte{nil, encodingOf(encodingDictionaryV2, 1<<32)}}.write(), 16 << 20},
		{"chunk of 8 MiB in 10 bytes of snappy", appendPostscript([]byte{7 << 1, 0, 0, 0x80, 0x80, 0x80, 0x04, 0, 'a', 'b'}, 10, 2, maxBlock,
			[]byte{0, 12}, "ORC"), 1 << 20},
		{"2^62 rows", raw{rows: 1 << 62, encodings: [][]byte{nil, v2}}.write(), 1 << 20},
	} {
		var err error
		got := allocated(func() {
			var f *File
			if f, err = openBytes(c.data, Options{}); err == nil {
				_, err = cells(t, f, []string{"a"}, 0, f.NumRows())
			}
		})
		if !errors.Is(err, ErrCorrupt) || got > c.most {
			t.Errorf("%s: %d bytes allocated, want %d at most; error %v, want ErrCorrupt", c.name, got, c.most, err)
		}
	}
}

// impatient is cancelled after it has been asked a number of times.
type impatient struct {
	context.Context
	left int
}

func (c *impatient) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Runs of width 0 make billions of rows out of a few bytes. Whoever reads them can stop.
func TestLongSkipsAndDictionariesCanBeStopped(t *testing.T) {
	zeros := bytes.Repeat([]byte{0xc1, 0xff, 0, 0}, 10000)
	direct := raw{rows: 1 << 40, streams: []writtenStream{{streamLength, 1, zeros}}, encodings: [][]byte{nil, encodingOf(encodingDirectV2, 0)}}
	coded := raw{rows: 1 << 40, streams: []writtenStream{{streamLength, 1, zeros}},
		encodings: [][]byte{nil, encodingOf(encodingDictionaryV2, 1<<30)}}
	for name, data := range map[string][]byte{"skip": direct.write(), "dictionary": coded.write()} {
		f, err := openBytes(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := f.Rows([]string{"a"}, 1<<39, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rows.Next(&impatient{t.Context(), 100}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
}

// Every file that is cut short is refused, and no change of a byte makes a panic or takes memory without bound.
func TestMutants(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	limits := Limits{FooterBytes: 1 << 20, DictionaryBytes: 1 << 20, ValueBytes: 1 << 16, BatchBytes: 1 << 20}
	for _, codec := range testCodecs {
		w := mixture(300)
		w.codec, w.rows, w.block = codec, 200, 2000
		good := w.write(t)
		r := rand.New(rand.NewPCG(13, uint64(codec)))
		for round := range rounds {
			data := bytes.Clone(good)
			switch round % 4 {
			case 0:
				data = data[:r.IntN(len(data))]
			case 1:
				data[r.IntN(len(data))] ^= 1 << r.IntN(8)
			case 2:
				at := r.IntN(len(data))
				for i := at; i < min(at+1+r.IntN(8), len(data)); i++ {
					data[i] = byte(r.IntN(256))
				}
			case 3: // the footers, where most of the structure is
				data[len(data)-1-r.IntN(min(800, len(data)))] = byte(r.IntN(256))
			}
			n := 0
			var err error
			got := allocated(func() { n, err = readSome(t.Context(), data, Options{Limits: limits}, 5000) })
			if got > 64<<20 {
				t.Errorf("%s, round %d: %d bytes allocated for a file of %d (%v)", codec, round, got, len(data), err)
			}
			if round%4 == 0 && err == nil {
				t.Errorf("%s, round %d: %d rows out of a file cut to %d of %d bytes", codec, round, n, len(data), len(good))
			}
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%s, round %d: %v is no *Error", codec, round, err)
			}
		}
	}
}

// readSome reads most rows at most of all columns.
func readSome(ctx context.Context, data []byte, opts Options, most int) (int, error) {
	f, err := openBytes(data, opts)
	if err != nil {
		return 0, err
	}
	columns := readable(f)
	rows, err := f.Rows(columns, 0, f.NumRows())
	if err != nil {
		return 0, err
	}
	total := 0
	for total < most {
		n, err := rows.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return total, err
		}
		for _, c := range rows.columns {
			for i := range n {
				touch(c, i)
			}
		}
		total += n
	}
	return total, nil
}

// touch looks at a value, so that a place outside its vector shows.
func touch(c *column, i int) {
	switch v := c.vector.(type) {
	case *BytesColumn:
		if v.Null[i] && len(v.At(i)) > 0 {
			panic("null with a value")
		}
	case *vector.Int64:
		if v.Null[i] && v.Values[i] != 0 {
			panic("null with a value")
		}
	case *vector.Bool:
		if v.Null[i] && v.Values[i] {
			panic("null with a value")
		}
	case *vector.Timestamp:
		if v.Time(i).UnixMilli() != v.UnixMilli(i) {
			panic("two instants")
		}
	}
}
