package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"reseal/cost"
	"reseal/plan"
)

// WritePlanHTML writes a plan as one HTML file that needs nothing else: no
// network, no script. Everything in it is escaped where it is written (page.go).
func WritePlanHTML(w io.Writer, v *Plan) error {
	e := v.Estimate
	d := document{
		Title:   "s3://" + visible(v.Job.Bucket, 100),
		Kind:    "Plan for re-encryption",
		Answer:  planAnswer(v),
		Target:  target(&v.Job),
		Advice:  e.Advice,
		Figures: planFigures(v),
		Footer:  footer(&v.Job, e),
	}
	d.add(hazards(v.Hazards))
	d.add(actions(v.Tally))
	left := reasons(v.Tally)
	if about := aboutRekey(v.Tally, e, &v.Job.Options); about != "" {
		left.Notes = append(left.Notes, string(plan.AlreadyEncrypted)+": "+about)
	}
	d.add(left)
	d.add(byEncryptionNow(v.Tally))
	d.tally(v.Tally)
	d.add(billSection(oncePrice, &e.Once))
	d.add(billSection(monthlyCost, &e.Monthly))
	d.add(limits(&e.Duration))
	d.add(methods(e))
	notes := slices.Concat(e.Notes, evidenceNotes(v))
	d.add(section{Title: "Notes", Notes: notes})
	d.add(identity(&v.Job))
	return d.write(w)
}

// planAnswer says in a sentence or two what a run would do.
func planAnswer(v *Plan) string {
	e := v.Estimate
	if e.Objects == 0 {
		return "Nothing has to be re-encrypted."
	}
	out := fmt.Sprintf("Re-encrypting %s%s (%s) costs %s and takes %s.", mostBy(v.Tally, &v.Job.Options), Plural(e.Objects, "object"), sizeOf(e), briefTotal(e), timeLine(&e.Duration))
	if open := toAccept(v.Hazards); open != "nothing" {
		return out + " Before it begins, somebody has to accept: " + open + "."
	}
	return out + " Nothing has to be accepted before it begins."
}

// planFigures are the five figures that somebody asks for who is to decide.
func planFigures(v *Plan) []shown {
	e := v.Estimate
	var left cost.Count
	for _, r := range v.Tally.Reasons() {
		left.Objects += r.Objects
		left.Bytes = addBytes(left.Bytes, r.Bytes)
	}
	return []shown{
		{Name: mostBy(v.Tally, &v.Job.Options) + "objects to do", Value: Count(e.Objects), More: sizeOf(e)},
		{Name: "one-time price", Value: priceOf(&e.Once), More: atMost(&e.Once)},
		{Name: "time", Value: shortTime(&e.Duration), More: boundBy(&e.Duration)},
		{Name: leftAlone, Value: Count(left.Objects), More: Bytes(left.Bytes)},
		{Name: "monthly cost afterwards", Value: priceOf(&e.Monthly), More: atMost(&e.Monthly)},
	}
}

func atMost(b *cost.Bill) string {
	switch {
	case len(b.Missing) > 0:
		return Plural(int64(len(b.Missing)), "price") + " unknown"
	case b.Total.Max.Cents() != b.Total.Expected.Cents():
		return "at most " + Money(b.Total.Max)
	}
	return ""
}

func shortTime(d *cost.Duration) string {
	if d.Binding == "" {
		return "unknown"
	}
	return estimated(d.Shortest, d.Longest, d.AtLeast)
}

func boundBy(d *cost.Duration) string {
	switch {
	case d.Binding == "":
		return "no limit on the rate is known"
	case d.AtLeast:
		return "sizes are unknown"
	case d.Longest < time.Minute:
		return "mostly its start and canary"
	}
	return "bound by " + d.Binding
}

func hazards(all []Hazard) section {
	g := &grid{Prose: true, Header: columns("hazard", "what it is", "state")}
	for _, h := range all {
		state := cell{Text: "needs --accept " + h.Name, Class: "bad"}
		if h.Accepted {
			state = cell{Text: "accepted", Class: "good nowrap"}
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: h.Name, Class: "head"}, text(h.Text), state}})
	}
	return section{Title: "Hazards", Table: g}
}

func actions(t *cost.Tally) section {
	g := &grid{Header: columns("action", "class", ">objects", ">bytes", ">S3 writes", ">S3 reads", ">KMS requests")}
	for _, a := range t.Actions() {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(a.Action.String()), text(string(a.Class)), num(Count(a.Objects)), num(knownSize(a.Count)),
			num(rangeText(a.Demand.Writes)), num(rangeText(a.Demand.Reads)), num(rangeText(a.Demand.KMS))}})
	}
	return section{Title: "What will be done", Table: g}
}

