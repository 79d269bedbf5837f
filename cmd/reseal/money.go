package main

import (
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
	rate, err := cost.ParseRate(f.maxCostText, 1)
	if err != nil {
		return 0, usagef("--max-cost %q: want an amount in USD such as 250 or 99.50", f.maxCostText)
	}
	m, known := rate.Times(1)
	if !known || m <= 0 {
		return 0, usagef("--max-cost %q: want an amount above 0", f.maxCostText)
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

	mu      sync.Mutex
	settled cost.Money // earlier runs of the job included
	open    map[inventory.Position]*account
	held    cost.Money // what the open accounts may come to
}

// account is what one object in flight costs.
type account struct {
	reserved cost.Money // may come to
	charged  cost.Money // came to so far
}

// worth is what the account counts for towards the limit.
func (a *account) worth() cost.Money { return max(a.reserved, a.charged) }

func newLedger(prices cost.Prices, region string, now time.Time, earlier cost.Money) *ledger {
	l := &ledger{now: now, settled: earlier, open: map[inventory.Position]*account{}}
	l.region, l.priced = prices.Region(region)
	return l
}

// below sets the limit; over is called with a task that does not fit any more.
// To be called before the ledger is used.
func (l *ledger) below(limit cost.Money, over func(*plan.Task)) { l.limit, l.over = limit, over }

// why says what about t is too much for a limit.
func (l *ledger) why(t *plan.Task) string {
	if _, known := l.region.Spent(t, true, 1, 1, l.now); !known {
		return fmt.Sprintf(": no price is known for class %s in %s", t.Record.StorageClass, l.region.Name)
	}
	return ""
}

// reserve sets aside what t can still cost: its requests, and if it is a copy,
// retrieval and early deletion. It returns false where that does not fit.
func (l *ledger) reserve(t *plan.Task) bool {
	d := &t.Demand
	most, known := l.region.Spent(t, true, d.Writes.Max+d.Reads.Max, d.KMS.Max, l.now)
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.open[t.Record.Pos]
	if a == nil {
		a = new(account)
	}
	if !l.fits(a, a.charged.Add(most)) || l.limit > 0 && !known {
		return false
	}
	l.open[t.Record.Pos] = a
	l.set(a, a.charged.Add(most), a.charged)
	return true
}

// charge books amount on the object of t, which has been reserved for. It
// returns false where it exceeds what was reserved and does not fit any more.
func (l *ledger) charge(t *plan.Task, amount cost.Money) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.open[t.Record.Pos]
	if !l.fits(a, a.charged.Add(amount)) {
		return false
	}
	l.set(a, a.reserved, a.charged.Add(amount))
	return true
}

// fits tells whether a may come to amount. The caller holds the lock.
func (l *ledger) fits(a *account, amount cost.Money) bool {
	return l.limit == 0 || amount <= a.worth() || l.settled.Add(l.held).Add(amount-a.worth()) <= l.limit
}

// set changes an account. The caller holds the lock.
func (l *ledger) set(a *account, reserved, charged cost.Money) {
	l.held -= a.worth()
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
	delete(l.open, r.Task.Record.Pos)
	l.settled = l.settled.Add(a.charged)
	return a.charged
}

// spent is what the job has cost at most, objects in flight included.
func (l *ledger) spent() cost.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := l.settled
	for _, a := range l.open {
		sum = sum.Add(a.charged)
	}
	return sum
}

// text is the money so far, for a progress line.
func (l *ledger) text() (string, bool) { return report.Money(l.spent()), l.priced }
