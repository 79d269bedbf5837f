package engine

import (
	"context"
	"time"

	"reseal/plan"
)

// Endurance is what requests outside a run are sent with. Gate must be set; the
// rest has the defaults of Config.
type Endurance struct {
	Gate     Gate
	Attempts int
	Alive    func(context.Context) error
	Patience time.Duration
	Stats    *Stats // counted into where set
}

// Outlast returns a Gate that treats requests as a run does. It sends again what
// failed for a reason that passes. It waits while the endpoint is gone or the
// credentials have run out. It is safe for concurrent use. The context ends with ctx
// and with stop. It also ends where the wait becomes too long, with a *BreakerError as
// its cause. Call stop when no request is under way any more.
func Outlast(ctx context.Context, e Endurance) (_ context.Context, _ Gate, stop func()) {
	cfg := Config{Gate: e.Gate, Policy: new(plan.Policy), Attempts: e.Attempts, Alive: e.Alive, Patience: e.Patience, Stats: e.Stats}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{Config: cfg.withDefaults(), admit: ctx, work: ctx, stop: cancel}
	r.outage = newOutage(r)
	return ctx, steps{run: r, sent: new(tally)}, func() {
		r.outage.stop()
		cancel(nil)
	}
}
