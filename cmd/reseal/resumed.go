package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"reseal/checkpoint"
	"reseal/plan"
	"reseal/report"
)

// resume goes on with a job that is there: what it was made of has to be what is
// asked for now. It shows the plan of one that no run has begun yet, and how far
// another is; where that is the end, the run is idle.
func (f *runFlags) resume(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot) (fresh bool, err error) {
	if err := r.job.agree(f.job, r.ground.frozen); err != nil {
		return false, err
	}
	r.ground.learn(r.job.Tally, r.job.Unread == 0)
	if !begun(at) {
		return true, f.showPlan(p, r.ground, r.job)
	}
	if r.idle, err = f.nothingLeft(ctx, p, r, at); r.idle || err != nil {
		return false, err
	}
	f.goingOn(f.output.talk(p), r, at)
	return false, nil
}

// goingOn says what is gone on with, how fast at most, and what a person should
// know of it. What the plan said of the bucket is not said again.
func (f *runFlags) goingOn(w io.Writer, r *readiness, at *checkpoint.Snapshot) {
	o, t := &r.job.Options, at.Totals()
	target := "SSE-S3"
	if o.SSE == plan.TargetKMS {
		target = o.KMSKeyID
	}
	settled, todo := settledBefore(t), r.job.inAll(r.job.Todo)
	switch {
	case f.retry:
		fmt.Fprintf(w, "Trying again the %s of job %s that failed, to %s.\n", report.Plural(t.Failed, "object"), f.job, target)
	case todo == unknown:
		fmt.Fprintf(w, "Going on with job %s: %s done%s, to %s.\n", f.job, report.Plural(settled-t.Failed, "object"), failedSoFar(t.Failed), target)
	default:
		fmt.Fprintf(w, "Going on with job %s: %s of %s done%s, %s left, to %s.\n", f.job, report.Count(settled-t.Failed), report.Plural(todo, "object"),
			failedSoFar(t.Failed), report.Count(max(0, todo-settled)), target)
	}
	r.ground.sayCap(w)
	said := slices.Concat(aboutVersions(r.ground.policy.Options, r.ground.policy.Facts), aboutUpdates(r.ground.policy.Options, r.ground.policy.Facts))
	for _, text := range r.ground.warned {
		if !slices.Contains(said, text) {
			fmt.Fprintf(w, "note: %s\n", withoutPlumbing(text))
		}
	}
}

func failedSoFar(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s failed", report.Count(n))
}

// nothingFailed ends another try of failed objects where there are none, before
// anything is asked of the bucket.
func (f *runFlags) nothingFailed(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot) (idle bool, err error) {
	if !f.retry || at.Totals().Failed > 0 || !believable(r.job, at) {
		return false, nil
	}
	return true, f.rest(ctx, p, r, at, "Nothing failed in job "+f.job+": there is nothing to try again.")
}

// nothingLeft ends a run of a job that is finished, before it is held against the
// hazards of a bucket that it will not touch. Files that could not be read, and
// objects of the canary that were not compared, are something to do.
func (f *runFlags) nothingLeft(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot) (idle bool, err error) {
	t := at.Totals()
	if f.retry || t.Finished < len(r.job.Segments) || t.Damaged > 0 || t.Deferred > 0 || !believable(r.job, at) {
		return false, nil
	}
	for n, err := range at.Notes(ctx) {
		if err != nil || n.Key != unprovenNote { // of a canary that was left out later
			return false, err
		}
	}
	why := "Job " + f.job + " is finished: there is nothing left to do."
	if t.Failed > 0 {
		why = fmt.Sprintf("Job %s is finished, but for the %s that failed: reseal retry-failed --job %s", f.job, report.Plural(t.Failed, "object"), f.job)
	}
	return true, f.rest(ctx, p, r, at, why)
}

// believable tells whether the state is that of the job; where it is not, opening
// it says so.
func believable(job *jobPlan, at *checkpoint.Snapshot) bool {
	return at.Plan() == job.state() || !begun(at)
}

// rest says how a job stands in which nothing is to be done, and ends like a run
// that came to this.
func (f *runFlags) rest(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot, why string) error {
	past, _ := readWholeHistory(ctx, r.store) // nothing but a look back
	s := newStatus(f.job, r.job, at.Totals(), past)
	s.Damages = damages(at)
	fmt.Fprintln(f.output.talk(p), why)
	var err error
	switch {
	case f.output.json:
		err = writeJSON(p.stdout, s)
	case !f.output.quiet:
		s.Damages = nil // told last of all
		err = s.text(p.stdout)
	}
	if err == nil && (s.Failed > 0 || s.Damaged > 0) {
		tellDamages(p.stderr, at)
		return &finding{exitFailures}
	}
	return err
}

// begun tells whether a run of the job has recorded anything yet.
func begun(at *checkpoint.Snapshot) bool {
	return !at.Totals().Written.IsZero() || len(at.Segments()) > 0
}

// tellDamages says which files of the report are missing from the result.
func tellDamages(w io.Writer, at *checkpoint.Snapshot) {
	all := damages(at)
	for _, d := range all {
		fmt.Fprintf(w, "reseal: missing from the result: %s\n", d)
	}
	if len(all) > 0 {
		fmt.Fprintln(w, "hint: the same command tries them again; another report of the bucket has their objects, too")
	}
}
