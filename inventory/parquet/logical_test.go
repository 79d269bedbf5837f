package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	foreign "github.com/parquet-go/parquet-go"
	"github.com/pierrec/lz4/v4"
)

// firstNumber reads a column of whole numbers.
func firstNumber(t *testing.T, data []byte, name string) (int64, error) {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	r, err := f.Rows([]string{name}, 0, f.NumRows(), Options{})
	if err != nil {
		return 0, err
	}
	v, err := r.Int64(name)
	if err != nil {
		return 0, err
	}
	if _, err := r.Next(t.Context()); err != nil {
		return 0, err
	}
	return v.Values[0], nil
}

// numbers are whole numbers in every type that a writer may give them, or that is like
// one and means something else.
type numbers struct {
	Int32    int32    `parquet:"int32"`
	Int64    int64    `parquet:"int64"`
	Uint32   uint32   `parquet:"uint32"`
	Uint64   uint64   `parquet:"uint64"`
	Decimal  int64    `parquet:"decimal,decimal(2:18)"`
	Small    int32    `parquet:"small,decimal(2:9)"`
	Whole    int64    `parquet:"whole,decimal(0:18)"`
	Fixed    [16]byte `parquet:"fixed,decimal(2:38)"`
	Date     int32    `parquet:"date,date"`
	Time     int64    `parquet:"time,time(microsecond)"`
	Modified int64    `parquet:"modified,timestamp(millisecond)"`
	Double   float64  `parquet:"double"`
	Float    float32  `parquet:"float"`
	Text     string   `parquet:"text"`
	UUID     [16]byte `parquet:"uuid,uuid"`
	Bool     bool     `parquet:"bool"`
}

// A number is read as what it stands for, or the column is refused by its type.
func TestNumbersMeanWhatTheTypeSays(t *testing.T) {
	thousand := numbers{Int32: 1000, Int64: 1000, Uint32: 1000, Uint64: 1000, Decimal: 100_000, Small: 100_000, Whole: 1000,
		Fixed: [16]byte{13: 0x01, 14: 0x86, 15: 0xa0}}
	data := foreignFile(t, []numbers{thousand})
	for _, name := range []string{"int32", "int64", "uint32", "uint64", "decimal", "small", "whole", "fixed"} {
		if got, err := firstNumber(t, data, name); got != 1000 || err != nil {
			t.Errorf("%s: %d, %v; want 1000", name, got, err)
		}
	}
	for name, says := range map[string]string{"date": "int32 (date)", "time": "int64 (time of day)", "modified": "int64 (timestamp)", "double": "double",
		"float": "float", "text": "binary", "uuid": "fixed_len_byte_array (UUID)", "bool": "boolean"} {
		if got, err := firstNumber(t, data, name); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %d, %v; want it refused as %s", name, got, err, says)
		}
	}
}

// Numbers at the ends of their ranges, and those that are none.
func TestNumbersAtTheEnds(t *testing.T) {
	bytesOf := func(first byte, rest byte) (b [16]byte) {
		for i := range b {
			b[i] = rest
		}
		b[0] = first
		return b
	}
	most := numbers{Int32: math.MaxInt32, Int64: math.MaxInt64, Uint32: math.MaxUint32, Uint64: math.MaxInt64, Decimal: -100, Small: -100,
		Fixed: bytesOf(0xff, 0xff)}
	most.Fixed[15] = 0x9c // -100
	data := foreignFile(t, []numbers{most})
	for name, want := range map[string]int64{"int32": math.MaxInt32, "int64": math.MaxInt64, "uint32": math.MaxUint32, "uint64": math.MaxInt64,
		"decimal": -1, "small": -1, "fixed": -1} {
		if got, err := firstNumber(t, data, name); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", name, got, err, want)
		}
	}
	bad := foreignFile(t, []numbers{{Uint64: math.MaxUint64, Decimal: 100_050, Small: 1, Fixed: bytesOf(0x7f, 0xff)}})
	for name, says := range map[string]string{"uint64": "18446744073709551615", "decimal": "100050 with 2 digits", "small": "1 with 2 digits",
		"fixed": "no whole number"} {
		if got, err := firstNumber(t, bad, name); errors.Is(err, ErrCorrupt) != (name == "uint64") || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %d, %v; want %q", name, got, err, says)
		}
	}
}

