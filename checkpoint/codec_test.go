package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"reflect"
	"testing"

	"reseal/inventory"
)

// sample is a state with something in every field.
func sample() *state {
	s := oldSample()
	s.epoch = 7
	s.lines[streamSettled] = stream{files: []resultRef{{2, 1, 300_000, 2_000_000}, {6, 1, 262_144, 1_800_000}, {7, 3, 20_000, 100_000}}, tail: []byte("packed"), raw: 40}
	s.lines[streamFailed] = stream{files: []resultRef{{7, 1, 500, 900}}}
	return s
}

// oldSample is one with something in every field that format 1 had.
func oldSample() *state {
	s := newState(PlanHash{1, 2, 3}, 4, inventory.Segment{File: 2, First: 1000, Last: 200_999})
	s.generation, s.written = 9, 1_793_000_000
	s.low, s.admitted = 5000, 70_000
	s.done.AddRange(6000, 66_000)
	s.done.Add(150_000)
	s.failed.Add(17)
	s.failed.Add(5500)
	s.deferred.AddRange(300, 310)
	s.ended, s.rows, s.damage = true, 180_000, "stripe 7: bad checksum"
	s.plain, s.length = 3, 123_456
	s.counters["bytes"], s.counters["copied"] = 1<<40, -3
	s.notes[noteKey{6, "upload"}] = []byte("id\x00\xff")
	s.notes[noteKey{5999, ""}] = []byte{}
	return s
}

func mustEncode(t testing.TB, s *state) []byte {
	t.Helper()
	data, err := s.encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same compares states; sets compare by members, not by how they are held.
func same(a, b *state) bool {
	if !a.done.Equals(b.done) || !a.failed.Equals(b.failed) || !a.deferred.Equals(b.deferred) {
		return false
	}
	x, y := *a, *b
	x.done, x.failed, x.deferred = nil, nil, nil
	y.done, y.failed, y.deferred = nil, nil, nil
	return reflect.DeepEqual(x, y)
}

func TestStateRoundTrip(t *testing.T) {
	empty := newState(PlanHash{}, 0, inventory.Segment{Last: inventory.OpenEnd})
	nothing := newState(PlanHash{}, 1, inventory.Segment{File: 1, First: 0, Last: -1})
	full := newState(PlanHash{}, 2, inventory.Segment{Last: inventory.OpenEnd})
	full.low, full.ended, full.rows = maxRows, true, maxRows
	edge := newState(PlanHash{}, 3, inventory.Segment{Last: inventory.OpenEnd})
	edge.failed.Add(maxRows - 1)
	for name, s := range map[string]*state{"sample": sample(), "empty": empty, "no rows": nothing, "all rows": full, "last row": edge} {
		got, err := decode(mustEncode(t, s))
		if err != nil || !same(got, s) {
			t.Errorf("%s: decoded %+v, %v; want %+v", name, got, err, s)
		}
	}
}

// Format 1 is read as it was written.
func TestOldFormatIsRead(t *testing.T) {
	data, err := os.ReadFile("testdata/v1.state")
	if err != nil {
		t.Fatal(err)
	}
	want := oldSample()
	got, err := decode(data)
	if err != nil || !same(got, want) {
		t.Errorf("decoded %+v, %v; want %+v", got, err, want)
	}
	if again, err := decode(mustEncode(t, got)); err != nil || !same(again, want) {
		t.Errorf("written in the format of now, decoded %+v, %v; want %+v", again, err, want)
	}
}

// TestFormatStays reads a file that was written when the format was made, and
// looks at its fields where docs/resume.md says that they are.
func TestFormatStays(t *testing.T) {
	data, err := os.ReadFile("testdata/v2.state")
	if err != nil {
		t.Fatal(err)
	}
	want := sample()
	if got, err := decode(data); err != nil || !same(got, want) {
		t.Errorf("decoded %+v, %v; want %+v", got, err, want)
	}
	le := binary.LittleEndian
	for name, field := range map[string][2]uint64{
		"version":    {uint64(le.Uint32(data[8:])), 2},
		"length":     {le.Uint64(data[16:]), uint64(len(data))},
		"plan":       {uint64(data[32]), uint64(want.plan[0])},
		"epoch":      {le.Uint64(data[64:]), want.epoch},
		"generation": {le.Uint64(data[72:]), want.generation},
		"written":    {le.Uint64(data[80:]), uint64(want.written)},
		"index":      {uint64(le.Uint32(data[88:])), uint64(want.index)},
		"file":       {le.Uint64(data[92:]), uint64(want.segment.File)},
		"first":      {le.Uint64(data[100:]), uint64(want.segment.First)},
		"last":       {le.Uint64(data[108:]), uint64(want.segment.Last)},
		"mark":       {uint64(le.Uint32(data[116:])), uint64(want.low)},
		"admitted":   {uint64(le.Uint32(data[120:])), uint64(want.admitted)},
		"plain":      {uint64(le.Uint32(data[124:])), uint64(want.plain)},
		"bytes":      {le.Uint64(data[128:]), uint64(want.length)},
		"ended":      {uint64(le.Uint32(data[136:])), 1},
		"rows":       {uint64(le.Uint32(data[140:])), uint64(want.rows)},
		"damage":     {uint64(le.Uint32(data[144:])), uint64(len(want.damage))},
	} {
		if field[0] != field[1] {
			t.Errorf("%s is %d, want %d", name, field[0], field[1])
		}
	}
}

func TestDecodeTellsFaultsApart(t *testing.T) {
	good := mustEncode(t, sample())
	change := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	tests := map[string]struct {
		data []byte
		want Fault
	}{
		"empty":             {nil, Truncated},
		"zeros":             {make([]byte, len(good)), Truncated},
		"half a magic":      {good[:4], Truncated},
		"half a header":     {good[:20], Truncated},
		"header only":       {good[:headerBytes], Truncated},
		"last byte missing": {good[:len(good)-1], Truncated},
		"text":              {[]byte("{}"), Foreign},
		"long text":         {bytes.Repeat([]byte("some other file\n"), 20), Foreign},
		"newer": {change(func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[8:], 3)
			binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
			return b[:60]
		}), Newer},
		"version flipped":  {change(func(b []byte) []byte { b[8] ^= 4; return b }), Damaged},
		"line ends mended": {bytes.Replace(good, []byte("\r\n"), []byte("\n"), 1), Foreign},
		"magic flipped":    {change(func(b []byte) []byte { b[1] ^= 1; return b }), Damaged},
		"content flipped":  {change(func(b []byte) []byte { b[100] ^= 1; return b }), Damaged},
		"checksum flipped": {change(func(b []byte) []byte { b[len(b)-1] ^= 1; return b }), Damaged},
		"bytes added":      {append(bytes.Clone(good), 0), Damaged},
		"sealed nonsense":  {seal(good[headerBytes : len(good)-trailerBytes-1]), Inconsistent},
	}
	for name, tt := range tests {
		s, err := decode(tt.data)
		var bad *StateError
		if !errors.As(err, &bad) || bad.Fault != tt.want {
			t.Errorf("%s: got %v, %v; want %v", name, s, err, tt.want)
		}
	}
}

