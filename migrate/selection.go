package migrate

import (
	"context"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/job"
)

// Selection says which rows of a job a run is about.
type Selection struct {
	parts func(context.Context, *checkpoint.Snapshot) ([]part, error)
	todo  func(r *checkpoint.Rows, row int64) bool

	// whole says that a part is read to the end of its segment, so that its end
	// and its damage are those of the segment.
	whole bool

	// again says that the rows had an outcome before, which stays theirs until
	// they have another one, and which may hide a commit that nobody recorded.
	again bool
}

// part is what is read of one segment of the job.
type part struct {
	index int // of the segment in the job
	rows  inventory.Segment
}

// Unsettled selects the rows that have no outcome yet, and those put off.
func Unsettled() Selection {
	return Selection{
		parts: func(_ context.Context, at *checkpoint.Snapshot) (all []part, _ error) {
			segments, indexes := at.Remaining()
			for i := range segments {
				all = append(all, part{indexes[i], segments[i]})
			}
			return all, nil
		},
		todo:  func(r *checkpoint.Rows, row int64) bool { return !r.Settled(row) },
		whole: true,
	}
}

// Failed selects the rows that were tried and are not done, and no others.
func Failed() Selection {
	return Selection{
		parts: failedParts,
		todo:  (*checkpoint.Rows).Failed,
		again: true,
	}
}

// failedParts are, of each segment with failed rows, the first of them to the last.
func failedParts(ctx context.Context, at *checkpoint.Snapshot) (all []part, _ error) {
	segments := at.Segments()
	next := 0
	for p, err := range at.Failed(ctx) {
		if err != nil {
			return nil, err
		}
		if n := len(all); n > 0 && segments[next].Segment.Contains(p) {
			all[n-1].rows.Last = p.Row
			continue
		}
		for !segments[next].Segment.Contains(p) {
			next++
		}
		all = append(all, part{segments[next].Index, inventory.Segment{File: p.File, First: p.Row, Last: p.Row}})
	}
	return all, nil
}

// Again tells whether the rows had an outcome before.
func (s Selection) Again() bool { return s.again }

// HandledBefore is how many objects of the job a run of these rows leaves as earlier
// ones had them: all that have an outcome but those that it takes up.
func (s Selection) HandledBefore(t checkpoint.Totals) int64 {
	if s.again {
		return job.Handled(t) - t.Failed
	}
	return job.Handled(t)
}

// Counts is how many objects these rows are in a job with so many to do, which may be
// job.Unknown, and how many of them earlier runs settled.
func (s Selection) Counts(todo int64, t checkpoint.Totals) (total, earlier int64) {
	if s.again {
		return t.Failed, 0
	}
	return todo, job.Handled(t)
}

// Left tells whether anything is to be done: rows, files of the report that could not be
// read, or objects of the canary that were not compared.
func (s Selection) Left(ctx context.Context, made *job.Plan, at *checkpoint.Snapshot) (bool, error) {
	t := at.Totals()
	if s.again {
		return t.Failed > 0, nil
	}
	if t.Finished < len(made.Segments) || t.Damaged > 0 || t.Deferred > 0 {
		return true, nil
	}
	for _, err := range at.Notes(ctx) {
		return true, err
	}
	return false, nil
}

// In returns the parts of the report that hold selected rows, and which rows of them
// are selected, as the job was at that moment. has may be called from several
// goroutines at once.
func (s Selection) In(ctx context.Context, at *checkpoint.Snapshot) (parts []inventory.Segment, has func(inventory.Position) bool, err error) {
	sel, err := s.at(ctx, at)
	if err != nil {
		return nil, nil, err
	}
	return sel.segments(), sel.has, nil
}

// selected are the selected rows of a job as it was at one moment. It does not
// change and may be used by several goroutines at once.
type selected struct {
	Selection
	*Standing
	parts []part
}

// at reads how the selected rows stand.
func (s Selection) at(ctx context.Context, snapshot *checkpoint.Snapshot) (*selected, error) {
	parts, err := s.parts(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	stand, err := standingOf(ctx, snapshot, parts)
	if err != nil {
		return nil, err
	}
	return &selected{s, stand, parts}, nil
}

// segments are the parts as a report is asked for them.
func (s *selected) segments() []inventory.Segment {
	all := make([]inventory.Segment, len(s.parts))
	for i := range s.parts {
		all[i] = s.parts[i].rows
	}
	return all
}

// has tells whether the row is selected.
func (s *selected) has(p inventory.Position) bool {
	rows := s.of(p)
	return rows != nil && s.todo(rows, p.Row)
}

// uncertain tells whether an earlier run may have worked on the row without
// recording how that ended. Of a row that had an outcome before nobody knows: a
// run that tried it again may have been cut off.
func (s *selected) uncertain(p inventory.Position) bool {
	rows := s.of(p)
	return rows != nil && (s.again || rows.Uncertain(p.Row))
}
