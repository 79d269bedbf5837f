package plan

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"reseal/inventory"
)

// Rows is a set of rows of a report. The nil set is empty.
type Rows map[inventory.Position]struct{}

// Has tells whether the row is in the set.
func (s Rows) Has(p inventory.Position) bool {
	_, in := s[p]
	return in
}

// fileRows is how a set is written down: the rows of one file, in their order.
type fileRows struct {
	File int     `json:"file"`
	Rows []int64 `json:"rows"`
}

// MarshalJSON writes the rows file by file.
func (s Rows) MarshalJSON() ([]byte, error) {
	all := make([]inventory.Position, 0, len(s))
	for p := range s {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b inventory.Position) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	files := []fileRows{}
	for _, p := range all {
		if n := len(files); n == 0 || files[n-1].File != p.File {
			files = append(files, fileRows{File: p.File})
		}
		f := &files[len(files)-1]
		f.Rows = append(f.Rows, p.Row)
	}
	return json.Marshal(files)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Rows) UnmarshalJSON(data []byte) error {
	var files []fileRows
	if err := json.Unmarshal(data, &files); err != nil {
		return fmt.Errorf("rows: %w", err)
	}
	*s = Rows{}
	for _, f := range files {
		for _, row := range f.Rows {
			(*s)[inventory.Position{File: f.File, Row: row}] = struct{}{}
		}
	}
	return nil
}

// MaxRemembered is the highest number of objects that a RowPicker chooses: a
// choice takes some 300 bytes of memory, and up to 25 bytes of plan.json.
const MaxRemembered = 100_000

// maxRowKinds bounds the kinds that a RowPicker tells apart. A report may have any
// text for a class.
const maxRowKinds = 64

// RowPicker chooses objects to be remembered: at most a number of them in all,
// spread over the kinds that there are. A kind is an action and a storage class. A
// kind with fewer objects than its part leaves the rest of that to the others.
// Within a kind the choice is even, whatever the order of rows, and always the same
// for the same report. Memory has a bound. Not safe for concurrent use.
type RowPicker struct {
	most  int
	total int
	kinds []*rowHeap // so few that looking through them is quicker than a hash of a name
}

type rowKind struct {
	action Action
	class  inventory.StorageClass
}

// Remembered is one object that was chosen.
type Remembered struct {
	Pos    inventory.Position
	Action Action
	Class  inventory.StorageClass
	Key    string
	Demand Demand // of reading all of it, beyond what its task asks for
	rank   uint64
}

// rowHeap is the choice within one kind, the highest rank on top.
type rowHeap struct {
	kind  rowKind
	all   []Remembered
	below uint64 // rows of this rank or a higher one were turned away; 0 before any was
}

func (h *rowHeap) Len() int           { return len(h.all) }
func (h *rowHeap) Less(i, j int) bool { return h.all[i].rank > h.all[j].rank }
func (h *rowHeap) Swap(i, j int)      { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *rowHeap) Push(x any)         { h.all = append(h.all, x.(Remembered)) }
func (h *rowHeap) Pop() any {
	last := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return last
}

// NewRowPicker returns a picker of most objects, 0 to MaxRemembered.
func NewRowPicker(most int) *RowPicker {
	return &RowPicker{most: most}
}

// See considers a task of p; one that skips its object is not remembered.
func (k *RowPicker) See(p *Policy, t *Task) {
	if k.most <= 0 || t.Action == Skip {
		return
	}
	kind := rowKind{t.Action, t.Record.StorageClass}
	h := k.of(kind)
	if h == nil {
		if len(k.kinds) >= maxRowKinds {
			kind.class = "other"
		} else {
			kind.class = inventory.StorageClass(strings.Clone(string(kind.class)))
		}
		if h = k.of(kind); h == nil {
			h = &rowHeap{kind: kind}
			k.kinds = append(k.kinds, h)
		}
	}
	rank := rankOf(t.Record.Pos, snapshotSeed)
	if h.below > 0 && rank >= h.below {
		return
	}
	heap.Push(h, Remembered{Pos: t.Record.Pos, Action: t.Action, Class: h.kind.class, Key: strings.Clone(t.Record.Key),
		Demand: p.SnapshotDemand(t, t.FromKMS), rank: rank})
	if k.total++; k.total > k.most {
		k.drop(h)
	}
}

// of finds the choice within a kind, nil for none.
func (k *RowPicker) of(kind rowKind) *rowHeap {
	for _, h := range k.kinds {
		if h.kind == kind {
			return h
		}
	}
	return nil
}

// drop takes one object out of the kind that has most, which is that of h where
// several have as many.
func (k *RowPicker) drop(h *rowHeap) {
	for _, other := range k.kinds {
		if other.Len() > h.Len() {
			h = other
		}
	}
	h.below = heap.Pop(h).(Remembered).rank
	k.total--
}

// Chosen returns what was chosen, in the order of the report.
func (k *RowPicker) Chosen() []Remembered {
	var all []Remembered
	for _, h := range k.kinds {
		all = append(all, h.all...)
	}
	slices.SortFunc(all, func(a, b Remembered) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Row, b.Pos.Row))
	})
	return all
}
