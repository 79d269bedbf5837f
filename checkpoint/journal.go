package checkpoint

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/inventory"
)

// PlanHash identifies the decisions that a job's state belongs to.
type PlanHash [sha256.Size]byte

// HashPlan is the hash of a plan as its document has it.
func HashPlan(data []byte) PlanHash { return sha256.Sum256(data) }

// String returns the first bytes of h in hexadecimal.
func (h PlanHash) String() string { return fmt.Sprintf("%x", h[:6]) }

// Options of a journal. The zero value is usable.
type Options struct {
	// ReserveAdmitted makes Admit write down the highest admitted row before
	// it is worked on, a block of rows at a time. An action needs it whose
	// repeat cannot be recognised by itself.
	ReserveAdmitted bool

	// BufferBytes is how many bytes of result lines are held in memory before
	// a Flush is forced; 4 MiB where 0.
	BufferBytes int

	// Now is the clock that state files are dated with; time.Now where nil.
	Now func() time.Time
}

const (
	defaultBuffer = 4 << 20

	// reserveBlock makes one write of a second's work or more at the 3,500
	// writes a second that S3 gives a prefix (Amazon S3 User Guide,
	// optimizing-performance, read 2026-11-21), and has a resume look at that
	// many objects too many at most.
	reserveBlock = 4096

	// maxLine bounds a result line, in bytes. A key has at most 1,024 bytes and
	// no other field more, so that a real line is a hundredth of it.
	maxLine = 1 << 20
)

