package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"
	"unique"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// account is what a job recorded of one segment. It is for one goroutine.
type account struct {
	index   int
	segment inventory.Segment
	rows    *checkpoint.Rows // nil where nothing is recorded
	counted int64            // rows that the segment has, by the job; -1 where unknown
	entries []entry          // in order of rows; of several of a row the last counts
	newer   map[int64]restated
	errors  map[int64]string // of objects that could not be carried over faithfully
	seen    int64            // rows that were read now
	waiting map[int64]bool   // rows that are to be compared with their snapshot, and whether they are of the sample
}

// entry is a result line in short.
type entry struct {
	row    int64
	size   int64
	write  Write
	reason plan.Reason
	at     int64  // when it was settled, in ms since 1970; 0 where unknown
	took   uint32 // ms before that its object was begun
	status uint8
	before bool
}

const (
	isDone uint8 = iota
	isSkipped
	isFailed
)

// openAccount reads what is recorded of a segment. Lines of rows that wanted does
// not name are passed over, unless they are of a failure or hold a snapshot. Lines
// that are lost are told to noted, and what they said is not known then.
func openAccount(ctx context.Context, job *checkpoint.Snapshot, status *checkpoint.SegmentStatus, seg inventory.Segment, index int, wanted func(inventory.Position) bool, noted func(error)) (*account, error) {
	a := &account{index: index, segment: seg, counted: -1, newer: map[int64]restated{}, errors: map[int64]string{}, waiting: map[int64]bool{}}
	if seg.Last != inventory.OpenEnd {
		a.counted = seg.Last - seg.First + 1
	}
	if status == nil {
		return a, nil
	}
	if a.counted < 0 {
		a.counted = status.Rows
	}
	var err error
	if a.rows, err = job.Rows(ctx, index); err != nil {
		return nil, err
	}
	for line, err := range linesOf(ctx, job, index) {
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			noted(err)
			continue
		}
		a.take(&line, wanted)
	}
	slices.SortStableFunc(a.entries, func(x, y entry) int { return cmp.Compare(x.row, y.row) })
	return a, nil
}

// linesOf yields the result lines of one segment.
func linesOf(ctx context.Context, job *checkpoint.Snapshot, index int) iter.Seq2[report.Line, error] {
	return func(yield func(report.Line, error) bool) {
		for raw, err := range job.ResultsOf(ctx, index) {
			var line report.Line
			if err == nil {
				line, err = report.ParseLine(raw.Data)
			}
			if err != nil {
				err = fmt.Errorf("read results: %w", err)
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

// take keeps of a line what a verdict needs.
func (a *account) take(l *report.Line, wanted func(inventory.Position) bool) {
	e := entry{row: l.Pos.Row, size: l.Bytes, reason: known(l.Reason)}
	if !l.Time.IsZero() {
		e.at, e.took = l.Time.UnixMilli(), uint32(min(max(l.Took.Milliseconds(), 0), math.MaxUint32))
	}
	switch l.Status {
	case engine.Done.String():
		e.status, e.before = isDone, l.Before != ""
		e.write = WriteOf(l.ETagAfter, l.NewVersionID)
		if l.Action == plan.Update.String() {
			e.write = WriteOf(cmp.Or(l.ETagAfter, l.ETagBefore), l.VersionID)
		}
	case engine.Skipped.String():
		e.status, e.write = isSkipped, WriteOf(l.ETagBefore, l.VersionID)
	case engine.Failed.String():
		e.status = isFailed
	default:
		return
	}
	if e.status != isFailed && !e.before && !wanted(l.Pos) {
		return
	}
	a.entries = append(a.entries, e)
	switch {
	case e.status == isDone && l.Reason == report.Newer:
		a.newer[l.Pos.Row] = restated{l.ETagBefore, l.Bytes}
	case e.status == isFailed && l.Reason == plan.Unfaithful:
		a.errors[l.Pos.Row] = unique.Make(l.Error).Value()
	}
}

// known returns a reason of the vocabulary without the memory of its line.
func known(r plan.Reason) plan.Reason { return plan.Reason(unique.Make(string(r)).Value()) }

// of returns what is recorded of a row.
func (a *account) of(row int64) Promise {
	p := Promise{Size: -1}
	switch {
	case a.rows == nil || !a.rows.Settled(row):
		return p
	case a.rows.Failed(row):
		p.State = Failed
	default:
		p.State = Settled
	}
	// The last line of the row counts, as long as it is of how the row stands.
	at, _ := slices.BinarySearchFunc(a.entries, row+1, func(e entry, row int64) int { return cmp.Compare(e.row, row) })
	for i := at - 1; i >= 0 && a.entries[i].row == row; i-- {
		e := &a.entries[i]
		if (e.status == isFailed) != (p.State == Failed) {
			continue
		}
		if e.status == isDone {
			p.Error = a.errors[row] // of an earlier try, if it lost something
		}
		p.Line, p.Skipped, p.Reason, p.Size, p.Before, p.Write = true, e.status == isSkipped, e.reason, e.size, e.before, e.write
		if e.at != 0 {
			p.Time = time.UnixMilli(e.at)
			p.Began = p.Time.Add(-time.Duration(e.took) * time.Millisecond)
		}
		if e.status == isFailed {
			p.Error = a.errors[row]
		}
		if was, ok := a.newer[row]; ok && e.status == isDone {
			p.newer = &was
		}
		break
	}
	return p
}

// restate puts into a record what its object was when the job did it.
func (p *Promise) restate(r *inventory.Record, rekey bool) {
	if p.newer == nil {
		return
	}
	r.ETag, r.Size, r.StorageClass = p.newer.etag, p.newer.size, ""
	r.Known &^= inventory.ColumnsOf(inventory.ColStorageClass)
	if rekey {
		r.ETag = "" // the newer one may have been under another key, and then it is no MD5
	}
}

// snapshots yields the objects of the segment that wait to be compared with their
// snapshot.
func (a *account) snapshots(ctx context.Context, job *checkpoint.Snapshot, policy *plan.Policy) iter.Seq2[look, error] {
	return func(yield func(look, error) bool) {
		if len(a.waiting) == 0 {
			return
		}
		for line, err := range linesOf(ctx, job, a.index) {
			if err != nil || line.Before == "" || line.Status != engine.Done.String() {
				continue // lost lines were told of before; what waits for one is told in the end
			}
			sampled, waits := a.waiting[line.Pos.Row]
			if !waits {
				continue
			}
			before := new(plan.Snapshot)
			if err := json.Unmarshal([]byte(line.Before), before); err != nil {
				yield(look{}, fmt.Errorf("read snapshot of row %d of file %d: %w", line.Pos.Row, line.Pos.File, err))
				return
			}
			delete(a.waiting, line.Pos.Row)
			rec := inventory.Record{Pos: line.Pos, Bucket: line.Bucket, Key: line.Key, VersionID: line.VersionID, Size: -1}
			if !yield(look{claimedTask(policy, &rec, line.Action), a.of(line.Pos.Row), sampled, before}, nil) {
				return
			}
		}
	}
}

// claimedTask is the task of an object that was done by the named action: by the
// one that was decided on where it was found done, whose line names none.
func claimedTask(p *plan.Policy, rec *inventory.Record, action string) plan.Task {
	t := p.Decide(rec)
	t.Record.VersionID = rec.VersionID
	for a := plan.Skip + 1; a < plan.NumActions; a++ {
		if a.String() == action {
			t.Action = a
		}
	}
	return t
}