func rangeText(r plan.Range) string {
	if r.Min == r.Max {
		return Count(r.Max)
	}
	return Count(r.Min) + " to " + Count(r.Max)
}

func reasons(t *cost.Tally) section {
	b := bars("reason")
	for _, r := range t.Reasons() {
		b.row(visible(r.Name, 60), "", r.Count)
	}
	return section{Title: "What is left alone, and why", Bars: b.scaled()}
}

// byEncryptionNow shows how the report's objects are encrypted.
func byEncryptionNow(t *cost.Tally) section {
	status := bars("encryption")
	for _, s := range t.Encryption() {
		status.row(s.Name, "", s.Count)
	}
	return section{Title: "By encryption", Lead: "All objects of the report, before the run.", Bars: status.scaled()}
}

// tally shows what the report's objects are, in three ways.
func (d *document) tally(t *cost.Tally) {
	byClass := bars("storage class")
	for _, c := range t.Classes() {
		note := ""
		if c.Young > 0 {
			note = Count(c.Young) + " are to be overwritten within the minimum storage duration"
		}
		byClass.row(string(c.Class), note, c.Count)
	}
	d.add(section{Title: "By storage class", Lead: "All objects of the report.", Bars: byClass.scaled()})
	age := bars("age")
	for _, a := range t.Ages() {
		if a.Objects > 0 {
			age.row(a.Name, "", a.Count)
		}
	}
	d.add(section{Title: "By age", Lead: "Objects to be re-encrypted.", Bars: age.scaled()})
	prefix := bars("prefix")
	rest := cost.Count{}
	for i, p := range t.Prefixes() {
		if i >= 15 || p.Prefix == cost.Others {
			rest.Objects += p.Objects
			rest.Bytes = addBytes(rest.Bytes, p.Bytes)
			continue
		}
		name := visible(p.Prefix, 80)
		if name == "" {
			name = "(no prefix)"
		}
		prefix.row(name, "", p.Count)
	}
	if rest.Objects > 0 {
		prefix.row(cost.Others, "", rest)
	}
	d.add(section{Title: "By top-level prefix", Lead: "Objects to be re-encrypted.", Bars: prefix.scaled()})
}

func billSection(title string, b *cost.Bill) section {
	g := &grid{Header: columns("item", ">quantity", "list price", ">expected", ">at most")}
	for _, l := range b.Lines {
		expected, most := "unknown", "unknown"
		if l.Known {
			expected, most = Money(l.Amount.Expected), Money(l.Amount.Max)
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: l.Item, Note: l.Note}, num(quantity(&l)), text(l.Rate), num(expected), num(most)}})
	}
	if len(g.Rows) > 0 {
		sum := "total"
		if !b.Complete() {
			sum = "total of what has a price"
		}
		g.Rows = append(g.Rows, gridRow{Class: "sum", Cells: []cell{text(sum), num(""), text(""), num(Money(b.Total.Expected)), num(Money(b.Total.Max))}})
	}
	return section{Title: title, Table: g}
}

func limits(d *cost.Duration) section {
	g := &grid{Header: columns("limit", ">of", ">a second", ">takes", "how")}
	for i, l := range d.Limits {
		class := ""
		if i == 0 {
			class = "pick"
		}
		demand, rate := limitText(&l)
		g.Rows = append(g.Rows, gridRow{class, []cell{text(l.Name), num(demand), num(rate), num(Between(l.Shortest, l.Longest)), text(l.Note)}})
	}
	return section{Title: "Time", Lead: "The slowest limit decides; it is listed first. The start of a run and its canary come on top, up to ten seconds.", Table: g}
}

func methods(e *cost.Estimate) section {
	g := &grid{Header: columns("way", ">objects", ">S3 requests", ">KMS requests", ">price", ">time")}
	for _, m := range e.Methods {
		class := ""
		if m.Name == e.Recommended {
			class = "pick"
		}
		name := cell{Text: methodName(&m), List: m.Remarks}
		g.Rows = append(g.Rows, gridRow{class, []cell{name, num(Count(m.Objects.Objects)), num(Count(m.Requests.Expected)),
			num(Count(m.KMS.Expected)), num(priceOf(&m.Cost)), num(methodTime(&m))}})
	}
	return section{Title: "Ways to do it", Lead: "The planned way is counted from the report, the others are modelled on its sums.", Table: g}
}
