package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// crafted is a file of one optional column called "key" with one page.
type crafted struct {
	kind     Kind
	codec    codec
	rows     int64
	size     int32 // that the page claims to have when decompressed
	values   int32 // that the page claims
	encoding encoding
	body     []byte // compressed
	dict     bool   // the page is a dictionary
}

func (c crafted) file() []byte {
	t := &thriftWriter{b: []byte("PAR1")}
	t.element(func() {
		kind, field := int32(dataPage), int16(5)
		if c.dict {
			kind, field = dictionaryPage, 7
		}
		t.i32(1, kind)
		t.i32(2, c.size)
		t.i32(3, int32(len(c.body)))
		t.structure(field, func() {
			t.i32(1, c.values)
			t.i32(2, int32(c.encoding))
			if !c.dict {
				t.i32(3, int32(rle))
				t.i32(4, int32(rle))
			}
		})
	})
	t.b = append(t.b, c.body...)
	end := int64(len(t.b))
	start := len(t.b)
	t.element(func() {
		t.i32(1, 1)
		t.list(2, tStruct, 2)
		t.element(func() { t.string(4, "root"); t.i32(5, 1) })
		t.element(func() { t.i32(1, int32(c.kind)); t.i32(3, 1); t.string(4, "key") })
		t.i64(3, c.rows)
		t.list(4, tStruct, 1)
		t.element(func() {
			t.list(1, tStruct, 1)
			t.element(func() {
				t.structure(3, func() {
					t.i32(1, int32(c.kind))
					t.i32(4, int32(c.codec))
					t.i64(5, c.rows)
					t.i64(7, end-4)
					t.i64(9, 4)
				})
			})
			t.i64(3, c.rows)
		})
	})
	b := binary.LittleEndian.AppendUint32(t.b, uint32(len(t.b)-start))
	return append(b, "PAR1"...)
}

// levels are the definition levels of n values, none of them null.
func levels(n int) []byte {
	l := append(binary.AppendUvarint(nil, uint64(n)<<1), 1)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(l))), l...)
}

// Small files that claim or hold a great deal are refused before the memory is
// taken.
func TestBombs(t *testing.T) {
	const huge = 1 << 30
	zeros := make([]byte, 64<<20)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write(zeros)
	w.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zst := enc.EncodeAll(zeros, nil)
	var br bytes.Buffer
	bw := brotli.NewWriterLevel(&br, 5)
	bw.Write(zeros)
	bw.Close()
	header := func(v ...uint64) (b []byte) {
		for _, u := range v {
			b = binary.AppendUvarint(b, u)
		}
		return b
	}
	for _, tt := range []struct {
		name string
		c    crafted
		want error
	}{
		{"snappy that claims a gigabyte", crafted{ByteArray, codecSnappy, 10, huge, 10, plain, snappy.Encode(nil, []byte("short")), false}, ErrCorrupt},
		{"snappy whose own header claims a gigabyte", crafted{ByteArray, codecSnappy, 10, 100, 10, plain, binary.AppendUvarint(nil, huge), false}, ErrCorrupt},
		{"gzip of many zeros", crafted{ByteArray, codecGzip, 10, int32(len(zeros)), 10, plain, gz.Bytes(), false}, ErrLimit},
		{"gzip of many zeros that claims few", crafted{ByteArray, codecGzip, 10, 1000, 10, plain, gz.Bytes(), false}, ErrCorrupt},
		{"zstd of many zeros", crafted{ByteArray, codecZstd, 10, int32(len(zeros)), 10, plain, zst, false}, ErrLimit},
		{"zstd of many zeros that claims few", crafted{ByteArray, codecZstd, 10, 1000, 10, plain, zst, false}, ErrCorrupt},
		{"brotli of many zeros", crafted{ByteArray, codecBrotli, 10, int32(len(zeros)), 10, plain, br.Bytes(), false}, ErrLimit},
		{"brotli of many zeros that claims few", crafted{ByteArray, codecBrotli, 10, 1000, 10, plain, br.Bytes(), false}, ErrCorrupt},
		{"LZ4 that claims a gigabyte", crafted{ByteArray, codecLZ4, 10, huge, 10, plain, []byte{0x40, 0, 0, 0, 0, 0, 0, 5, 0x1f}, false}, ErrCorrupt},
		{"LZ4 whose frame claims a gigabyte", crafted{ByteArray, codecLZ4, 10, 100, 10, plain, []byte{0x40, 0, 0, 0, 0, 0, 0, 5, 0x1f, 0, 0, 0, 0}, false}, ErrCorrupt},
		{"LZ4 of nothing", crafted{ByteArray, codecLZ4, 10, 64, 10, plain, nil, false}, ErrCorrupt},
		{"no compression and a gigabyte", crafted{ByteArray, codecNone, 10, huge, 10, plain, []byte("short"), false}, ErrCorrupt},
		{"a dictionary of a billion", crafted{ByteArray, codecNone, 10, 5, huge, plain, []byte("short"), true}, ErrCorrupt},
		{"a billion values", crafted{ByteArray, codecNone, huge, int32(len(levels(huge))), huge, plain, levels(huge), false}, ErrCorrupt},
		{"a billion differences", crafted{Int64, codecNone, huge, int32(len(levels(huge)) + 9), huge, deltaBinary, append(levels(huge), header(128, 4, huge, 0)...), false}, ErrCorrupt},
		{"differences in huge blocks", crafted{Int64, codecNone, 10, int32(len(levels(10)) + 9), 10, deltaBinary, append(levels(10), header(huge, 1, 10, 0)...), false}, ErrCorrupt},
		{"a billion lengths", crafted{ByteArray, codecNone, huge, int32(len(levels(huge)) + 9), huge, deltaLength, append(levels(huge), header(128, 4, huge, 0)...), false}, ErrLimit},
	} {
		// The header of differences is shorter or longer than guessed above.
		if tt.c.codec == codecNone && tt.c.size != huge {
			tt.c.size = int32(len(tt.c.body))
		}
		data := tt.c.file()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readEverything(t.Context(), data, 8<<20)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
			t.Errorf("%s: %d bytes allocated", tt.name, n)
		}
	}
}

