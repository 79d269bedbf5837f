package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// canaryNote is the name under which the checkpoint keeps what an object was
// before it was tried, until it was compared with what it is after.
const canaryNote = "canary"

// unprovenNote is the name under which the checkpoint keeps, at one of its objects,
// that a canary was begun and proved nothing yet: its failed objects are tried once
// more then, as the rest of the bucket is not to be begun on the strength of them.
const unprovenNote = "canary-unproven"

// trial is one object on its way through the canary.
type trial struct {
	row     *canaryRow
	task    plan.Task
	settled bool // by an earlier run
	resumed bool // what it was before was remembered by an earlier run
	again   bool // it failed in an earlier run
	note    *trialNote
	looks   sent           // by both looks at it, until the journal has them
	result  *engine.Result // of this run
}

// trialNote is what is remembered of an object until it was compared.
type trialNote struct {
	Before *plan.Snapshot `json:"before"`
	ETag   string         `json:"etag,omitempty"` // after, where the run that did it could still say it
	Row    *canaryRow     `json:"row,omitempty"`  // of an object that plan.json does not name
}

// trials tries some objects of each kind before the rest is begun.
type trials struct {
	cfg      engine.Config
	looks    engine.Snapshotter
	paid     payingSnapshots
	journal  *journal
	all      []*trial
	accepted []plan.Attribute
	talk     io.Writer
	unproven []inventory.Position // where the checkpoint has an unprovenNote
	retry    bool                 // they are chosen among rows that failed
	more     bool                 // objects are left to do besides those that are tried
}

// tryFirst runs the canary of a job, where it has one that was not passed yet,
// and returns the state of the job after it. One that tries failed rows again
// tries some of these first. The objects that it began count towards the limit of
// the run.
func (f *runFlags) tryFirst(admit, work context.Context, p process, rep *inventory.Report, job *jobPlan, cfg *engine.Config, j *journal, paid payingSnapshots, at *checkpoint.Snapshot, timed func(time.Duration)) (*checkpoint.Snapshot, error) {
	if f.noCanary {
		return at, nil
	}
	if err := context.Cause(admit); err != nil {
		return at, err // ended before it began, as outside its hours
	}
	var again []canaryRow
	if f.retry {
		var err error
		if again, err = ofFailedRows(admit, cfg.Policy, rep, at, j.notes); err != nil {
			return at, err
		}
	}
	t := &trials{cfg: *cfg, looks: paid.Snapshotter, paid: paid, journal: j, accepted: f.accept.losses(), talk: f.output.talk(p), retry: f.retry}
	if err := t.find(work, job, at, f.retry, again); err != nil || len(t.all) == 0 {
		return at, err
	}
	t.more = job.Todo == unknown || job.Todo-settledBefore(at.Totals()) > t.fresh()
	if f.retry {
		t.more = at.Totals().Failed > int64(len(t.all))
	}
	if err := t.takeBack(work, at); err != nil {
		return at, err
	}
	t.limit(cfg.Limit)
	watch := &stopwatch{Gate: cfg.Gate}
	t.cfg.Gate = watch
	if err := t.run(admit, work); err != nil {
		return at, err
	}
	timed(watch.latency())
	j.tried = t.tried()
	if cfg.Limit > 0 {
		if cfg.Begun = int64(len(j.tried)); cfg.Begun >= cfg.Limit {
			return at, &engine.StopError{Limit: fmt.Sprintf("--limit %d", cfg.Limit)}
		}
	}
	return j.Snapshot(), nil
}

// tried are the objects that this run is through with.
func (t *trials) tried() map[inventory.Position]bool {
	all := map[inventory.Position]bool{}
	for _, one := range t.all {
		if one.result != nil && one.result.Outcome != engine.Deferred {
			all[one.task.Record.Pos] = true
		}
	}
	return all
}

// run remembers what the objects are, has the engine do them like all others,
// and compares. A difference that was not accepted is a *refusedError. What was
// remembered stays in the checkpoint until it was compared, so that a crash in
// between, or a refusal, leaves nothing uncompared.
func (t *trials) run(admit, work context.Context) error {
	if len(t.all) == 0 {
		return nil
	}
	fmt.Fprintf(t.talk, "Canary: trying %s first, of %s.\n", report.Plural(int64(len(t.all)), "object"), report.Plural(int64(len(t.kinds())), "kind"))
	noted := map[inventory.Position]bool{} // by an earlier run, which may have gone on to do it
	for _, one := range t.all {
		noted[one.task.Record.Pos] = one.note != nil
	}
	if err := t.remember(admit, work); err != nil {
		return err
	}
	cfg := t.cfg
	cfg.Limit, cfg.Journal, cfg.Sink = 0, trialJournal{t.journal, t.all}, sinks{t.cfg.Sink, recorder{t}}
	cfg.Settled = nil
	cfg.Uncertain = func(p inventory.Position) bool { return noted[p] }
	if err := engine.Run(admit, work, cfg, t.rows()); err != nil {
		return err
	}
	if err := t.keepETags(work); err != nil {
		return err
	}
	if err := t.payAgain(admit); err != nil {
		return err
	}
	lost, err := t.compare(work)
	if err != nil {
		return err
	}
	return t.conclude(work, lost)
}

