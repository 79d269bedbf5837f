package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// samples are data of many kinds: of every length near those at which something ends.
func samples() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 300_000)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	var rows, skewed bytes.Buffer
	for range 6000 {
		fmt.Fprintf(&rows, "\"bucket\",\"tenants/%03d/2026/%016x.json.gz\",\"%d\",\"STANDARD\"\n", rng.IntN(500), rng.Uint64(), rng.IntN(1e9))
	}
	for range 200_000 { // codes of all lengths up to the longest
		skewed.WriteByte(byte(rng.ExpFloat64() * 8))
	}
	out := map[string][]byte{"nothing": nil, "one": {7}, "zeros": make([]byte, 400_000), "random": random, "rows": rows.Bytes(), "skewed": skewed.Bytes(),
		"pairs": bytes.Repeat([]byte("ab"), 70_000), "sevens": bytes.Repeat([]byte("abcdefg"), 20_000), "eights": bytes.Repeat([]byte("abcdefgh"), 20_000)}
	for n := window - 3; n <= window+3; n++ {
		out[fmt.Sprint("far ", n)] = append(append([]byte{}, random[:n]...), random[:300]...)
	}
	return out
}

func deflated(t testing.TB, data []byte, level int) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for len(data) > 0 { // several blocks
		n := min(len(data), 90_000)
		if _, err := w.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		if data = data[n:]; len(data)%2 == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, data []byte, header gzip.Header, level int) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Header = header
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var levels = []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, 6, flate.BestCompression}

func TestExpand(t *testing.T) {
	var x Decoder // one for all, as its tables stay
	var buf []byte
	for name, want := range samples() {
		for _, level := range levels {
			src := deflated(t, want, level)
			for _, limit := range []int{len(want), len(want) + 1, len(want) + 1000} {
				got, err := x.Expand(buf, append(src, "beyond"...), limit)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s, level %d, limit %d: %d bytes, %v, want %d", name, level, limit, len(got), err, len(want))
				}
				buf = got
			}
			if len(want) == 0 {
				continue
			}
			if _, err := x.Expand(nil, src, len(want)-1); !errors.Is(err, ErrTooLong) {
				t.Errorf("%s, level %d: one byte too many: %v", name, level, err)
			}
			if _, err := x.Expand(nil, src[:len(src)-1], len(want)); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, level %d: without its last byte: %v", name, level, err)
			}
		}
	}
}

// Memory grows with what comes out, and not with what may.
func TestExpandBelievesNoLimit(t *testing.T) {
	var x Decoder
	out, err := x.Expand(nil, deflated(t, make([]byte, 5000), 6), 1<<40)
	if err != nil || len(out) != 5000 || cap(out) > 4*len(out) {
		t.Errorf("%d bytes in %d, %v", len(out), cap(out), err)
	}
}

func TestGzip(t *testing.T) {
	headers := []gzip.Header{{}, {Name: "part-0.csv", Comment: "c", Extra: make([]byte, 60_000)}}
	for name, want := range samples() {
		for _, level := range levels {
			for _, h := range headers {
				src := zipped(t, want, h, level)
				two := append(append([]byte{}, src...), src...)
				for i, r := range []io.Reader{bytes.NewReader(two), iotest.HalfReader(bytes.NewReader(two)), iotest.DataErrReader(bytes.NewReader(two))} {
					z, err := NewGzip(r)
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(z)
					if err != nil || len(got) != 2*len(want) || !bytes.Equal(got[:len(want)], want) || !bytes.Equal(got[len(want):], want) {
						t.Fatalf("%s, level %d, reader %d: %d bytes, %v, want %d", name, level, i, len(got), err, 2*len(want))
					}
				}
				var x Decoder
				dst := make([]byte, 2*len(want))
				if err := x.Fill(dst, two); err != nil || !bytes.Equal(dst[len(want):], want) {
					t.Fatalf("%s, level %d: filled with %v", name, level, err)
				}
				if err := x.Fill(make([]byte, 2*len(want)+1), two); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s, level %d: one byte too few: %v", name, level, err)
				}
				if len(want) > 0 {
					if err := x.Fill(make([]byte, 2*len(want)-1), two); !errors.Is(err, ErrTooLong) {
						t.Errorf("%s, level %d: one byte too many: %v", name, level, err)
					}
				}
			}
		}
	}
}