func TestDecodeAcceptsNoFlippedBitAndNoPrefix(t *testing.T) {
	good := mustEncode(t, sample())
	for bit := range len(good) * 8 {
		b := bytes.Clone(good)
		b[bit/8] ^= 1 << (bit % 8)
		if s, err := decode(b); err == nil {
			t.Fatalf("bit %d of byte %d flipped: accepted as %+v", bit%8, bit/8, s)
		}
	}
	for n := range good {
		if s, err := decode(good[:n]); err == nil {
			t.Fatalf("first %d of %d bytes: accepted as %+v", n, len(good), s)
		}
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*state){
		"mark behind the end":        func(s *state) { s.ended, s.rows, s.damage, s.low = true, 10, "", 11 },
		"row behind the end":         func(s *state) { s.failed.Add(200_000) },
		"row below the mark":         func(s *state) { s.done.Add(4999) },
		"done and failed":            func(s *state) { s.failed.Add(6001) },
		"done and deferred":          func(s *state) { s.deferred.Add(6001) },
		"failed and deferred":        func(s *state) { s.deferred.Add(17) },
		"admitted behind the end":    func(s *state) { s.admitted = 200_001 },
		"more rows than the segment": func(s *state) { s.rows = 200_001 },
		"damage without end":         func(s *state) { s.ended, s.rows = false, 0 },
		"length without results":     func(s *state) { s.plain = 0 },
		"file of no epoch":           func(s *state) { s.lines[0].files[1].epoch = 0 },
		"file of no lines":           func(s *state) { s.lines[1].files[0].raw = 0 },
		"file that is named twice":   func(s *state) { s.lines[0].files[1] = s.lines[0].files[0] },
		"tail of no lines":           func(s *state) { s.lines[0].raw = 0 },
		"negative length":            func(s *state) { s.length = -1 },
		"negative first row":         func(s *state) { s.segment.First = -1 },
		"note behind the end":        func(s *state) { s.notes[noteKey{200_000, "k"}] = nil },
		"counter without name":       func(s *state) { s.counters[""] = 1 },
		"long damage":                func(s *state) { s.damage = string(make([]byte, maxDamage+1)) },
		"long note":                  func(s *state) { s.notes[noteKey{1, "k"}] = make([]byte, MaxNoteBytes) },
	} {
		s := sample()
		change(s)
		if data, err := s.encode(); err == nil {
			t.Errorf("%s: encoded to %d bytes", name, len(data))
		}
	}
}

// seal makes a state file of body that no checksum speaks against.
func seal(body []byte) []byte {
	b := make([]byte, headerBytes, headerBytes+len(body)+trailerBytes)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], formatVersion)
	binary.LittleEndian.PutUint64(b[16:], uint64(headerBytes+len(body)+trailerBytes))
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	b = append(b, body...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// mendHeader mends the header's checksum of a whole file.
func mendHeader(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	return b
}

// FuzzDecode feeds bytes as they are and as the body of a file whose
// checksums are right. What is accepted must survive being written again.
func FuzzDecode(f *testing.F) {
	good := mustEncode(f, sample())
	f.Add(good)
	f.Add(good[headerBytes : len(good)-trailerBytes])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := decode(data); err == nil && !bytes.Equal(data[:16], good[:16]) {
			t.Fatalf("accepted without a header as %+v", s)
		}
		s, err := decode(seal(data))
		if err != nil {
			var bad *StateError
			if !errors.As(err, &bad) || bad.Fault != Inconsistent {
				t.Fatalf("sealed: %v", err)
			}
			return
		}
		again, err := s.encode()
		if err != nil {
			t.Fatalf("accepted and cannot be written: %v", err)
		}
		if got, err := decode(again); err != nil || !same(got, s) {
			t.Fatalf("written again as %+v, %v; was %+v", got, err, s)
		}
		s.advance()
		_ = s.summary()
	})
}
