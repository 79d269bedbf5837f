package main

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// losses are the rows whose objects an earlier run re-encrypted and lost something
// of, as their result lines say: a bit each, or less.
type losses struct{ rows *roaring64.Bitmap }

// findLosses reads the result lines for losses that were not accepted by now.
func findLosses(ctx context.Context, at *checkpoint.Snapshot, accepted []plan.Attribute) (*losses, error) {
	l := &losses{roaring64.New()}
	for line, err := range resultLines(ctx, at) {
		if err != nil {
			return nil, fmt.Errorf("read results: %w", err)
		}
		if line.Status != engine.Failed.String() || line.Reason != plan.Unfaithful {
			continue
		}
		if lost, ok := plan.LostIn(line.Error); ok && len(plan.Without(lost, accepted)) > 0 {
			l.rows.Add(bitOf(line.Pos))
		}
	}
	return l, nil
}

func (l *losses) has(p inventory.Position) bool { return l.rows.Contains(bitOf(p)) }

// bitOf numbers rows: a report has less than 2^24 files, and a file less than 2^40 rows.
func bitOf(p inventory.Position) uint64 { return uint64(p.File)<<40 | uint64(p.Row)&(1<<40-1) }
