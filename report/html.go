package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/plan"
)

//go:embed page.html
var pageSource string

// WritePlanHTML writes a plan as one HTML file that needs nothing else: no
// network, no script. Everything in it is escaped by html/template.
func WritePlanHTML(w io.Writer, v *Plan) error {
	e := v.Estimate
	d := document{
		Title:  "s3://" + visible(v.Job.Bucket, 100),
		Kind:   "Plan for re-encryption",
		Head:   headRows(&v.Job),
		Advice: e.Advice,
		Figures: []shown{
			{Name: "objects to do", Value: Count(e.Objects), More: Bytes(e.Bytes)},
			{Name: "one-time price", Value: priceOf(&e.Once), More: atMost(&e.Once)},
			{Name: "time", Value: shortTime(&e.Duration), More: boundBy(&e.Duration)},
			{Name: "KMS requests", Value: Count(e.KMSCalls.Expected), More: "at most " + Count(e.KMSCalls.Max)},
			{Name: "a month from then on", Value: priceOf(&e.Monthly), More: atMost(&e.Monthly)},
		},
		Footer: footer(&v.Job, e),
	}
	d.add(hazards(v.Hazards))
	d.add(actions(v.Tally))
	d.add(reasons(v.Tally))
	d.tally(v.Tally)
	d.add(billSection("One-time price", &e.Once))
	d.add(billSection("A month from then on", &e.Monthly))
	d.add(limits(&e.Duration))
	d.add(methods(e))
	notes := e.Notes
	if v.ResultsBytes > 0 {
		notes = append(notes[:len(notes):len(notes)], "A result line for every object takes about "+Bytes(v.ResultsBytes)+".")
	}
	d.add(section{Title: "Notes", Notes: notes})
	return d.write(w)
}

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
			{Name: "skipped", Value: Count(t.Skipped), More: Percent(t.Skipped, t.Rows)},
			{Name: "not done yet", Value: Count(t.Left + t.Deferred), More: Percent(t.Left+t.Deferred, t.Rows)},
			{Name: "KMS requests", Value: Count(t.KMSCalls), More: "at most"},
		},
		Footer: footer(&v.Job, v.Estimate),
	}
	if !v.Started.IsZero() {
		d.Head = append(d.Head, shown{Name: "started", Value: Time(v.Started)})
	}
	if !v.Ended.IsZero() {
		d.Head = append(d.Head, shown{Name: "ended", Value: Time(v.Ended)})
	}
	d.add(damages(v.Damages))
	d.add(proof(v.Proof))
	d.add(outcome(v))
	d.add(against(v))
	d.add(timeline(v))
	d.add(groups(v))
	d.add(namedSection("What the errors meant", v.Summary.ErrorClasses()))
	d.add(namedSection("Error codes", v.Summary.ErrorCodes()))
	d.add(failures(v.Summary.Samples()))
	if v.Tally != nil {
		d.tally(v.Tally)
	}
	if v.Estimate != nil {
		d.add(billSection("One-time price as planned", &v.Estimate.Once))
		d.add(billSection("A month from then on", &v.Estimate.Monthly))
		d.add(section{Title: "Notes on prices", Notes: v.Estimate.Notes})
	}
	return d.write(w)
}

// document is what the page template shows.
type document struct {
	Title, Kind string
	State       *stateText
	Head        []shown
	Figures     []shown
	Advice      string
	Sections    []section
	Footer      string
}

type shown struct{ Name, Value, More string }

type stateText struct{ Text, Class string }

// section is a titled part of the page; what is empty is not shown.
type section struct {
	Title, Lead string
	Stack       *stack
	Charts      []lineChart
	Bars        *barTable
	Table       *grid
	Notes       []string
}

type grid struct {
	Narrow bool // no wider than it must be
	Header []column
	Rows   []gridRow
}

// Stacks tells whether the table has too many columns for a narrow window, where
// its rows are then set one cell below the other.
func (g *grid) Stacks() bool { return !g.Narrow && len(g.Header) > 3 }

// Label is the header of a column, which stands beside each cell then.
func (g *grid) Label(i int) string {
	if i < len(g.Header) {
		return g.Header[i].Text
	}
	return ""
}

type column struct {
	Text  string
	Right bool
}

type gridRow struct {
	Class string
	Cells []cell
}

type cell struct {
	Text, Class, Note string
	Code              bool
	List              []string
}

func text(s string) cell { return cell{Text: s} }
func num(s string) cell  { return cell{Text: s, Class: "n"} }
func code(s string) cell { return cell{Text: s, Code: true} }
func columns(spec ...string) (out []column) {
	for _, s := range spec {
		name, right := strings.CutPrefix(s, ">")
		out = append(out, column{name, right})
	}
	return out
}

