package migrate

import (
	"context"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/control/metrics"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
)

// openState reads the state of the job and what it knows of single rows.
func (r *run) openState(ctx context.Context) (err error) {
	cfg := r.cfg
	if r.state, r.found, err = checkpoint.Open(ctx, cfg.Store, cfg.Plan.StateHash(), cfg.Plan.Segments, cfg.State); err != nil {
		return err
	}
	notices := r.found.Notices()
	for _, n := range notices {
		cfg.Log.Warn("state notice", "text", n)
	}
	cfg.Observer.Opened(notices)
	r.plan = cfg.Share.Part(cfg.Plan, cfg.State.Own)
	if r.uploadNotes, err = job.ReadUploadNotes(ctx, r.found); err != nil {
		return err
	}
	if r.canaryNotes, err = job.ReadCanaryNotes(ctx, r.found, r.uploadNotes.FlushRequests); err != nil {
		return err
	}
	if !cfg.Rows.Again() {
		return r.findDenied(ctx)
	}
	lost, err := job.FindLostRows(ctx, r.found, cfg.Accepted)
	if err != nil {
		return err
	}
	r.lost = lost.Contains
	return nil
}

// findDenied takes what earlier runs were denied for evidence, so that no restart turns
// more objects of a denied prefix into failures.
func (r *run) findDenied(ctx context.Context) error {
	if r.found.Totals().Failed == 0 {
		return nil
	}
	return job.DeniedKeys(ctx, r.found, engine.RememberedDenials, r.denials.DeniedBefore)
}

func (r *run) makeRewriter() (err error) {
	cfg := r.cfg
	r.rewriter, err = cfg.Client.Rewriter(s3api.RewriteConfig{
		Options: cfg.Policy.Options, Facts: cfg.Policy.Facts, AcceptLoss: cfg.Accepted, Notes: r.uploadNotes,
		UpdateProven: cfg.UpdateProven, LocksShown: cfg.LocksShown, Divided: cfg.Share.Count > 0,
	})
	if err != nil {
		return &RefusedError{err}
	}
	return nil
}

// RefusedError is a run that was not begun, nothing having been written.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

func (r *run) makePacing() {
	pace := &r.cfg.Pace
	r.governor = ratelimit.New(ratelimit.Config{
		Caps:     ratelimit.Limits{KMS: pace.KMSCap},
		Expected: ratelimit.Limits{Writes: pace.S3Writes, Reads: pace.S3Writes * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix},
		MaxSlots: control.MaxConcurrency, // the controller sets less
		Shared:   pace.Shared,
	})
	r.stats.Requests.Store(r.cfg.Probe.Requests.Load())
	r.stats.KMSMax.Store(r.cfg.Probe.KMSMax.Load())
}

// makeLedger takes over what the job has cost, from its history and its settled rows.
func (r *run) makeLedger() {
	cfg, l := r.cfg, r.life
	name := cfg.Share.HistoryName()
	r.history = job.OpenHistory(l.work, cfg.Store, name, cfg.Pace.KMSCap, cfg.Log)
	counters := r.found.Totals().Counters
	settled := cost.Money(counters[ledger.SpentCounter])
	earlier := r.history.Earlier(settled)
	r.history.Reconcile(settled, job.CountedBy(counters))
	r.history.CountRuns(l.work, cfg.Store, cfg.Share)
	r.bound = job.NewSpendingBound(l.work, cfg.Store, job.SpendingName(name), cfg.Log)
	limit, text := r.limitBesideOthers()
	r.bound.Limit = limit
	r.spent = ledger.New(ledger.Config{
		Prices: cfg.Prices, Region: cfg.Policy.Facts.Region, Now: cfg.Policy.Now, Earlier: earlier, Cover: r.bound.Cover,
		Limit: ledger.Limit{Amount: limit, Name: "--max-cost " + text, StallTimeout: cfg.Limits.Drain, Reached: l.stop, Stalled: l.kill},
	})
	r.meter = ledger.NewMeter(l.admit, r.rewriter, r.spent)
}

// limitBesideOthers is what the run may spend, and how a person knows that limit. What runs
// of another division have cost beside settled rows counts against it: a share has a part of
// that, too. Before any row is worked on, these runs' rows are noted.
func (r *run) limitBesideOthers() (limit cost.Money, text string) {
	cfg := r.cfg
	limit, text = cfg.Limits.Cost, cfg.Limits.CostText
	others, err := job.ReadOtherDivisions(r.life.work, cfg.Store, cfg.Share)
	if err == nil {
		err = others.Retire(r.life.work)
	}
	if err != nil {
		cfg.Log.Warn("other divisions not known", "error", err)
	}
	if others == nil {
		return limit, text
	}
	r.others = &othersReserve{others: others, store: cfg.Store, own: len(r.plan.Segments), all: len(cfg.Plan.Segments), log: cfg.Log}
	if beside := cfg.Share.PartOf(others.Beside()); limit > 0 && beside > 0 {
		limit = max(limit-beside, 1)
		text += ", less " + beside.String() + " for runs of another division"
	}
	return limit, text
}

