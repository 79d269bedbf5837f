package report

import (
	"fmt"
	"io"

	"reseal/engine"
	"reseal/plan"
)

// WriteRunHTML writes a run as one HTML file, like WritePlanHTML.
func WriteRunHTML(w io.Writer, v *Run) error {
	d := document{
		Title:   "s3://" + visible(v.Job.Bucket, 100),
		Kind:    "Run of a re-encryption:",
		State:   &stateText{Text: stateLine(v), Class: stateClass(v)},
		Answer:  runAnswer(v),
		Target:  target(&v.Job),
		Figures: runFigures(v),
		Footer:  footer(&v.Job, v.Estimate),
	}
	d.add(damages(v.Damages))
	d.add(beforeAfter(v))
	d.add(verifySection(v.Verified))
	d.add(proof(v.Proof))
	d.add(outcome(v))
	d.add(groups(v))
	d.add(namedSection(errorClasses, v.Summary.ErrorClasses()))
	d.add(namedSection(errorCodes, v.Summary.ErrorCodes()))
	d.add(failures(v.Summary.Samples()))
	d.add(timeline(v))
	d.add(acceptedSection(v))
	d.add(canarySection(v.Canary))
	d.add(generationsSection(v.Generations))
	d.add(runsSection(v.History))
	d.add(against(v))
	if v.Tally != nil {
		d.tally(v.Tally)
	}
	if v.Estimate != nil {
		d.add(billSection(oncePrice+" as planned", &v.Estimate.Once))
		d.add(billSection(monthlyCost, &v.Estimate.Monthly))
		d.add(section{Title: "Notes on prices", Notes: v.Estimate.Notes})
	}
	var times []shown
	if !v.Started.IsZero() {
		times = append(times, shown{Name: "started", Value: Time(v.Started)})
	}
	if !v.Ended.IsZero() {
		name := "ended"
		if v.open() { // it goes on, or is going to
			name = "last recorded"
		}
		times = append(times, shown{Name: name, Value: Time(v.Ended)})
	}
	d.add(identity(&v.Job, times...))
	return d.write(w)
}

// runAnswer says in a sentence or two what became of the objects.
func runAnswer(v *Run) string {
	t := &v.Totals
	todo := t.Rows - t.Skipped
	under := "under the key"
	if v.Job.Options.SSE != plan.TargetKMS {
		under = "under SSE-S3"
	}
	out := fmt.Sprintf("%s of %s that had to be re-encrypted are %s", Count(t.Done), Plural(todo, "object"), under)
	switch {
	case todo == 0:
		out = "No object had to be re-encrypted"
	case t.Done == todo && todo == 1:
		out = "The object that had to be re-encrypted is " + under
	case t.Done == todo:
		out = fmt.Sprintf("All %s that had to be re-encrypted are %s", Plural(todo, "object"), under)
	}
	if t.Failed > 0 {
		out += fmt.Sprintf("; %s failed", Count(t.Failed))
	}
	if n := t.Left + t.Deferred; n > 0 {
		out += fmt.Sprintf("; %s not done yet", Count(n))
	}
	if t.Skipped > 0 {
		out += fmt.Sprintf("; %s left alone", Plural(t.Skipped, "row"))
	}
	return sentence(out) + " " + sentence(v.Verified.words())
}

// runFigures are the five figures that somebody asks for who is to sign.
func runFigures(v *Run) []shown {
	t := &v.Totals
	missing := t.Failed + t.Left + t.Deferred
	class := "good"
	if missing > 0 {
		class = "bad"
	}
	looked := shown{Name: "looked at again by verify", Value: "0", More: "nobody looked", Class: "wait"}
	if d := v.Verified; d != nil {
		looked.Value = Count(d.Looked)
		switch {
		case d.Early:
			looked.More = "before the job had begun"
		case d.Grade == "fine":
			looked.More, looked.Class = "all as promised", "good"
		case d.Grade == "open":
			looked.More = "nothing wrong, something open"
		default:
			looked.More, looked.Class = "not all as promised", "bad"
		}
		if d.Unsampled > 0 {
			looked.More = "a sample: " + looked.More
		}
	}
	price := shown{Name: "price", Value: "unknown"}
	if v.Estimate != nil && v.Estimate.Priced {
		price.Value, price.More = AtMost(t.Cost), "planned: "+AtMost(v.Estimate.Once.Total.Max)
	}
	return []shown{
		{Name: "re-encrypted", Value: Count(t.Done), More: Bytes(t.Bytes)},
		{Name: "failed or not done", Value: Count(missing), More: Percent(missing, t.Rows) + " of " + Plural(t.Rows, "row"), Class: class},
		{Name: leftAlone, Value: Count(t.Skipped), More: Percent(t.Skipped, t.Rows)},
		looked,
		price,
	}
}

// stateLine says in which state the run is, and what is wrong with it.
func stateLine(v *Run) string {
	out := visible(v.State, 100)
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
	parts := []portion{{"done", "done", t.Done}, {"failed", "failed", t.Failed}, {"skipped", leftAlone, t.Skipped}, {"rest", "put off or not begun", t.Left + t.Deferred}}
	out := section{Title: "Outcome", Table: &grid{Narrow: true}}
	if t.Rows > 0 {
		out.Stacks = []stack{stacked("rows by outcome", parts)}
		out.Stacks[0].Name = ""
	}
	for _, p := range parts {
		if p.n > 0 {
			out.Legend = append(out.Legend, legendEntry{p.class, p.name})
		}
	}
	for _, r := range outcomeRows(t) {
		out.Table.Rows = append(out.Table.Rows, gridRow{Cells: []cell{text(r.name), num(Count(r.n)), num(Percent(r.n, t.Rows))}})
	}
	for _, f := range runFacts(v) {
		out.Table.Rows = append(out.Table.Rows, gridRow{Cells: []cell{text(f.name), num(f.value), num("")}})
	}
	if t.About != "" {
		out.Notes = append(out.Notes, "Requests: "+t.About+".")
	}
	return out
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
	g := &grid{Prose: true, Header: columns("file and reason")}
	for _, d := range all {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{code(visible(d, 500))}})
	}
	return section{Title: "Missing from the result", Lead: "These files of the report could not be read to the end. The rows that are left of them are in no figure here.", Table: g}
}

func proof(all []Proof) section {
	g := &grid{Prose: true, Header: columns("claim", "evidence", "result")}
	for _, p := range all {
		class := map[plan.Answer]string{plan.Yes: "good nowrap", plan.No: "bad nowrap", plan.Unknown: "wait nowrap"}[p.Holds]
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: p.Claim, Class: "head"}, text(p.Evidence), {Text: p.Result(), Class: class}}})
	}
	return section{Title: "Proof", Table: g}
}