// add adds a section unless there is nothing in it.
func (d *document) add(s section) {
	if s.Stack != nil || len(s.Charts) > 0 || s.Bars != nil || s.Table != nil && len(s.Table.Rows) > 0 || len(s.Notes) > 0 {
		d.Sections = append(d.Sections, s)
	}
}

func (d *document) write(w io.Writer) error {
	t, err := template.New("").Parse(pageSource)
	if err != nil {
		return fmt.Errorf("page template: %w", err)
	}
	if err := t.ExecuteTemplate(w, "page", d); err != nil {
		return fmt.Errorf("write HTML: %w", err)
	}
	return nil
}

func headRows(j *Job) []shown {
	out := []shown{{Name: "Region", Value: orUnknown(j.Region)}, {Name: "report", Value: visible(j.Manifest, 400)}}
	add := func(name, value string) {
		if value != "" {
			out = append(out, shown{Name: name, Value: value})
		}
	}
	if !j.ManifestTime.IsZero() {
		add("scanned from", Time(j.ManifestTime))
	}
	add("MD5 of the manifest", visible(j.ManifestMD5, 64))
	target := j.Options.SSE
	if j.Options.KMSKeyID != "" {
		target += " under " + visible(j.Options.KMSKeyID, 300)
	}
	add("target", target)
	bucketKey := "off"
	if j.Options.BucketKey {
		bucketKey = "on"
	}
	add("bucket key", bucketKey)
	add("method", string(j.Options.Method))
	add("job", visible(j.Hash, 64))
	return out
}

func footer(j *Job, e *cost.Estimate) string {
	out := "reseal"
	if j.Version != "" {
		out += " " + j.Version
	}
	if !j.Evaluated.IsZero() {
		out += ", evaluated " + Time(j.Evaluated)
	}
	if e != nil && e.Priced {
		out += ". List prices of " + e.Region + " of " + e.PriceDate + ", US dollars before tax and discounts"
	}
	return out + "."
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
	return Between(d.Shortest, d.Longest)
}

func boundBy(d *cost.Duration) string {
	if d.Binding == "" {
		return "no limit is known"
	}
	return "bound by " + d.Binding
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

func hazards(all []Hazard) section {
	g := &grid{Header: columns("hazard", "what it is", "state")}
	for _, h := range all {
		state := cell{Text: "needs --accept " + h.Name, Class: "bad nowrap"}
		if h.Accepted {
			state = cell{Text: "accepted", Class: "good nowrap"}
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: h.Name, Class: "nowrap"}, text(h.Text), state}})
	}
	return section{Title: "Hazards", Table: g}
}

func actions(t *cost.Tally) section {
	g := &grid{Header: columns("action", "class", ">objects", ">bytes", ">S3 writes", ">S3 reads", ">KMS requests")}
	for _, a := range t.Actions() {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(a.Action.String()), text(string(a.Class)), num(Count(a.Objects)), num(Bytes(a.Bytes)),
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

// tally shows what the report's objects are, in four ways.
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
	status := bars("encryption")
	for _, s := range t.Encryption() {
		status.row(s.Name, "", s.Count)
	}
	d.add(section{Title: "By encryption", Lead: "All objects of the report.", Bars: status.scaled()})
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
	return section{Title: "Time", Lead: "The slowest limit decides; it is listed first.", Table: g}
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
	return section{Title: againstTitle(v), Table: g}
}

func groups(v *Run) section {
	g := &grid{Header: columns("outcome", "action", "reason", ">objects", ">bytes")}
	for _, x := range v.Summary.Groups() {
		c := cell{Text: visible(x.Status, 40)}
		if x.Status == engine.Failed.String() {
			c.Class = "bad"
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{c, text(visible(x.Action, 40)), text(visible(x.Reason, 60)), num(Count(x.Objects)), num(Bytes(x.Bytes))}})
	}
	return section{Title: coverage(v), Table: g}
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
		g.Rows = append(g.Rows, gridRow{Cells: []cell{text(p.Claim), text(p.Evidence), {Text: holds(p.Holds), Class: class}}})
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
	s.Charts = append(s.Charts, chart("Objects done", perSecond(func(s Slot) int64 { return s.Done }), 0, "", from, to))
	s.Charts = append(s.Charts, chart("KMS requests, at most", perSecond(func(s Slot) int64 { return s.KMSCalls }), v.KMSCap, "2", from, to))
	return s
}
