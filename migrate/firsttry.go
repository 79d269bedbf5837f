package migrate

import (
	"context"
	"iter"
	"slices"

	"reseal/control"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// firstTry is one try of the objects that were chosen.
type firstTry struct {
	canary *canaryRun
	cfg    *engine.Config
	first  *firstObjects
	all    []*chosen
	left   map[inventory.Position]*job.Uncompared // by earlier runs
	more   bool                                   // objects are left to do besides those that are tried
	before int64                                  // objects compared before
	lost   func(inventory.Position) bool          // of those that are tried again
	watch  *control.Stopwatch
}

// chosen is one object on its way through the canary.
type chosen struct {
	row    *job.Row
	task   plan.Task
	again  bool           // it failed in an earlier run
	result *engine.Result // of this run
}

// run has the engine do them like all others, each compared with what it was.
func (r *firstTry) run(admit, work context.Context) error {
	trials, kinds := r.canary.trials, map[string]bool{}
	for _, one := range r.all {
		trials.Expect(&one.task)
		for _, k := range one.row.Kinds {
			kinds[k] = true
		}
		if len(one.row.Kinds) == 0 { // of an earlier run, which the plan did not choose
			kinds[one.task.Action.String()+" "+string(one.task.Record.StorageClass)] = true
		}
	}
	r.before = trials.Compared()
	r.canary.observer.CanaryBegins(int64(len(r.all)), int64(len(kinds)))
	r.watch = &control.Stopwatch{Next: r.cfg.Gate}
	cfg := *r.cfg
	cfg.Limit, cfg.Journal, cfg.Trials, cfg.Gate = 0, outOfOrder{r.first.journal, r}, trials.Every(), r.watch
	cfg.Sink, cfg.Settled, cfg.Continued = sinks{cfg.Sink, recorder{r}}, nil, r.more
	if r.lost != nil {
		cfg.Lost = r.lost
		if w, ok := r.cfg.Sink.(*report.Writer); ok { // a line that says "done" takes back the one that said "failed"
			cfg.Sink = sinks{&report.Writer{Log: w.Log, All: true, Summary: w.Summary}, recorder{r}}
		}
	}
	cfg.Uncertain = r.uncertain
	return engine.Run(admit, work, cfg, r.rows())
}

// uncertain tells whether an earlier run may have re-encrypted the object: nobody
// knows how the one ended that failed before.
func (r *firstTry) uncertain(p inventory.Position) bool {
	one := r.chosen(p)
	return r.left[p] != nil || one != nil && one.again
}

// handledAgain is how many have an outcome in this run and had one in an earlier.
func (r *firstTry) handledAgain() (n int64) {
	for _, one := range r.all {
		if one.again && one.result != nil && one.result.Outcome != engine.Deferred && one.result.Outcome != engine.NotAttempted {
			n++
		}
	}
	return n
}

// tried are the rows that this run is through with.
func (r *firstTry) tried() (all []inventory.Position) {
	for _, one := range r.all {
		if one.result != nil {
			all = append(all, one.task.Record.Pos)
		}
	}
	return all
}

// rows yields the objects as if they were the report.
func (r *firstTry) rows() iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		for _, one := range r.all {
			rec := one.row.Record(one.task.Record.Bucket)
			if !yield(inventory.Batch{Records: []inventory.Record{rec}}, nil) {
				return
			}
		}
	}
}

// recorder keeps the results of the first objects.
type recorder struct{ try *firstTry }

// Write implements engine.Sink.
func (r recorder) Write(res *engine.Result) error {
	if one := r.try.chosen(res.Task.Record.Pos); one != nil {
		one.result = res
	}
	return nil
}

// chosen returns the object of a row, nil where it was not chosen.
func (r *firstTry) chosen(p inventory.Position) *chosen {
	i := slices.IndexFunc(r.all, func(one *chosen) bool { return one.task.Record.Pos == p })
	if i < 0 {
		return nil
	}
	return r.all[i]
}

// sinks hands a result to several sinks in turn.
type sinks []engine.Sink

// Write implements engine.Sink.
func (s sinks) Write(r *engine.Result) error {
	for _, sink := range s {
		if err := sink.Write(r); err != nil {
			return err
		}
	}
	return nil
}

// outOfOrder is a journal that settles rows out of their order: the rows before
// them are not being worked on, and no segment is read to its end.
type outOfOrder struct {
	journal *stateJournal
	try     *firstTry
}

// Settle implements engine.Journal. A row that failed before stays so where it is
// put off.
func (j outOfOrder) Settle(r *engine.Result) error {
	if one := j.try.chosen(r.Task.Record.Pos); r.Outcome == engine.Deferred && one != nil && one.again {
		kept := *r
		kept.Outcome = engine.Failed
		r = &kept
	}
	return j.journal.Settle(r)
}

// Flush implements engine.Journal.
func (j outOfOrder) Flush(ctx context.Context) error { return j.journal.Flush(ctx) }

// Rest implements engine.Journal.
func (j outOfOrder) Rest(ctx context.Context) error { return j.journal.Rest(ctx) }

// Admit implements engine.Journal.
func (outOfOrder) Admit(context.Context, inventory.Position) error { return nil }

// Doubt implements engine.Journal. Of an object that was written and not compared a
// note is kept.
func (outOfOrder) Doubt(inventory.Position) error { return nil }

// End implements engine.Journal.
func (outOfOrder) End(int, int64, error) error { return nil }
