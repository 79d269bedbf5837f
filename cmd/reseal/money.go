package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// spentCounter is the counter of a job that sums up what its requests cost at
// most, in billionths of a dollar.
const spentCounter = "spent_max_nano_usd"

// maxCost reads --max-cost; 0 means no limit.
func (f *runFlags) maxCost() (cost.Money, error) {
	if f.maxCostText == "" {
		return 0, nil
	}
	m, err := cost.ParseMoney(f.maxCostText)
	if err != nil {
		return 0, usagef("--max-cost %q: want an amount in USD such as 250 or 99.50: %w", f.maxCostText, err)
	}
	if m <= 0 {
		return 0, usagef("--max-cost %q: want an amount in USD above 0", f.maxCostText)
	}
	return m, nil
}

// ledger knows what a job has cost at most, at list prices, and what the objects
// in flight can still cost. It keeps the sum of both below a limit: an object is
// begun only if all that it may cost still fits. Safe for concurrent use.
type ledger struct {
	region cost.Region
	priced bool
	now    time.Time        // ages count from here, as in the plan
	limit  cost.Money       // 0: none
	over   func(*plan.Task) // ends admission, where there is a limit
	cover  func(cost.Money) // makes durable that the job costs so much at most, before it does; may be nil

	mu      sync.Mutex
	settled cost.Money // earlier runs of the job included
	open    map[inventory.Position]*account
	held    cost.Money    // what the open accounts may come to
	flying  cost.Money    // what they came to so far
	waiting int           // of the open accounts: for others to be settled
	changed chan struct{} // closed when one is, and replaced
}

// account is what one object in flight costs.
type account struct {
	reserved cost.Money // may come to
	charged  cost.Money // came to so far
}

// worth is what the account counts for towards the limit.
func (a *account) worth() cost.Money { return max(a.reserved, a.charged) }

func newLedger(prices cost.Prices, region string, now time.Time, earlier cost.Money) *ledger {
	l := &ledger{now: now, settled: earlier, open: map[inventory.Position]*account{}, changed: make(chan struct{})}
	l.region, l.priced = prices.Region(region)
	return l
}

// below sets the limit; over is called with a task that does not fit any more.
// To be called before the ledger is used.
func (l *ledger) below(limit cost.Money, over func(*plan.Task)) { l.limit, l.over = limit, over }

// why says what about t is too much for a limit.
func (l *ledger) why(t *plan.Task) string {
	if _, known := l.region.Spent(t, t.Demand, true, l.now); !known {
		return fmt.Sprintf(": no price is known for class %s in %s", t.Record.StorageClass, l.region.Name)
	}
	return ""
}

// reserve sets aside what t can still cost: its requests, and if it is a copy,
// retrieval and early deletion. Where that does not fit it waits for objects in
// flight, which as a rule come to less than was set aside for them. It returns
// false where there are none to wait for, or when ctx ends.
func (l *ledger) reserve(ctx context.Context, t *plan.Task) bool {
	left := t.Demand
	if t.Head != nil { // that request of the task was sent
		left.Reads.Max -= min(left.Reads.Max, 1)
	}
	most, known := l.region.Spent(t, left, true, l.now)
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ours := l.open[t.Record.Pos]
	if !ours {
		a = new(account)
	}
	most = most.Add(a.charged)
	if l.limit > 0 && !known || !l.room(ctx, a, ours, most) {
		return false
	}
	l.open[t.Record.Pos] = a
	l.set(a, most, a.charged)
	return true
}

// charge books amount on the object of t, which has been reserved for. What
// exceeds that waits, and may not fit, as in reserve.
func (l *ledger) charge(ctx context.Context, t *plan.Task, amount cost.Money) bool {
	sum, ok := l.chargeOn(ctx, t, amount)
	if ok && amount > 0 && l.cover != nil {
		l.cover(sum)
	}
	return ok
}

// chargeOn is charge without what makes it durable; sum is what the job came to.
func (l *ledger) chargeOn(ctx context.Context, t *plan.Task, amount cost.Money) (sum cost.Money, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.open[t.Record.Pos]
	if !l.room(ctx, a, true, a.charged.Add(amount)) {
		return 0, false
	}
	l.set(a, a.reserved, a.charged.Add(amount))
	return l.settled.Add(l.flying), true
}

// book adds what belongs to no object in flight, where it fits the limit.
func (l *ledger) book(amount cost.Money) bool {
	l.mu.Lock()
	fits := l.limit == 0 || l.settled.Add(l.held).Add(amount) <= l.limit
	if fits {
		l.settled = l.settled.Add(amount)
	}
	sum := l.settled.Add(l.flying)
	l.mu.Unlock()
	if fits && l.cover != nil {
		l.cover(sum)
	}
	return fits
}

// room waits until a may come to amount; ours tells whether it is open already.
// It returns false where no account is left to wait for, as all the others wait
// themselves. The caller holds the lock.
func (l *ledger) room(ctx context.Context, a *account, ours bool, amount cost.Money) bool {
	for !l.fits(a, amount) {
		if ours {
			l.waiting++
		}
		ok := l.waiting < len(l.open) && l.await(ctx)
		if ours {
			l.waiting--
		}
		if !ok {
			return false
		}
	}
	return true
}

// await waits until an account is settled, and returns false if ctx ends before.
// The caller holds the lock, which is given up meanwhile.
func (l *ledger) await(ctx context.Context) bool {
	changed := l.changed
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

// fits tells whether a may come to amount. The caller holds the lock.
func (l *ledger) fits(a *account, amount cost.Money) bool {
	return l.limit == 0 || amount <= a.worth() || l.settled.Add(l.held).Add(amount-a.worth()) <= l.limit
}

// set changes an account. The caller holds the lock.
func (l *ledger) set(a *account, reserved, charged cost.Money) {
	l.held -= a.worth()
	l.flying += charged - a.charged
	a.reserved, a.charged = reserved, charged
	l.held = l.held.Add(a.worth())
}

// settle closes the account of an object and returns what it came to.
func (l *ledger) settle(r *engine.Result) cost.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.open[r.Task.Record.Pos]
	if a == nil {
		return 0
	}
	l.held -= a.worth()
	l.flying -= a.charged
	delete(l.open, r.Task.Record.Pos)
	if l.limit > 0 {
		close(l.changed)
		l.changed = make(chan struct{})
	}
	l.settled = l.settled.Add(a.charged)
	return a.charged
}

// spent is what the job has cost at most, objects in flight included.
func (l *ledger) spent() cost.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settled.Add(l.flying)
}

// known is the money so far; false where there is no price for the Region.
func (l *ledger) known() (cost.Money, bool) { return l.spent(), l.priced }

// text is the money so far, for a progress line.
func (l *ledger) text() (string, bool) { return report.Money(l.spent()), l.priced }
