package migrate

import (
	"context"
	"log/slog"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/job"
)

// reserve is the money that is set aside for runs that were cut off. It is given
// back once all rows are settled that they may have worked on. The goroutine that
// owns the journal uses it.
type reserve struct {
	rows  map[int]int64 // by segment: no row from here on was worked on; empty where nothing waits
	bound *job.SpendingBound
}

// newReserve finds the rows in doubt of a job, or a share of it, as it was found. Where a
// run may have been cut off that tried failed rows again, nothing is given back early:
// nobody knows which of them it tried.
func newReserve(at *checkpoint.Snapshot, retried bool, bound *job.SpendingBound) *reserve {
	r := &reserve{rows: map[int]int64{}, bound: bound}
	if retried {
		return r
	}
	for _, s := range at.Segments() {
		if !s.Finished && s.Admitted > s.Mark {
			r.rows[s.Index] = s.Admitted
		}
	}
	return r
}

// release gives back what is not needed any more, now that the state is durable.
func (r *reserve) release(ctx context.Context, j *checkpoint.Journal, h *job.HistoryWriter, l *ledger.Ledger) {
	if r == nil || len(r.rows) == 0 {
		return
	}
	at := j.Snapshot()
	for _, s := range at.Segments() {
		if s.Finished || s.Mark >= r.rows[s.Index] {
			delete(r.rows, s.Index)
		}
	}
	if len(r.rows) > 0 {
		return
	}
	if back := h.ReleaseReserved(cost.Money(at.Totals().Counters[ledger.DoubtedCounter])); back > 0 {
		l.Refund(back)
		r.bound.Lower(ctx, l.Spent)
	}
}

// releaseAll gives back what is not needed at the end of a run, where that left nothing
// to do.
func (r *reserve) releaseAll(j *checkpoint.Journal, h *job.HistoryWriter, l *ledger.Ledger) {
	if t := j.Totals(); t.Finished == t.Segments {
		l.Refund(h.ReleaseReserved(cost.Money(t.Counters[ledger.DoubtedCounter])))
	}
}

// othersReserve is the money that is set aside for runs that were cut off in another
// division of the job. It is given back once all rows are settled that they may have
// worked on, by whatever run. The goroutine that owns the journal uses it.
type othersReserve struct {
	others   *job.OtherDivisions
	store    checkpoint.Reader
	own, all int  // segments of this process, and of the job
	asked    bool // for the rows of the whole job, once those of this process were settled
	log      *slog.Logger
}

// flushed gives back what is not needed any more, once the rows of this process are
// settled that it is set aside for, and, as far as that is so then, those of others.
func (o *othersReserve) flushed(ctx context.Context, j *checkpoint.Journal) {
	if o == nil || o.asked || !o.others.Waiting() || !o.others.Settled(j.Snapshot(), o.own) {
		return
	}
	o.asked = true
	o.release(ctx)
}

// release gives back what is not needed any more.
func (o *othersReserve) release(ctx context.Context) {
	if o == nil || !o.others.Waiting() {
		return
	}
	at, err := checkpoint.Read(ctx, o.store)
	if err == nil {
		err = o.others.Release(ctx, at, o.all, cost.Money(at.Totals().Counters[ledger.DoubtedCounter]))
	}
	if err != nil {
		o.log.Warn("other divisions not given back", "error", err)
	}
}
