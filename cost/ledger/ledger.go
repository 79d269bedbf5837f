package ledger

import (
	"context"
	"fmt"
	"sync"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// Counters of a job's checkpoint, in billionths of a dollar.
const (
	// SpentCounter sums up what the requests of settled objects cost at most.
	SpentCounter = "spent_max_nano_usd"

	// DoubtedCounter sums up what objects may cost at most that a run was cut off at,
	// each beside what it cost when it was settled.
	DoubtedCounter = "doubted_max_nano_usd"
)

// Config is what a ledger is made from.
type Config struct {
	Prices  cost.Prices
	Region  string
	Now     time.Time  // ages of objects count from here, as in the plan
	Earlier cost.Money // spent by earlier runs of the job

	// Cover makes durable that the job costs sum at most, and returns only then.
	// It is called before a request is sent, from several goroutines. May be nil.
	Cover func(sum cost.Money)

	Limit Limit
}

// Limit is what a job may cost. The functions are called from several goroutines,
// and may be called more than once.
type Limit struct {
	Amount cost.Money // 0: no limit, and the rest of the fields is not used

	// StallTimeout is how long requests may be under way without any answer while
	// an object waits for them to leave it money.
	StallTimeout time.Duration

	Name string // for people: "--max-cost 40"

	// Reached ends admission: the next object does not fit. why names the limit, and
	// what about the object is the reason.
	Reached func(why error)

	// Stalled ends the work. It is called after Reached where requests had no answer
	// for StallTimeout.
	Stalled func()
}

// Ledger knows what a job has cost at most, at list prices, and what the objects
// in flight can still cost. It keeps the sum of both below a limit. Safe for
// concurrent use.
type Ledger struct {
	region cost.Region
	priced bool
	now    time.Time
	cover  func(cost.Money)
	limit  Limit

	mu       sync.Mutex
	settled  cost.Money // earlier runs of the job included
	accounts map[inventory.Position]*account
	reserved cost.Money    // what the open accounts may come to
	inFlight cost.Money    // what they came to so far
	waiting  int           // of the open accounts: for others to be settled
	changed  chan struct{} // closed when one is, and replaced
	pending  int           // requests that have no answer yet
	answered time.Time     // the last answer, or the first request that waits for one
	stalled  bool          // requests had no answer for StallTimeout
}

// account is what one object in flight costs.
type account struct {
	reserved cost.Money // may come to
	charged  cost.Money // came to so far
	most     cost.Money // the highest reserved
}

// claim is what the account counts for towards the limit.
func (a *account) claim() cost.Money { return max(a.reserved, a.charged) }

// New returns a ledger without open accounts.
func New(c Config) *Ledger {
	l := &Ledger{now: c.Now, settled: c.Earlier, cover: c.Cover, limit: c.Limit,
		accounts: map[inventory.Position]*account{}, changed: make(chan struct{})}
	l.region, l.priced = c.Prices.Region(c.Region)
	return l
}

// Spent is what the job has cost at most, objects in flight included.
func (l *Ledger) Spent() cost.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settled.Add(l.inFlight)
}

// SpentIfPriced is Spent; priced is false where no price is known for the Region.
func (l *Ledger) SpentIfPriced() (sum cost.Money, priced bool) { return l.Spent(), l.priced }

// Refund takes amount out of what earlier runs spent: it was set aside for what is
// known now.
func (l *Ledger) Refund(amount cost.Money) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled -= amount
}

// Settle closes the account of an object. It returns what the object came to, and
// the most that was reserved for it; both are 0 where it has no account.
func (l *Ledger) Settle(p inventory.Position) (charged, reserved cost.Money) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[p]
	if a == nil {
		return 0, 0
	}
	l.reserved -= a.claim()
	l.inFlight -= a.charged
	delete(l.accounts, p)
	if l.limit.Amount > 0 {
		close(l.changed)
		l.changed = make(chan struct{})
	}
	l.settled = l.settled.Add(a.charged)
	return a.charged, a.most
}

// InterruptedCost is what a run can have spent on a row that it was cut off at: what
// re-encrypting the object and trying it first ask for at most, and as many requests
// again, for answers that were lost and for a decision that was made anew. known is
// false where a price is not known.
func (l *Ledger) InterruptedCost(policy *plan.Policy, rec *inventory.Record) (most cost.Money, known bool) {
	t := policy.Decide(rec)
	if t.Action == plan.Skip {
		return 0, true
	}
	d := t.Demand.Add(policy.TrialDemand(&t))
	once, known := l.region.Spent(&t, d, true, l.now)
	again, _ := l.region.Spent(&t, d, false, l.now)
	return once.Add(again), known
}

// reserve sets aside what t can still cost: its requests, and if it is a copy,
// retrieval and early deletion. Where that does not fit it waits for objects in
// flight, which as a rule come to less than was set aside for them. It returns
// false where there are none to wait for, or when ctx ends.
func (l *Ledger) reserve(ctx context.Context, t *plan.Task) bool {
	left := t.Demand
	if t.Head != nil { // that request of the task was sent
		left.Reads.Max -= min(left.Reads.Max, 1)
	}
	most, known := l.region.Spent(t, left, true, l.now)
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ours := l.accounts[t.Record.Pos]
	if !ours {
		a = new(account)
	}
	most = most.Add(a.charged)
	if l.limit.Amount > 0 && !known || !l.makeRoom(ctx, a, ours, most) {
		return false
	}
	l.accounts[t.Record.Pos] = a
	l.set(a, most, a.charged)
	return true
}

// charge books amount on the object of t, which has been reserved for. What
// exceeds that waits, and may not fit, as in reserve.
func (l *Ledger) charge(ctx context.Context, t *plan.Task, amount cost.Money) bool {
	sum, ok := l.book(ctx, t, amount)
	if ok && amount > 0 && l.cover != nil {
		l.cover(sum)
	}
	return ok
}

// book is charge without what makes it durable; sum is what the job came to.
func (l *Ledger) book(ctx context.Context, t *plan.Task, amount cost.Money) (sum cost.Money, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[t.Record.Pos]
	if !l.makeRoom(ctx, a, true, a.charged.Add(amount)) {
		return 0, false
	}
	l.set(a, a.reserved, a.charged.Add(amount))
	return l.settled.Add(l.inFlight), true
}

// set changes an account. The caller holds the lock.
func (l *Ledger) set(a *account, reserved, charged cost.Money) {
	l.reserved -= a.claim()
	l.inFlight += charged - a.charged
	a.reserved, a.charged, a.most = reserved, charged, max(a.most, reserved)
	l.reserved = l.reserved.Add(a.claim())
}

// noteOn says what about t is too much for a limit, after a colon: "" for its price.
func (l *Ledger) noteOn(t *plan.Task) string {
	if _, known := l.region.Spent(t, t.Demand, true, l.now); !known {
		return fmt.Sprintf(": no price is known for class %s in %s", t.Record.StorageClass, l.region.Name)
	}
	return ""
}

// refuse ends admission, and leaves the object to a later run.
func (l *Ledger) refuse(t *plan.Task) *engine.LeftForLater {
	why := &engine.StopError{Limit: l.limit.Name + l.noteOn(t)}
	l.limit.Reached(why)
	l.mu.Lock()
	stalled := l.stalled
	l.mu.Unlock()
	if stalled {
		l.limit.Stalled()
	}
	return &engine.LeftForLater{Task: t, Why: why}
}
