package main

import (
	"context"
	"encoding/json"
	"iter"
	"slices"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
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

// find finds out which objects of the plan are still to be tried or to be
// compared, among those that this process works on. Where failed rows are tried
// again, those of the plan are only to be compared.
func (t *trials) find(ctx context.Context, job *jobPlan, at *checkpoint.Snapshot, retry bool, again []canaryRow) error {
	notes := map[inventory.Position]*trialNote{}
	var unnamed []*canaryRow // by plan.json
	for n, err := range at.Notes(ctx) {
		if err != nil {
			return err
		}
		if n.Key == unprovenNote {
			t.unproven = append(t.unproven, n.Pos)
		}
		if n.Key != canaryNote {
			continue
		}
		note := new(trialNote)
		if json.Unmarshal(n.Value, note) == nil && note.Before != nil {
			notes[n.Pos] = note
			if note.Row != nil {
				unnamed = append(unnamed, note.Row)
			}
		}
	}
	open, err := canarySegments(ctx, job, at)
	if err != nil {
		return err
	}
	chosen := map[inventory.Position]bool{}
	choose := func(row *canaryRow, settled func(inventory.Position) bool) {
		rec := row.record(job.Options.Bucket)
		one := &trial{row: row, task: t.cfg.Policy.Decide(&rec), note: notes[rec.Pos], settled: settled(rec.Pos)}
		if one.settled && !retry && len(t.unproven) > 0 && open.failed(rec.Pos) {
			// Also one with a note: the run ended before it was known that the object
			// was not touched, and as it is now it would look as if something was lost.
			one.settled, one.again = false, true
		}
		one.resumed = one.note != nil
		if !chosen[rec.Pos] && (one.note != nil || !one.settled && one.task.Action != plan.Skip) {
			chosen[rec.Pos] = true
			t.all = append(t.all, one)
		}
	}
	for i := range again {
		choose(&again[i], func(inventory.Position) bool { return false })
	}
	for _, row := range unnamed {
		choose(row, func(inventory.Position) bool { return true })
	}
	for i := range job.Canary {
		choose(&job.Canary[i], func(p inventory.Position) bool {
			rows := open.of(p)
			return retry || rows == nil || rows.Settled(p.Row)
		})
	}
	return nil
}

// canarySegments reads how the rows stand of the segments that have objects of the
// job's canary.
func canarySegments(ctx context.Context, job *jobPlan, at *checkpoint.Snapshot) (*resume, error) {
	var segments []inventory.Segment
	var indexes []int
	for _, s := range at.Segments() {
		if slices.ContainsFunc(job.Canary, func(c canaryRow) bool { return s.Segment.Contains(inventory.Position{File: c.File, Row: c.Row}) }) {
			segments, indexes = append(segments, s.Segment), append(indexes, s.Index)
		}
	}
	return newResume(ctx, at, segments, indexes)
}

// fresh is how many are tried for the first time.
func (t *trials) fresh() (n int64) {
	for _, one := range t.all {
		if !one.settled && !one.again {
			n++
		}
	}
	return n
}

// takeBack prepares for objects that failed in an earlier run: a line that says
// "done" takes back the one that said "failed", and what was re-encrypted with a
// loss stays failed although it is under the key.
func (t *trials) takeBack(ctx context.Context, at *checkpoint.Snapshot) error {
	if !slices.ContainsFunc(t.all, func(one *trial) bool { return one.again }) {
		return nil
	}
	found, err := findLosses(ctx, at, t.accepted)
	if err != nil {
		return err
	}
	t.cfg.Lost = found.has
	if w, ok := t.cfg.Sink.(*report.Writer); ok {
		t.cfg.Sink = &report.Writer{Log: w.Log, All: true, Summary: w.Summary}
	}
	return nil
}

// limit keeps as many as a run of n objects at most may begin; 0 is no limit.
func (t *trials) limit(n int64) {
	var begin int64
	t.all = slices.DeleteFunc(t.all, func(one *trial) bool {
		if one.settled || n <= 0 {
			return false
		}
		begin++
		return begin > n
	})
}
