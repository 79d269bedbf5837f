package report

import (
	"time"

	"reseal/engine"
	"reseal/plan"
)

type counted struct {
	name string
	n    int64
}

// outcomeRows are the rows of the report by how they ended, in the words that
// text and HTML share. Rows that nothing ended in are left out, but for done and
// failed.
func outcomeRows(t *Totals) []counted {
	out := []counted{{"done", t.Done}, {"failed", t.Failed}}
	for _, c := range []counted{{leftAlone, t.Skipped}, {"put off", t.Deferred}, {"not begun", t.Left}} {
		if c.n > 0 {
			out = append(out, c)
		}
	}
	return out
}

// leftAlone is what people read of rows that a run does nothing about; programs
// read "skipped".
const leftAlone = "left alone"

// outcomeWord is the word that people read for the outcome of an object.
func outcomeWord(status string) string {
	switch status {
	case engine.Skipped.String():
		return leftAlone
	case engine.Deferred.String():
		return "put off"
	case engine.NotAttempted.String():
		return "not begun"
	}
	return status
}

// actionWord is the word that people read for an action; leaving alone is none.
func actionWord(action string) string {
	if action == plan.Skip.String() {
		return ""
	}
	return action
}

type fact struct{ name, value string }

// runFacts are the figures of a run, in the words that text and HTML share.
func runFacts(v *Run) []fact {
	t := &v.Totals
	out := []fact{{"data re-encrypted", Bytes(t.Bytes)}}
	add := func(name, value string) { out = append(out, fact{name, value}) }
	if t.Repeats > 0 {
		add("of these done by an earlier attempt", Count(t.Repeats))
	}
	add("S3 requests", before(t.Are.Requests, Count(t.Requests)))
	if t.Are.KMSCalls == "about" {
		add("KMS requests, about", Count(t.KMSCalls))
	} else {
		add("KMS requests, at most", Count(t.KMSCalls))
	}
	if t.Cost > 0 {
		add("price", AtMost(t.Cost))
	}
	if v.Runs > 1 {
		add("runs", Count(v.Runs))
	}
	if took := v.took(); took > 0 {
		add("time", Duration(took))
		add("objects a second", Rate(float64(t.Done)/took.Seconds()))
		add("KMS requests a second, at most", Rate(float64(t.KMSCalls)/took.Seconds()))
	}
	if caps := v.caps(); len(caps) > 0 {
		low, high := caps.bounds()
		add("cap on KMS requests", rateSpan(low, high))
	}
	if l := v.Summary.Latency(); l.Total() > 0 {
		add("time per object, median (p50)", Duration(l.Quantile(.5)))
		add("time per object, 99 % below (p99)", Duration(l.Quantile(.99)))
		add("time per object, longest", Duration(l.Max()))
	}
	return out
}

// took returns the time that the run took: where that is not known, from its
// start to its end, 0 where one of these is unknown.
func (v *Run) took() time.Duration {
	if v.Active > 0 {
		return v.Active
	}
	from, to := v.Started, v.Ended
	if from.IsZero() || to.IsZero() {
		from, to = v.Summary.Span()
	}
	if from.IsZero() || !to.After(from) {
		return 0
	}
	return to.Sub(from)
}

// coverage says what the sums by reason are made of.
func coverage(v *Run) string {
	if v.AllLines {
		return "Objects by outcome, action and reason"
	}
	return "Failures and surprises by outcome, action and reason"
}

// rateSpan writes a range of two rates, or one where both read the same.
func rateSpan(low, high float64) string {
	a, b := Rate(low), Rate(high)
	if a == b {
		return a
	}
	return a + " to " + b
}
