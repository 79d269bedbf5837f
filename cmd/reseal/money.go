package main

import (
	"fmt"
	"sync/atomic"

	"reseal/cost"
	"reseal/engine"
	"reseal/report"
)

// spentCounter is the counter of a job that sums up what its requests cost at
// most, in billionths of a dollar.
const spentCounter = "spent_max_nano_usd"

// ledger sums up what the requests of a run cost at most, at list prices.
// Read from any goroutine, written by the one that owns the journal.
type ledger struct {
	region cost.Region
	priced bool
	spent  atomic.Int64 // cost.Money, earlier runs of the job included
}

func newLedger(region string, earlier int64) *ledger {
	l := new(ledger)
	l.region, l.priced = cost.BuiltIn().Region(region)
	l.spent.Store(earlier)
	return l
}

// add books what the requests of one result cost at most: each at the rate of a
// PUT in the object's class, which is the dearest it can be, and every KMS
// request that may have been made. It returns the amount.
func (l *ledger) add(r *engine.Result) cost.Money {
	if !l.priced || r.Attempts == 0 {
		return 0
	}
	class := l.region.Class(r.Task.Record.StorageClass)
	requests, _ := class.Put.Times(int64(r.Attempts))
	kms, _ := l.region.KMSRequest.Times(r.KMSMax)
	sum := requests.Add(kms)
	l.spent.Add(int64(sum))
	return sum
}

// text is the money so far, for a progress line.
func (l *ledger) text() (string, bool) {
	return report.Money(cost.Money(l.spent.Load())), l.priced
}

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

// budget returns the question that the engine asks after every object.
func (f *runFlags) budget(l *ledger) func(*engine.Stats) string {
	limit, _ := f.maxCost() // checked before
	if limit == 0 {
		return nil
	}
	return func(*engine.Stats) string {
		if cost.Money(l.spent.Load()) >= limit {
			return fmt.Sprintf("--max-cost %s", f.maxCostText)
		}
		return ""
	}
}
