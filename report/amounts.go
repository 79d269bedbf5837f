package report

import (
	"time"

	"reseal/cost"
)

// total is the sum of a bill in words.
func total(b *cost.Bill) string {
	switch {
	case len(b.Lines) == 0:
		return "nothing"
	case len(b.Missing) == len(b.Lines):
		return "price unknown"
	case !b.Complete(): // there is no upper bound
		return atLeast("at least", b.Total.Expected) + " (" + Plural(int64(len(b.Missing)), "price") + " unknown)"
	case b.Total.Expected == b.Total.Max:
		return Money(b.Total.Expected)
	}
	return Money(b.Total.Expected) + " expected, " + Money(b.Total.Max) + " at most"
}

// atLeast writes a lower bound, begun as it says. What rounds to no cent is over $0.00.
func atLeast(begun string, m cost.Money) string {
	if m > 0 && m.Cents() == 0 {
		return "over $0.00"
	}
	return begun + " " + Money(m)
}

func priceOf(b *cost.Bill) string {
	switch {
	case len(b.Lines) == 0:
		return "$0.00"
	case len(b.Missing) == len(b.Lines):
		return "unknown"
	case !b.Complete():
		return atLeast("over", b.Total.Expected)
	}
	return Money(b.Total.Expected)
}

func amount(l *cost.Line) string {
	if !l.Known {
		return "unknown"
	}
	return spanText(l.Amount.Expected, l.Amount.Max)
}

func spanText(expected, most cost.Money) string {
	if expected.Cents() == most.Cents() {
		return Money(expected)
	}
	return Money(expected) + " to " + Money(most)
}

func quantity(l *cost.Line) string {
	if l.Unit == "bytes" {
		return Bytes(l.Quantity.Expected)
	}
	if l.Quantity.Expected != l.Quantity.Max {
		return Count(l.Quantity.Expected) + " to " + Count(l.Quantity.Max)
	}
	return Count(l.Quantity.Expected)
}

// limitText writes what a limit is about and how much of it goes a second.
func limitText(l *cost.Limit) (demand, rate string) {
	if l.Unit == "bytes" {
		return Bytes(l.Demand), Bytes(int64(l.PerSecond)) + "/s"
	}
	return Count(l.Demand), Rate(l.PerSecond)
}

// Estimated writes how long something is expected to take. Below a minute the start
// of a run and its canary decide, and nobody can tell to the second.
func Estimated(shortest, longest time.Duration) string {
	switch {
	case longest < time.Minute:
		return "under a minute"
	case shortest < time.Minute:
		return "up to " + Duration(longest)
	}
	return Between(shortest, longest)
}

// estimated is Estimated for what may be a lower bound: bytes of unknown size take a
// time that nobody knows.
func estimated(shortest, longest time.Duration, atLeast bool) string {
	if atLeast {
		return "at least " + Duration(shortest)
	}
	return Estimated(shortest, longest)
}

// Bounds writes how long a job takes, to the second, as a range or a lower bound.
func Bounds(d *cost.Duration) string {
	if d.AtLeast {
		return estimated(d.Shortest, d.Longest, true)
	}
	return Between(d.Shortest, d.Longest)
}

func timeLine(d *cost.Duration) string {
	text := estimated(d.Shortest, d.Longest, d.AtLeast)
	switch {
	case d.Binding == "":
		return "unknown: no limit on the rate is known"
	case d.AtLeast:
		return text + " (sizes are unknown)"
	case d.Longest < time.Minute: // no limit on the rate matters
		return text
	}
	return text + ", bound by " + d.Binding
}

func methodName(m *cost.Method) string {
	switch {
	case m.Planned:
		return m.Name + " (planned)"
	case !m.Possible:
		return m.Name + " (not on this endpoint)"
	}
	return m.Name
}

func methodTime(m *cost.Method) string {
	if m.Longest == 0 {
		return "not stated"
	}
	return estimated(m.Shortest, m.Longest, m.AtLeast)
}
