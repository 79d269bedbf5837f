package report

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"reseal/engine"
	"reseal/plan"
)

// WriteRunHTML writes a run as one HTML file, like WritePlanHTML.
func WriteRunHTML(w io.Writer, v *Run) error {
	t := &v.Totals
	d := document{
		Title: "s3://" + visible(v.Job.Bucket, 100),
		Kind:  "Run of a re-encryption:",
		State: &stateText{Text: stateLine(v), Class: stateClass(v)},
		Head:  headRows(&v.Job),
		Figures: []shown{
			{Name: "done", Value: Count(t.Done), More: Bytes(t.Bytes)},
			{Name: "failed", Value: Count(t.Failed), More: Percent(t.Failed, t.Rows) + " of " + Plural(t.Rows, "row")},
			{Name: leftAlone, Value: Count(t.Skipped), More: Percent(t.Skipped, t.Rows)},
			{Name: "not done yet", Value: Count(t.Left + t.Deferred), More: Percent(t.Left+t.Deferred, t.Rows)},
			{Name: "KMS requests", Value: Count(t.KMSCalls), More: cmp.Or(t.Are.KMSCalls, "at most")},
		},
		Footer: footer(&v.Job, v.Estimate),
	}
	if !v.Started.IsZero() {
		d.Head = append(d.Head, shown{Name: "started", Value: Time(v.Started)})
	}
	if !v.Ended.IsZero() {
		name := "ended"
		if v.open() { // it goes on, or is going to
			name = "last recorded"
		}
		d.Head = append(d.Head, shown{Name: name, Value: Time(v.Ended)})
	}
	d.add(damages(v.Damages))
	d.add(proof(v.Proof))
	d.add(canarySection(v.Canary))
	d.add(outcome(v))
	d.add(runsSection(v.History))
	d.add(against(v))
	d.add(timeline(v))
	d.add(groups(v))
	d.add(namedSection(errorClasses, v.Summary.ErrorClasses()))
	d.add(namedSection(errorCodes, v.Summary.ErrorCodes()))
	d.add(failures(v.Summary.Samples()))
	if v.Tally != nil {
		d.tally(v.Tally)
	}
	if v.Estimate != nil {
		d.add(billSection("One-time price as planned", &v.Estimate.Once))
		d.add(billSection(monthlyCost, &v.Estimate.Monthly))
		d.add(section{Title: "Notes on prices", Notes: v.Estimate.Notes})
	}
	return d.write(w)
}

// stateLine says in which state the run is, and what is wrong with it.
func stateLine(v *Run) string {
	out := v.State
	if n := v.Totals.Failed; n > 0 {
		out += ", " + Plural(n, "object") + " failed"
	}
	if n := v.Totals.Left + v.Totals.Deferred; n > 0 {
		out += ", " + Plural(n, "row") + " not done yet"
	}
	if n := len(v.Damages); n > 0 {
		out += ", " + Plural(int64(n), "file") + " of the report not read to the end"
	}
	return out
}

func stateClass(v *Run) string {
	switch {
	case v.Totals.Failed > 0, len(v.Damages) > 0:
		return "bad"
	case v.Totals.Left+v.Totals.Deferred > 0:
		return "wait"
	}
	return "good"
}

func outcome(v *Run) section {
	t := &v.Totals
	s := &stack{Label: "rows by outcome"}
	var x float64
	for _, p := range []struct {
		class string
		n     int64
	}{{"done", t.Done}, {"failed", t.Failed}, {"skipped", t.Skipped}, {"rest", t.Left + t.Deferred}} {
		if t.Rows > 0 && p.n > 0 {
			width := max(1000*float64(p.n)/float64(t.Rows), 4) // what is there must be seen
			s.Parts = append(s.Parts, part{p.class, round(x), round(min(width, 1000-x))})
			x = min(x+width, 1000)
		}
	}
	g := &grid{Narrow: true}
	for _, r := range outcomeRows(t) {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(r.name), num(Count(r.n)), num(Percent(r.n, t.Rows))}})
	}
	for _, f := range runFacts(v) {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(f.name), num(f.value), num("")}})
	}
	return section{Title: "Outcome", Stack: s, Table: g}
}

func against(v *Run) section {
	g := &grid{Narrow: true, Header: columns("", ">estimated", ">actual")}
	for _, r := range v.against().rows(v.Estimate) {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(r.what), num(r.estimated), num(r.actual)}})
	}
	s := section{Title: againstTitle(v), Table: g}
	if note := v.uncounted(); note != "" {
		s.Notes = append(s.Notes, "Requests: "+note+".")
	}
	if why := v.above(); why != "" {
		s.Notes = append(s.Notes, "The price is above what was planned: "+why+".")
	}
	return s
}

