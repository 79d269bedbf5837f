package migrate

import (
	"context"
	"slices"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// interrupted are the rows of a job that the run before may have been cut off at.
type interrupted struct {
	parts []inventory.Segment // that hold them
	until []int64             // no row of the part from here on is one
	rows  *Standing
}

// findInterrupted finds them as a job was found: those that were admitted and are not
// settled; those that the canary chose, which are tried out of order; and those that
// it has a note of, which may be settled and compared anew.
func findInterrupted(ctx context.Context, at *checkpoint.Snapshot, chosen []job.Row) (*interrupted, error) {
	rows, tried, err := canaryTries(ctx, at, chosen)
	if err != nil {
		return nil, err
	}
	d := &interrupted{rows: rows}
	add := func(file int, first, last, until int64) {
		d.parts, d.until = append(d.parts, inventory.Segment{File: file, First: first, Last: last}), append(d.until, until)
	}
	for _, s := range at.Segments() {
		if s.Admitted > s.Mark && !s.Finished {
			last := s.Admitted - 1
			if s.Segment.Last == inventory.OpenEnd {
				last = inventory.OpenEnd // rows may be admitted that the file does not have
			}
			add(s.Segment.File, s.Mark, last, s.Admitted)
		}
		for p := range tried {
			if s.Segment.Contains(p) && (p.Row < s.Mark || p.Row >= s.Admitted || rows.Settled(p)) {
				add(p.File, p.Row, p.Row, p.Row+1)
			}
		}
	}
	return d, nil
}

// canaryTries are the rows that a canary may have tried when a run was cut off, and
// how all rows stand.
func canaryTries(ctx context.Context, at *checkpoint.Snapshot, chosen []job.Row) (rows *Standing, tried map[inventory.Position]bool, err error) {
	if rows, err = Stand(ctx, at, Every); err != nil {
		return nil, nil, err
	}
	tried = map[inventory.Position]bool{}
	for i := range chosen {
		if p := chosen[i].Position(); !rows.Done(p) {
			tried[p] = true
		}
	}
	for note, err := range at.Notes(ctx) {
		if err != nil {
			return nil, nil, err
		}
		if note.Key == job.CanaryNote {
			tried[note.Pos] = true
		}
	}
	return rows, tried, nil
}

// triedAgain tells whether failed rows of a job, or of a share of it, may have been
// tried again by a run that was cut off: by retry-failed, or by a canary. Where nobody
// knows, they were.
func triedAgain(ctx context.Context, store checkpoint.Reader, part job.Share, at *checkpoint.Snapshot, chosen []job.Row) bool {
	if at.Totals().Failed == 0 {
		return false
	}
	runs, err := job.Runs(ctx, store)
	if err != nil || slices.ContainsFunc(runs, func(r job.Run) bool {
		return !r.Over() && r.Command != runCommand && r.Share == part.Name()
	}) {
		return true
	}
	rows, tried, err := canaryTries(ctx, at, chosen)
	if err != nil {
		return true
	}
	for p := range tried {
		if rows.Failed(p) {
			return true
		}
	}
	return false
}

// price is what a run can have spent on the rows until it was cut off; known is false
// where no price is known for one of them, or a file cannot be read.
func (d *interrupted) price(ctx context.Context, report Report, policy *plan.Policy, l *ledger.Ledger) (sum cost.Money, known bool, err error) {
	over, left := make([]bool, len(d.parts)), len(d.parts)
	for batch, err := range report.Read(ctx, d.parts) {
		if err != nil || batch.Err != nil {
			return 0, false, err
		}
		i := batch.Segment
		part, ends := d.parts[i], batch.End
		for n := range batch.Records {
			rec := &batch.Records[n]
			if ends = ends || rec.Pos.Row >= d.until[i]-1; rec.Pos.Row >= d.until[i] {
				break
			}
			if part.Last > part.First && d.rows.Settled(rec.Pos) {
				continue
			}
			most, ok := l.InterruptedCost(policy, rec)
			if !ok {
				return 0, false, nil
			}
			sum = sum.Add(most)
		}
		if ends && !over[i] {
			over[i], left = true, left-1
		}
		if left == 0 {
			break // not to read an open end
		}
	}
	return sum, true, nil
}

// setAsideLess sets aside no more for the run that was cut off last than what it can
// have spent on the rows that it may have been cut off at: under a limit, crash
// after crash would leave nothing to go on with. Where that cannot be found out, all
// stays set aside.
func setAsideLess(ctx context.Context, past *job.HistoryWriter, bound *job.SpendingBound, l *ledger.Ledger, price func() (most cost.Money, known bool, err error)) error {
	if bound.Limit == 0 || past.Reserved() == 0 {
		return nil
	}
	most, known, err := price()
	if err != nil || !known {
		return err
	}
	if back := past.LimitReserved(most); back > 0 {
		l.Refund(back)
		bound.Lower(ctx, l.Spent)
	}
	return nil
}

// runCommand is the command of a run that takes up rows without an outcome, as the
// record of runs names it.
const runCommand = "run"
