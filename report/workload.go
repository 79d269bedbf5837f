package report

import (
	"fmt"
	"io"

	"reseal/cost"
	"reseal/inventory"
)

// Workload is what a bucket costs a month that is only stated, and what
// re-encrypting it costs once.
type Workload struct {
	Workload  cost.Workload     `json:"workload"`
	Without   cost.WorkloadCost `json:"without_bucket_key"`
	With      cost.WorkloadCost `json:"with_bucket_key"`
	FreeTier  cost.WorkloadCost `json:"without_bucket_key_after_free_requests"`
	Estimate  *cost.Estimate    `json:"estimate"` // of re-encrypting all of it once
	FreeCalls int64             `json:"free_kms_requests"`
}

// NewWorkload is a workload with what it costs a month by these prices, and once by the
// estimate.
func NewWorkload(w cost.Workload, prices cost.Prices, once *cost.Estimate) *Workload {
	v := &Workload{Workload: w, FreeCalls: cost.FreeTier, Estimate: once, Without: prices.Monthly(w)}
	w.FreeKMS = cost.FreeTier
	v.FreeTier = prices.Monthly(w)
	w.FreeKMS, w.BucketKey = 0, true
	v.With = prices.Monthly(w)
	return v
}

// WriteWorkload writes a workload as text.
func WriteWorkload(w io.Writer, v *Workload) error {
	p := newPage(w)
	l := &v.Workload
	p.wrapped("", fmt.Sprintf("%s of %s, %s, in %s (list prices of %s)", Plural(l.Objects, "object"), Bytes(l.Size), classOf(l), visible(l.Region, 40), v.Without.PriceDate))
	p.printf("%sread %s, written %s a month\n", indent, times(l.Gets), times(l.Puts))
	bill(p, "A month of S3, under any encryption", &v.Without.S3)
	bill(p, "SSE-KMS adds a month, without a bucket key", &v.Without.KMS)
	if free := kmsRequests(&v.FreeTier.KMS); free != kmsRequests(&v.Without.KMS) {
		p.wrapped(indent, "KMS requests cost "+Money(free)+" where nothing else uses up the "+Count(v.FreeCalls)+" that an account has free a month")
	}
	bill(p, "SSE-KMS adds a month, with a bucket key", &v.With.KMS)
	e := v.Estimate
	bill(p, onceTitle(e), &e.Once)
	writeMethods(p, e)
	p.printf("\n")
	p.wrapped("", "Recommended: "+e.Advice)
	notes(p, e, nil)
	return p.err
}

// kmsRequests is the amount of the requests on a bill of KMS.
func kmsRequests(b *cost.Bill) cost.Money {
	for _, l := range b.Lines {
		if l.Unit == "requests" {
			return l.Amount.Expected
		}
	}
	return 0
}

func onceTitle(e *cost.Estimate) string {
	title := "Re-encrypting it once"
	if way := by(e); way != "" {
		title += ", " + way
	}
	return title
}

// by names the way that the estimate is about: the one that the table of ways
// calls planned.
func by(e *cost.Estimate) string {
	if m := planned(e); m != nil {
		return "by " + m.Name
	}
	return ""
}

func classOf(l *cost.Workload) string {
	if l.Class == "" {
		return string(inventory.Standard)
	}
	return visible(string(l.Class), 40)
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return Count(n) + " times"
}

// WriteWorkloadJSON writes a workload as one JSON document: the same figures,
// unrounded.
func WriteWorkloadJSON(w io.Writer, v *Workload) error {
	return writeJSON(w, struct {
		Type string `json:"type"`
		*Workload
	}{"workload", v})
}

// WriteWorkloadHTML writes a workload as one HTML file, like WritePlanHTML.
func WriteWorkloadHTML(w io.Writer, v *Workload) error {
	l, e := &v.Workload, v.Estimate
	d := document{
		Title: Plural(l.Objects, "object") + " of " + Bytes(l.Size),
		Kind:  "What a bucket costs a month",
		Answer: fmt.Sprintf("S3 costs %s a month; SSE-KMS adds %s without a bucket key and %s with one. Re-encrypting it once costs %s.",
			priceOf(&v.Without.S3), priceOf(&v.Without.KMS), priceOf(&v.With.KMS), total(&e.Once)),
		Advice: e.Advice,
		Figures: []shown{
			{Name: "a month of S3", Value: priceOf(&v.Without.S3)},
			{Name: "SSE-KMS adds", Value: priceOf(&v.Without.KMS), More: "without a bucket key"},
			{Name: "SSE-KMS adds", Value: priceOf(&v.With.KMS), More: "with a bucket key, " + atMost(&v.With.KMS)},
			{Name: "re-encrypting it once", Value: priceOf(&e.Once), More: by(e)},
		},
		Footer: footer(&Job{}, e),
	}
	d.add(billSection("A month of S3, under any encryption", &v.Without.S3))
	d.add(billSection("SSE-KMS adds a month, without a bucket key", &v.Without.KMS))
	d.add(billSection("SSE-KMS adds a month, with a bucket key", &v.With.KMS))
	d.add(billSection(onceTitle(e), &e.Once))
	d.add(limits(&e.Duration))
	d.add(methods(e))
	d.add(section{Title: "Notes", Notes: e.Notes})
	d.add(section{Title: "What this page is about", Pairs: []shown{{Name: "Region", Value: visible(l.Region, 40)}, {Name: "storage class", Value: classOf(l)},
		{Name: "read a month", Value: times(l.Gets)}, {Name: "written a month", Value: times(l.Puts)}}})
	return d.write(w)
}
