package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"reseal/inventory"
)

// Limits of what one segment may hold. They bound the state file whatever the
// caller does; a run stays far below them.
const (
	maxRows       = math.MaxUint32 // rows of a segment
	MaxNotes      = 128 << 10      // at once; one an object in flight, of which a run has 100,000 at most
	maxNoteKey    = 256            // bytes
	MaxNoteBytes  = 64 << 20       // bytes of all notes together
	maxCounters   = 1024
	maxCounterKey = 256  // bytes
	maxDamage     = 1024 // bytes of text
	maxFiles      = 1 << 20
	maxTail       = 64 << 20 // bytes; a flush has 4 MiB of lines as a rule
)

// state is what is known of one segment. Rows are relative to the first row of
// the segment.
//
// A row is handled if it is below low or in one of the sets. It is settled if
// it is handled and not deferred.
type state struct {
	plan       PlanHash
	epoch      uint64 // of who wrote it; 0 in format 1
	index      int
	segment    inventory.Segment
	generation uint64 // counts the writes; the copy with the higher one holds
	written    int64  // when, in seconds since 1970

	low      uint32 // all rows below are handled
	admitted uint32 // no row from here on is being worked on, or was and is in doubt
	done     *roaring.Bitmap
	failed   *roaring.Bitmap // whole segment, not only above low
	deferred *roaring.Bitmap // whole segment, not only above low

	ended  bool
	rows   uint32 // where ended: how many were read
	damage string // where ended: why the rest cannot be read, "" where there is none

	plain    uint32 // of format 1: number of the last file of plain lines, 0 for none
	length   int64  // of it, in bytes; the others count as a whole
	lines    [numStreams]stream
	counters map[string]int64
	notes    map[noteKey][]byte
}

type noteKey struct {
	row uint32
	key string
}

func newState(plan PlanHash, index int, segment inventory.Segment) *state {
	return &state{
		plan: plan, index: index, segment: segment,
		done: roaring.New(), failed: roaring.New(), deferred: roaring.New(),
		counters: map[string]int64{}, notes: map[noteKey][]byte{},
	}
}

func (s *state) handled(row uint32) bool {
	return row < s.low || s.done.Contains(row) || s.failed.Contains(row) || s.deferred.Contains(row)
}

func (s *state) settled(row uint32) bool { return s.handled(row) && !s.deferred.Contains(row) }

// advance moves the mark over all handled rows that follow it, and drops from
// done what is then below.
func (s *state) advance() {
	from := s.low
	sets := [...]roaring.IntPeekable{s.done.Iterator(), s.failed.Iterator(), s.deferred.Iterator()}
	for moved := true; moved && s.low < maxRows; {
		moved = false
		for _, it := range sets {
			it.AdvanceIfNeeded(s.low)
			for it.HasNext() && it.PeekNext() == s.low {
				it.Next()
				s.low++
				moved = true
			}
		}
	}
	s.done.RemoveRange(uint64(from), uint64(s.low))
}

// span is the number of rows that the segment has at most.
func (s *state) span() uint32 { return spanOf(s.segment) }

func spanOf(s inventory.Segment) uint32 {
	if s.Last == inventory.OpenEnd || s.Last-s.First >= maxRows-1 {
		return maxRows
	}
	return uint32(s.Last - s.First + 1)
}

// end is the number of rows as far as known.
func (s *state) end() uint32 {
	if s.ended && s.damage == "" {
		return s.rows
	}
	return s.span()
}

// above counts the members of set from row on.
func above(set *roaring.Bitmap, row uint32) int64 {
	n := int64(set.GetCardinality())
	if row > 0 {
		n -= int64(set.Rank(row - 1))
	}
	return n
}

// tally is what the totals take from a state.
func (s *state) tally() tally {
	t := tally{
		failed:   int64(s.failed.GetCardinality()),
		deferred: int64(s.deferred.GetCardinality()),
		rows:     -1,
	}
	handled := int64(s.low) + int64(s.done.GetCardinality()) + above(s.failed, s.low) + above(s.deferred, s.low)
	t.done = handled - t.failed - t.deferred
	if s.ended && s.damage == "" {
		t.rows = int64(s.rows)
	} else if s.segment.Last != inventory.OpenEnd {
		t.rows = int64(s.span())
	}
	return t
}

// check tells whether the state makes sense in itself.
func (s *state) check() error {
	end := s.end()
	switch {
	case s.index < 0 || s.segment.File < 0 || s.segment.First < 0 || s.segment.Last < s.segment.First-1:
		return fmt.Errorf("segment %d has rows %d to %d of file %d", s.index, s.segment.First, s.segment.Last, s.segment.File)
	case s.ended && s.rows > s.span():
		return fmt.Errorf("the segment ended after %d rows and can have %d", s.rows, s.span())
	case !s.ended && (s.rows != 0 || s.damage != ""):
		return errors.New("how the segment ended is known before it ended")
	case s.low > end:
		return fmt.Errorf("the mark is at row %d of %d", s.low, end)
	case s.admitted > s.span():
		return fmt.Errorf("row %d of %d was admitted", s.admitted, s.span())
	case s.length < 0 || s.plain == 0 && s.length != 0:
		return fmt.Errorf("result file %d has length %d", s.plain, s.length)
	case !s.done.IsEmpty() && s.done.Minimum() < s.low:
		return errors.New("rows below the mark are marked one by one")
	case s.done.Intersects(s.failed) || s.done.Intersects(s.deferred) || s.failed.Intersects(s.deferred):
		return errors.New("a row ended in two ways")
	}
	for _, set := range []*roaring.Bitmap{s.done, s.failed, s.deferred} {
		if !set.IsEmpty() && set.Maximum() >= end {
			return fmt.Errorf("row %d of %d is marked", set.Maximum(), end)
		}
	}
	for i := range s.lines {
		if err := s.lines[i].check(); err != nil {
			return err
		}
	}
	return s.checkSizes()
}

func (s *state) checkSizes() error {
	if len(s.damage) > maxDamage {
		return fmt.Errorf("text about damage of %d bytes", len(s.damage))
	}
	if len(s.counters) > maxCounters {
		return fmt.Errorf("%d counters, at most %d are kept", len(s.counters), maxCounters)
	}
	for name := range s.counters {
		if name == "" || len(name) > maxCounterKey {
			return fmt.Errorf("counter name of %d bytes", len(name))
		}
	}
	if len(s.notes) > MaxNotes {
		return fmt.Errorf("%d notes, at most %d are kept", len(s.notes), MaxNotes)
	}
	total := 0
	for k, v := range s.notes {
		if len(k.key) > maxNoteKey || k.row >= s.span() {
			return fmt.Errorf("note on row %d of %d with a key of %d bytes", k.row, s.span(), len(k.key))
		}
		total += len(k.key) + len(v)
	}
	if total > MaxNoteBytes {
		return fmt.Errorf("notes of %d bytes, at most %d are kept", total, MaxNoteBytes)
	}
	return nil
}

// sortedNotes returns the notes in the order of rows and keys.
func (s *state) sortedNotes() []noteKey {
	return slices.SortedFunc(maps.Keys(s.notes), func(a, b noteKey) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.key, b.key))
	})
}
