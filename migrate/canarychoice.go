package migrate

import (
	"context"
	"iter"
	"slices"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// canaryChoice is among how many rows the objects of a canary are chosen, where
// the report is not read as a whole first: reading them takes a moment.
const canaryChoice = 10_000

// seeFirst decides on the first rows that are wanted, and shows each to see.
func seeFirst(policy *plan.Policy, batches iter.Seq2[inventory.Batch, error], wanted func(inventory.Position) bool, see func(*plan.Task)) error {
	seen := 0
	for batch, err := range batches {
		if err != nil {
			return err
		}
		for i := range batch.Records {
			if rec := &batch.Records[i]; wanted(rec.Pos) {
				task := policy.Decide(rec)
				see(&task)
				seen++
			}
		}
		if seen >= canaryChoice {
			break
		}
	}
	return nil
}

// ofFailedRows chooses the canary of another try of the rows that failed. Objects
// that an upload was begun of or that are still owed something are left to the
// run: they are not as they were.
func ofFailedRows(ctx context.Context, policy *plan.Policy, rep Report, at *checkpoint.Snapshot, begun *job.Notes) ([]job.Row, error) {
	parts, failed, err := Failed().In(ctx, at)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	var first canary.Picker
	err = seeFirst(policy, rep.Read(ctx, parts), func(p inventory.Position) bool {
		return failed(p) && begun.Get(p) == nil
	}, first.See)
	return job.RowsOf(first.Objects()), err
}

// choose finds out which objects are to be tried first, of those that this process
// works on: those of the plan that are not settled, and what earlier runs were at
// when they ended. Where nothing is proven yet, those that failed are tried once
// more. Another try of failed rows chooses among these.
func (c *canaryRun) choose(admit, work context.Context, o *firstObjects) (*firstTry, error) {
	r := &firstTry{canary: c, cfg: c.cfg, first: o, left: c.notes.Left()}
	choose := r.chooseUnsettled
	if c.rows.Again() {
		choose = r.chooseFailed
	}
	err := choose(admit, work)
	if err != nil || !slices.ContainsFunc(r.all, func(one *chosen) bool { return one.again }) {
		return r, err
	}
	found, err := job.FindLostRows(work, o.at, c.cfg.Accepted)
	if err != nil {
		return nil, err
	}
	r.lost = found.Contains
	return r, nil
}

// chooseFailed chooses among the rows that failed.
func (r *firstTry) chooseFailed(admit, _ context.Context) error {
	rows, err := ofFailedRows(admit, r.cfg.Policy, r.first.report, r.first.at, r.first.journal.uploads)
	for i := range rows {
		r.add(&rows[i], true)
	}
	r.more = r.first.at.Totals().Failed > int64(len(r.all))
	return err
}

// chooseUnsettled takes up the objects of the plan.
func (r *firstTry) chooseUnsettled(_, ctx context.Context) error {
	made, at := r.first.plan, r.first.at
	rows := slices.Clone(made.Canary)
	for _, one := range r.left {
		rows = append(rows, job.RowOf(&one.Task.Record))
	}
	stand, err := Stand(ctx, at, func(s inventory.Segment) bool {
		return slices.ContainsFunc(rows, func(c job.Row) bool { return s.Contains(c.Position()) })
	})
	if err != nil {
		return err
	}
	nothing, fresh := r.canary.trials.Compared() == 0, int64(0)
	for i := range rows {
		row := &rows[i]
		switch p := row.Position(); {
		case !stand.Known(p): // another share's
		case !stand.Settled(p):
			if r.add(row, false) {
				fresh++
			}
		case nothing && stand.Failed(p):
			r.add(row, true)
		}
	}
	r.more = made.Todo == job.Unknown || made.Todo-job.Handled(at.Totals()) > fresh
	return nil
}

// add takes an object up, unless it is up already or is to be left alone.
func (r *firstTry) add(row *job.Row, again bool) bool {
	rec := row.Record(r.cfg.Policy.Options.Bucket)
	task := r.cfg.Policy.Decide(&rec)
	if task.Action == plan.Skip || r.chosen(rec.Pos) != nil {
		return false
	}
	r.all = append(r.all, &chosen{row: row, task: task, again: again})
	return true
}

// limit keeps as many objects as a run of n at most may begin; 0 is no limit.
func (r *firstTry) limit(n int64) {
	if n > 0 && int64(len(r.all)) > n {
		r.all = r.all[:n]
	}
}