func TestGzipIsChecked(t *testing.T) {
	good := zipped(t, []byte("some text"), gzip.Header{}, 6)
	change := func(at int) []byte {
		b := bytes.Clone(good)
		b[(at+len(b))%len(b)] ^= 1
		return b
	}
	for _, tt := range []struct {
		name string
		src  []byte
		want error
	}{
		{"checksum", change(-8), ErrChecksum}, {"size", change(-1), ErrChecksum}, {"magic", change(0), ErrHeader}, {"method", change(2), ErrHeader},
		{"trailer cut", good[:len(good)-1], io.ErrUnexpectedEOF}, {"nothing behind the header", good[:10], io.ErrUnexpectedEOF},
		{"header cut", good[:9], io.ErrUnexpectedEOF}, {"nothing", nil, io.EOF}, {"something behind it", append(bytes.Clone(good), make([]byte, 20)...), ErrHeader},
		{"a byte behind it", append(bytes.Clone(good), 0), io.ErrUnexpectedEOF},
		{"a name without end", append([]byte{0x1f, 0x8b, 8, hasName, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{'a'}, 600)...), ErrHeader},
		{"a header with a wrong checksum", append([]byte{0x1f, 0x8b, 8, hasSum, 0, 0, 0, 0, 0, 0, 1, 1}, good[10:]...), ErrHeader},
	} {
		z, err := NewGzip(bytes.NewReader(tt.src))
		if err == nil {
			_, err = io.ReadAll(z)
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err := new(Decoder).Fill(make([]byte, 9), tt.src); !errors.Is(err, tt.want) {
			t.Errorf("%s, filled: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// An error of the source comes through, after what came before it.
func TestGzipPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	want := samples()["rows"]
	src := zipped(t, want, gzip.Header{}, 6)
	z, err := NewGzip(io.MultiReader(bytes.NewReader(src[:len(src)/2]), iotest.ErrReader(broken)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if !errors.Is(err, broken) || len(got) < len(want)/4 || !bytes.HasPrefix(want, got) {
		t.Errorf("%d of %d bytes, %v", len(got), len(want), err)
	}
}

// Data that is cut off or damaged comes out as far as Go's own reader takes it, and is
// refused where that refuses it.
func TestDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for name, data := range samples() {
		data = data[:min(len(data), 40_000)]
		for _, level := range levels {
			good := deflated(t, data, level)
			for range 60 {
				bad := bytes.Clone(good)
				if rng.IntN(3) == 0 {
					bad = bad[:rng.IntN(len(bad)+1)]
					z, err := NewGzip(io.MultiReader(strings.NewReader("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), bytes.NewReader(bad)))
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := io.ReadAll(z); !bytes.HasPrefix(data, got) {
						t.Fatalf("%s, level %d: %d bytes of what was cut off are none of it", name, level, len(got))
					}
				} else {
					bad[rng.IntN(min(len(bad), 1+rng.IntN(len(bad))))] ^= 1 << rng.IntN(8)
				}
				compare(t, fmt.Sprintf("%s, level %d", name, level), bad)
			}
		}
	}
}

// compare holds Expand and Gzip against Go's own reader.
func compare(t *testing.T, name string, src []byte) {
	t.Helper()
	const limit = 1 << 20
	in := bytes.NewReader(src)
	want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(in), limit+1))
	var x Decoder
	got, used, err := x.expand(nil, src, limit)
	switch {
	case len(want) > limit:
		if err == nil {
			t.Fatalf("%s: more than the limit came out", name)
		}
	case (err == nil) != (wantErr == nil), err == nil && !bytes.Equal(got, want):
		t.Fatalf("%s: %d bytes, %v; want %d bytes, %v\n%x", name, len(got), err, len(want), wantErr, src)
	case err == nil && used != len(src)-in.Len():
		t.Fatalf("%s: used %d bytes, want %d", name, used, len(src)-in.Len())
	}
	z, err := NewGzip(io.MultiReader(bytes.NewReader([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}), bytes.NewReader(src)))
	if err != nil {
		t.Fatal(err)
	}
	// Go's reader wants the bits of an end of block to be there before each symbol.
	const ahead = maxCode * 258
	switch got, _ := io.ReadAll(io.LimitReader(z, limit)); {
	case !bytes.HasPrefix(got, want[:min(len(want), limit)]) && !bytes.HasPrefix(want, got):
		t.Fatalf("%s: as a stream, %d bytes that are not those wanted, %d", name, len(got), len(want))
	case wantErr != nil && len(got) > len(want)+ahead:
		t.Fatalf("%s: as a stream, %d bytes, where only %d are there", name, len(got), len(want))
	}
}

func FuzzExpand(f *testing.F) {
	for _, data := range samples() {
		for _, level := range levels {
			f.Add(deflated(f, data[:min(len(data), 300)], level))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) { compare(t, "fuzz", src) })
}

func BenchmarkExpand(b *testing.B) {
	rows := samples()["rows"]
	src := deflated(b, rows, 6)
	b.Run("inflate", func(b *testing.B) {
		b.SetBytes(int64(len(rows)))
		var x Decoder
		buf := make([]byte, len(rows))
		for b.Loop() {
			if _, err := x.Expand(buf, src, len(rows)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compress/flate", func(b *testing.B) {
		b.SetBytes(int64(len(rows)))
		z := flate.NewReader(bytes.NewReader(src))
		for b.Loop() {
			if err := z.(flate.Resetter).Reset(bytes.NewReader(src), nil); err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, z); err != nil {
				b.Fatal(err)
			}
		}
	})
}
