package main

import (
	"context"
	"errors"
	"sync/atomic"

	"reseal/cost"
	"reseal/engine"
	"reseal/plan"
)

// paying is a Rewriter that books what its requests cost, and sends none that
// could take the sum above the limit.
type paying struct {
	engine.Rewriter
	ledger *ledger
	admit  context.Context // ends when no more objects are begun
}

var _ engine.Rewriter = paying{}

// Inspect implements engine.Rewriter.
func (p paying) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Head, error) {
	if !p.ledger.reserve(p.admit, t) {
		return nil, p.ledger.refuse(t)
	}
	return p.Rewriter.Inspect(ctx, t, &till{Gate: g, ledger: p.ledger, admit: p.admit, task: t})
}

// Rewrite implements engine.Rewriter.
func (p paying) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	if !p.ledger.reserve(p.admit, t) { // anew: a look at the object may have changed what is to be done
		return engine.Effect{}, p.ledger.refuse(t)
	}
	return p.Rewriter.Rewrite(ctx, t, &till{Gate: g, ledger: p.ledger, admit: p.admit, task: t})
}

// refuse ends admission. What it returns leaves the object to be done by a
// later run.
func (l *ledger) refuse(t *plan.Task) error {
	l.over(t)
	return &engine.ObjectError{Op: t.Action.String(), Bucket: t.Record.Bucket, Key: t.Record.Key, Class: engine.Fatal,
		Err: errors.New("its requests may cost more than is left of --max-cost")}
}

// till is the Gate of one object: every request that goes through it is paid
// for before it is sent.
type till struct {
	engine.Gate
	ledger *ledger
	admit  context.Context
	task   *plan.Task
	parts  atomic.Bool // the first part was paid for
}

// Do implements engine.Gate.
func (c *till) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	price, _ := c.ledger.region.Spent(c.task, s.Demand, false, c.ledger.now)
	return c.Gate.Do(ctx, s, func(ctx context.Context) error { // once for each try
		moved := c.moved(s.Kind)
		if !c.ledger.charge(c.admit, c.task, price.Add(moved)) {
			return c.ledger.refuse(c.task)
		}
		err := send(ctx)
		if s.Kind == plan.StepCopy && refused(err) {
			c.ledger.charge(c.admit, c.task, -moved) // nothing was read
		}
		return err
	})
}

// moved is what it costs that a request has data read and overwritten. Of the
// parts of a copy the first one pays for all.
func (c *till) moved(k plan.StepKind) cost.Money {
	if k != plan.StepCopy && (k != plan.StepPart || c.parts.Swap(true)) {
		return 0
	}
	moved, _ := c.ledger.region.Spent(c.task, plan.Demand{}, true, c.ledger.now)
	return moved
}

// refused tells whether the answer to a copy says that nothing was done. Without
// such an answer it may have been.
func refused(err error) bool {
	var oe *engine.ObjectError
	return errors.As(err, &oe) && oe.Class != engine.Transient
}
