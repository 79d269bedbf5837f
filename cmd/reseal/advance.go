package main

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

// spendingName is the document that belongs to a history.
func spendingName(history string) string {
	return strings.Replace(history, strings.TrimSuffix(historyFile, ".json"), spendingFolder, 1)
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
)

// advance writes down what a job will have cost at most before it costs that.
// All methods are safe for concurrent use.
type advance struct {
	work  context.Context // a bound that requests wait for is written under it, so that they need not outlast it
	log   *slog.Logger
	limit cost.Money    // never above it; 0: none
	near  chan struct{} // the durable bound is nearly reached

	durable atomic.Int64 // bound that is written down, a cost.Money
	ahead   atomic.Int64 // how far from it the next one is written

	mu     sync.Mutex
	doc    document
	step   cost.Money
	last   time.Time
	broken bool // a bound could not be written
}

func newAdvance(work context.Context, store checkpoint.Store, name string, log *slog.Logger) *advance {
	a := &advance{work: work, log: log, near: make(chan struct{}, 1), step: firstStep}
	durable, version := readSpending(work, store, name)
	a.doc = document{store: store, name: name, version: version}
	a.durable.Store(int64(durable))
	return a
}

// cover returns once a bound that is not below sum is durable, or the work is ended.
func (a *advance) cover(sum cost.Money) {
	durable := cost.Money(a.durable.Load())
	if sum > durable {
		a.raise(sum)
	} else if sum > durable-cost.Money(a.ahead.Load()) {
		select {
		case a.near <- struct{}{}:
		default: // it is being raised
		}
	}
}

// keep raises the bound before anybody has to wait for it, until ctx ends.
func (a *advance) keep(ctx context.Context, sum func() cost.Money) {
	for {
		select {
		case <-a.near:
			a.raise(sum().Add(cost.Money(a.ahead.Load())))
		case <-ctx.Done():
			return
		}
	}
}

// raise writes down a bound above sum.
func (a *advance) raise(sum cost.Money) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if sum <= cost.Money(a.durable.Load()) {
		return // somebody else did meanwhile
	}
	switch since := time.Since(a.last); {
	case since < raiseSoon:
		a.step = a.step.Add(a.step)
	case since > raiseLate:
		a.step = max(a.step/2, firstStep)
	}
	bound := sum.Add(a.step)
	if a.limit > 0 {
		bound = max(min(bound, a.limit), sum)
	}
	a.last = time.Now()
	a.ahead.Store(int64(a.step / 2))
	if err := a.write(a.work, bound); a.work.Err() == nil {
		a.complain(err)
	}
}

// end writes down what all came to.
func (a *advance) end(ctx context.Context, sum cost.Money) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cost.Money(a.durable.Load()) != sum || a.doc.unsure {
		a.complain(a.write(ctx, sum))
	}
}

// write makes a bound durable. That it cannot be is no reason to stop: until the
// next one is, a crash may leave what the job has cost too low. The caller holds
// the lock.
func (a *advance) write(ctx context.Context, bound cost.Money) error {
	err := a.doc.put(ctx, spendingDoc{bound})
	a.durable.Store(int64(bound))
	return err
}

// complain says, once, that a bound could not be written. The caller holds the lock.
func (a *advance) complain(err error) {
	if err != nil && !a.broken {
		a.broken = true
		a.log.Warn("what the job costs cannot be written down ahead", "error", fmt.Errorf("write %s: %w", a.doc.name, err))
	}
}
