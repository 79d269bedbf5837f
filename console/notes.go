package console

import (
	"fmt"
	"io"
	"strings"

	"reseal/checkpoint"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
)

// Few writes a line for each of the first ten texts, and how many more there are: a
// report whose files are gone has thousands alike.
func Few(w io.Writer, before string, texts []string) {
	const most = 10
	for _, t := range texts[:min(most, len(texts))] {
		fmt.Fprintf(w, "%s%s\n", before, t)
	}
	if more := len(texts) - most; more > 0 {
		fmt.Fprintf(w, "%sand %s more\n", before, report.Count(int64(more)))
	}
}

// Cap says how fast a run may go at most, and who says so.
func Cap(w io.Writer, c preflight.Caps) {
	if c.Source != "" {
		fmt.Fprintf(w, "KMS cap: %s, which is %s\n", report.Rate(c.KMS), c.Source)
	}
}

// Untagged says that no object had the tags of a job that is at its end: a mistyped
// one looks like a bucket with nothing to do, and shows only when all tags were read.
func Untagged(w io.Writer, made *job.Plan, t checkpoint.Totals) {
	filtered := t.Counters[job.CounterSkipped+string(plan.Filtered)]
	if len(made.Options.Tags) == 0 || filtered == 0 || job.Reencrypted(t) > 0 || t.Failed > 0 {
		return
	}
	fmt.Fprintf(w, "note: no object that was left to re-encrypt has %s; case matters in tags\n", allOf(made.Options.Tags))
}

func allOf(tags []string) string {
	var quoted []string
	for _, t := range tags {
		quoted = append(quoted, fmt.Sprintf("--tag %q", t))
	}
	return strings.Join(quoted, " and ")
}
