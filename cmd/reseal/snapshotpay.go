package main

import (
	"context"

	"reseal/engine"
	"reseal/plan"
)

// payingSnapshots is a Snapshotter that books what its requests cost.
type payingSnapshots struct {
	engine.Snapshotter
	ledger *ledger
	admit  context.Context
}

// Snapshot implements engine.Snapshotter.
func (p payingSnapshots) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	if !p.ledger.reserve(p.admit, t) {
		return nil, p.ledger.refuse(t)
	}
	return p.Snapshotter.Snapshot(ctx, t, &till{Gate: g, ledger: p.ledger, admit: p.admit, task: t})
}

// first is the first of two looks, and pays for both: once the object is settled,
// its account is closed.
func (p payingSnapshots) first(ctx context.Context, t *plan.Task, policy *plan.Policy, g engine.Gate) (*plan.Snapshot, error) {
	before, err := p.Snapshot(ctx, t, g)
	if err != nil {
		return nil, err
	}
	again, _ := p.ledger.region.Spent(t, policy.SnapshotDemand(t, policy.Options.SSE == plan.TargetKMS), false, p.ledger.now)
	if !p.ledger.charge(p.admit, t, again) {
		return nil, p.ledger.refuse(t)
	}
	return before, nil
}

// second pays for the second of two looks, and tells whether it may be sent: where
// it may not, admission has ended.
func (p payingSnapshots) second(t *plan.Task, policy *plan.Policy) bool {
	price, known := p.ledger.region.Spent(t, policy.SnapshotDemand(t, policy.Options.SSE == plan.TargetKMS), false, p.ledger.now)
	if known && p.ledger.book(price) || !known && p.ledger.limit == 0 {
		return true
	}
	p.ledger.over(t)
	return false
}

// canaryDemand is what trying an object asks for beyond re-encrypting it: all of
// it is read before and after.
func canaryDemand(p *plan.Policy, t *plan.Task) plan.Demand {
	return p.SnapshotDemand(t, t.FromKMS).Add(p.SnapshotDemand(t, p.Options.SSE == plan.TargetKMS))
}