func (r *run) makeController() {
	pace := &r.cfg.Pace
	r.controller = control.New(control.Config{
		Governor: r.governor, Stats: r.stats, Stop: r.life.stop, Log: r.cfg.Log, Notify: r.cfg.Observer.Notify, Ordered: r.cfg.Ordered,
		KMSCap: pace.KMSCap, KMSQuota: pace.KMSQuota, Shared: pace.Shared, Concurrency: pace.Concurrency, MaxSlots: pace.Connections,
		Window: pace.Window, WindowExit: pace.WindowExit, FlagFile: pace.FlagFile,
	})
}

func (r *run) makeServices() (err error) {
	r.health = &control.Health{Stats: r.stats, Admit: r.life.admit}
	r.services, err = openServices(r.cfg, r.controller, metrics.Source{
		Version: r.cfg.Version, Job: r.cfg.Services.JobName, Share: r.cfg.Share.Name(), Shares: r.cfg.Share.Count,
		Todo: r.cfg.Plan.CountOrUnknown(r.cfg.Plan.Todo), SettledBefore: r.cfg.Rows.HandledBefore(r.found.Totals()),
		Controller: r.controller, Stats: r.stats, Spent: r.spent.SpentIfPriced, Flushed: r.flushed,
		CredentialsExpiry: r.cfg.Client.CredentialsExpiry, Probed: r.cfg.Probe.Requests.Load(), Health: r.health,
	})
	return err
}

func (r *run) makeJournal() {
	retried := r.cfg.Rows.Again() || triedAgain(r.life.admit, r.cfg.Store, r.cfg.Share, r.found, r.plan.Canary)
	if !retried {
		r.setAsideLess()
	}
	r.journal = &stateJournal{
		state: r.state, ledger: r.spent, uploads: r.uploadNotes, canary: r.canaryNotes, history: r.history,
		counters: rowCounters{keys: r.findKeys(), clients: clientKeys{known: func() map[string]int64 { return r.state.Totals().Counters }}},
		reserve:  newReserve(r.found, retried, r.bound), others: r.others, flushed: r.flushed, last: r.life.last,
	}
}

// setAsideLess holds what is set aside for a run that was cut off against its rows.
func (r *run) setAsideLess() {
	ctx := r.life.admit
	err := setAsideLess(ctx, r.history, r.bound, r.spent, func() (cost.Money, bool, error) {
		rows, err := findInterrupted(ctx, r.found, r.plan.Canary)
		if err != nil {
			return 0, false, err
		}
		return rows.price(ctx, r.cfg.Report, r.cfg.Policy, r.spent)
	})
	if err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("interrupted rows not priced", "error", err)
	}
}

// engineConfig is all that the engine needs but its journal.
func (r *run) engineConfig() engine.Config {
	cfg, limits := r.cfg, &r.cfg.Limits
	if job.Reencrypted(r.found.Totals()) > 0 {
		r.denials.SucceededBefore()
	}
	return engine.Config{
		Rewriter: r.meter, Snapshotter: r.meter, Gate: r.services.gate(r.governor), Policy: cfg.Policy, Accepted: cfg.Accepted,
		Sink:    &report.Writer{Log: job.LineLog{Context: r.life.last, State: r.state}, All: cfg.Lines, Summary: r.history.Summary},
		Workers: control.MaxConcurrency, Slots: r.controller.Slots, Ready: r.governor.Ready, Attempts: limits.Attempts,
		Alive:    func(ctx context.Context) error { return cfg.Client.Alive(ctx, cfg.Policy.Options.Bucket) },
		Patience: limits.Outage, Limit: limits.Objects, Budget: limits.Budget,
		Drain: limits.Drain, Ending: r.life.stop, Cut: r.life.kill, Denials: &r.denials,
		Hurry: r.uploadNotes.FlushRequests, Lost: r.lost,
		Broken: func(err error) { r.uploadNotes.Fail(err); r.canaryNotes.Fail(err) },
		Stats:  r.stats, Logger: cfg.Log,
	}
}

// observeHistory says where the history of the job reads what it records, and writes
// it, so that a run counts that is cut off at once.
func (r *run) observeHistory() {
	r.history.Readings = job.HistoryReadings{
		Spent: r.spent.Spent, Status: r.controller.Status, Caps: r.controller.KMSCaps,
		Unsettled: func() job.RequestCount {
			counted := r.journal.counted
			return job.RequestCount{Requests: max(0, r.stats.Requests.Load()-counted.Requests), KMSMax: max(0, r.stats.KMSMax.Load()-counted.KMSMax)}
		},
		Settled: func() job.RequestCount { return job.CountedBy(r.state.Totals().Counters) },
		Counted: func() cost.Money { return cost.Money(r.state.Totals().Counters[ledger.SpentCounter]) },
	}
	if r.canary.trials != nil {
		r.history.Readings.Proven = r.canary.table
	}
	r.history.Write(r.life.last)
}

// findKeys asks which key aws/s3 is, where the report does not say how objects are
// encrypted, so that many may be found under it. Without an answer in time the run
// goes on: that key is then one of the others.
func (r *run) findKeys() FoundKeys {
	p := r.cfg.Policy
	k := FoundKeys{Wanted: p.Options.KMSKeyID}
	if p.Options.SSE != plan.TargetKMS || r.cfg.Report.Manifest().Columns.Has(inventory.ColEncryption) {
		return k
	}
	short, cancel := context.WithTimeout(r.life.admit, preflight.LookTimeout)
	defer cancel()
	if key, err := r.cfg.Client.Key(short, s3api.ManagedKeyAlias); err == nil {
		k.AWS = key.ARN
	}
	return k
}
