package orc

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainStream is a stream over bytes in memory, in windows of the given size.
func plainStream(data []byte, window int) *stream {
	s := &stream{file: memoryFile(data, window), name: "test stream"}
	s.reset(span{0, int64(len(data))})
	return s
}

func TestByteRLE(t *testing.T) {
	// The examples of the format's specification, and the longest runs.
	long := slices.Repeat([]byte{7}, 130)
	for _, c := range []struct {
		name    string
		encoded []byte
		want    []byte
	}{
		{"run", []byte{0x61, 0x00}, make([]byte, 100)},
		{"literals", []byte{0xfe, 0x44, 0x45}, []byte{0x44, 0x45}},
		{"longest run", []byte{0x7f, 7}, long},
		{"both", []byte{0xff, 1, 0x00, 2}, []byte{1, 2, 2, 2}},
	} {
		d := byteRLE{s: plainStream(c.encoded, 1)}
		got := make([]byte, len(c.want))
		if err := d.read(got); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v; want %v", c.name, got, err, c.want)
		}
		if err := d.finished(); err != nil {
			t.Errorf("%s: finished: %v", c.name, err)
		}
		if err := d.read(got[:1]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: reading on: got %v, want ErrCorrupt", c.name, err)
		}
	}
}

func TestBoolRLE(t *testing.T) {
	d := boolRLE{bytes: byteRLE{s: plainStream([]byte{0xff, 0x80}, 64)}}
	got := make([]bool, 8)
	n, err := d.read(got, 0)
	if want := []bool{true, false, false, false, false, false, false, false}; err != nil || n != 1 || !slices.Equal(got, want) {
		t.Errorf("got %v, %d true, %v; want %v", got, n, err, want)
	}
}

// Bits read in pieces of any length are those read at once, turned over or not.
func TestBoolRLEPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		values := make([]bool, r.IntN(3000))
		density := r.Float64()
		for i := range values {
			values[i] = r.Float64() < density
		}
		flip := byte(0)
		if r.IntN(2) == 0 {
			flip = 0xff
		}
		d := boolRLE{bytes: byteRLE{s: plainStream(encodeBools(values), 1+r.IntN(100))}}
		var got []bool
		for len(got) < len(values) {
			piece := make([]bool, min(r.IntN(300), len(values)-len(got)))
			n, err := d.read(piece, flip)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			for i := range piece {
				if piece[i] {
					want++
				}
				piece[i] = piece[i] != (flip != 0)
			}
			if n != want {
				t.Fatalf("%d true of %v, want %d", n, piece, want)
			}
			got = append(got, piece...)
		}
		if !slices.Equal(got, values) {
			t.Fatalf("%d bits came out different (flip %x)", len(values), flip)
		}
		if err := d.finished(); err != nil {
			t.Fatal(err)
		}
	}
}

func sequence(first, step int64, n int) []int64 {
	v := make([]int64, n)
	for i := range v {
		v[i] = first + int64(i)*step
	}
	return v
}

// The examples of the format's specification, and forms it describes without an example.
func TestIntRLE(t *testing.T) {
	patched := []int64{2030, 2000, 2020, 1000000, 2040, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2120, 2130, 2140, 2150, 2160,
		2170, 2180, 2190}
	for _, c := range []struct {
		name    string
		v2      bool
		signed  bool
		encoded []byte
		want    []int64
	}{
		{"v1 equal", false, false, []byte{0x61, 0x00, 0x07}, sequence(7, 0, 100)},
		{"v1 falling", false, false, []byte{0x61, 0xff, 0x64}, sequence(100, -1, 100)},
		{"v1 literals", false, false, []byte{0xfb, 0x02, 0x03, 0x04, 0x07, 0x0b}, []int64{2, 3, 4, 7, 11}},
		{"v1 signed", false, true, []byte{0xfd, 0x01, 0x02, 0x03}, []int64{-1, 1, -2}},
		{"short repeat", true, false, []byte{0x0a, 0x27, 0x10}, sequence(10000, 0, 5)},
		{"short repeat signed", true, true, []byte{0x00, 0x03}, sequence(-2, 0, 3)},
		{"short repeat of 8 bytes", true, true, []byte{0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			sequence(math.MinInt64, 0, 3)},
		{"direct", true, false, []byte{0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef},
			[]int64{23713, 43806, 57005, 48879}},
		{"patched base", true, false, []byte{0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c, 0x46,
			0x50, 0x5a, 0x64, 0x6e, 0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe, 0xfc, 0xe8}, patched},
		{"patched base, negative base", true, true, []byte{0x8e, 0x02, 0x0b, 0x21, 0x85, 0x00, 0x01, 0x02, 0x40, 0x04},
			[]int64{-5, -4 + 256, -3}},
		{"delta", true, false, []byte{0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46}, []int64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}},
		{"delta falling", true, true, []byte{0xc6, 0x02, 0x14, 0x01, 0x30}, []int64{10, 9, 6}},
		{"delta fixed", true, false, []byte{0xc1, 0xff, 0x00, 0x04}, sequence(0, 2, 512)},
		{"delta of one value", true, false, []byte{0xc0, 0x00, 0x05, 0x00}, []int64{5}},
		{"delta of two values", true, false, []byte{0xc6, 0x01, 0x05, 0x02}, []int64{5, 6}},
	} {
		for _, window := range []int{1, 3, 1000} {
			d := &intRLE{s: plainStream(c.encoded, window), signed: c.signed, v2: c.v2}
			got := make([]int64, len(c.want))
			if err := d.read(got); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s, window %d: got %v, %v; want %v", c.name, window, got, err, c.want)
			}
			if err := d.finished(); err != nil {
				t.Errorf("%s: finished: %v", c.name, err)
			}
		}
		for cut := range c.encoded {
			d := &intRLE{s: plainStream(c.encoded[:cut], 1000), signed: c.signed, v2: c.v2}
			if err := d.read(make([]int64, len(c.want))); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s cut to %d bytes: got %v, want ErrCorrupt", c.name, cut, err)
			}
		}
	}
}

