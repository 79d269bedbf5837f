package orc

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
)

var fuzzLimits = Limits{FooterBytes: 1 << 20, DictionaryBytes: 1 << 20, ValueBytes: 1 << 16, BatchBytes: 1 << 24}

// fuzzRows is how many rows are read of a file whose bytes are made up: it may claim any number.
const fuzzRows = 3000

// FuzzFile reads files that may be damaged in any way. What comes out, if anything, must not depend on how it is read.
func FuzzFile(f *testing.F) {
	for _, codec := range testCodecs {
		for _, v1 := range []bool{false, true} {
			w := mixture(60)
			w.codec, w.v1, w.rows, w.block, w.zone = codec, v1, 40, 300, "America/Los_Angeles"
			f.Add(w.write(f))
		}
	}
	absent := mixture(30)
	absent.absent = make([]bool, 30)
	absent.absent[7] = true
	f.Add(absent.write(f))
	f.Add(mixture(0).write(f))
	f.Add(raw{rows: 3, streams: []writtenStream{{streamData, 1, []byte("abc")}, {streamLength, 1, []byte{0xfd, 1, 0, 2}}},
		encodings: [][]byte{nil, encodingOf(encodingDirect, 0)}}.write())
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err := fuzzCells(t, data, Options{Limits: fuzzLimits})
		pieces, err2 := fuzzCells(t, data, Options{Window: 5, BatchRows: 7, Limits: fuzzLimits})
		for _, e := range []error{err, err2} {
			var place *Error
			if e != nil && !errors.As(e, &place) {
				t.Errorf("%v is no *Error", e)
			}
		}
		if (err == nil) != (err2 == nil) {
			t.Errorf("at once: %v; in pieces: %v", err, err2)
		}
		if err == nil && !reflect.DeepEqual(whole, pieces) {
			t.Errorf("%d rows at once and %d in pieces differ", len(whole), len(pieces))
		}
	})
}

func fuzzCells(t *testing.T, data []byte, opts Options) ([][]any, error) {
	f, err := openBytes(data, opts)
	if err != nil {
		return nil, err
	}
	columns := readable(f)
	if len(columns) > 50 {
		columns = columns[:50]
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c] {
			return nil, failure("open", ErrCorrupt) // the same either way
		}
		seen[c] = true
	}
	return cells(t, f, columns, 0, min(f.NumRows(), fuzzRows))
}

// FuzzIntRLE decodes runs made up of any bytes: the size of the window must not matter, and values that come out must
// survive being encoded again.
func FuzzIntRLE(f *testing.F) {
	f.Add([]byte{0x61, 0xff, 0x64}, false, false)
	f.Add([]byte{0xfb, 0x02, 0x03, 0x04, 0x07, 0x0b}, false, true)
	f.Add([]byte{0x0a, 0x27, 0x10}, true, false)
	f.Add([]byte{0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef}, true, false)
	f.Add([]byte{0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46, 0x50, 0x5a, 0x64, 0x6e,
		0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8}, true, true)
	f.Add([]byte{0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46}, true, true)
	f.Fuzz(func(t *testing.T, data []byte, v2, signed bool) {
		whole, err := allInts(data, 1<<20, v2, signed)
		pieces, err2 := allInts(data, 1, v2, signed)
		if (err == nil) != (err2 == nil) || !slices.Equal(whole, pieces) {
			t.Fatalf("at once: %d, %v; in pieces: %d, %v", whole, err, pieces, err2)
		}
		again, err := allInts(encodeInts(whole, signed, v2), 100, v2, signed)
		if err != nil || !slices.Equal(whole, again) {
			t.Fatalf("encoded again: %d, %v; want %d", again, err, whole)
		}
	})
}

// allInts decodes values up to the end or an error, and not for ever.
func allInts(data []byte, window int, v2, signed bool) ([]int64, error) {
	d := &intRLE{s: plainStream(data, window), v2: v2, signed: signed}
	var out []int64
	var v [1]int64
	for len(out) < 100_000 {
		if d.pos == d.n {
			if done, err := d.s.exhausted(); done || err != nil {
				return out, err
			}
		}
		if err := d.read(v[:]); err != nil {
			return out, err
		}
		out = append(out, v[0])
	}
	return out, nil
}

// FuzzBoolRLE decodes bits out of any bytes, at once and one by one.
func FuzzBoolRLE(f *testing.F) {
	f.Add([]byte{0xff, 0x80}, uint16(8))
	f.Add([]byte{0x61, 0x00, 0xfe, 0x44, 0x45}, uint16(810))
	f.Fuzz(func(t *testing.T, data []byte, n uint16) {
		whole := boolRLE{bytes: byteRLE{s: plainStream(data, 1<<20)}}
		single := boolRLE{bytes: byteRLE{s: plainStream(data, 1)}}
		got := make([]bool, n)
		_, err := whole.read(got, 0xff)
		for i := range got {
			var v [1]bool
			if _, err2 := single.read(v[:], 0xff); err2 != nil {
				if err == nil {
					t.Fatalf("bit %d of %d: %v", i, n, err2)
				}
				return
			}
			if err == nil && v[0] != got[i] {
				t.Fatalf("bit %d of %d is %t, at once %t", i, n, v[0], got[i])
			}
		}
		if err != nil {
			t.Fatalf("at once: %v; one by one there are %d bits", err, n)
		}
	})
}

// FuzzExpand decompresses any bytes with every codec: never more than the limit, and the same into any buffer.
func FuzzExpand(f *testing.F) {
	for _, codec := range testCodecs[1:] {
		for _, n := range []int{1, 100, 1000} {
			f.Add((&written{codec: codec}).compressChunk(f, text(n)), byte(codec), uint16(n))
			f.Add((&written{codec: codec}).compressChunk(f, make([]byte, n)), byte(codec), uint16(n-1))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, codec byte, limit uint16) {
		c, err := parseCompression(uint64(codec))
		if err != nil || c == none {
			return
		}
		dec, err := newDecompressor(c)
		if err != nil {
			t.Fatal(err)
		}
		most := int(limit) + 1
		got, err := dec.expand(nil, data, most)
		again, err2 := dec.expand(make([]byte, 100), data, most)
		if (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(got, again) {
			t.Fatalf("%s: %d bytes, %v; then %d bytes, %v", c, len(got), err, len(again), err2)
		}
		if err == nil && len(got) > most {
			t.Fatalf("%s: %d bytes, %d at most", c, len(got), most)
		}
	})
}

// FuzzMessage steps through any bytes as a message: bodies must lie within it, and it must end.
func FuzzMessage(f *testing.F) {
	f.Add(typeOf(Struct, []byte{1, 2}, "a", "b"))
	f.Add([]byte{0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		m := message{rest: data}
		left := math.MaxInt
		for m.next() {
			if len(m.rest) >= left || len(m.body) > len(data) {
				t.Fatalf("%d bytes left after %d; body of %d", len(m.rest), left, len(m.body))
			}
			left = len(m.rest)
			m.uints(nil, 10)
		}
		if m.err != nil && !errors.Is(m.err, ErrCorrupt) {
			t.Fatal(m.err)
		}
		if m.err == nil && len(m.rest) > 0 {
			t.Fatal("stopped before the end without an error")
		}
	})
}
