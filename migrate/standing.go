package migrate

import (
	"cmp"
	"context"
	"slices"

	"reseal/checkpoint"
	"reseal/inventory"
)

// Standing is how rows of a job stood at one moment. It does not change and may be
// used by several goroutines at once.
type Standing struct {
	files map[int][]known // by file, in the order of rows: a file may have thousands
}

// known is what was known of the rows of one segment, or of a part of it.
type known struct {
	segment inventory.Segment
	rows    *checkpoint.Rows
}

// Stand reads how the rows of those segments stood that are wanted and of which
// something was recorded: a few bytes for each as a rule, a bit a row at most.
func Stand(ctx context.Context, at *checkpoint.Snapshot, wanted func(inventory.Segment) bool) (*Standing, error) {
	var parts []part
	for _, s := range at.Segments() {
		if wanted(s.Segment) {
			parts = append(parts, part{s.Index, s.Segment})
		}
	}
	return standingOf(ctx, at, parts)
}

// Every wants all segments.
func Every(inventory.Segment) bool { return true }

func standingOf(ctx context.Context, at *checkpoint.Snapshot, parts []part) (*Standing, error) {
	indexes := make([]int, len(parts))
	for i := range parts {
		indexes[i] = parts[i].index
	}
	rows, err := at.RowsOf(ctx, indexes)
	if err != nil {
		return nil, err
	}
	s := &Standing{files: map[int][]known{}}
	for i, p := range parts {
		s.files[p.rows.File] = append(s.files[p.rows.File], known{p.rows, rows[i]})
	}
	for _, list := range s.files {
		slices.SortFunc(list, func(a, b known) int {
			return cmp.Or(cmp.Compare(a.segment.First, b.segment.First), cmp.Compare(a.segment.Last, b.segment.Last)) // one may be empty
		})
	}
	return s, nil
}

// of returns what is known of p's segment, nil where nothing is.
func (s *Standing) of(p inventory.Position) *checkpoint.Rows {
	list := s.files[p.File]
	i, _ := slices.BinarySearchFunc(list, p.Row, func(k known, row int64) int { return cmp.Compare(k.segment.Last, row) })
	if i == len(list) || !list[i].segment.Contains(p) {
		return nil
	}
	return list[i].rows
}

// Known tells whether the row is in one of the segments that were read.
func (s *Standing) Known(p inventory.Position) bool { return s.of(p) != nil }

// Settled tells whether the row has an outcome.
func (s *Standing) Settled(p inventory.Position) bool {
	rows := s.of(p)
	return rows != nil && rows.Settled(p.Row)
}

// Failed tells whether the row was tried and is not done.
func (s *Standing) Failed(p inventory.Position) bool {
	rows := s.of(p)
	return rows != nil && rows.Failed(p.Row)
}

// Done tells whether the row needs nothing more: it is settled and did not fail.
func (s *Standing) Done(p inventory.Position) bool { return s.Settled(p) && !s.Failed(p) }
