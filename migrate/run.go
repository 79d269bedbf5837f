package migrate

import (
	"context"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/ratelimit"
	"reseal/s3api"
)

// Migration is a job that is open for one run.
type Migration struct{ run *run }

// Open reads the state of the job. Nothing was begun when it fails.
func Open(ctx context.Context, cfg Config) (*Migration, error) {
	r := &run{cfg: &cfg, stats: new(engine.Stats), flushed: new(atomic.Int64)}
	if err := r.openState(ctx); err != nil {
		return nil, err
	}
	return &Migration{r}, nil
}

// Run works until nothing is left that it can do, or it is stopped. All parts of a run meet
// here: report -> decision -> engine -> gate -> store, and back from the store into
// state and results. It can be called once. Life is over after it, but for what is
// written last.
//
// Without an outcome the run was not begun. The error is why it ended before its
// work did, one of Passes.Run, or of the canary: *CanaryFailedError,
// *CanaryLossError, *canary.LossError, *canary.UnprovenError.
func (m *Migration) Run(life *Lifetime) (*Outcome, error) {
	r := m.run
	r.life = life
	defer life.endWork()
	defer r.limitTime()()
	if err := r.makeRewriter(); err != nil {
		return nil, err
	}
	r.makePacing()
	r.makeLedger()
	r.makeController()
	if err := r.makeServices(); err != nil {
		return nil, err
	}
	defer r.services.close()
	r.makeJournal()
	engineConfig := r.engineConfig()
	r.canary = r.newCanary(&engineConfig)
	r.observeHistory()

	r.start()
	err := r.work(&engineConfig)
	return r.finish(err), err
}

// run is the parts of one run. Each is made by one method, in the order of Run.
type run struct {
	cfg     *Config
	stats   *engine.Stats
	flushed *atomic.Int64 // unix nanoseconds at which all was durable
	started time.Time

	state       *checkpoint.Journal
	found       *checkpoint.Snapshot // the job as the run found it
	plan        *job.Plan            // as far as this process works on it
	uploadNotes *job.Notes
	canaryNotes *job.Notes
	lost        func(inventory.Position) bool // of rows that failed, nil for none
	denials     engine.Denials

	life       *Lifetime
	rewriter   *s3api.Rewriter
	governor   *ratelimit.Governor
	history    *job.HistoryWriter
	bound      *job.SpendingBound
	others     *othersReserve // may be nil
	spent      *ledger.Ledger
	meter      *ledger.Meter // of rewriter
	controller *control.Controller
	services   *services
	health     *control.Health
	journal    *stateJournal
	canary     *canaryRun
}

// start starts all that runs beside the work.
func (r *run) start() {
	cfg, l := r.cfg, r.life
	r.started = time.Now()
	cfg.Report.WaitFor(cfg.Limits.Outage, func(name string, err error) {
		cfg.Log.Warn("report file awaited", "file", name, "error", err)
		cfg.Observer.ReportOutage(name, err)
	})
	l.Start(func(ctx context.Context) { r.governor.Run(ctx) })
	l.Start(func(context.Context) { r.controller.Watch(l.admit) })
	l.Start(func(ctx context.Context) { r.bound.Keep(ctx, r.spent.Spent) })
	r.logStart()
	r.services.start(l)
	for _, do := range cfg.Observer.Beside(&Live{Plan: r.plan, Earlier: r.found.Totals(), Stats: r.stats, Controller: r.controller, Spent: r.spent}) {
		l.Start(do)
	}
}

// limitTime sets the limits of time: of the run, and of what is under way at its end. They
// hold for all that the run does.
func (r *run) limitTime() (done func()) {
	l, limits := r.life, &r.cfg.Limits
	drained := control.BoundDrain(l.admit, l.work, limits.Drain, l.kill)
	if limits.Duration <= 0 {
		return drained
	}
	since := limits.Since
	if since.IsZero() {
		since = time.Now()
	}
	timer := time.AfterFunc(time.Until(since.Add(limits.Duration)), func() { l.stop(TimeIsUp(limits.Duration)) })
	return func() { timer.Stop(); drained() }
}

// work tries the canary, and then passes over the report.
func (r *run) work(cfg *engine.Config) error {
	l := r.life
	at, err := r.canary.first(l.admit, l.work, &firstObjects{report: r.cfg.Report, plan: r.plan, journal: r.journal, at: r.found})
	if err == nil {
		r.health.Proven()
		passes := Passes{Engine: *cfg, Report: r.cfg.Report, Journal: r.journal, Rows: r.cfg.Rows, Tried: r.journal.tried}
		err = r.canary.conclude(l.work, r.journal, passes.Run(l.admit, l.work, at))
	}
	if loss := r.canary.loss(); loss != nil {
		err = loss
	}
	if err == nil {
		r.journal.reserve.releaseAll(r.state, r.history, r.spent)
		r.others.release(l.last)
	}
	return err
}

// finish ends all that runs beside the work, and writes down how the run ended.
func (r *run) finish(err error) *Outcome {
	totals := r.state.Totals()
	ending := r.controller.Status()
	ending.Ended = r.cfg.Observer.Ending(err, totals)
	r.life.endWork()
	r.history.Readings.Status = func() control.Status { return ending } // not that of a governor that has ended
	r.history.Write(r.life.last)
	r.bound.End(r.life.last, r.spent.Spent())
	took := time.Since(r.started)
	r.logEnd(&ending, took)
	return &Outcome{State: r.state.Snapshot(), Totals: totals, History: r.history.History, Stats: r.stats, Status: ending, Took: took, Rewriter: r.rewriter}
}
