package checkpoint

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

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

	// ReserveRows is how many rows a block has at least, 4,096 where 0. Fewer
	// leave fewer rows in doubt after a crash, and take more writes.
	ReserveRows uint32

	// BufferBytes is how many bytes of result lines are held in memory before
	// a Flush is forced; 4 MiB where 0.
	BufferBytes int

	// Now is the clock that state files are dated with; time.Now where nil.
	Now func() time.Time

	// Own tells by its index whether a segment is this process's to work on;
	// nil means all are. Others are neither read nor written, whatever their
	// state: another process has them.
	Own func(index int) bool

	// Writers is how many segments are written at once; 1 where 0. More pay
	// where the store answers late.
	Writers int
}

const (
	defaultBuffer = 4 << 20

	// reserveBlock is how many rows are admitted by one write. S3 gives a prefix 3,500
	// writes a second (Amazon S3 User Guide, optimizing-performance, read 2026-11-21), so
	// a block is a second's work or more. It costs a resume one HeadObject for each of
	// its rows at most. Skipped rows pass much faster: the block doubles with each write
	// until the next Flush.
	reserveBlock    = 4096
	maxReserveBlock = 1 << 20

	// maxLine bounds a result line, in bytes. A key has at most 1,024 bytes and
	// no other field more, so that a real line is a hundredth of it.
	maxLine = 1 << 20
)

func (o Options) withDefaults() Options {
	if o.BufferBytes <= 0 {
		o.BufferBytes = defaultBuffer
	}
	if o.ReserveRows == 0 {
		o.ReserveRows = reserveBlock
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Own == nil {
		o.Own = func(int) bool { return true }
	}
	o.Writers = max(o.Writers, 1)
	return o
}

// Journal remembers what happened to rows. Its methods are called from one
// goroutine. What it is told is durable after the next Flush that returns nil.
//
// Log and Count of a row are directly followed by the Done, Fail or Defer of
// the same row. All of that becomes durable together or not at all.
type Journal struct {
	store Store
	epoch uint64 // of the lock that it was opened under
	plan  PlanHash
	opts  Options
	pack  *gzip.Writer

	parts    []part
	byFile   map[int][]int // indexes of parts by data file, in the order of rows
	active   []*active     // by index; nil where there is no news
	last     *active       // the segment of the row before, as most rows follow one of the same
	staged   staged
	buffered int // bytes of lines that no state has yet
	counters map[string]int64
	notices  []string
	mu       sync.Mutex // guards what the writers of a flush change beside their own segments
}

// part is what is kept of every segment, touched or not.
type part struct {
	index   int
	segment inventory.Segment
	doubt   uint32 // no row from here on is left in doubt by a holder before this one, or by Doubt
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
	block := max(a.block, j.opts.ReserveRows)
	a.block = min(2*block, maxReserveBlock)
	a.admitted, a.dirty = uint32(min(uint64(row)+uint64(block), maxRows)), true
	return j.flush(ctx, []*active{a})
}

// Doubt says that something was sent for the row, and that nobody knows what became
// of it. Until it is settled it counts as worked on, also after a Rest.
func (j *Journal) Doubt(p inventory.Position) error {
	a, row, err := j.find(p)
	if err != nil {
		return err
	}
	part := &j.parts[a.index]
	part.doubt = max(part.doubt, row+1)
	if row >= a.admitted {
		a.admitted, a.dirty = row+1, true
	}
	return nil
}

// Rest says that no row is being worked on any more, and makes all durable as Flush
// does. Rows that were admitted and never begun, as the run ended before their turn,
// are not in doubt then: who does them later is told from this job.
func (j *Journal) Rest(ctx context.Context) error {
	for i := range j.parts {
		p := &j.parts[i]
		admitted := p.admitted
		if a := j.active[i]; a != nil {
			admitted = max(admitted, a.admitted)
		}
		if !j.opts.Own(i) || p.finished() || admitted <= max(p.doubt, p.low) {
			continue
		}
		a := j.touch(i)
		a.resting, a.doubt, a.dirty = true, p.doubt, true
	}
	return j.Flush(ctx)
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
		j.commit(a, o)
	}
	a.settle(row, o)
	return nil
}

// commit hands over what was staged for the row that is being settled.
func (j *Journal) commit(a *active, o outcome) {
	kind := streamSettled
	if o == outcomeFailed {
		kind = streamFailed
	}
	a.lines[kind] = append(a.lines[kind], j.staged.lines...)
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
// for what must be known after a crash in the middle of a row. Unlike Log and Count
// it does not wait for the row to be settled. Flush before you send the request that
// the note is about. A segment keeps MaxNotes notes of MaxNoteBytes together, their
// keys included; more fail the flush.
func (j *Journal) Note(p inventory.Position, key string, value []byte) error {
	if len(key) > maxNoteKey || len(value) > MaxNoteBytes {
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
