package report

import "time"

type counted struct {
	name string
	n    int64
}

// outcomeRows are the rows of the report by how they ended, in the words that
// text and HTML share. Rows that nothing ended in are left out, but for done and
// failed.
func outcomeRows(t *Totals) []counted {
	out := []counted{{"done", t.Done}, {"failed", t.Failed}}
	for _, c := range []counted{{"skipped", t.Skipped}, {"deferred", t.Deferred}, {"not attempted", t.Left}} {
		if c.n > 0 {
			out = append(out, c)
		}
	}
	return out
}

type fact struct{ name, value string }

// runFacts are the figures of a run, in the words that text and HTML share.
func runFacts(v *Run) []fact {
	t := &v.Totals
	out := []fact{{"data re-encrypted", Bytes(t.Bytes)}}
	add := func(name, value string) { out = append(out, fact{name, value}) }
	if t.Repeats > 0 {
		add("found done by an earlier attempt", Count(t.Repeats))
	}
	add("S3 requests", before(t.Are.Requests, Count(t.Requests)))
	if t.Are.KMSCalls == "about" {
		add("KMS requests, about", Count(t.KMSCalls))
	} else {
		add("KMS requests, at most", Count(t.KMSCalls))
	}
	if t.About != "" {
		add("requests", t.About)
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
		add("time of an object, half of them below", Duration(l.Quantile(.5)))
		add("99 of 100 below", Duration(l.Quantile(.99)))
		add("longest", Duration(l.Max()))
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
		return "By outcome, action and reason"
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
