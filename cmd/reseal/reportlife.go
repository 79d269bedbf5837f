package main

import (
	"context"
	"fmt"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/report"
	"reseal/s3api"
)

// reportEnd is when a lifecycle rule begins to remove the files of the report.
type reportEnd struct {
	at     time.Time // zero where that is not known to happen
	rule   string
	bucket string
	err    error // why nobody knows, nil where at and rule say all
}

// findReportEnd looks at the rules of the bucket that the report is in. What
// cannot be read there is not asked for again: reports often are in a bucket of
// somebody else's, and nothing is lost when a note is not made.
func findReportEnd(ctx context.Context, client *s3api.Client, o *opened) reportEnd {
	at, err := inventory.ParseLocation(o.uri)
	m := o.report.Manifest()
	if err != nil || at.Local() || m.Created.IsZero() {
		return reportEnd{}
	}
	depot, err := client.Foreign(ctx, at.Bucket, "")
	if err != nil {
		return reportEnd{err: err}
	}
	rules, err := depot.Expirations(ctx, at.Bucket)
	if err != nil {
		return reportEnd{err: err}
	}
	var end reportEnd
	for i := range rules {
		for _, f := range m.Files {
			if t := rules[i].Removes(f.Key, m.Created); !t.IsZero() && (end.at.IsZero() || t.Before(end.at)) {
				end = reportEnd{at: t, rule: rules[i].Rule, bucket: at.Bucket}
			}
		}
	}
	return end
}

// unplannedJobTime is how long a job without an estimate is taken to last.
const unplannedJobTime = 7 * 24 * time.Hour

// note says that the report will not outlast the job, "" where it will.
func (r reportEnd) note(now time.Time, e *cost.Estimate) string {
	last := unplannedJobTime
	if e != nil {
		last = e.Duration.Longest
	}
	if r.at.IsZero() || now.Add(last).Before(r.at) {
		return ""
	}
	return fmt.Sprintf("lifecycle rule %q of %s removes the report's files from %s on, and the job may take %s; --keep-inventory FOLDER keeps copies of them",
		r.rule, r.bucket, r.at.Format("2006-01-02"), report.Duration(last))
}
