package orc

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// memoryFile is a file of plain streams, for tests below the level of stripes.
func memoryFile(data []byte, window int) *File {
	return &File{r: bytes.NewReader(data), size: int64(len(data)), opts: Options{Window: window}.withDefaults(), block: 64 << 10}
}

// text is compressible bytes that do not repeat as a whole.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefgh"[r.IntN(8)]
	}
	return b
}

var testCodecs = []compression{none, zlib, snap, lz4Block, zstandard}

// A stream gives the bytes that went in, whatever the codec, the size of chunks and windows, and the way of reading.
func TestStream(t *testing.T) {
	for _, codec := range testCodecs {
		for _, block := range []int{40, 1000, 64 << 10} {
			for _, size := range []int{0, 1, 39, 40, 41, 1000, 1001, 5000} {
				plain := text(size)
				w := written{codec: codec, block: block}
				packed := append([]byte("before"), w.compress(t, plain)...)
				for _, window := range []int{1, 2, 100, 1 << 20} {
					f := memoryFile(append(packed, "after"...), window)
					f.block = block
					dec, err := newDecompressor(codec)
					if err != nil {
						t.Fatal(err)
					}
					s := &stream{file: f, dec: dec, name: "test stream"}
					s.reset(span{6, int64(len(packed) - 6)})
					if got, err := readMixed(s, size); err != nil || !bytes.Equal(got, plain) {
						t.Fatalf("%s, blocks of %d, window %d: %d bytes came out as %d, %v", codec, block, window, size, len(got), err)
					}
					if done, err := s.exhausted(); !done || err != nil {
						t.Fatalf("%s: exhausted is %t, %v after the last byte", codec, done, err)
					}
					if _, err := s.readByte(); !errors.Is(err, ErrCorrupt) {
						t.Fatalf("%s: byte beyond the end: got %v, want ErrCorrupt", codec, err)
					}
				}
			}
		}
	}
}

// readMixed reads n bytes by all methods in turn. Bytes passed over by discard are taken from what they must have been.
func readMixed(s *stream, n int) ([]byte, error) {
	plain := text(n)
	var got []byte
	var scratch [64 + padding]byte
	for i := 0; len(got) < n; i++ {
		k := min(1+i*7%50, n-len(got))
		switch i % 5 {
		case 0:
			b, err := s.readByte()
			if err != nil {
				return got, err
			}
			got = append(got, b)
		case 1:
			b := make([]byte, k)
			if err := s.read(b); err != nil {
				return got, err
			}
			got = append(got, b...)
		case 2:
			var err error
			if got, err = s.take(got, k); err != nil {
				return got, err
			}
		case 3:
			b, err := s.view(k, scratch[:])
			if err != nil {
				return got, err
			}
			if len(b) != k+padding {
				return got, errors.New("view without padding")
			}
			got = append(got, b[:k]...)
		case 4:
			if err := s.discard(int64(k)); err != nil {
				return got, err
			}
			got = append(got, plain[len(got):len(got)+k]...)
		}
	}
	return got, nil
}

func TestStreamDamage(t *testing.T) {
	for _, c := range []struct {
		name  string
		codec compression
		data  []byte
	}{
		{"chunk of 20 bytes in blocks of 10", zlib, append([]byte{20<<1 | 1, 0, 0}, make([]byte, 20)...)},
		{"half a header", zlib, []byte{1, 0}},
		{"chunk beyond the stream", zlib, []byte{0x0b, 0, 0, 1, 2}},
		{"chunk larger than a block", zlib, []byte{0xff, 0xff, 0xff, 1, 2}},
		{"not deflate", zlib, []byte{0x0a, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"not snappy", snap, []byte{0x0a, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"not lz4", lz4Block, []byte{0x0a, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"not zstd", zstandard, []byte{0x0a, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff}},
	} {
		f := memoryFile(c.data, 100)
		f.block = 10
		dec, err := newDecompressor(c.codec)
		if err != nil {
			t.Fatal(err)
		}
		s := &stream{file: f, dec: dec, name: "test stream"}
		s.reset(span{0, int64(len(c.data))})
		if _, err := s.take(nil, 1); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want ErrCorrupt", c.name, err)
		}
	}
}

// A chunk must not grow beyond the block, and memory not beyond what comes out.
func TestExpandLimit(t *testing.T) {
	for _, codec := range testCodecs[1:] {
		for _, size := range []int{1, 4 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
			packed := (&written{codec: codec}).compressChunk(t, make([]byte, size))
			dec, err := newDecompressor(codec)
			if err != nil {
				t.Fatal(err)
			}
			for _, buf := range [][]byte{nil, make([]byte, 10), make([]byte, 64<<10), make([]byte, 2<<20)} {
				out, err := dec.expand(buf, packed, 64<<10)
				if size <= 64<<10 && (err != nil || len(out) != size) {
					t.Errorf("%s, buffer of %d: %d bytes came out as %d, %v", codec, len(buf), size, len(out), err)
				}
				if size > 64<<10 && !errors.Is(err, ErrCorrupt) {
					t.Errorf("%s, buffer of %d: %d bytes in blocks of %d: got %v, want ErrCorrupt", codec, len(buf), size, 64<<10, err)
				}
				if len(buf) == 0 && size < 100 && cap(out) > 64<<10+100 {
					t.Errorf("%s: memory of %d for %d bytes", codec, cap(out), size)
				}
			}
		}
	}
}

type failingReader struct{ err error }

func (r failingReader) ReadAt([]byte, int64) (int, error) { return 0, r.err }

func TestStreamReadErrors(t *testing.T) {
	mine := errors.New("cable out")
	for _, c := range []struct{ err, want error }{{mine, mine}, {io.EOF, io.ErrUnexpectedEOF}, {nil, io.ErrUnexpectedEOF}} {
		f := memoryFile(make([]byte, 10), 4)
		f.r = failingReader{c.err}
		s := &stream{file: f, name: "data stream"}
		s.reset(span{3, 7})
		_, err := s.readByte()
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Op != "read data stream" || e.Offset != 3 {
			t.Errorf("reader that gives %v: got %v, want *Error of \"read data stream\" at 3 around %v", c.err, err, c.want)
		}
	}
}
