package checkpoint

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"reseal/inventory"
)

// Snapshot is what the store said of a job when it was taken. It does not
// change and may be used by several goroutines at once. What it reads later,
// one segment at a time (Rows, Failed, Notes), is at least as new as the rest.
type Snapshot struct {
	store    Reader
	plan     PlanHash
	parts    []part
	counters map[string]int64
	notices  []string
}

// summary is what is kept of the state of a segment.
type summary struct {
	generation uint64
	written    int64
	low, open  uint32 // open: no row below it needs anything
	admitted   uint32
	ended      bool
	damage     string
	lines      bool // there are result lines
	notes      int
	tally
}

type tally struct {
	done, failed, deferred int64
	rows                   int64 // -1 where not known
}

func (s *state) summary() summary {
	open := s.low
	if !s.deferred.IsEmpty() {
		open = min(open, s.deferred.Minimum())
	}
	return summary{
		generation: s.generation, written: s.written, low: s.low, open: open, admitted: s.admitted,
		ended: s.ended, damage: s.damage, notes: len(s.notes), tally: s.tally(),
		lines: s.plain > 0 || !s.lines[streamSettled].empty() || !s.lines[streamFailed].empty(),
	}
}

// finished tells whether no row of the segment needs anything any more.
func (p *part) finished() bool {
	return p.rows >= 0 && int64(p.open) >= p.rows
}

// readers is how many states are read at once, both copies of each: a store that
// answers after 30 ms then gives a thousand segments in a second.
const readers = 32

// Read returns what is stored of a job, without the lock: another process may
// be running it. It finds only segments that something was written about.
func Read(ctx context.Context, store Reader) (*Snapshot, error) {
	return read(ctx, store, func(int) bool { return true })
}

func read(ctx context.Context, store Reader, own func(index int) bool) (*Snapshot, error) {
	found, err := readStates(ctx, store, own)
	if err != nil {
		return nil, err
	}
	return gather(store, found)
}

// loaded is what is kept of the state of a segment that was read.
type loaded struct {
	part     part
	copies   copies
	plan     PlanHash
	counters map[string]int64
	name     string
	notice   string
}

func newLoaded(s *state, c *copies) *loaded {
	l := &loaded{part{index: s.index, segment: s.segment, summary: s.summary()}, *c, s.plan, s.counters, stateName(s.index, c.current), ""}
	if c.fallback != nil {
		l.notice = fmt.Sprintf("%v; went on from the copy before it, written %s", c.fallback, time.Unix(s.written, 0).UTC().Format(time.RFC3339))
	}
	return l
}

