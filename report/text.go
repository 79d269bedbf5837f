package report

import (
	"io"
	"strings"
	"time"
	"unicode"

	"reseal/cost"
	"reseal/plan"
)

func printable(r rune) bool { return unicode.IsPrint(r) }

const indent = "  "

// WritePlan writes a plan as text: what is done, what not and why, the price,
// the time, the other ways of doing it.
func WritePlan(w io.Writer, v *Plan) error {
	p := &page{w: w}
	head(p, "Plan for", &v.Job)
	t, e := v.Tally, v.Estimate

	p.printf("\nTo do: %s, %s\n", Plural(e.Objects, "object"), Bytes(e.Bytes))
	work := table{align: "lrr"}
	for _, a := range t.Actions() {
		work.row(a.Action.String()+", "+string(a.Class), Count(a.Objects), Bytes(a.Bytes))
	}
	work.write(p, indent)

	if skips := t.Reasons(); len(skips) > 0 {
		p.printf("\nLeft alone\n")
		left := table{align: "lrr"}
		for _, s := range skips {
			left.row(visible(s.Name, 40), Count(s.Objects), Bytes(s.Bytes))
		}
		left.write(p, indent)
		if about := aboutRekey(t, e, &v.Job.Options); about != "" {
			p.wrapped(indent, string(plan.AlreadyEncrypted)+": "+about)
		}
	}
	if len(v.Hazards) > 0 {
		p.printf("\nHazards\n")
		for _, h := range v.Hazards {
			state := "needs --accept " + h.Name
			if h.Accepted {
				state = "accepted"
			}
			p.wrapped(indent, h.Name+" ("+state+"): "+h.Text)
		}
	}

	bill(p, "One-time price", &e.Once)
	bill(p, "A month from then on", &e.Monthly)

	p.printf("\nTime: %s\n", timeLine(&e.Duration))
	limits := table{align: "lrrl"}
	for _, l := range e.Duration.Limits {
		demand, rate := limitText(&l)
		limits.row(l.Name, demand, rate, Between(l.Shortest, l.Longest))
	}
	limits.write(p, indent)

	writeMethods(p, e)
	p.printf("\n")
	p.wrapped("", "Recommended: "+e.Advice)
	notes(p, e, evidenceNotes(v))
	return p.err
}

// writeMethods sets the ways to do it side by side.
func writeMethods(p *page, e *cost.Estimate) {
	p.printf("\nWays to do it\n")
	methods := table{align: "lrrrrl"}
	methods.row("", "objects", "S3 requests", "KMS requests", "price", "time")
	for _, m := range e.Methods {
		methods.row(methodName(&m), Count(m.Objects.Objects), Count(m.Requests.Expected), Count(m.KMS.Expected), priceOf(&m.Cost), methodTime(&m))
	}
	methods.write(p, indent)
	for _, m := range e.Methods {
		p.wrapped(indent, m.Name+": "+strings.Join(m.Remarks, "; "))
	}
}

func head(p *page, what string, j *Job) {
	p.printf("%s s3://%s (%s)\n", what, visible(j.Bucket, 100), orUnknown(j.Region))
	t := table{}
	from := visible(j.Manifest, 200)
	if !j.ManifestTime.IsZero() {
		from += ", scanned from " + Time(j.ManifestTime)
	}
	t.row("report", from)
	target := j.Options.SSE
	if j.Options.KMSKeyID != "" {
		target += " under " + visible(j.Options.KMSKeyID, 200)
		if j.Options.BucketKey {
			target += ", bucket key"
		} else {
			target += ", no bucket key"
		}
	}
	t.row("target", target)
	t.row("method", string(j.Options.Method))
	t.write(p, indent)
}

func orUnknown(s string) string {
	if s == "" {
		return "Region unknown"
	}
	return s
}

