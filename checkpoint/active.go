package checkpoint

import (
	"bytes"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/klauspost/compress/gzip"

	"reseal/inventory"
)

type outcome uint8

const (
	outcomeDone outcome = iota
	outcomeFailed
	outcomeDeferred
	numOutcomes
)

// active is a segment that something was said about: the news since the last
// flush, and, once a flush needed it, the state that they change.
type active struct {
	index   int
	segment inventory.Segment
	dirty   bool
	idle    int // flushes in a row without news

	// News. A row is in one of the sets at most.
	rowsOf   [numOutcomes]*roaring.Bitmap
	counters map[string]int64
	notes    map[noteKey][]byte // nil takes the note away
	admitted uint32
	resting  bool   // nothing is worked on, and no row from doubt on is in doubt
	doubt    uint32 // where resting
	ended    bool
	rows     uint32
	damage   string
	lines    [numStreams][]byte // result lines

	// State, nil until it was loaded; then with the news up to the last flush,
	// whether or not that could be written.
	state    *state
	copies   copies
	block    uint32             // how many rows the next reservation takes, 0 for the usual number
	reserved uint32             // what the durable state says about admitted
	unsaved  map[string]int64   // what the durable state does not have of the counters
	numbers  [numStreams]uint32 // no result file of these streams below may be written any more in this epoch
}

func newActive(index int, p part) *active {
	a := &active{
		index: index, segment: p.segment,
		counters: map[string]int64{}, unsaved: map[string]int64{}, notes: map[noteKey][]byte{},
	}
	for o := range a.rowsOf {
		a.rowsOf[o] = roaring.New()
	}
	return a
}

func (a *active) settle(row uint32, o outcome) {
	for other, set := range a.rowsOf {
		if outcome(other) != o && !set.IsEmpty() {
			set.Remove(row)
		}
	}
	a.rowsOf[o].Add(row)
	a.dirty = true
}

func (a *active) note(k noteKey, value []byte) {
	a.notes[k] = bytes.Clone(value)
	if value != nil && a.notes[k] == nil {
		a.notes[k] = []byte{}
	}
	a.dirty = true
}

// merge applies the news to the state and forgets them.
func (a *active) merge(pack *gzip.Writer) error {
	s := a.state
	for kind, lines := range a.lines {
		if len(lines) == 0 {
			continue
		}
		if err := s.lines[kind].add(pack, lines); err != nil {
			return err
		}
		if a.lines[kind] = lines[:0]; cap(lines) > defaultBuffer/16 {
			a.lines[kind] = nil // one burst of lines is not kept for the rest of the run
		}
	}
	if a.ended {
		s.ended, s.rows, s.damage = true, a.rows, a.damage
	}
	sets := [numOutcomes]*roaring.Bitmap{s.done, s.failed, s.deferred}
	for o, news := range a.rowsOf {
		if news.IsEmpty() {
			continue
		}
		for other, set := range sets {
			if other != o {
				set.AndNot(news)
			}
		}
		sets[o].Or(news)
		a.rowsOf[o] = roaring.New() // not Clear: nothing has to rest on Or having copied the containers, which it does
	}
	s.done.RemoveRange(0, uint64(s.low)) // rows that were failed or deferred until now
	s.advance()
	s.admitted = min(max(s.admitted, a.admitted), s.span())
	if a.resting {
		s.admitted = min(s.admitted, max(a.doubt, s.low))
		a.admitted, a.reserved, a.resting = s.admitted, min(a.reserved, s.admitted), false
	}
	for name, n := range a.counters {
		s.counters[name] += n
		a.unsaved[name] += n
	}
	for k, v := range a.notes {
		if v == nil {
			delete(s.notes, k)
		} else {
			s.notes[k] = v
		}
	}
	clear(a.counters)
	clear(a.notes)
	return nil
}
