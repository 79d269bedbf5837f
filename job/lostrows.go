package job

import (
	"context"
	"fmt"
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// LostRows are the rows whose objects lost something when an earlier run re-encrypted
// them, as their result lines say. They take a bit each, or less.
type LostRows struct{ rows *roaring64.Bitmap }

// FindLostRows reads the result lines of failures for losses other than those that are
// accepted.
func FindLostRows(ctx context.Context, at *checkpoint.Snapshot, accepted []plan.Attribute) (*LostRows, error) {
	l := &LostRows{roaring64.New()}
	for line, err := range failedFor(ctx, at, plan.Unfaithful) {
		if err != nil {
			return nil, err
		}
		if lost, ok := plan.LostIn(line.Error); ok && len(plan.Without(lost, accepted)) > 0 {
			l.rows.Add(line.Pos.Number())
		}
	}
	return l, nil
}

// DeniedKeys calls each with the keys of up to most objects that an earlier run failed as
// access to them was denied, as their result lines say.
func DeniedKeys(ctx context.Context, at *checkpoint.Snapshot, most int, each func(key string)) error {
	for line, err := range failedFor(ctx, at, plan.Denied) {
		if err != nil {
			return err
		}
		each(line.Key)
		if most--; most == 0 {
			return nil
		}
	}
	return nil
}

// failedFor yields the result lines of the failures for a reason, up to the first error.
func failedFor(ctx context.Context, at *checkpoint.Snapshot, reason plan.Reason) iter.Seq2[report.Line, error] {
	return func(yield func(report.Line, error) bool) {
		for raw, err := range at.Failures(ctx) {
			var line report.Line
			if err == nil {
				line, err = report.ParseLine(raw.Data)
			}
			if err != nil {
				yield(report.Line{}, fmt.Errorf("read results: %w", err))
				return
			}
			if line.Status == engine.Failed.String() && line.Reason == reason && !yield(line, nil) {
				return
			}
		}
	}
}

// Contains tells whether p is one of them.
func (l *LostRows) Contains(p inventory.Position) bool { return l.rows.Contains(p.Number()) }