// Time writes an instant to the second, in UTC.
func Time(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func bill(p *page, title string, b *cost.Bill) {
	p.printf("\n%s: %s\n", title, total(b))
	t := table{align: "lrlr"}
	for _, l := range b.Lines {
		t.row(l.Item, quantity(&l), l.Rate, amount(&l))
	}
	t.write(p, indent)
	said := map[string]bool{}
	for _, l := range b.Lines {
		if l.Note != "" && !said[l.Note] { // the same is true of every class
			item, _, _ := strings.Cut(l.Item, ", ")
			p.wrapped(indent, item+": "+l.Note)
			said[l.Note] = true
		}
	}
}

// total is the sum of a bill in words.
func total(b *cost.Bill) string {
	var out string
	switch {
	case len(b.Lines) == 0:
		return "nothing"
	case len(b.Missing) == len(b.Lines):
		return "price unknown"
	case b.Total.Expected == b.Total.Max:
		out = Money(b.Total.Expected)
	default:
		out = Money(b.Total.Expected) + " expected, " + Money(b.Total.Max) + " at most"
	}
	if !b.Complete() {
		out = "at least " + out + " (" + Plural(int64(len(b.Missing)), "price") + " unknown)"
	}
	return out
}

func priceOf(b *cost.Bill) string {
	switch {
	case len(b.Lines) == 0:
		return "$0.00"
	case len(b.Missing) == len(b.Lines):
		return "unknown"
	case !b.Complete():
		return "over " + Money(b.Total.Expected)
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

func timeLine(d *cost.Duration) string {
	if d.Binding == "" {
		return "unknown, as no limit is"
	}
	return Between(d.Shortest, d.Longest) + ", bound by " + d.Binding
}

func methodName(m *cost.Method) string {
	switch {
	case m.Planned:
		return m.Name + " (planned)"
	case !m.Possible:
		return m.Name + " (not here)"
	}
	return m.Name
}

func methodTime(m *cost.Method) string {
	if m.Longest == 0 {
		return "not stated"
	}
	return Between(m.Shortest, m.Longest)
}

func notes(p *page, e *cost.Estimate, more []string) {
	p.printf("\nNotes\n")
	for _, n := range e.Notes {
		n, command, _ := strings.Cut(n, "\n")
		p.wrapped(indent, n)
		for line := range strings.Lines(command) { // to be pasted, so never wrapped
			p.printf("%s%s\n", indent, strings.TrimSuffix(line, "\n"))
		}
	}
	for _, n := range more {
		p.wrapped(indent, n)
	}
}

// WriteRun writes what became of a run as text.
func WriteRun(w io.Writer, v *Run) error {
	p := &page{w: w}
	head(p, "Run on", &v.Job)
	p.printf("\nState: %s\n", stateLine(v))
	for _, d := range v.Damages {
		p.printf("%sMissing: %s\n", indent, visible(d, 500))
	}
	t := table{align: "lrr"}
	for _, r := range outcomeRows(&v.Totals) {
		t.row(r.name, Count(r.n), Percent(r.n, v.Totals.Rows))
	}
	t.write(p, indent)
	p.printf("\n")
	facts := table{align: "lr"}
	for _, f := range runFacts(v) {
		facts.row(f.name, f.value)
	}
	facts.write(p, indent)
	if rows := v.against().rows(v.Estimate); len(rows) > 0 {
		p.printf("\n%s\n", againstTitle(v))
		t := table{align: "lrr"}
		t.row("", "estimated", "actual")
		for _, r := range rows {
			t.row(r.what, r.estimated, r.actual)
		}
		t.write(p, indent)
		if v.Estimate.Priced {
			p.wrapped(indent, "price: "+ListPrices(v.Estimate)+", before tax and discounts")
		}
		if note := v.uncounted(); note != "" {
			p.wrapped(indent, "requests: "+note)
		}
		if why := v.above(); why != "" {
			p.wrapped(indent, "price above what was planned: "+why)
		}
	}

	writeRuns(p, v.History)
	s := v.Summary
	if groups := s.Groups(); len(groups) > 0 {
		p.printf("\n%s\n", coverage(v))
		g := table{align: "lllrr"}
		for _, x := range groups {
			g.row(visible(x.Status, 40), visible(x.Action, 40), visible(x.Reason, 40), Count(x.Objects), Bytes(x.Bytes))
		}
		g.write(p, indent)
		if about := AboutEncrypted(encryptedIn(s), v.Keys, &v.Job.Options); about != "" {
			p.wrapped(indent, string(plan.AlreadyEncrypted)+": "+about)
		}
		if about := v.Client.text(); about != "" {
			p.wrapped(indent, "client-side encrypted: "+about)
		}
	}
	named(p, "What the errors meant", s.ErrorClasses())
	named(p, "Error codes", s.ErrorCodes())
	if samples := s.Samples(); len(samples) > 0 {
		p.printf("\nSamples of failures\n")
		f := table{}
		for _, x := range samples {
			f.row(visible(x.Reason, 40), visible(x.ErrorCode, 60), visible(x.RequestID, 60), visible(x.Key, 200), visible(x.Error, 400))
		}
		f.write(p, indent)
	}
	if len(v.Proof) > 0 {
		p.printf("\nProof\n")
		t := table{}
		for _, x := range v.Proof {
			t.row(x.Result(), x.Claim, x.Evidence)
		}
		t.write(p, indent)
	}
	if text := CanaryText(v.Canary); text != "" {
		p.printf("\n%s\n%s", canaryTitle, text)
	}
	return p.err
}

func named(p *page, title string, names []Named) {
	if len(names) == 0 {
		return
	}
	p.printf("\n%s\n", title)
	t := table{align: "lr"}
	for _, n := range names {
		t.row(visible(n.Name, 60), Count(n.Objects))
	}
	t.write(p, indent)
}