// The older way of saying what a column means counts where the newer is not there.
func TestConvertedTypes(t *testing.T) {
	for _, tt := range []struct {
		said annotation
		kind Kind
		want valueKind
	}{
		{annotation{converted: 5, isConverted: true, scale: 2}, Int64, integers},
		{annotation{converted: 5, isConverted: true, scale: 2}, ByteArray, integers},
		{annotation{converted: 5, isConverted: true, scale: -2}, Int64, unread},
		{annotation{converted: 5, isConverted: true, scale: 39}, Int64, unread},
		{annotation{converted: 6, isConverted: true}, Int32, instants},
		{annotation{converted: 6, isConverted: true}, Int64, unread},
		{annotation{converted: 7, isConverted: true}, Int32, unread},
		{annotation{converted: 8, isConverted: true}, Int64, unread},
		{annotation{converted: 9, isConverted: true}, Int64, instants},
		{annotation{converted: 10, isConverted: true}, Int64, instants},
		{annotation{converted: 9, isConverted: true}, Int32, unread},
		{annotation{converted: 13, isConverted: true}, Int32, integers},
		{annotation{converted: 14, isConverted: true}, Int64, integers},
		{annotation{converted: 14, isConverted: true}, Int32, unread},
		{annotation{converted: 18, isConverted: true}, Int64, integers},
		{annotation{converted: 0, isConverted: true}, ByteArray, texts},
		{annotation{converted: 20, isConverted: true}, ByteArray, unread},
		{annotation{converted: 21, isConverted: true}, FixedLenByteArray, unread},
		{annotation{converted: 99, isConverted: true}, Int64, unread},
		{annotation{converted: 9, isConverted: true, isLogical: true, logical: Logical{Meaning: Decimal, Scale: 1}}, Int64, integers},
		{annotation{isLogical: true, logical: Logical{Meaning: OtherMeaning}}, Int64, unread},
		{annotation{isLogical: true, logical: Logical{Meaning: Timestamp}}, Int64, unread},
		{annotation{isLogical: true, logical: Logical{Meaning: HalfFloat}}, FixedLenByteArray, unread},
		{annotation{}, Int96, instants},
		{annotation{}, FixedLenByteArray, texts},
		{annotation{}, Double, unread},
	} {
		f := Field{Kind: tt.kind, Logical: tt.said.meaning()}
		if got := f.values(); got != tt.want {
			t.Errorf("%+v of %v: read as %d, want %d (%s)", tt.said, tt.kind, got, tt.want, f.Type())
		}
	}
}

// Decimals of any length that a binary column has.
func TestDecimalsOfBytes(t *testing.T) {
	for _, tt := range []struct {
		b    []byte
		want int64
		bad  bool
	}{
		{[]byte{0x64}, 1, false}, {[]byte{0x9c}, -1, false}, {[]byte{0x01, 0x86, 0xa0}, 1000, false},
		{nil, 0, true}, {make([]byte, 17), 0, true}, {[]byte{1}, 0, true}, {make([]byte, 16), 0, false},
	} {
		c := &column{field: Field{Kind: ByteArray, Logical: Logical{Meaning: Decimal, Scale: 2}}, null: []bool{false}}
		c.bytes.values, c.numbers.Values = [][]byte{tt.b}, []int64{7}
		if err := c.finish(1); (err != nil) != tt.bad || err == nil && c.numbers.Values[0] != tt.want {
			t.Errorf("%x: %d, %v; want %d", tt.b, c.numbers.Values[0], err, tt.want)
		}
	}
}

type apart struct {
	Int32 int32   `parquet:"int32,split"`
	Int64 int64   `parquet:"int64,split,optional"`
	ETag  [4]byte `parquet:"etag,split"`
	Plain [4]byte `parquet:"plain"`
	Dict  [4]byte `parquet:"dict,dict"`
	Delta [4]byte `parquet:"delta,delta"`
}