// readStates reads the states of those segments that something was written about.
func readStates(ctx context.Context, store Reader, own func(index int) bool) ([]*loaded, error) {
	infos, err := store.List(ctx, stateFolder)
	if err != nil {
		return nil, fmt.Errorf("look for state: %w", err)
	}
	found := map[int]bool{}
	for _, info := range infos {
		if index, ok := parseStateName(info.Name); ok && own(index) {
			found[index] = true
		}
	}
	indexes := slices.Sorted(maps.Keys(found))
	all := make([]*loaded, len(indexes))
	err = inParallel(len(indexes), readers, func(i int) error {
		s, c, err := loadCopies(ctx, store, indexes[i])
		if err != nil || s == nil {
			return err
		}
		all[i] = newLoaded(s, &c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(l *loaded) bool { return l == nil }), nil
}

// gather sums up states, which all must be of one plan.
func gather(store Reader, all []*loaded) (*Snapshot, error) {
	snap := &Snapshot{store: store, counters: map[string]int64{}}
	for _, l := range all {
		if len(snap.parts) > 0 && l.plan != snap.plan {
			return nil, &MismatchError{Job: l.name, Differences: []Difference{
				{Name: "plan", Have: l.plan.String(), Want: snap.plan.String()},
			}}
		}
		if l.notice != "" {
			snap.notices = append(snap.notices, l.notice)
		}
		snap.plan = l.plan
		snap.parts = append(snap.parts, l.part)
		for name, n := range l.counters {
			snap.counters[name] += n
		}
	}
	return snap, nil
}

// Plan is the hash of the plan that the state belongs to, zero where nothing
// was written yet and Read found it.
func (s *Snapshot) Plan() PlanHash { return s.plan }

// Notices are what should be told to people: copies that could not be used,
// result lines that are lost.
func (s *Snapshot) Notices() []string { return s.notices }

// Totals sums up a job.
type Totals struct {
	Segments int   // that are known of
	Finished int   // of them: no row needs anything any more
	Damaged  int   // of them: a part could not be read
	Rows     int64 // in all segments; -1 where some were not counted yet
	Done     int64 // rows that were done or rightly left alone
	Failed   int64 // rows that were tried and are not done
	Deferred int64 // rows that were put off

	Counters map[string]int64
	Written  time.Time // the last write of any segment; zero for none
}

// Totals sums up the job.
func (s *Snapshot) Totals() Totals { return totalsOf(s.parts, s.counters) }

func totalsOf(parts []part, counters map[string]int64) Totals {
	t := Totals{Segments: len(parts), Counters: maps.Clone(counters)}
	for i := range parts {
		p := &parts[i]
		if p.finished() {
			t.Finished++
		}
		if p.damage != "" {
			t.Damaged++
		}
		if p.rows < 0 || t.Rows < 0 {
			t.Rows = -1
		} else {
			t.Rows += p.rows
		}
		t.Done += p.done
		t.Failed += p.failed
		t.Deferred += p.deferred
		if w := time.Unix(p.written, 0); p.generation > 0 && w.After(t.Written) {
			t.Written = w
		}
	}
	return t
}

// SegmentStatus is how far a segment is.
type SegmentStatus struct {
	Index    int
	Segment  inventory.Segment
	Mark     int64 // no row of the file below it, and in the segment, needs anything
	Rows     int64 // -1 where not counted yet
	Done     int64
	Failed   int64
	Deferred int64
	Finished bool
	Damage   string // why the rest cannot be read, "" where there is none

	Admitted int64 // no row of the file from here on is being worked on, or in doubt
}

// Segments returns how far each known segment is, in order.
func (s *Snapshot) Segments() []SegmentStatus {
	list := make([]SegmentStatus, len(s.parts))
	for i := range s.parts {
		p := &s.parts[i]
		list[i] = SegmentStatus{
			Index: p.index, Segment: p.segment, Mark: p.segment.First + int64(p.open), Admitted: p.segment.First + int64(p.admitted), Rows: p.rows,
			Done: p.done, Failed: p.failed, Deferred: p.deferred, Finished: p.finished(), Damage: p.damage,
		}
	}
	return list
}

// Remaining returns what is to be read yet: the segments that are not
// finished, without the rows at their beginning that need nothing. Indexes
// has the index of each in the list that the journal was opened with. Rows
// in them may be settled all the same: ask Rows.
func (s *Snapshot) Remaining() (segments []inventory.Segment, indexes []int) {
	for i := range s.parts {
		p := &s.parts[i]
		if p.finished() {
			continue
		}
		rest := p.segment
		rest.First += int64(p.open)
		if p.ended && p.damage == "" {
			rest.Last = p.segment.First + p.rows - 1
		}
		segments, indexes = append(segments, rest), append(indexes, p.index)
	}
	return segments, indexes
}

// Rows says how each row of one segment stands. It does not change and may be
// used by several goroutines at once.
type Rows struct{ state *state }

// Rows reads how each row of the segment with this index stands: at most one
// bit a row, and a few bytes as a rule. Keep it while the segment is read.
func (s *Snapshot) Rows(ctx context.Context, index int) (*Rows, error) {
	i, ok := s.find(index)
	if !ok {
		return nil, fmt.Errorf("checkpoint: nothing is known of segment %d", index)
	}
	st, _, err := loadCopies(ctx, s.store, index)
	if err != nil {
		return nil, err
	}
	if st == nil {
		st = newState(s.plan, index, s.parts[i].segment)
	}
	return &Rows{st}, nil
}

// find returns where the segment with this index is in parts.
func (s *Snapshot) find(index int) (int, bool) {
	return slices.BinarySearchFunc(s.parts, index, func(p part, index int) int { return p.index - index })
}

// RowsOf is Rows for several segments, which are read several at once: a store
// that answers after 30 ms gives a thousand of them in a second.
func (s *Snapshot) RowsOf(ctx context.Context, indexes []int) ([]*Rows, error) {
	all := make([]*Rows, len(indexes))
	err := inParallel(len(indexes), readers, func(i int) (err error) {
		all[i], err = s.Rows(ctx, indexes[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// rel returns a row of the file as one of the segment.
func (r *Rows) rel(row int64) (uint32, bool) {
	d := row - r.state.segment.First
	return uint32(d), d >= 0 && d < int64(r.state.span())
}

// Settled tells whether a row, as Position.Row has it, needs nothing more in
// this job: it was done, rightly left alone, or failed.
func (r *Rows) Settled(row int64) bool {
	n, ok := r.rel(row)
	return ok && r.state.settled(n)
}

// Uncertain tells whether a row may have been worked on although it is not
// settled: it was admitted and its end was not recorded. Without
// ReserveAdmitted it misses rows that were admitted after the last Flush.
func (r *Rows) Uncertain(row int64) bool {
	n, ok := r.rel(row)
	return ok && n < r.state.admitted && !r.state.settled(n)
}

// Failed tells whether the row was tried and is not done.
func (r *Rows) Failed(row int64) bool {
	n, ok := r.rel(row)
	return ok && r.state.failed.Contains(n)
}

// Deferred tells whether the row was put off.
func (r *Rows) Deferred(row int64) bool {
	n, ok := r.rel(row)
	return ok && r.state.deferred.Contains(n)
}

// Failed returns the rows that were tried and are not done, in the order of
// segments and rows. It ends after the first error.
func (s *Snapshot) Failed(ctx context.Context) iter.Seq2[inventory.Position, error] {
	return func(yield func(inventory.Position, error) bool) {
		for i := range s.parts {
			p := &s.parts[i]
			if p.failed == 0 {
				continue
			}
			rows, err := s.Rows(ctx, p.index)
			if err != nil {
				yield(inventory.Position{}, err)
				return
			}
			for n := range roaring.Values(rows.state.failed) {
				if !yield(inventory.Position{File: p.segment.File, Row: p.segment.First + int64(n)}, nil) {
					return
				}
			}
		}
	}
}

// Note is something that was to be known after a crash.
type Note struct {
	Segment int // index
	Pos     inventory.Position
	Key     string
	Value   []byte
}

// Notes returns the notes that were not taken away, in the order of segments,
// rows and keys. It ends after the first error.
func (s *Snapshot) Notes(ctx context.Context) iter.Seq2[Note, error] {
	return func(yield func(Note, error) bool) {
		for i := range s.parts {
			p := &s.parts[i]
			if p.notes == 0 {
				continue
			}
			rows, err := s.Rows(ctx, p.index)
			if err != nil {
				yield(Note{}, err)
				return
			}
			for _, k := range rows.state.sortedNotes() {
				pos := inventory.Position{File: p.segment.File, Row: p.segment.First + int64(k.row)}
				if !yield(Note{p.index, pos, k.key, rows.state.notes[k]}, nil) {
					return
				}
			}
		}
	}
}
