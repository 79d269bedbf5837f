package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// evidence is what the result lines of a job say about objects beyond its report:
// what they were before, and which of them others had written since the report.
type evidence struct {
	lines  *checkpoint.Snapshot
	policy *plan.Policy
	newer  map[inventory.Position]restated
}

// restated is what an object was when the job did it.
type restated struct {
	etag string
	size int64
}

// readEvidence reads which objects were not as their rows say when they were done.
// There are as many of them as other clients wrote between report and run.
func readEvidence(ctx context.Context, s *checkpoint.Snapshot, policy *plan.Policy) (*evidence, error) {
	p := &evidence{lines: s, policy: policy, newer: map[inventory.Position]restated{}}
	for line, err := range resultLines(ctx, s) {
		if err != nil {
			return nil, fmt.Errorf("read results: %w", err)
		}
		if line.Status == engine.Done.String() && line.Reason == report.Newer {
			p.newer[line.Pos] = restated{line.ETagBefore, line.Bytes}
		}
	}
	return p, nil
}

// restate puts into a row what its object was when it was done.
func (p *evidence) restate(r *inventory.Record) {
	was, ok := p.newer[r.Pos]
	if !ok {
		return
	}
	r.ETag, r.Size, r.StorageClass = was.etag, was.size, ""
	r.Known &^= inventory.ColumnsOf(inventory.ColStorageClass)
	if p.policy.Options.Rekey {
		r.ETag = "" // the newer one may have been under another key, and then it is no MD5
	}
}

// claims yields the objects that snapshots were taken of, in the order in which
// they were done.
func (p *evidence) claims(ctx context.Context) iter.Seq2[engine.Claim, error] {
	return func(yield func(engine.Claim, error) bool) {
		for line, err := range resultLines(ctx, p.lines) {
			if err != nil {
				yield(engine.Claim{}, fmt.Errorf("read results: %w", err))
				return
			}
			if line.Before == "" || line.Status != engine.Done.String() {
				continue
			}
			before := new(plan.Snapshot)
			if err := json.Unmarshal([]byte(line.Before), before); err != nil {
				yield(engine.Claim{}, fmt.Errorf("read snapshot of row %d of file %d: %w", line.Pos.Row, line.Pos.File, err))
				return
			}
			rec := inventory.Record{Pos: line.Pos, Bucket: line.Bucket, Key: line.Key, VersionID: line.VersionID, Size: -1}
			if !yield(engine.Claim{Task: claimedTask(p.policy, &rec, line.Action), Before: before, ETag: line.ETagAfter}, nil) {
				return
			}
		}
	}
}

// claimedTask is the task of an object that was done by the named action.
func claimedTask(p *plan.Policy, rec *inventory.Record, action string) plan.Task {
	t := p.Decide(rec)
	t.Record.VersionID = rec.VersionID
	for a := plan.Skip; a < plan.NumActions; a++ {
		if a.String() == action {
			t.Action = a
		}
	}
	return t
}
