package preflight

import (
	"context"
	"fmt"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/report"
	"reseal/s3api"
)

// ReportEnd is when a lifecycle rule begins to remove the files of the report.
type ReportEnd struct {
	At     time.Time // zero where that is not known to happen
	Rule   string
	Bucket string
	Err    error // why nobody knows, nil where At and Rule say all
}

// jobTime is how long a job without an estimate is taken to last.
const jobTime = 7 * 24 * time.Hour

// Note says that the report will not outlast a job that begins now, "" where it will.
// e is the estimate of the job, nil where there is none.
func (r ReportEnd) Note(now time.Time, e *cost.Estimate) string {
	last := jobTime
	if e != nil {
		last = e.Duration.Longest
	}
	if r.At.IsZero() || now.Add(last).Before(r.At) {
		return ""
	}
	return fmt.Sprintf("lifecycle rule %q of %s removes the report's files from %s on, and the job may take %s; --keep-inventory FOLDER keeps copies of them",
		r.Rule, r.Bucket, r.At.Format("2006-01-02"), report.Duration(last))
}

// FindReportEnd looks at the rules of the bucket that the report at uri is in. What
// cannot be read there is not asked for again: reports often are in a bucket of
// somebody else's, and nothing is lost when a note is not made.
func FindReportEnd(ctx context.Context, client *s3api.Client, rep *inventory.Report, uri string) ReportEnd {
	at, err := inventory.ParseLocation(uri)
	m := rep.Manifest()
	if err != nil || at.Local() || m.Created.IsZero() || m.Table != nil { // a table removes its files by itself
		return ReportEnd{}
	}
	depot, err := client.Foreign(ctx, at.Bucket, "")
	if err != nil {
		return ReportEnd{Err: err}
	}
	rules, err := depot.Expirations(ctx, at.Bucket)
	if err != nil {
		return ReportEnd{Err: err}
	}
	var end ReportEnd
	for i := range rules {
		for _, f := range m.Files {
			if t := rules[i].Removes(f.Key, m.Created); !t.IsZero() && (end.At.IsZero() || t.Before(end.At)) {
				end = ReportEnd{At: t, Rule: rules[i].Rule, Bucket: at.Bucket}
			}
		}
	}
	return end
}
