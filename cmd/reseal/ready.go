package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/internal/wait"
	"reseal/job"
	"reseal/migrate"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// readiness is all that has to be there before the first object is touched.
type readiness struct {
	ground  *ground
	store   job.Store
	job     *job.Plan
	lock    *checkpoint.Lock // nil until the job is held
	resumed bool             // the job was there: only its plan, or begun already
	idle    bool             // nothing is left to do in it, which was said
}

// release gives the job back, on whatever way the run ends.
func (r *readiness) release(life *migrate.Lifetime) {
	if r.lock != nil {
		life.Kill()
		_ = r.lock.GiveBack(life.Last()) // what is recorded is; a lock that stays is taken over
	}
}

// alone refuses a local job that another process answers for, before anything is
// stored. Its lock may be gone while it works: the socket tells.
func (f *runFlags) alone(r *readiness) error {
	if job.InBucket(f.job) {
		return nil // its lease says more than a socket's name
	}
	live := job.Socket(f.job, f.share).InUse()
	if live == nil || !job.MayBeHeld(f.job) {
		return live
	}
	if dir, is := r.store.(*checkpoint.Dir); is {
		if err := dir.Unlocked(); err != nil {
			return err // it says who
		}
	}
	return live
}

// hold takes the job, or says who has it.
func (f *runFlags) hold(ctx context.Context, p process, r *readiness) (err error) {
	if err := f.alone(r); err != nil {
		return err
	}
	if r.lock, err = r.store.Lock(ctx, checkpoint.Self("reseal "+f.rows.command)); err != nil {
		return causeOf(ctx, err)
	}
	if r.lock.Previous != nil {
		fmt.Fprintf(p.stderr, "The run before this one crashed or was killed (%s). Nothing is lost: going on where it stopped.\n", r.lock.Previous)
	}
	return nil
}

// ready finds the ground, shows the plan, asks, and makes the job's folder. A job
// that is there already is held before anything else is looked at or sent, so
// that a second process does not get as far as the probe; only a plan that nobody
// ever held stays the one file that it is until the run is on. A signal ends all
// of it at once: there is nothing to drain yet.
func (f *runFlags) ready(ctx context.Context, p process, r *readiness) error {
	ctx, started := f.starting(ctx)
	defer started()
	ctx, stop := p.interruptible(ctx)
	defer stop()
	return causeOf(ctx, f.makeReady(ctx, p, r))
}

func (f *runFlags) makeReady(ctx context.Context, p process, r *readiness) error {
	if err := job.CheckWritable(f.job); err != nil {
		return err
	}
	var err error
	if r.store, r.job, err = f.connection.jobs().Find(ctx, f.job, f.share); err != nil {
		return err
	}
	r.resumed = r.job != nil
	switch {
	case f.share.Count > 0 && !r.resumed:
		return &refusedError{fmt.Errorf("share %s of a job that has no plan yet: make it once, with reseal plan --job %s", f.share, f.job)}
	case !r.resumed:
		err = checkNewJob(ctx, f.connection, f.job)
	case job.MayBeHeld(f.job):
		err = f.hold(ctx, p, r)
	default:
		err = f.alone(r)
	}
	if err != nil {
		return err
	}
	var at *checkpoint.Snapshot // of a job that is there
	if r.resumed {
		if at, err = checkpoint.Read(ctx, r.store); err != nil {
			return err
		}
		if f.rows.asMade {
			if r.idle, err = f.nothingLeft(ctx, p, r, at); r.idle || err != nil {
				return err
			}
		}
	}
	if err = f.patiently(ctx, p, r.resumed, func() (err error) {
		r.ground, err = prepare(ctx, &f.request, r.job, time.Now())
		return err
	}); err != nil {
		return err
	}
	r.ground.report.WaitFor(f.outage, func(name string, err error) { tellReportOutage(f.output.talk(p), name, f.outage, err) })
	divideCaps(&r.ground.caps, f.share)
	fresh := true
	if r.resumed {
		if fresh, err = f.resume(ctx, p, r, at); err != nil || r.idle {
			return err
		}
	} else if r.job, err = f.newJob(ctx, p, r.ground); err != nil {
		return err
	}
	r.ground.rememberOf(r.job)
	if err := f.checkRun(ctx, f.output.talk(p), r.ground, r.job, fresh); err != nil {
		return err
	}
	if err := f.refuseHazards(r.ground, f.probing(r.ground)); err != nil {
		return err
	}
	if err := f.refuseUpdates(r.ground); err != nil {
		return err
	}
	if fresh {
		if err := f.consent(ctx, p, r.job); err != nil {
			return err
		}
	}
	if err := f.probeEndpoint(ctx, f.output.talk(p), r.ground); err != nil {
		return err
	}
	r.ground.bindToPlan(f.accept)
	if r.store == nil {
		if r.store, err = f.connection.jobs().Create(ctx, f.job, f.share); err != nil {
			return fmt.Errorf("make job %s: %w", f.job, err)
		}
	}
	if r.lock == nil {
		err = f.hold(ctx, p, r)
	}
	if err != nil || r.resumed {
		return err
	}
	if err := job.WritePlan(ctx, r.store, f.job, r.job); err != nil {
		return causeOf(ctx, fmt.Errorf("make job %s: %w", f.job, err))
	}
	return nil
}

// patiently waits for an endpoint that does not answer, as the run would later, where
// a job is resumed: it worked there before. Of a new one, nobody knows whether
// the endpoint is the right one.
func (f *runFlags) patiently(ctx context.Context, p process, before bool, look func() error) error {
	began, pause := time.Now(), time.Second
	for {
		err := look()
		if err == nil || !before || ctx.Err() != nil || !s3api.Passes(err) || time.Since(began) >= f.outage {
			return err
		}
		if f.outsideWindow() {
			return f.windowIsOver()
		}
		if pause == time.Second {
			fmt.Fprintf(f.output.talk(p), "note: %s;\nthe endpoint is asked again, for %s at most\n", inWords(err), f.outage)
		}
		if wait.For(ctx, pause) != nil {
			return causeOf(ctx, err)
		}
		pause = min(2*pause, 15*time.Second)
	}
}

// refuseHazards ends the run before it begins where a hazard was not accepted.
// Those that a probe will settle are left to it.
func (f *runFlags) refuseHazards(g *ground, probing bool) error {
	open := preflight.Unaccepted(g.hazards, f.accept)
	if probing {
		open = slices.DeleteFunc(open, func(h preflight.Hazard) bool { return h.ByProbe })
	}
	if len(open) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "refused: nothing was written, as this bucket holds hazards that were not accepted\n")
	var names []string
	for _, h := range open {
		fmt.Fprintf(&b, "  %-16s %s\n", h.Name, h.Why)
		if h.Mend != "" {
			fmt.Fprintf(&b, "  %-16s %s\n", "", "→ "+h.Mend)
		}
		names = append(names, "--accept "+h.Name)
	}
	fmt.Fprintf(&b, "to go on all the same: %s", strings.Join(names, " "))
	return &refusedError{errors.New(b.String())}
}

// consent asks the person at the terminal.
func (f *runFlags) consent(ctx context.Context, p process, made *job.Plan) error {
	if f.yes || made.Todo == 0 {
		return nil
	}
	what := "what is to be re-encrypted"
	if made.Todo != job.Unknown {
		what = report.Plural(made.Todo, "object")
	}
	return ask(ctx, p, fmt.Sprintf("Re-encrypt %s of %s in place?", what, made.Options.Bucket), "declined: nothing was written")
}