// Values whose bytes lie apart, and strings of a fixed length, in pages that batches
// cross.
func TestSplitAndFixedValues(t *testing.T) {
	var rows []apart
	for i := range 2000 {
		tag := [4]byte([]byte(fmt.Sprintf("%04d", i%1000)))
		rows = append(rows, apart{int32(i) - 7, int64(i%5) << 40, tag, tag, tag, tag})
	}
	for version := 1; version <= 2; version++ {
		data := foreignFile(t, rows, foreign.DataPageVersion(version), foreign.PageBufferSize(1000), foreign.Compression(&foreign.Snappy))
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		const from = 111
		r, err := f.Rows([]string{"int32", "int64", "etag", "plain", "dict", "delta"}, from, f.NumRows(), Options{BatchRows: 77})
		if err != nil {
			t.Fatal(err)
		}
		i32, err1 := r.Int64("int32")
		i64, err2 := r.Int64("int64")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		at := from
		for at < len(rows) {
			n, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				want := rows[at+i]
				if i32.Values[i] != int64(want.Int32) || i64.Values[i] != want.Int64 || i64.Null[i] != (want.Int64 == 0) {
					t.Fatalf("row %d: %d, %d; want %+v", at+i, i32.Values[i], i64.Values[i], want)
				}
				for _, name := range []string{"etag", "plain", "dict", "delta"} {
					if v, err := r.Bytes(name); err != nil || string(v.At(i)) != string(want.ETag[:]) {
						t.Fatalf("row %d: %s is %q, %v; want %q", at+i, name, v.At(i), err, want.ETag)
					}
				}
			}
			at += n
		}
	}
}

// A string that may have been filled up is not taken for a name.
func TestFilledUpStrings(t *testing.T) {
	type fixed struct {
		Key [4]byte `parquet:"key"`
	}
	for text, ok := range map[string]bool{"abcd": true, "abc\x00": false, "abc ": false} {
		data := foreignFile(t, []fixed{{[4]byte([]byte(text))}})
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Rows([]string{"key"}, 0, 1, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context()); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// LZ4 is read in Hadoop's frame, with blocks of several parts, and without a frame.
func TestHadoopLZ4(t *testing.T) {
	body := levels(3)
	for _, s := range []string{"a", strings.Repeat("b", 300), "xyz"} {
		body = append(binary.LittleEndian.AppendUint32(body, uint32(len(s))), s...)
	}
	pack := func(b []byte) []byte {
		out := make([]byte, lz4.CompressBlockBound(len(b)))
		n, err := lz4.CompressBlock(b, out, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 { // too short to be made smaller: literals alone, 15 at most
			return append([]byte{byte(len(b)) << 4}, b...)
		}
		return out[:n]
	}
	part := func(b []byte) []byte {
		p := pack(b)
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...)
	}
	block := func(n int, parts ...[]byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(n)), bytes.Join(parts, nil)...)
	}
	whole := block(len(body), part(body))
	for name, packed := range map[string][]byte{
		"one block":           whole,
		"a block of parts":    block(len(body), part(body[:9]), part(body[9:])),
		"blocks":              append(block(9, part(body[:9])), block(len(body)-9, part(body[9:]))...),
		"an empty block last": append(bytes.Clone(whole), 0, 0, 0, 0),
		"no frame":            pack(body),
	} {
		c := crafted{ByteArray, codecLZ4, 3, int32(len(body)), 3, plain, packed, false}
		if n, err := readEverything(t.Context(), c.file(), 1<<20); n != 3 || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
		for cut := range packed {
			c.body = packed[:cut]
			if name == "an empty block last" && cut == len(whole) {
				continue // the same without it
			}
			if _, err := readEverything(t.Context(), c.file(), 1<<20); err == nil {
				t.Errorf("%s: cut to %d of %d bytes it is read", name, cut, len(packed))
			}
		}
	}
}
