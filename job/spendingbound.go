package job

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
)

// spendingFolder holds, for each history of a job, what its runs have cost at most.
const spendingFolder = "spending"

// SpendingName returns the name of the spending document that belongs to a history.
func SpendingName(history string) string {
	return strings.Replace(history, strings.TrimSuffix(HistoryFile, ".json"), spendingFolder, 1)
}

// spendingDoc is that document. While a run goes on it is ahead of what the run
// has sent, so that after a crash it is still an upper bound.
type spendingDoc struct {
	AtMost cost.Money `json:"at_most_usd"`
}

// readSpending returns what is written down; nothing where nothing is, or where it
// cannot be read: then the history and the counters of the job have to do.
func readSpending(ctx context.Context, store checkpoint.Reader, name string) (cost.Money, checkpoint.Version) {
	data, version, err := store.Get(ctx, name)
	var doc spendingDoc
	if err != nil || json.Unmarshal(data, &doc) != nil || doc.AtMost < 0 {
		return 0, version
	}
	return doc.AtMost, version
}

// Steps in which spending is written down ahead. One that lasts shorter than
// raiseSoon is followed by one of twice the size, so there is about one write a
// second, and a crash leaves the bound a few seconds of spending too high.
const (
	firstStep = cost.Cent
	raiseSoon = time.Second
	raiseLate = 4 * time.Second

	// Under a limit a crash must leave money to go on with, however often it
	// comes: a step takes a part of what is left, and the first ones a part of all.
	stepOfLeft  = 16
	stepOfLimit = 256
)

// SpendingBound keeps an upper bound of what a job has cost on disk, ahead of what it
// spends, so that a crash never leaves it too low. Safe for concurrent use.
type SpendingBound struct {
	// Limit is what the bound never exceeds; 0 is no limit. It is set before use.
	Limit cost.Money

	work          context.Context // a bound that requests wait for is written under it, so that they need not outlast it
	log           *slog.Logger
	nearlyReached chan struct{} // the durable bound is nearly reached

	durable atomic.Int64 // bound that is written down, a cost.Money
	ahead   atomic.Int64 // how far from it the next one is written

	mu     sync.Mutex
	doc    document
	step   cost.Money
	last   time.Time
	broken bool // a bound could not be written
}

// NewSpendingBound reads the bound in the document name. What requests wait for is
// written under work, so that they wait no longer than that.
func NewSpendingBound(work context.Context, store checkpoint.Store, name string, log *slog.Logger) *SpendingBound {
	a := &SpendingBound{work: work, log: log, nearlyReached: make(chan struct{}, 1)}
	durable, version := readSpending(work, store, name)
	a.doc = document{store: store, name: name, version: version}
	a.durable.Store(int64(durable))
	return a
}

// Cover returns once the durable bound is at least sum, or the work has ended.
func (a *SpendingBound) Cover(sum cost.Money) {
	durable := cost.Money(a.durable.Load())
	if sum > durable {
		a.raise(sum)
	} else if sum > durable-cost.Money(a.ahead.Load()) {
		select {
		case a.nearlyReached <- struct{}{}:
		default: // it is being raised
		}
	}
}

// Keep raises the bound before anybody waits for it, until ctx ends. sum is what was
// spent so far.
func (a *SpendingBound) Keep(ctx context.Context, sum func() cost.Money) {
	for {
		select {
		case <-a.nearlyReached:
			a.raise(sum().Add(cost.Money(a.ahead.Load())))
		case <-ctx.Done():
			return
		}
	}
}

// raise writes down a bound above sum.
func (a *SpendingBound) raise(sum cost.Money) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if sum <= cost.Money(a.durable.Load()) {
		return // somebody else did meanwhile
	}
	least := cost.Money(firstStep)
	if a.Limit > 0 {
		least = min(least, a.Limit/stepOfLimit)
	}
	switch since := time.Since(a.last); {
	case a.last.IsZero():
		a.step = least
	case since < raiseSoon:
		a.step = a.step.Add(a.step)
	case since > raiseLate:
		a.step = max(a.step/2, least)
	}
	step := a.step
	if a.Limit > 0 {
		step = min(step, max(a.Limit-sum, 0)/stepOfLeft)
	}
	bound := sum.Add(step)
	a.last = time.Now()
	a.ahead.Store(int64(step / 2))
	if err := a.write(a.work, bound); a.work.Err() == nil {
		a.complain(err)
	}
}

// Lower writes sum as the bound, after a refund.
func (a *SpendingBound) Lower(ctx context.Context, sum func() cost.Money) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.durable.Store(0) // who is not in the sum yet waits for the lock
	now := sum()
	a.complain(a.write(ctx, now))
}

// End writes sum as the bound, at the end of a run.
func (a *SpendingBound) End(ctx context.Context, sum cost.Money) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cost.Money(a.durable.Load()) != sum || a.doc.unsure {
		a.complain(a.write(ctx, sum))
	}
}

// write makes a bound durable. That it cannot be is no reason to stop: until the
// next one is, a crash may leave what the job has cost too low. The caller holds
// the lock.
func (a *SpendingBound) write(ctx context.Context, bound cost.Money) error {
	err := a.doc.put(ctx, spendingDoc{bound})
	a.durable.Store(int64(bound))
	return err
}

// complain says, once, that a bound could not be written. The caller holds the lock.
func (a *SpendingBound) complain(err error) {
	if err != nil && !a.broken {
		a.broken = true
		a.log.Warn("spending not recorded", "error", fmt.Errorf("write %s: %w", a.doc.name, err))
	}
}
