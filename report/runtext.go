package report

import (
	"io"
	"strings"

	"reseal/plan"
)

// WriteRun writes what became of a run as text, in lines as long as Columns says.
func WriteRun(w io.Writer, v *Run) error {
	p := newPage(w)
	head(p, "Run on", &v.Job)
	p.printf("\n")
	p.wrapped("", "State: "+stateLine(v))
	for _, d := range v.Damages {
		p.wrapped(indent, "Missing: "+visible(d, 500))
	}
	t := table{align: "lrr"}
	for _, r := range outcomeRows(&v.Totals) {
		t.row(r.name, Count(r.n), Percent(r.n, v.Totals.Rows))
	}
	t.write(p, indent)
	p.printf("\n")
	facts := table{align: "lr", wrap: []int{1}}
	for _, f := range runFacts(v) {
		facts.row(f.name, f.value)
	}
	facts.write(p, indent)
	if about := v.Totals.About; about != "" {
		p.wrapped(indent, "requests: "+about)
	}
	writeBeforeAfter(p, v)
	writeVerify(p, v.Verified)
	writeAgainst(p, v)
	writeGenerations(p, v.Generations)
	writeRuns(p, v.History)
	writeGroups(p, v)
	named(p, errorClasses, v.Summary.ErrorClasses())
	named(p, errorCodes, v.Summary.ErrorCodes())
	writeSamples(p, v.Summary.Samples())
	if len(v.Proof) > 0 {
		p.printf("\nProof\n")
		for _, x := range v.Proof {
			p.hanging(indent+pad(x.Result(), 13), indent+pad("", 13), x.Claim)
			p.hanging(indent+pad("", 15), indent+pad("", 15), x.Evidence)
		}
	}
	if text := CanaryText(v.Canary); text != "" {
		p.printf("\n%s\n%s", canaryTitle, text)
	}
	return p.err
}

// Titles that text and HTML share.
const (
	errorClasses = "Errors by kind"
	errorCodes   = "Errors by code of the service"
)

func pad(s string, columns int) string { return s + strings.Repeat(" ", max(columns-len(s), 0)) }

// writeAgainst sets the estimate beside what the run did.
func writeAgainst(p *page, v *Run) {
	rows := v.against().rows(v.Estimate)
	if len(rows) == 0 {
		return
	}
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

// writeGroups writes how many objects ended alike.
func writeGroups(p *page, v *Run) {
	groups := v.Summary.Groups()
	if len(groups) == 0 {
		return
	}
	p.printf("\n%s\n", coverage(v))
	g := table{align: "lllrr", spare: []int{4}}
	for _, x := range groups {
		g.row(outcomeWord(visible(x.Status, 40)), actionWord(visible(x.Action, 40)), visible(x.Reason, 40), Count(x.Objects), Bytes(x.Bytes))
	}
	g.write(p, indent)
	if about := AboutEncrypted(encryptedIn(v.Summary), v.Keys, &v.Job.Options); about != "" {
		p.wrapped(indent, string(plan.AlreadyEncrypted)+": "+about)
	}
	if about := v.Client.text(); about != "" {
		p.wrapped(indent, "client-side encrypted: "+about)
	}
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

// writeSamples writes some failures: for each reason and code the objects, and what
// the service said.
func writeSamples(p *page, samples []Sample) {
	if len(samples) == 0 {
		return
	}
	p.printf("\nSamples of failures\n")
	last := ""
	for _, x := range samples {
		if why := strings.TrimSuffix(visible(x.Reason, 40)+": "+visible(x.ErrorCode, 60), ": "); why != last {
			p.wrapped(indent, why)
			last = why
		}
		object := visible(x.Key, 200)
		if x.RequestID != "" {
			object += " (request " + visible(x.RequestID, 60) + ")"
		}
		p.wrapped(indent+indent, object)
		if x.Error != "" {
			p.wrapped(indent+indent+indent, visible(x.Error, 400))
		}
	}
}
