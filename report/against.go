package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"reseal/cost"
)

// Against sets what was estimated before a run against what became of it.
type Against struct {
	Objects  AgainstCount    `json:"objects"`
	Requests AgainstCount    `json:"s3_requests"`
	KMSCalls AgainstCount    `json:"kms_calls"` // actual: at most, as S3 does not say
	Cost     AgainstMoney    `json:"cost_usd"`  // actual: at most
	Duration AgainstDuration `json:"duration"`

	are FiguresAre
}

// AgainstCount is a number that was estimated within bounds.
type AgainstCount struct {
	Estimated cost.Calls `json:"estimated"`
	Actual    int64      `json:"actual"`
}

// AgainstMoney is an amount that was estimated within bounds.
type AgainstMoney struct {
	Estimated cost.Span  `json:"estimated"`
	Actual    cost.Money `json:"actual"`
}

// AgainstDuration is a time that was estimated within bounds; all times without
// the pauses between the runs of a job.
type AgainstDuration struct {
	Shortest time.Duration `json:"shortest_ns"`
	Longest  time.Duration `json:"longest_ns"`
	Actual   time.Duration `json:"actual_ns"`
}

// against compares, nil where nothing was estimated.
func (v *Run) against() *Against {
	e, t := v.Estimate, &v.Totals
	if e == nil {
		return nil
	}
	s3 := e.Demand.Writes.Add(e.Demand.Reads)
	return &Against{
		Objects:  AgainstCount{cost.Calls{Min: e.Objects, Expected: e.Objects, Max: e.Objects}, t.Done},
		Requests: AgainstCount{cost.Calls{Min: s3.Min, Expected: s3.Max, Max: s3.Max}, t.Requests},
		KMSCalls: AgainstCount{e.KMSCalls, t.KMSCalls},
		Cost:     AgainstMoney{e.Once.Total, t.Cost},
		Duration: AgainstDuration{e.Duration.Shortest, e.Duration.Longest, v.took()},
		are:      t.Are,
	}
}

// comparison is a row of Against in words: what, estimated, actual.
type comparison struct{ what, estimated, actual string }

// rows puts the comparison into the words that text and HTML share.
func (a *Against) rows(e *cost.Estimate) []comparison {
	if a == nil {
		return nil
	}
	count := func(what string, c AgainstCount, most string) comparison {
		estimated, from := Count(c.Estimated.Max), c.Estimated.Expected
		if from == c.Estimated.Max { // nothing is expected to fall away, but it may
			from = c.Estimated.Min
		}
		if from != c.Estimated.Max {
			estimated = Count(from) + " to " + estimated
		}
		return comparison{what, estimated, most + Count(c.Actual)}
	}
	kms := func(kind string, estimated, actual int64) comparison {
		return comparison{"KMS requests, " + kind, Count(estimated), Count(actual)}
	}
	out := []comparison{count("objects", a.Objects, ""), count("S3 requests", a.Requests, before(a.are.Requests, "")),
		kms("expected", a.KMSCalls.Estimated.Expected, a.kmsExpected()), kms(cmp.Or(a.are.KMSCalls, "at most"), a.KMSCalls.Estimated.Max, a.KMSCalls.Actual)}
	if a.KMSCalls.Estimated.Expected == a.KMSCalls.Estimated.Max { // all that may be sent are expected
		out = slices.Delete(out, 2, 3)
	}
	out = append(out, a.prices(e)...)
	took := comparison{"time", "unknown", "unknown"}
	if e.Duration.Binding != "" {
		took.estimated = estimated(a.Duration.Shortest, a.Duration.Longest, e.Duration.AtLeast)
	}
	if a.Duration.Actual > 0 {
		took.actual = Duration(a.Duration.Actual)
	}
	return append(out, took)
}

// prices sets what was expected against what is expected of the requests that were
// sent, and the bound before against the bound after.
func (a *Against) prices(e *cost.Estimate) []comparison {
	if !e.Priced {
		return []comparison{{"price", "unknown", "unknown"}}
	}
	over := ""
	if !e.Once.Complete() {
		over = "over "
	}
	most := comparison{"price, at most", over + Money(a.Cost.Estimated.Max), over + Money(a.Cost.Actual)}
	if a.Cost.Estimated.Expected.Cents() == a.Cost.Estimated.Max.Cents() {
		return []comparison{most}
	}
	expected := a.Cost.Actual - a.kmsPrice(e, a.KMSCalls.Actual-a.kmsExpected())
	return []comparison{{"price, expected", over + Money(a.Cost.Estimated.Expected), over + Money(max(expected, 0))}, most}
}

// kmsExpected is how many of the KMS requests that may have been sent are expected
// to have been: as large a part of them as in the estimate.
func (a *Against) kmsExpected() int64 {
	c := a.KMSCalls
	if c.Estimated.Max <= 0 {
		return c.Actual
	}
	return int64(math.Round(float64(c.Actual) * float64(c.Estimated.Expected) / float64(c.Estimated.Max)))
}

// kmsPrice is the price of n KMS requests at the rate of the estimate.
func (a *Against) kmsPrice(e *cost.Estimate, n int64) cost.Money {
	for _, l := range e.Once.Lines {
		if l.Item == cost.KMSItem && l.Quantity.Max > 0 {
			return cost.Money(math.Round(float64(l.Amount.Max) * float64(n) / float64(l.Quantity.Max)))
		}
	}
	return 0
}

// Above says why a job may have cost more than was planned, "" where it did not.
// cutOff is the part of what it cost that runs which were cut off may have spent
// after they last said so, repeats the objects that they had done before they
// could say so.
func Above(spent, planned, cutOff cost.Money, repeats int64) string {
	if spent <= planned || spent.Cents() == planned.Cents() {
		return ""
	}
	var why []string
	if cutOff > 0 {
		why = append(why, AtMost(cutOff)+" of it is set aside for what a run may have sent when it was cut off, and is not given back")
	}
	if repeats > 0 {
		why = append(why, Plural(repeats, "repeat")+" took a look more than planned")
	}
	return strings.Join(append(why, "requests sent again count each time"), "; ")
}

// uncounted says of which requests there is no count, "" where there is none.
func (v *Run) uncounted() string {
	if v.Totals.Repeats == 0 || v.Estimate == nil {
		return ""
	}
	return "the count leaves out what was sent for " + Plural(v.Totals.Repeats, "object") + " just before a run was cut off; the price has it"
}

// againstTitle says whether the run is at its end.
func againstTitle(v *Run) string {
	if v.open() {
		return "Estimate and actual so far"
	}
	return "Estimate and actual"
}