// A file that is crafted in the same way and honest is read.
func TestCrafted(t *testing.T) {
	body := levels(3)
	for _, s := range []string{"a", "", "xyz"} {
		body = append(binary.LittleEndian.AppendUint32(body, uint32(len(s))), s...)
	}
	c := crafted{ByteArray, codecSnappy, 3, int32(len(body)), 3, plain, snappy.Encode(nil, body), false}
	if n, err := readEverything(t.Context(), c.file(), 1<<20); n != 3 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	c.rows = 4 // one more than the pages have
	if _, err := readEverything(t.Context(), c.file(), 1<<20); !errors.Is(err, ErrCorrupt) {
		t.Errorf("with a row too many: %v", err)
	}
	c.rows = 2
	if _, err := readEverything(t.Context(), c.file(), 1<<20); !errors.Is(err, ErrCorrupt) {
		t.Errorf("with a row too few: %v", err)
	}
	for _, codec := range []codec{3, 99} {
		c.codec = codec
		if _, err := readEverything(t.Context(), c.file(), 1<<20); !errors.Is(err, ErrUnsupported) {
			t.Errorf("codec %d: %v", codec, err)
		}
	}
}

// Claims in the footer cost no more than the bytes that are there.
func TestFooterClaims(t *testing.T) {
	for name, footer := range map[string][]byte{
		"a billion columns":       append([]byte{0x29, 0xfc}, binary.AppendUvarint(nil, 1<<30)...),
		"a billion row groups":    append([]byte{0x49, 0xfc}, binary.AppendUvarint(nil, 1<<30)...),
		"a billion of an unknown": append([]byte{0xb9, 0xf8}, binary.AppendUvarint(nil, 1<<62)...),
		"a map of a billion":      append([]byte{0xbb}, append(binary.AppendUvarint(nil, 1<<62), 0x11)...),
		"a long string":           append([]byte{0x68}, binary.AppendUvarint(nil, 1<<62)...),
		"deep nesting":            bytes.Repeat([]byte{0x1c}, 1<<20),
		"deep lists":              append([]byte{0xb9}, bytes.Repeat([]byte{0x19}, 1<<20)...),
		"nothing":                 nil,
	} {
		data := append([]byte("PAR1"), footer...)
		data = append(binary.LittleEndian.AppendUint32(data, uint32(len(footer))), "PAR1"...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(bytes.NewReader(data), int64(len(data)))
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}
