package job

import (
	"context"
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/report"
)

// SupersededLines tells which result lines no longer say how a row stands. These are
// failures that a later attempt made good, and all but the first of a row that failed
// several times. Lines come by segment; it keeps a bit for each failed row of one.
type SupersededLines struct {
	Snapshot *checkpoint.Snapshot
	segment  int
	rows     *checkpoint.Rows // nil before the first failure of the segment
	seen     *roaring64.Bitmap
}

// Superseded tells whether the line is one of those.
func (s *SupersededLines) Superseded(ctx context.Context, segment int, l *report.Line) (bool, error) {
	if l.Status != engine.Failed.String() {
		return false, nil
	}
	if s.rows == nil || s.segment != segment {
		rows, err := s.Snapshot.Rows(ctx, segment)
		if err != nil {
			return false, err
		}
		s.segment, s.rows, s.seen = segment, rows, roaring64.New()
	}
	row := l.Pos.Row
	// A run that goes on may have flushed since the snapshot was taken: what is
	// not settled as done is not dropped.
	if s.rows.Settled(row) && !s.rows.Failed(row) {
		return true, nil
	}
	return !s.seen.CheckedAdd(uint64(max(row, 0))), nil
}

// ResultLines yields the recorded lines of a job, without those that a later
// attempt made untrue.
func ResultLines(ctx context.Context, snapshot *checkpoint.Snapshot) iter.Seq2[report.Line, error] {
	return func(yield func(report.Line, error) bool) {
		old := SupersededLines{Snapshot: snapshot}
		for raw, err := range snapshot.Results(ctx) {
			var line report.Line
			dropped := false
			if err == nil {
				line, err = report.ParseLine(raw.Data)
			}
			if err == nil {
				dropped, err = old.Superseded(ctx, raw.Segment, &line)
			}
			if dropped {
				continue
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
