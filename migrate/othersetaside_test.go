package migrate

import (
	"errors"
	"log/slog"
	"testing"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/inventory"
	"reseal/job"
)

// divided begins a run of another share on the same job, as a run does. It returns what
// waits for its rows.
func (j *asideJob) divided(s job.Share) (*asideJob, *othersReserve) {
	j.t.Helper()
	next := &asideJob{t: j.t, store: j.store, share: s, limit: j.limit, last: j.last}
	next.open()
	others, err := job.ReadOtherDivisions(j.t.Context(), j.store, s)
	if err == nil {
		err = others.Retire(j.t.Context())
	}
	if err != nil {
		j.t.Fatal(err)
	}
	own := 2
	if s.Count > 0 {
		own = 1
	}
	return next, &othersReserve{others: others, store: j.store, own: own, all: 2, log: slog.New(slog.DiscardHandler)}
}

// spentOf is what status says that the job cost.
func (j *asideJob) spentOf() (spent, setAside cost.Money) {
	j.t.Helper()
	h, err := job.ReadWholeHistory(j.t.Context(), j.store)
	if err != nil {
		j.t.Fatal(err)
	}
	at, err := checkpoint.Read(j.t.Context(), j.store)
	if err != nil {
		j.t.Fatal(err)
	}
	return h.SpentAtMost(cost.Money(at.Totals().Counters[ledger.SpentCounter])), h.CutOff
}

// writeCounted writes the history of a run that spent what the settled rows of its share
// counted, and no more.
func (j *asideJob) writeCounted() {
	j.Readings.Counted = func() cost.Money { return cost.Money(j.Journal.Totals().Counters[ledger.SpentCounter]) }
	j.Readings.Spent = j.Readings.Counted
	j.Write(j.t.Context())
}

// What a run that was cut off set aside is given back once its rows are settled, also
// where the job is divided in another way by then: not before, and whoever settles them.
func TestWhatAnotherDivisionSetAsideComesBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   job.Share
		then []job.Share
	}{
		{"whole, then shares", job.Share{}, []job.Share{{Index: 0, Count: 2}, {Index: 1, Count: 2}}},
		{"a share, then the whole", job.Share{Index: 0, Count: 2}, []job.Share{{}}},
		{"a share, then other shares", job.Share{Index: 0, Count: 2}, []job.Share{{Index: 0, Count: 3}, {Index: 1, Count: 3}}},
	} {
		j := newAsideJob(t, tt.of)
		j.crash(0, 4*cost.Cent) // rows 0 to 9 of file 0
		if tt.of.Count == 0 {   // and of file 1
			if err := j.Admit(t.Context(), inventory.Position{File: 1}); err != nil {
				t.Fatal(err)
			}
		}
		for n, s := range tt.then {
			next, others := j.divided(s)
			for file := range 2 {
				for row := range int64(20) {
					if !next.own(file) {
						continue
					}
					p := inventory.Position{File: file, Row: row}
					if err := errors.Join(next.Admit(t.Context(), p), next.Count(p, ledger.SpentCounter, 7), next.Done(p), next.Journal.Flush(t.Context())); err != nil {
						t.Fatal(err)
					}
					others.flushed(t.Context(), next.Journal)
				}
			}
			others.release(t.Context())
			spent, aside := j.spentOf()
			if over := n == len(tt.then)-1; tt.of.Count == 0 && over != (aside == 0) || tt.of.Count > 0 && aside != 0 {
				t.Errorf("%s: after share %q %v is set aside, %v spent", tt.name, s.Name(), aside, spent)
			}
			next.writeCounted()
		}
		at, _ := checkpoint.Read(t.Context(), j.store)
		settled := cost.Money(at.Totals().Counters[ledger.SpentCounter])
		if spent, _ := j.spentOf(); spent != settled || settled == 0 {
			t.Errorf("%s: %v spent, want what the settled rows counted, %v", tt.name, spent, settled)
		}
	}
}

// What the objects may have cost that a run was cut off at stays, and what a division begins
// with has what the others spent: nothing of it twice.
func TestWhatAnotherDivisionSpentCountsOnce(t *testing.T) {
	j := newAsideJob(t, job.Share{})
	j.crash(0, 4*cost.Cent)
	next, others := j.divided(job.Share{Index: 0, Count: 2})
	if got := others.others.Beside(); got < 4*cost.Cent {
		t.Errorf("%v beside what the rows counted, want what was set aside", got)
	}
	for row := range int64(10) {
		p := next.at(row)
		if err := errors.Join(next.Count(p, ledger.DoubtedCounter, 100), next.Count(p, ledger.SpentCounter, 7), next.Done(p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := next.Journal.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	others.flushed(t.Context(), next.Journal)
	next.writeCounted()
	if spent, aside := j.spentOf(); aside != 1000 || spent != 1070 {
		t.Errorf("%d set aside, %d spent; want 1000 for the objects in doubt, and 70", aside, spent)
	}
	back, _ := next.divided(job.Share{}) // and as a whole again
	counted := cost.Money(back.found.Totals().Counters[ledger.SpentCounter])
	if got := back.Earlier(counted); got < 1000 || got > 1070 {
		t.Errorf("the whole job begins with %v, want 1070 at most, and what stays set aside", got)
	}
}