func groups(v *Run) section {
	g := &grid{Header: columns("outcome", "action", "reason", ">objects", ">bytes")}
	for _, x := range v.Summary.Groups() {
		c := cell{Text: outcomeWord(visible(x.Status, 40))}
		if x.Status == engine.Failed.String() {
			c.Class = "bad"
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{c, text(actionWord(visible(x.Action, 40))), text(visible(x.Reason, 60)), num(Count(x.Objects)), num(Bytes(x.Bytes))}})
	}
	out := section{Title: coverage(v), Table: g}
	if about := AboutEncrypted(encryptedIn(v.Summary), v.Keys, &v.Job.Options); about != "" {
		out.Notes = append(out.Notes, string(plan.AlreadyEncrypted)+": "+about)
	}
	if about := v.Client.text(); about != "" {
		out.Notes = append(out.Notes, "client-side encrypted: "+about)
	}
	return out
}

func namedSection(title string, names []Named) section {
	g := &grid{Narrow: true}
	for _, n := range names {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(visible(n.Name, 80)), num(Count(n.Objects))}})
	}
	return section{Title: title, Table: g}
}

func failures(samples []Sample) section {
	g := &grid{Header: columns("reason", "key", "error code", ">status", "request id", ">file", ">row")}
	for _, s := range samples {
		key := code(visible(s.Key, 300))
		if s.VersionID != "" {
			key.Note = "version " + visible(s.VersionID, 100)
		}
		why := text(visible(s.ErrorCode, 80))
		why.Note = visible(s.Error, 400)
		status := ""
		if s.HTTPStatus > 0 {
			status = fmt.Sprint(s.HTTPStatus)
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: visible(s.Reason, 60), Class: "nowrap"}, key, why, num(status),
			code(visible(s.RequestID, 80)), num(Count(int64(s.File))), num(Count(s.Row))}})
	}
	return section{Title: "Samples of failures", Lead: "A few for each reason; the results have all of them.", Table: g}
}

func damages(all []string) section {
	g := &grid{Header: columns("file and reason")}
	for _, d := range all {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{code(visible(d, 500))}})
	}
	return section{Title: "Missing from the result", Lead: "These files of the report could not be read to the end. The rows that are left of them are in no figure here.", Table: g}
}

func proof(all []Proof) section {
	g := &grid{Header: columns("claim", "evidence", "result")}
	for _, p := range all {
		class := map[plan.Answer]string{plan.Yes: "good nowrap", plan.No: "bad nowrap", plan.Unknown: "wait nowrap"}[p.Holds]
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(p.Claim), text(p.Evidence), {Text: p.Result(), Class: class}}})
	}
	return section{Title: "Proof", Table: g}
}

func timeline(v *Run) section {
	tl := v.Summary.Timeline()
	if len(tl.Slots()) < 2 {
		return section{}
	}
	s := section{Title: "Over time", Lead: fmt.Sprintf("Mean rates over slots of %s. An object counts in the slot that it ends in, with all its requests.", Duration(tl.Width()))}
	if !v.AllLines && !v.Curves {
		s.Lead += " Only failures and surprises were written, so the results have no curve of what went well."
	}
	perSecond := func(get func(Slot) int64) []float64 {
		var out []float64
		for _, slot := range tl.Slots() {
			out = append(out, float64(get(slot))/tl.Width().Seconds())
		}
		return out
	}
	from, to := Time(tl.Start()), Time(tl.Start().Add(time.Duration(len(tl.Slots()))*tl.Width()))
	s.Charts = append(s.Charts, chart("Objects done", perSecond(func(s Slot) int64 { return s.Done }), nil, "", "", from, to))
	s.Charts = append(s.Charts, chart("KMS requests, at most", perSecond(func(s Slot) int64 { return s.KMSCalls }), v.limits(), v.caps().Text(), "2", from, to))
	return s
}

// limits are the caps on KMS requests in each slot of the timeline: of those that
// held in one, the highest.
func (v *Run) limits() (out []float64) {
	tl, caps := v.Summary.Timeline(), v.caps()
	for i := range tl.Slots() {
		from := tl.Start().Add(time.Duration(i) * tl.Width())
		out = append(out, caps.highest(from, from.Add(tl.Width())))
	}
	return out
}
