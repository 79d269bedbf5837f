package ledger

import (
	"context"
	"errors"
	"sync/atomic"

	"reseal/cost"
	"reseal/engine"
	"reseal/plan"
)

// Store is what carries out the requests of a run.
type Store interface {
	engine.Rewriter
	engine.Snapshotter
}

// Meter is a Store that books what the requests of another one cost, and sends none
// that could take the sum above the limit: the error of such a request is
// *engine.LeftForLater. Safe for concurrent use.
type Meter struct {
	store  Store
	ledger *Ledger
	admit  context.Context // ends when no more objects are begun
}

var _ Store = (*Meter)(nil)

// NewMeter returns a meter for the requests of store. Where money runs short they
// wait for it no longer than until admit ends.
func NewMeter(admit context.Context, store Store, l *Ledger) *Meter {
	return &Meter{store: store, ledger: l, admit: admit}
}

// Settle closes the account of a task that the engine does not settle.
func (m *Meter) Settle(t *plan.Task) { m.ledger.Settle(t.Record.Pos) }

// Inspect implements engine.Rewriter.
func (m *Meter) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Head, error) {
	metered, err := m.open(t, g)
	if err != nil {
		return nil, err
	}
	return m.store.Inspect(ctx, t, metered)
}

// Rewrite implements engine.Rewriter. It reserves anew: a look at the object may have
// changed what is to be done.
func (m *Meter) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	metered, err := m.open(t, g)
	if err != nil {
		return engine.Effect{}, err
	}
	return m.store.Rewrite(ctx, t, metered)
}

// Snapshot implements engine.Snapshotter.
func (m *Meter) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	metered, err := m.open(t, g)
	if err != nil {
		return nil, err
	}
	return m.store.Snapshot(ctx, t, metered)
}

// open reserves for t, and returns the gate that its requests are charged at.
func (m *Meter) open(t *plan.Task, g engine.Gate) (*gate, error) {
	if !m.ledger.reserve(m.admit, t) {
		return nil, m.ledger.refuse(t)
	}
	return &gate{next: g, meter: m, task: t}, nil
}

// gate is the Gate of one object: every try of a request is paid for before it is
// sent.
type gate struct {
	next  engine.Gate
	meter *Meter
	task  *plan.Task
	parts atomic.Bool // the first part was paid for
}

// Do implements engine.Gate.
func (g *gate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	l := g.meter.ledger
	price, _ := l.region.Spent(g.task, s.Demand, false, l.now)
	return g.next.Do(ctx, s, func(ctx context.Context) error { // once for each try
		moved := g.moved(s.Kind)
		if !l.charge(g.meter.admit, g.task, price.Add(moved)) {
			return l.refuse(g.task)
		}
		ended := l.sending()
		err := send(ctx)
		ended(err == nil || refused(err))
		if s.Kind == plan.StepCopy && refused(err) {
			l.charge(g.meter.admit, g.task, -moved) // nothing was read
		}
		return err
	})
}

// moved is what it costs that a request has data read and overwritten. Of the
// parts of a copy the first one pays for all.
func (g *gate) moved(k plan.StepKind) cost.Money {
	if k != plan.StepCopy && (k != plan.StepPart || g.parts.Swap(true)) {
		return 0
	}
	moved, _ := g.meter.ledger.region.Spent(g.task, plan.Demand{}, true, g.meter.ledger.now)
	return moved
}

// refused tells whether there is an answer, and it says that nothing was done.
// Without such an answer to a copy it may have been.
func refused(err error) bool {
	var oe *engine.ObjectError
	return errors.As(err, &oe) && oe.Class != engine.Transient
}
