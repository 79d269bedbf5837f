package untilclean

import (
	"context"
	"sync"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job/generations"
	"reseal/plan"
)

// ahead is the step in which it is written down what a listing may cost, before it does.
const ahead = 10 * cost.Cent

// meter counts the requests of a listing and what they cost in its generation, and lets
// none through that would pass the limit. It is a gate for one try of a request.
type meter struct {
	gate  engine.Gate
	keep  func(context.Context) error // writes the generation down
	limit cost.Money                  // of this listing, its earlier attempts included; 0 for none
	text  string                      // of the limit of the job

	list, head cost.Money // of one request

	mu         sync.Mutex
	generation *generations.Generation
	spent      cost.Money // by this listing and its earlier attempts
}

// prices takes what requests cost in a Region; nothing where nobody knows.
func (m *meter) prices(r *cost.Region) {
	class := r.Class(inventory.Standard)
	m.list, _ = class.Put.Times(1)
	m.head, _ = class.Get.Times(1)
}

// Price is what it may cost to list so many objects and to look at each of them, each
// request sent once; nothing where nobody knows.
func Price(r *cost.Region, objects int64) cost.Money {
	const page = 1000 // objects that one request lists
	class := r.Class(inventory.Standard)
	lists, _ := class.Put.Times(objects/page + 1)
	heads, _ := class.Get.Times(objects)
	return lists.Add(heads)
}

// Do implements engine.Gate.
func (m *meter) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if err := m.charge(ctx, s.Kind); err != nil {
		return err
	}
	return m.gate.Do(ctx, s, send)
}

// charge counts one request before it is sent.
func (m *meter) charge(ctx context.Context, kind plan.StepKind) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, price := m.generation, m.head
	if kind == plan.StepList {
		price = m.list
	}
	sum := m.spent.Add(price)
	if m.limit > 0 && sum > m.limit {
		return &engine.StopError{Limit: "--max-cost " + m.text}
	}
	if sum > g.Listing {
		was := g.Listing
		g.Listing = sum.Add(ahead)
		if m.limit > 0 {
			g.Listing = min(g.Listing, m.limit)
		}
		if err := m.keep(ctx); err != nil {
			g.Listing = was
			return err
		}
	}
	if m.spent = sum; kind == plan.StepList {
		g.Asked.Lists++
	} else {
		g.Asked.Heads++
	}
	return nil
}

// settle takes what was written down ahead back to what was sent.
func (m *meter) settle() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation.Listing = m.spent
}