// kinds are those of the objects that are tried.
func (t *trials) kinds() map[string]bool {
	all := map[string]bool{}
	for _, one := range t.all {
		for _, k := range one.row.Kinds {
			all[k] = true
		}
	}
	return all
}

// remember takes the snapshots and makes them durable, before anything is
// written. An object that cannot be read is left to the run, which reports it.
func (t *trials) remember(admit, work context.Context) error {
	gate := engine.Patient(t.cfg.Gate, t.cfg.Attempts)
	for _, one := range t.all {
		if one.note != nil || one.settled {
			continue
		}
		first := &counting{Gate: gate}
		before, err := t.paid.first(admit, &one.task, t.cfg.Policy, first)
		one.looks = first.twice(t.cfg.Policy, &one.task)
		if cause := context.Cause(admit); cause != nil {
			return cause
		}
		if err != nil {
			continue
		}
		one.note = &trialNote{Before: before}
		if t.retry {
			one.note.Row = one.row
		}
		if err := t.note(one); err != nil {
			return err
		}
	}
	if err := t.markUnproven(); err != nil {
		return err
	}
	return t.journal.Flush(work)
}

// markUnproven has the checkpoint know, once something is going to be tried, that
// nothing is proven yet.
func (t *trials) markUnproven() error {
	for _, one := range t.all {
		if one.settled || len(t.unproven) > 0 {
			continue
		}
		t.unproven = []inventory.Position{one.task.Record.Pos}
		return t.journal.Note(t.unproven[0], unprovenNote, []byte("{}"))
	}
	return nil
}

// note tells the checkpoint what is known of one object.
func (t *trials) note(one *trial) error {
	var data []byte
	if one.note != nil {
		var err error
		if data, err = json.Marshal(one.note); err != nil {
			return fmt.Errorf("remember object of the canary: %w", err)
		}
	}
	if err := t.journal.Note(one.task.Record.Pos, canaryNote, data); err != nil {
		return fmt.Errorf("remember object of the canary: %w", err)
	}
	return nil
}

// rows yields the rows that are not settled yet, as if they were the report.
func (t *trials) rows() iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		for _, one := range t.all {
			if one.settled {
				continue
			}
			rec := one.row.record(one.task.Record.Bucket)
			if !yield(inventory.Batch{Records: []inventory.Record{rec}}, nil) {
				return
			}
		}
	}
}

// recorder keeps the results of the canary.
type recorder struct{ *trials }

// Write implements engine.Sink.
func (r recorder) Write(res *engine.Result) error {
	for _, one := range r.all {
		if one.task.Record.Pos == res.Task.Record.Pos {
			one.result = res
		}
	}
	return nil
}

// keepETags adds to what is remembered what the objects became, so that a later
// comparison can tell whether somebody wrote them since.
func (t *trials) keepETags(ctx context.Context) error {
	for _, one := range t.all {
		if one.note == nil || one.result == nil {
			continue
		}
		switch res := one.result; {
		case res.Outcome == engine.Done && !res.Repeat && res.Task.Record.ETag != "" && res.Task.Record.ETag != one.note.Before.Head.ETag:
			one.note = nil // others wrote it after it was remembered: nothing to compare with
		case res.Outcome == engine.Done: // by now, or by a run that was cut off
			one.note.ETag = res.Effect.ETag
		case res.Reason != plan.NotEncrypted && res.Reason != plan.Unfaithful:
			one.note = nil // not touched, which the run reports
		}
		if err := t.note(one); err != nil {
			return err
		}
	}
	return t.journal.Flush(ctx)
}

// payAgain books the second look at the objects whose first look an earlier run
// took: what that paid for the second ended with it.
func (t *trials) payAgain(admit context.Context) error {
	for _, one := range t.all {
		if !one.resumed || one.note == nil {
			continue
		}
		if !t.paid.second(&one.task, t.cfg.Policy) {
			return context.Cause(admit)
		}
	}
	return nil
}

// trialJournal settles rows out of their order: the rows before them are not
// being worked on, and no segment is read to its end.
type trialJournal struct {
	*journal
	all []*trial
}

// Settle implements engine.Journal. What the looks at the object send counts as
// its own: the estimate has it, too.
func (j trialJournal) Settle(r *engine.Result) error {
	for _, one := range j.all {
		if p := one.task.Record.Pos; p == r.Task.Record.Pos {
			if err := one.looks.count(j.journal, p); err != nil {
				return err
			}
			one.looks = sent{}
		}
	}
	return j.journal.Settle(r)
}

// Admit implements engine.Journal.
func (trialJournal) Admit(context.Context, inventory.Position) error { return nil }

// End implements engine.Journal.
func (trialJournal) End(int, int64, error) error { return nil }
