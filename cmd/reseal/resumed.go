package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"reseal/console"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
	"reseal/s3api"
)

// resume goes on with a job that is there: what it was made of must be what is
// asked for now. It shows the plan of one that no run has begun yet, and how far
// another is; where that is the end, the run is idle.
func (f *runFlags) resume(ctx context.Context, p process, r *readiness) (err error) {
	if err := r.plan.CheckSame(f.job, r.pre.Env.Frozen(), r.pre.Env.Report.Manifest()); err != nil {
		return err
	}
	if r.plan.Tally != nil {
		r.pre.Env.Plan.Untiered = r.plan.Tally.TierUnknown()
		if r.plan.Unread == 0 {
			r.pre.Env.Learn(r.plan.Tally)
		}
	}
	if r.fresh = !job.Begun(r.at); r.fresh {
		err := f.showPlan(p, r.pre, r.plan)
		if f.share.Count > 0 {
			console.Divided(f.output.messages(p), f.held, f.divided())
		}
		return err
	}
	if r.idle, err = f.nothingLeft(ctx, p, r); r.idle || err != nil {
		return err
	}
	f.goingOn(f.output.messages(p), r)
	return nil
}

// goingOn says what the run resumes, how fast at most, and what a person should
// know of it. What the plan said of the bucket is not said again.
func (f *runFlags) goingOn(w io.Writer, r *readiness) {
	o, t := &r.plan.Options, r.at.Totals()
	target := "SSE-S3"
	if o.SSE == plan.TargetKMS {
		target = o.KMSKeyID
	}
	fmt.Fprintf(w, "%s, to %s.\n", f.rows.goingOn(f.job, r.plan.CountOrUnknown(r.plan.Todo), t), target)
	console.Cap(w, r.pre.Env.Caps)
	console.Limits(w, f.held, f.divided(), f.objects)
	for _, text := range console.Notes(r.pre, nil) {
		fmt.Fprintf(w, "note: %s\n", s3api.PlainText(text))
	}
}

// nothingLeft ends a run that has nothing to do in its job, before it is held against
// the hazards of a bucket that it will not touch.
func (f *runFlags) nothingLeft(ctx context.Context, p process, r *readiness) (idle bool, err error) {
	made := r.claim.Plan
	if !made.Owns(r.at) { // opening it says so
		return false, nil
	}
	if left, err := f.rows.Left(ctx, made, r.at); left || err != nil {
		return false, err
	}
	return true, f.rest(ctx, p, r)
}

// rest says how a job stands in which nothing is to be done, and ends like a run
// that came to this.
func (f *runFlags) rest(ctx context.Context, p process, r *readiness) error {
	past, _ := job.ReadWholeHistory(ctx, r.claim.Store) // nothing but a look back
	s := status.New(f.job, r.claim.Plan, r.at.Totals(), past)
	s.Damages = status.Damages(r.at)
	fmt.Fprintln(f.output.messages(p), f.rows.none(f.job, r.at.Totals()))
	var err error
	switch {
	case f.output.json:
		err = writeJSON(p.stdout, s)
	case !f.output.quiet:
		s.Damages = nil // told last of all
		err = console.Status(p.stdout, s, console.Step{}, time.Now())
	}
	if err == nil && (s.Failed > 0 || s.Damaged > 0) {
		console.Damages(p.stderr, r.at)
		return &finding{exitFailures}
	}
	return err
}
