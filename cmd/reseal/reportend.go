package main

import (
	"fmt"
	"time"

	"reseal/cost"
	"reseal/preflight"
	"reseal/report"
)

// unplannedJobTime is how long a job without an estimate is taken to last.
const unplannedJobTime = 7 * 24 * time.Hour

// endNote says that the report will not outlast the job, "" where it will.
func endNote(r preflight.ReportEnd, now time.Time, e *cost.Estimate) string {
	last := unplannedJobTime
	if e != nil {
		last = e.Duration.Longest
	}
	if r.At.IsZero() || now.Add(last).Before(r.At) {
		return ""
	}
	return fmt.Sprintf("lifecycle rule %q of %s removes the report's files from %s on, and the job may take %s; --keep-inventory FOLDER keeps copies of them",
		r.Rule, r.Bucket, r.At.Format("2006-01-02"), report.Duration(last))
}
