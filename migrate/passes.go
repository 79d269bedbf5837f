package migrate

import (
	"context"
	"fmt"
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// Report is the report that is read, by one pass at a time.
type Report interface {
	Read(ctx context.Context, segments []inventory.Segment) iter.Seq2[inventory.Batch, error]
}

// Journal is the journal of a job. Its End takes the index of a segment in the
// job, and the number that the row after its last one would have in its file.
// Like engine.Journal it is used by one goroutine.
type Journal interface {
	engine.Journal
	Snapshot() *checkpoint.Snapshot
}

// Passes are the passes of one run over its report.
type Passes struct {
	Engine  engine.Config // without Journal, Settled and Uncertain
	Report  Report
	Journal Journal
	Rows    Selection
	Tried   []inventory.Position // rows that this run is through with already
}

// UnfinishedError says that a run came to its end and left rows that another pass
// would not settle either. The same command tries them again.
type UnfinishedError struct {
	Left   int64                  // rows put off
	Denied []*engine.DeniedPrefix // where some of them are, as access is denied
	Last   *engine.ObjectError    // why the last of the others was, nil where that is not known
}

// Error says how many rows were left, and why.
func (e *UnfinishedError) Error() string {
	left := fmt.Sprintf("%d objects are left", e.Left)
	if e.Left == 1 {
		left = "1 object is left"
	}
	switch n := len(e.Denied); {
	case n == 1:
		return fmt.Sprintf("%s, as access is denied below %q", left, e.Denied[0].Prefix)
	case n == 2:
		return fmt.Sprintf("%s, as access is denied below %q and 1 more prefix", left, e.Denied[0].Prefix)
	case n > 2:
		return fmt.Sprintf("%s, as access is denied below %q and %d more prefixes", left, e.Denied[0].Prefix, n-1)
	case e.Last != nil:
		return fmt.Sprintf("%s that could not be dealt with now: %v", left, e.Last)
	}
	return left + ", and the last pass over the report settled none"
}

// Run passes over the rows that are selected, and again over those of them that
// were put off, as long as each pass settles some. At is the state of the job as
// the first pass finds it. The error is that of engine.Run, *UnfinishedError, or
// why rows that have an outcome already cannot be read again.
func (p *Passes) Run(admit, work context.Context, at *checkpoint.Snapshot) error {
	tried := roaring64.New() // by this run, of rows that had an outcome before
	for _, pos := range p.Tried {
		tried.Add(pos.Number())
	}
	if p.Engine.Denials == nil {
		p.Engine.Denials = new(engine.Denials)
	}
	for {
		lifted := p.Engine.Denials.Lifted()
		sel, err := p.Rows.at(admit, at)
		if err != nil {
			if cause := context.Cause(admit); cause != nil {
				return cause // it was stopped before it began
			}
			return err
		}
		if len(sel.parts) == 0 {
			return nil
		}
		pass := &pass{Journal: p.Journal, selected: sel, settled: roaring64.New()}
		cfg := p.Engine
		cfg.Journal, cfg.Uncertain = pass, sel.uncertain
		cfg.Settled = func(pos inventory.Position) bool { return !sel.has(pos) || sel.again && tried.Contains(pos.Number()) }
		if err := engine.Run(admit, work, cfg, p.Report.Read(admit, sel.segments())); err != nil {
			return err
		}
		switch {
		case pass.damage != nil:
			return fmt.Errorf("read the failed rows: %w", pass.damage)
		case pass.putOff == 0:
			return nil
		case pass.progress == 0, pass.putOff == pass.denied && p.Engine.Denials.Lifted() == lifted:
			return &UnfinishedError{Left: pass.putOff, Denied: p.Engine.Denials.Prefixes(), Last: pass.why}
		}
		tried.Or(pass.settled)
		at = p.Journal.Snapshot()
	}
}

// pass is the journal of one pass. Segments are counted as in the list that the
// pass reads.
type pass struct {
	Journal
	*selected
	progress, putOff, denied int64
	why                      *engine.ObjectError
	settled                  *roaring64.Bitmap // where rows had an outcome before
	damage                   error
}

// Settle implements engine.Journal. A row that had an outcome before keeps that
// while it is put off, so that nothing must be remembered of this run.
func (p *pass) Settle(r *engine.Result) error {
	if r.Outcome == engine.Deferred {
		p.putOff++
		switch {
		case r.Reason == plan.Denied:
			p.denied++
		case r.Err != nil:
			p.why = r.Err
		}
		if p.again {
			kept := *r
			kept.Outcome = engine.Failed
			r = &kept
		}
		return p.Journal.Settle(r)
	}
	p.progress++
	if p.again {
		p.settled.Add(r.Task.Record.Pos.Number())
	}
	return p.Journal.Settle(r)
}

// End implements engine.Journal.
func (p *pass) End(segment int, rows int64, damage error) error {
	part := p.parts[segment]
	if p.whole {
		return p.Journal.End(part.index, part.rows.First+rows, damage)
	}
	if damage != nil && p.damage == nil {
		p.damage = damage
	}
	return nil
}
