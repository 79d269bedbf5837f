package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"reseal/checkpoint"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
	"reseal/s3api"
)

// resume goes on with a job that is there: what it was made of has to be what is
// asked for now. It shows the plan of one that no run has begun yet, and how far
// another is; where that is the end, the run is idle.
func (f *runFlags) resume(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot) (fresh bool, err error) {
	if err := r.job.CheckSame(f.job, r.ground.frozen); err != nil {
		return false, err
	}
	r.ground.learn(r.job.Tally, r.job.Unread == 0)
	if !begun(at) {
		err := f.showPlan(p, r.ground, r.job)
		f.sayDivided(f.output.talk(p))
		return true, err
	}
	if r.idle, err = f.nothingLeft(ctx, p, r, at); r.idle || err != nil {
		return false, err
	}
	f.goingOn(f.output.talk(p), r, at)
	return false, nil
}

// goingOn says what the run resumes, how fast at most, and what a person should
// know of it. What the plan said of the bucket is not said again.
func (f *runFlags) goingOn(w io.Writer, r *readiness, at *checkpoint.Snapshot) {
	o, t := &r.job.Options, at.Totals()
	target := "SSE-S3"
	if o.SSE == plan.TargetKMS {
		target = o.KMSKeyID
	}
	fmt.Fprintf(w, "%s, to %s.\n", f.rows.goingOn(f.job, r.job.CountOrUnknown(r.job.Todo), t), target)
	r.ground.sayCap(w)
	f.sayLimits(w)
	said := slices.Concat(aboutVersions(r.ground.policy.Options, r.ground.policy.Facts), aboutUpdates(r.ground.policy.Options, r.ground.policy.Facts))
	for _, text := range r.ground.warned {
		if !slices.Contains(said, text) {
			fmt.Fprintf(w, "note: %s\n", s3api.PlainText(text))
		}
	}
}

// sayDivided names, at the first run of a share, the limits that it has a part of.
func (f *runFlags) sayDivided(w io.Writer) {
	divided := f.divided()
	for _, name := range slices.Sorted(maps.Keys(divided)) {
		if f.share.Count > 0 {
			fmt.Fprintf(w, "limit in force: --%s %s%s\n", name, one(f.held[name]), divided[name])
		}
	}
}

// sayLimits names what else holds the run up or ends it, remembered or given.
func (f *runFlags) sayLimits(w io.Writer) {
	divided := f.divided()
	for _, name := range []string{"max-duration", "max-cost", "max-failures", "window", "window-exit", "kms-headroom", "throttle-flag-file"} {
		if value := one(f.held[name]); !none(value) && value != "false" {
			fmt.Fprintf(w, "limit in force: --%s %s%s\n", name, value, divided[name])
		}
	}
	if f.objects > 0 { // of this run alone, and not remembered
		fmt.Fprintf(w, "limit in force: --limit %d\n", f.objects)
	}
}

// nothingLeft ends a run that has nothing to do in its job, before it is held against
// the hazards of a bucket that it will not touch.
func (f *runFlags) nothingLeft(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot) (idle bool, err error) {
	if !believable(r.job, at) {
		return false, nil
	}
	why, err := f.rows.none(ctx, f.job, r.job, at)
	if why == "" || err != nil {
		return false, err
	}
	return true, f.rest(ctx, p, r, at, why)
}

// believable tells whether the state is that of the job; where it is not, opening
// it says so.
func believable(job *job.Plan, at *checkpoint.Snapshot) bool {
	return at.Plan() == job.StateHash() || !begun(at)
}

// rest says how a job stands in which nothing is to be done, and ends like a run
// that came to this.
func (f *runFlags) rest(ctx context.Context, p process, r *readiness, at *checkpoint.Snapshot, why string) error {
	past, _ := job.ReadWholeHistory(ctx, r.store) // nothing but a look back
	s := status.New(f.job, r.job, at.Totals(), past)
	s.Damages = status.Damages(at)
	fmt.Fprintln(f.output.talk(p), why)
	var err error
	switch {
	case f.output.json:
		err = writeJSON(p.stdout, s)
	case !f.output.quiet:
		s.Damages = nil // told last of all
		err = printStatus(p.stdout, s, step{})
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
	all := status.Damages(at)
	for _, d := range all {
		fmt.Fprintf(w, "reseal: missing from the result: %s\n", d)
	}
	if len(all) > 0 {
		fmt.Fprintln(w, "hint: the same command tries them again; another report of the bucket has their objects, too")
	}
}
