package main

import (
	"context"
	"fmt"
	"slices"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/job"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/preflight"
	"reseal/report"
)

// readiness is all that must be there before the first object is touched.
type readiness struct {
	claim *migrate.Claim
	met   *connect.Met // the job that was found, nil for a new one
	pre   *prepare.Prepared
	at    *checkpoint.Snapshot // of a job that was found
	plan  *job.Plan            // of the job, found or new
	fresh bool                 // no run has begun it yet
	idle  bool                 // nothing is left to do in it, which was said
}

// newReadiness is that of a run of which nothing is ready yet.
func (f *runFlags) newReadiness() *readiness {
	return &readiness{claim: &migrate.Claim{
		Jobs: f.connection.Jobs(), Name: f.job, Share: f.share, Socket: job.Socket(f.generation.Whole(f.job), f.share), Program: "reseal " + f.rows.command}}
}

// ready makes all ready for a run: it shows the plan, asks, and makes the job's folder. A
// signal ends all of it at once: there is nothing to drain yet.
func (f *runFlags) ready(ctx context.Context, p process, r *readiness) error {
	ctx, started := f.startLimits().Bound(ctx)
	defer started()
	return p.phase(ctx, func(ctx context.Context) error { return f.readySteps(ctx, p, r) })
}

// readySteps are the steps of ready: looks first, then writes.
func (f *runFlags) readySteps(ctx context.Context, p process, r *readiness) error {
	type step = func(context.Context, process, *readiness) error
	for _, look := range []step{f.findJob, f.lookAround, f.planOrResume, f.checkRun, f.refuseAboveQuota, f.refuseHazards, f.consent} {
		if err := look(ctx, p, r); err != nil {
			return &preflight.UntouchedError{Err: causeOf(ctx, err)}
		}
		if r.idle {
			return nil
		}
	}
	for _, write := range []step{f.probeEndpoint, f.makeJob} {
		if err := write(ctx, p, r); err != nil {
			return causeOf(ctx, err)
		}
	}
	return nil
}

// refuseAboveQuota refuses a cap that is known to have KMS throttle everybody in the
// account.
func (f *runFlags) refuseAboveQuota(_ context.Context, _ process, r *readiness) error {
	if above := r.pre.Env.Caps.Above; above != "" && !f.force {
		return &preflight.RefusedError{Err: fmt.Errorf("%s; nothing was written. --force takes it all the same", above)}
	}
	return nil
}

// findJob finds the job, and holds one that is there.
func (f *runFlags) findJob(ctx context.Context, p process, r *readiness) error {
	if err := f.known().Check(); err != nil {
		return err
	}
	if err := r.claim.Find(ctx); err != nil {
		return err
	}
	if err := f.generation.Check(ctx, r.claim); err != nil {
		return err
	}
	if !r.claim.Found {
		if f.share.Count > 0 {
			return &preflight.RefusedError{Err: fmt.Errorf("share %s of a job that has no plan yet: make it once, with %s", f.share, console.OnJob("plan", f.job))}
		}
		return checkNewJob(ctx, f.connection, f.job)
	}
	var err error
	if r.met, err = f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: r.claim.Plan}, true); err != nil {
		return err
	}
	if err := r.claim.Keep(ctx); err != nil {
		return err
	}
	tellCrash(p, r.claim.Lock)
	if r.at, err = checkpoint.Read(ctx, r.claim.Store); err != nil || !f.rows.asMade {
		return err
	}
	r.idle, err = f.nothingLeft(ctx, p, r)
	return err
}

// tellCrash says that the holder of the job before this one did not give it back. lock
// is nil where the job is not held.
func tellCrash(p process, lock *checkpoint.Lock) {
	if lock != nil && lock.Previous != nil {
		fmt.Fprintf(p.stderr, "The run before this one crashed or was killed (%s). Nothing is lost: going on where it stopped.\n", lock.Previous)
	}
}

// lookAround finds out about bucket, key and quota.
func (f *runFlags) lookAround(ctx context.Context, p process, r *readiness) error {
	if err := f.patience(p, r.claim.Found).Do(ctx, func() (err error) {
		r.pre, err = f.request.prepare(ctx, r.met)
		return err
	}); err != nil {
		return err
	}
	e := r.pre.Env
	e.Report.WaitFor(f.outage, func(name string, err error) { console.ReportOutage(f.output.messages(p), name, f.outage, err) })
	e.Caps = e.Caps.Divided(f.share.Count, f.share.Name())
	return f.part.join(ctx, e)
}

// patience is how an endpoint that does not answer is waited for, as the run would later,
// where a job was found: it worked there before. Of a new one, nobody knows whether the
// endpoint is the right one.
func (f *runFlags) patience(p process, found bool) migrate.Patience {
	patience := migrate.Patience{
		Closed: f.startLimits().Closed,
		Waiting: func(err error) {
			fmt.Fprintf(f.output.messages(p), "note: %s;\nthe endpoint is asked again, for %s at most\n", explain.Words(err), f.outage)
		},
	}
	if found {
		patience.Longest = f.outage
	}
	return patience
}

// planOrResume makes a plan and shows it, or says how far the job is that is there.
func (f *runFlags) planOrResume(ctx context.Context, p process, r *readiness) (err error) {
	if r.claim.Found {
		r.plan = r.claim.Plan
		err = f.resume(ctx, p, r)
	} else {
		r.fresh = true
		r.plan, err = f.newJob(ctx, p, r.pre)
	}
	if err == nil && f.snapshots.objects > 0 && r.plan.Evidence != nil {
		r.pre.Env.Policy.Remember = r.plan.Evidence.Rows
	}
	return err
}

// refuseHazards ends the run before it begins where a hazard was not accepted. What a
// probe will settle is left to it.
func (f *runFlags) refuseHazards(_ context.Context, p process, r *readiness) error {
	e := r.pre.Env
	return f.refuseUnaccepted(p, e, f.probing(e))
}

// refuseUnaccepted names the hazards that were not accepted. probing leaves out those
// that a probe will settle.
func (f *runFlags) refuseUnaccepted(p process, e *preflight.Environment, probing bool) error {
	open := preflight.Unaccepted(e.Hazards(), f.accept)
	if probing {
		open = slices.DeleteFunc(open, func(h preflight.Hazard) bool { return h.ByProbe })
	}
	if len(open) == 0 {
		return nil
	}
	return &preflight.RefusedError{Err: &hazardsError{console.Hazards(open), p.settlingAgain(migrate.OpenHazards(e, open), f.told[job.AcceptOption])}}
}

// consent asks the person at the terminal about a job that nobody has begun yet.
func (f *runFlags) consent(ctx context.Context, p process, r *readiness) error {
	if !r.fresh || f.yes || r.plan.Todo == 0 {
		return nil
	}
	what := "what is to be re-encrypted"
	if r.plan.Todo != job.Unknown {
		what = report.Plural(r.plan.Todo, "object")
	}
	return ask(ctx, p, fmt.Sprintf("Re-encrypt %s of %s in place?", what, r.plan.Options.Bucket), "declined: nothing was written")
}

// makeJob keeps the run to what was accepted, and makes and holds the job, as far as that
// was not done.
func (f *runFlags) makeJob(ctx context.Context, p process, r *readiness) error {
	r.pre.Env.BindToPlan(f.accept)
	held := r.claim.Lock != nil
	err := r.claim.Make(ctx, r.plan)
	if !held {
		tellCrash(p, r.claim.Lock)
	}
	if err != nil || r.claim.Found {
		return err
	}
	return f.made(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: r.plan})
}
