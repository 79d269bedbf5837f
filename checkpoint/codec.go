package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"reseal/inventory"
)

// The format is specified in docs/resume.md. The header keeps its shape in all
// versions to come, so that a newer file is told from a damaged one.
const (
	magic         = "\x89RSL\r\n\x1a\n" // not text, and changed by whatever mends line ends
	formatVersion = 2
	oldVersion    = 1 // it is read, and never written
	headerBytes   = 32
	trailerBytes  = sha256.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode returns the bytes of the state file. The sets are stored as runs
// where that is smaller.
func (s *state) encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("checkpoint: state of segment %d: %w", s.index, err)
	}
	le := binary.LittleEndian
	b := make([]byte, headerBytes, 512)
	b = append(b, s.plan[:]...)
	b = le.AppendUint64(b, s.epoch)
	b = le.AppendUint64(b, s.generation)
	b = le.AppendUint64(b, uint64(s.written))
	b = le.AppendUint32(b, uint32(s.index))
	b = le.AppendUint64(b, uint64(s.segment.File))
	b = le.AppendUint64(b, uint64(s.segment.First))
	b = le.AppendUint64(b, uint64(s.segment.Last))
	b = le.AppendUint32(b, s.low)
	b = le.AppendUint32(b, s.admitted)
	b = le.AppendUint32(b, s.plain)
	b = le.AppendUint64(b, uint64(s.length))
	ended := uint32(0)
	if s.ended {
		ended = 1
	}
	b = le.AppendUint32(b, ended)
	b = le.AppendUint32(b, s.rows)
	b = appendBytes(b, []byte(s.damage))
	b = le.AppendUint32(b, uint32(len(s.counters)))
	for _, name := range slices.Sorted(maps.Keys(s.counters)) {
		b = appendBytes(b, []byte(name))
		b = le.AppendUint64(b, uint64(s.counters[name]))
	}
	b = le.AppendUint32(b, uint32(len(s.notes)))
	for _, k := range s.sortedNotes() {
		b = le.AppendUint32(b, k.row)
		b = appendBytes(b, []byte(k.key))
		b = appendBytes(b, s.notes[k])
	}
	for _, set := range []*roaring.Bitmap{s.done, s.failed, s.deferred} {
		set.RunOptimize()
		var packed []byte // an empty set is no bytes
		if !set.IsEmpty() {
			var err error
			if packed, err = set.ToBytes(); err != nil {
				return nil, fmt.Errorf("pack rows of segment %d: %w", s.index, err)
			}
		}
		b = appendBytes(b, packed)
	}
	for i := range s.lines {
		b = s.lines[i].append(b)
	}
	copy(b, magic)
	le.PutUint32(b[8:], formatVersion)
	le.PutUint64(b[16:], uint64(len(b)+trailerBytes))
	le.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

func appendBytes(b, field []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(field)))
	return append(b, field...)
}

// decode reads a state file. Its errors are *StateError without a name.
func decode(data []byte) (*state, error) {
	if err := verify(data); err != nil {
		return nil, err
	}
	r := reader{rest: data[headerBytes : len(data)-trailerBytes]}
	s := newState(PlanHash(r.take(len(PlanHash{}))), 0, inventory.Segment{})
	old := binary.LittleEndian.Uint32(data[8:]) == oldVersion
	if !old {
		s.epoch = r.uint64()
	}
	s.generation = r.uint64()
	s.written = int64(r.uint64())
	s.index = int(r.uint32())
	s.segment.File = int(r.uint64())
	s.segment.First = int64(r.uint64())
	s.segment.Last = int64(r.uint64())
	s.low = r.uint32()
	s.admitted = r.uint32()
	s.plain = r.uint32()
	s.length = int64(r.uint64())
	ended := r.uint32()
	s.ended = ended == 1
	s.rows = r.uint32()
	s.damage = string(r.bytes(maxDamage))
	r.require(ended <= 1)
	for n := r.count(maxCounters); n > 0; n-- {
		name := string(r.bytes(maxCounterKey))
		s.counters[name] = int64(r.uint64())
	}
	for n := r.count(MaxNotes); n > 0; n-- {
		k := noteKey{row: r.uint32(), key: string(r.bytes(maxNoteKey))}
		s.notes[k] = bytes.Clone(r.bytes(MaxNoteBytes))
	}
	for _, set := range []*roaring.Bitmap{s.done, s.failed, s.deferred} {
		r.rows(set)
	}
	for i := 0; i < len(s.lines) && !old; i++ {
		s.lines[i] = r.stream()
	}
	r.require(len(r.rest) == 0)
	if r.err != nil {
		return nil, &StateError{Fault: Inconsistent, Detail: r.err.Error()}
	}
	if err := s.check(); err != nil {
		return nil, &StateError{Fault: Inconsistent, Detail: err.Error()}
	}
	return s, nil
}