func TestIntRLEDamage(t *testing.T) {
	for _, c := range []struct {
		name    string
		v2      bool
		values  int
		encoded []byte
	}{
		{"v1 varint of 11 bytes", false, 1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
		{"v1 varint of 65 bits", false, 1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}},
		{"one value with widths of steps", true, 1, []byte{0xc6, 0x00, 0x05, 0x02, 0, 0, 0, 0, 0, 0}},
		{"patch behind the last value", true, 3, []byte{0x8e, 0x02, 0x0b, 0x21, 0x05, 0x00, 0x01, 0x02, 0xc0, 0x04}},
		{"patch wider than 64 bits", true, 3, []byte{0x8e, 0x02, 0x1f, 0xe1, 0x05, 0x00, 0x01, 0x02, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		for _, window := range []int{1, 1000} {
			d := &intRLE{s: plainStream(c.encoded, window), v2: c.v2}
			if err := d.read(make([]int64, c.values)); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s, window %d: got %v, want ErrCorrupt", c.name, window, err)
			}
		}
	}
}

// generators of values in the shapes that make an encoder choose each form of run.
var generators = map[string]func(r *rand.Rand, n int) []int64{
	"random width": func(r *rand.Rand, n int) []int64 {
		shift := r.IntN(64)
		v := make([]int64, n)
		for i := range v {
			v[i] = int64(r.Uint64() >> shift)
		}
		return v
	},
	"repeats": func(r *rand.Rand, n int) []int64 {
		var v []int64
		for len(v) < n {
			v = append(v, sequence(r.Int64N(1000)-500, 0, 1+r.IntN(14))...)
		}
		return v[:n]
	},
	"steps": func(r *rand.Rand, n int) []int64 {
		var v []int64
		for len(v) < n {
			v = append(v, sequence(r.Int64(), r.Int64N(1000)-500, 1+r.IntN(700))...)
		}
		return v[:n]
	},
	"monotonic": func(r *rand.Rand, n int) []int64 {
		v := make([]int64, n)
		at, sign, spread := r.Int64N(1<<40), int64(1-2*r.IntN(2)), int64(1)<<r.IntN(40)
		for i := range v {
			v[i] = at
			at += sign * (1 + r.Int64N(spread))
		}
		return v
	},
	"outliers": func(r *rand.Rand, n int) []int64 {
		v := make([]int64, n)
		base, far := r.Int64N(1<<40)-1<<39, uint(r.IntN(55))
		for i := range v {
			v[i] = base + r.Int64N(200)
			if r.IntN(40) == 0 {
				v[i] += r.Int64N(1 << far)
			}
		}
		return v
	},
}

func TestIntRLERoundTrip(t *testing.T) {
	forms := map[byte]int{}
	for name, generate := range generators {
		r := rand.New(rand.NewPCG(3, 4))
		for round := range 150 {
			values := generate(r, 1+r.IntN(2000))
			for _, v2 := range []bool{false, true} {
				for _, signed := range []bool{false, true} {
					encoded := encodeInts(values, signed, v2)
					if v2 {
						forms[encoded[0]>>6]++
					}
					d := &intRLE{s: plainStream(encoded, 1+r.IntN(500)), signed: signed, v2: v2}
					if err := readPieces(r, d, values); err != nil {
						t.Fatalf("%s, round %d, v2=%t, signed=%t: %v", name, round, v2, signed, err)
					}
				}
			}
		}
	}
	for form := range byte(4) {
		if forms[form] == 0 {
			t.Errorf("no run of form %d was written, so none was tested", form)
		}
	}
}

// readPieces reads all values in pieces, some of which are skipped.
func readPieces(r *rand.Rand, d *intRLE, want []int64) error {
	for at := 0; at < len(want); {
		n := min(r.IntN(700), len(want)-at)
		if r.IntN(3) == 0 {
			if err := d.skip(n); err != nil {
				return err
			}
			at += n
			continue
		}
		got := make([]int64, n)
		if err := d.read(got); err != nil {
			return err
		}
		if !slices.Equal(got, want[at:at+n]) {
			return fmt.Errorf("values %d to %d: got %d, want %d", at, at+n, got, want[at:at+n])
		}
		at += n
	}
	return d.finished()
}

// Every width of values, at every length around the padding of a view.
func TestUnpackBits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, w := range bitWidths {
		for n := range 70 {
			values := make([]uint64, n)
			want := make([]int64, n)
			for i := range values {
				values[i] = r.Uint64() >> (64 - w)
				want[i] = int64(values[i])
			}
			src := appendBits(nil, values, int(w))
			got := make([]int64, n)
			unpackBits(got, append(src, 1, 2, 3, 4, 5, 6, 7, 8), int(w))
			if !slices.Equal(got, want) {
				t.Fatalf("%d values of %d bits: got %d, want %d", n, w, got, want)
			}
		}
	}
}
