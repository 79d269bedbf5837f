package main

import (
	"context"
	"iter"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/plan"
)

// canaryChoice is among how many rows the objects of a canary are chosen, where
// the report is not read as a whole first: reading them takes a moment.
const canaryChoice = 10_000

// chooseFirst chooses the objects of a canary among the first rows that are wanted.
func chooseFirst(policy *plan.Policy, batches iter.Seq2[inventory.Batch, error], wanted func(inventory.Position) bool) ([]canaryRow, error) {
	var first canary.Picker
	seen := 0
	for batch, err := range batches {
		if err != nil {
			return nil, err
		}
		for i := range batch.Records {
			if rec := &batch.Records[i]; wanted(rec.Pos) {
				task := policy.Decide(rec)
				first.See(&task)
				seen++
			}
		}
		if seen >= canaryChoice {
			break
		}
	}
	return canaryRows(first.Objects()), nil
}

// ofFirstRows chooses the canary of a job whose report nobody has read yet.
func (g *ground) ofFirstRows(ctx context.Context, segments []inventory.Segment) ([]canaryRow, error) {
	if !g.canary {
		return nil, nil
	}
	return chooseFirst(g.policy, g.report.Read(ctx, segments), func(inventory.Position) bool { return true })
}

// ofFailedRows chooses the canary of another try of the rows that failed. Objects
// that an upload was begun of or that are still owed something are left to the
// run: they are not as they were.
func ofFailedRows(ctx context.Context, policy *plan.Policy, rep *inventory.Report, at *checkpoint.Snapshot, begun *notes) ([]canaryRow, error) {
	segments, indexes, err := failedRows(ctx, at)
	if err != nil || len(segments) == 0 {
		return nil, err
	}
	before, err := newResume(ctx, at, segments, indexes)
	if err != nil {
		return nil, err
	}
	return chooseFirst(policy, rep.Read(ctx, segments), func(p inventory.Position) bool {
		return before.failed(p) && begun.Get(p) == nil
	})
}