// verify looks at nothing but header, length and checksum.
func verify(data []byte) error {
	le := binary.LittleEndian
	fault := func(f Fault, format string, args ...any) error {
		return &StateError{Fault: f, Detail: fmt.Sprintf(format, args...)}
	}
	if len(bytes.Trim(data, "\x00")) == 0 {
		return fault(Truncated, "%d bytes, none of them written", len(data)) // what some file systems leave after a loss of power
	}
	if len(data) < headerBytes {
		if bytes.HasPrefix([]byte(magic), data[:min(len(magic), len(data))]) {
			return fault(Truncated, "%d bytes", len(data))
		}
		return fault(Foreign, "%d bytes that do not begin as one", len(data))
	}
	sum := crc32.Checksum([]byte(magic), castagnoli)
	sum = crc32.Update(sum, castagnoli, data[len(magic):24])
	sound := le.Uint32(data[24:]) == sum
	version, length := le.Uint32(data[8:]), le.Uint64(data[16:])
	switch {
	case !sound && string(data[:len(magic)]) != magic:
		return fault(Foreign, "it does not begin as one")
	case !sound:
		return fault(Damaged, "the header does not match its checksum")
	case version > formatVersion:
		return fault(Newer, "format %d, this program knows %d", version, formatVersion)
	case version < oldVersion:
		return fault(Foreign, "format %d, which never was", version)
	case uint64(len(data)) < length:
		return fault(Truncated, "%d of %d bytes", len(data), length)
	case uint64(len(data)) > length || length < headerBytes+trailerBytes:
		return fault(Damaged, "%d bytes where %d were written", len(data), length)
	case sha256.Sum256(data[:len(data)-trailerBytes]) != [trailerBytes]byte(data[len(data)-trailerBytes:]):
		return fault(Damaged, "the content does not match its checksum")
	}
	return nil
}

// reader takes fields off bytes. After the first error it returns zeros.
type reader struct {
	rest []byte
	err  error
}

var errShape = errors.New("fields do not fit the length")

func (r *reader) require(ok bool) {
	if !ok && r.err == nil {
		r.err = errShape
	}
}

func (r *reader) take(n int) []byte {
	if r.require(n <= len(r.rest)); r.err != nil {
		r.rest = nil
		return make([]byte, min(n, 64)) // zeros for the fixed fields; longer ones are not asked for after an error
	}
	field := r.rest[:n]
	r.rest = r.rest[n:]
	return field
}

func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) count(limit int) int {
	n := r.uint32()
	if r.require(int64(n) <= int64(limit)); r.err != nil {
		return 0
	}
	return int(n)
}

func (r *reader) bytes(limit int) []byte {
	n := r.count(limit)
	if r.err != nil {
		return nil
	}
	return r.take(n)
}

func (r *reader) rows(set *roaring.Bitmap) {
	packed := r.bytes(maxDocument)
	if r.err != nil || len(packed) == 0 {
		return
	}
	n, err := set.ReadFrom(bytes.NewReader(packed))
	if err == nil && n != int64(len(packed)) {
		err = errShape
	}
	if err == nil {
		err = set.Validate()
	}
	if err != nil {
		r.err = fmt.Errorf("set of rows: %w", err)
	}
}
