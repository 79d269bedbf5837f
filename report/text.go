package report

import (
	"io"
	"strings"
	"time"

	"reseal/cost"
	"reseal/plan"
)

const indent = "  "

// WritePlan writes a plan as text: first what somebody has to know who decides
// about it, then what is done, what not and why, the price, the time, and the other
// ways of doing it. Lines are as long as Columns says.
func WritePlan(w io.Writer, v *Plan) error {
	p := newPage(w)
	head(p, "Plan for", &v.Job)
	t, e := v.Tally, v.Estimate
	answer(p, v)

	p.printf("\nTo do: %s%s, %s\n", mostBy(t, &v.Job.Options), Plural(e.Objects, "object"), sizeOf(e))
	work := table{align: "lrr"}
	for _, a := range t.Actions() {
		work.row(a.Action.String()+", "+string(a.Class), Count(a.Objects), knownSize(a.Count))
	}
	work.write(p, indent)

	if skips := t.Reasons(); len(skips) > 0 {
		p.printf("\nLeft alone\n")
		left := table{align: "lrr"}
		for _, s := range skips {
			left.row(visible(s.Name, 40), Count(s.Objects), knownSize(s.Count))
		}
		left.write(p, indent)
		if about := aboutRekey(t, e, &v.Job.Options); about != "" {
			p.wrapped(indent, string(plan.AlreadyEncrypted)+": "+about)
		}
	}
	if len(v.Hazards) > 0 {
		p.printf("\nHazards\n")
		for _, h := range v.Hazards {
			p.wrapped(indent, h.Name+" ("+hazardState(&h)+"): "+h.Text)
		}
	}

	bill(p, oncePrice, &e.Once)
	bill(p, monthlyCost, &e.Monthly)

	p.printf("\nTime: %s\n", timeLine(&e.Duration))
	limits := table{align: "lrrl", spare: []int{2}}
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

// Titles that text and HTML share.
const (
	oncePrice   = "One-time price"
	monthlyCost = "Monthly cost afterwards"
)

// answer says in six lines what a plan comes to.
func answer(p *page, v *Plan) {
	t, e := v.Tally, v.Estimate
	rows := table{wrap: []int{1}}
	rows.row("to do", briefWork(t, &v.Job.Options))
	rows.row("price", briefTotal(e))
	if len(e.Monthly.Lines) > 0 {
		rows.row("afterwards", total(&e.Monthly)+" a month")
	}
	rows.row("time", timeLine(&e.Duration))
	if left := briefLeft(t); left != "" {
		rows.row("left alone", left)
	}
	rows.row("to accept", toAccept(v.Hazards))
	p.printf("\n")
	rows.write(p, indent)
}

// toAccept names the hazards that somebody has to accept before a run can begin.
func toAccept(all []Hazard) string {
	var open []string
	for _, h := range all {
		if !h.Accepted {
			open = append(open, h.Name)
		}
	}
	if len(open) == 0 {
		return "nothing"
	}
	return strings.Join(open, ", ")
}

func hazardState(h *Hazard) string {
	if h.Accepted {
		return "accepted"
	}
	return "needs --accept " + h.Name
}

// writeMethods sets the ways to do it side by side.
func writeMethods(p *page, e *cost.Estimate) {
	p.printf("\nWays to do it\n")
	methods := table{align: "lrrrrl", spare: []int{3, 2}, wrap: []int{0}}
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
	t := table{wrap: []int{1}}
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
	return visible(s, 40)
}

// Time writes an instant to the second, in UTC.
func Time(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func bill(p *page, title string, b *cost.Bill) {
	p.printf("\n")
	p.wrapped("", title+": "+total(b))
	t := table{align: "lrlr", spare: []int{2}, wrap: []int{0}}
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