func (o Options) withDefaults() Options {
	if o.BufferBytes <= 0 {
		o.BufferBytes = defaultBuffer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Journal remembers what happened to rows. Its methods are called from one
// goroutine. What it is told is durable after the next Flush that returns nil.
//
// All that is said of a row goes together: Log, Count and Note of a row,
// directly followed by the Done, Fail or Defer of the same row, become durable
// together or not at all.
type Journal struct {
	store Store
	plan  PlanHash
	opts  Options

	parts    []part
	byFile   map[int][]int // indexes of parts by data file, in the order of rows
	active   []*active     // by index; nil where there is no news
	last     *active       // the segment of the row before, as most rows follow one of the same
	staged   staged
	buffered int // bytes of lines in all active segments
	counters map[string]int64
	notices  []string
}

// part is what is kept of every segment, touched or not.
type part struct {
	index   int
	segment inventory.Segment
	summary
}

// staged is what was said of a row that has not been settled yet.
type staged struct {
	open   bool
	pos    inventory.Position
	lines  []byte
	counts []count
}

type count struct {
	name string
	n    int64
}

// Open reads the state of a job, which the caller has locked, and returns a
// journal to go on with and what was found. Segments are those of the plan,
// always the same in the same order. A job of another plan is a
// *MismatchError; state that cannot be believed is a *StateError or a
// *LostError. Result lines behind what the state names are discarded.
func Open(ctx context.Context, store Store, plan PlanHash, segments []inventory.Segment, opts Options) (*Journal, *Snapshot, error) {
	j := &Journal{
		store: store, plan: plan, opts: opts.withDefaults(),
		parts: make([]part, len(segments)), byFile: map[int][]int{}, active: make([]*active, len(segments)),
		counters: map[string]int64{},
	}
	for i, s := range segments {
		j.parts[i] = part{index: i, segment: s, summary: newState(plan, i, s).summary()}
		j.byFile[s.File] = append(j.byFile[s.File], i)
	}
	if err := j.checkSegments(); err != nil {
		return nil, nil, err
	}
	found, err := Read(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	if err := j.match(found); err != nil {
		return nil, nil, err
	}
	for _, p := range found.parts {
		j.parts[p.index] = p
	}
	j.counters, j.notices = found.counters, found.notices
	if err := j.discardTails(ctx); err != nil {
		return nil, nil, err
	}
	return j, j.Snapshot(), nil
}

// checkSegments sorts the segments of each file and refuses those that overlap.
func (j *Journal) checkSegments() error {
	for file, list := range j.byFile {
		slices.SortFunc(list, func(a, b int) int {
			return cmp.Compare(j.parts[a].segment.First, j.parts[b].segment.First)
		})
		next := int64(0)
		for _, i := range list {
			s := j.parts[i].segment
			if file < 0 || s.First < next || s.Last < s.First-1 {
				return fmt.Errorf("checkpoint: segment %d (file %d, rows %d to %d) overlaps another or ends before it begins", i, file, s.First, s.Last)
			}
			if next = s.Last; next != inventory.OpenEnd {
				next++
			}
		}
	}
	return nil
}

// match refuses state that was written for other segments or another plan.
func (j *Journal) match(found *Snapshot) error {
	e := MismatchError{Job: "the state of the job"}
	if len(found.parts) > 0 && found.plan != j.plan {
		e.Differences = append(e.Differences, Difference{"plan", found.plan.String(), j.plan.String()})
	}
	for _, p := range found.parts {
		d := Difference{Name: fmt.Sprintf("segment %d", p.index), Have: segmentText(p.segment), Want: "missing"}
		if p.index < len(j.parts) {
			d.Want = segmentText(j.parts[p.index].segment)
		}
		if d.Have != d.Want && len(e.Differences) < 3 { // more would not say more
			e.Differences = append(e.Differences, d)
		}
	}
	if len(e.Differences) > 0 {
		return &e
	}
	return nil
}

func segmentText(s inventory.Segment) string {
	if s.Last == inventory.OpenEnd {
		return fmt.Sprintf("file %d from row %d", s.File, s.First)
	}
	return fmt.Sprintf("file %d rows %d to %d", s.File, s.First, s.Last)
}

// discardTails cuts result segments to what the state names, so that lines of
// rows that were not settled when the job died are not there twice in the end.
func (j *Journal) discardTails(ctx context.Context) error {
	infos, err := j.store.List(ctx, resultFolder)
	if err != nil {
		return fmt.Errorf("look for result lines: %w", err)
	}
	sizes := map[int]int64{}
	for _, info := range infos {
		index, number, ok := parseResultName(info.Name)
		if !ok || index >= len(j.parts) {
			continue
		}
		p := &j.parts[index]
		keep := info.Size
		switch {
		case number > p.results:
			keep = 0
		case number == p.results:
			keep = min(keep, p.length)
			sizes[index] = info.Size
		}
		if keep == info.Size {
			continue
		}
		if err := j.store.Append(ctx, info.Name, keep, nil); err != nil {
			return fmt.Errorf("discard result lines that were not settled: %w", err)
		}
	}
	for i := range j.parts {
		p := &j.parts[i]
		if p.results > 0 && sizes[i] < p.length {
			j.tell((&ShortError{Name: resultName(i, p.results), Size: sizes[i], Want: p.length}).Error())
		}
	}
	return nil
}

// Admit says that the row is about to be worked on. With ReserveAdmitted it
// writes to the store where the row lies beyond what is reserved.
func (j *Journal) Admit(ctx context.Context, p inventory.Position) error {
	a, row, err := j.find(p)
	if err != nil {
		return err
	}
	if !j.opts.ReserveAdmitted {
		if row >= a.admitted {
			a.admitted, a.dirty = row+1, true
		}
		return nil
	}
	if row < a.reserved {
		return nil
	}
	if err := j.load(ctx, a); err != nil {
		return err
	}
	if row < a.reserved {
		return nil
	}
	a.admitted, a.dirty = uint32(min(uint64(row)+reserveBlock, maxRows)), true
	return j.flush(ctx, []*active{a})
}

// Done says that the row needs nothing more: it was done, or rightly left alone.
func (j *Journal) Done(p inventory.Position) error { return j.settle(p, outcomeDone) }

// Fail says that the row was tried and is not done. It counts as settled, and
// stays known for a later attempt.
func (j *Journal) Fail(p inventory.Position) error { return j.settle(p, outcomeFailed) }

// Defer puts the row off to another pass over the report. The next Done or
// Fail of it ends that; nothing else does, as between the two the row would
// look settled.
func (j *Journal) Defer(p inventory.Position) error { return j.settle(p, outcomeDeferred) }

func (j *Journal) settle(p inventory.Position, o outcome) error {
	a, row, err := j.find(p)
	if err != nil {
		return err
	}
	if j.staged.open {
		if j.staged.pos != p {
			return fmt.Errorf("checkpoint: row %v is settled while lines or counts of row %v wait for theirs", p, j.staged.pos)
		}
		j.commit(a)
	}
	a.settle(row, o)
	return nil
}

// commit hands over what was staged for the row that is being settled.
func (j *Journal) commit(a *active) {
	a.lines = append(a.lines, j.staged.lines...)
	j.buffered += len(j.staged.lines)
	for _, c := range j.staged.counts {
		a.counters[c.name] += c.n
	}
	j.staged.open, j.staged.lines, j.staged.counts = false, j.staged.lines[:0], j.staged.counts[:0]
}

// Count adds n to a counter, at most 1,024 names of 256 bytes. It counts once
// the row is settled.
func (j *Journal) Count(p inventory.Position, name string, n int64) error {
	if name == "" || len(name) > maxCounterKey {
		return fmt.Errorf("checkpoint: counter name of %d bytes", len(name))
	}
	if err := j.stage(p); err != nil {
		return err
	}
	j.staged.counts = append(j.staged.counts, count{name, n})
	return nil
}

// Log adds a result line of the row, without its line end, to be written once
// the row is settled. It flushes first where much is waiting.
func (j *Journal) Log(ctx context.Context, p inventory.Position, line []byte) error {
	if len(line) > maxLine || slices.Contains(line, '\n') {
		return fmt.Errorf("checkpoint: result line of row %v has %d bytes or a line end in it", p, len(line))
	}
	if j.buffered >= j.opts.BufferBytes { // what is staged takes no part in it
		if err := j.Flush(ctx); err != nil {
			return err
		}
	}
	if err := j.stage(p); err != nil {
		return err
	}
	j.staged.lines = append(append(j.staged.lines, line...), '\n')
	return nil
}

func (j *Journal) stage(p inventory.Position) error {
	if j.staged.open && j.staged.pos != p {
		return fmt.Errorf("checkpoint: row %v while lines or counts of row %v wait for it to be settled", p, j.staged.pos)
	}
	if _, _, err := j.find(p); err != nil {
		return err
	}
	j.staged.open, j.staged.pos = true, p
	return nil
}

// Note keeps value under key for the row, until it is called with nil. It is
// for what must be known after a crash in the middle of a row, so unlike Log
// and Count it does not wait for the row to be settled: flush before the
// request that it is about. A segment keeps 16,384 notes of 8 MiB together.
func (j *Journal) Note(p inventory.Position, key string, value []byte) error {
	if len(key) > maxNoteKey || len(value) > maxNoteBytes {
		return fmt.Errorf("checkpoint: note %.40q of row %v has %d bytes", key, p, len(value))
	}
	a, row, err := j.find(p)
	if err != nil {
		return err
	}
	a.note(noteKey{row, strings.Clone(key)}, value)
	return nil
}

// End says that a segment, by its index, was read to its end. End is the
// number that the row after the last one would have in its file. Damage is
// not nil where the rest of it cannot be read; a resume then tries it again.
func (j *Journal) End(segment int, end int64, damage error) error {
	if segment < 0 || segment >= len(j.parts) {
		return fmt.Errorf("checkpoint: there is no segment %d", segment)
	}
	s := j.parts[segment].segment
	if end < s.First || end-s.First > int64(spanOf(s)) {
		return fmt.Errorf("checkpoint: segment %d (file %d, rows %d to %d) cannot end before row %d", segment, s.File, s.First, s.Last, end)
	}
	a := j.touch(segment)
	a.ended, a.rows, a.damage, a.dirty = true, uint32(end-s.First), "", true
	if damage != nil {
		a.damage = clip(damage.Error(), maxDamage)
		if a.damage == "" {
			a.damage = "unknown"
		}
	}
	return nil
}

// clip cuts text to n bytes of valid UTF-8.
func clip(text string, n int) string {
	return strings.ToValidUTF8(text[:min(n, len(text))], "")
}

// find returns the active segment of a row, and the row in it.
func (j *Journal) find(p inventory.Position) (*active, uint32, error) {
	if a := j.last; a != nil && a.segment.Contains(p) && p.Row-a.segment.First < maxRows {
		return a, uint32(p.Row - a.segment.First), nil
	}
	list := j.byFile[p.File]
	i, found := slices.BinarySearchFunc(list, p.Row, func(index int, row int64) int {
		return cmp.Compare(j.parts[index].segment.First, row)
	})
	if !found {
		i--
	}
	if i < 0 || !j.parts[list[i]].segment.Contains(p) {
		return nil, 0, fmt.Errorf("checkpoint: row %d of file %d is in no segment of the plan", p.Row, p.File)
	}
	s := j.parts[list[i]].segment
	if p.Row-s.First >= maxRows {
		return nil, 0, fmt.Errorf("checkpoint: row %d of file %d: a segment has at most %d rows", p.Row, p.File, uint32(maxRows))
	}
	j.last = j.touch(list[i])
	return j.last, uint32(p.Row - s.First), nil
}

// touch returns the active segment of an index, and makes it where there is none.
func (j *Journal) touch(index int) *active {
	a := j.active[index]
	if a == nil {
		a = newActive(index, j.parts[index])
		j.active[index] = a
	}
	return a
}
