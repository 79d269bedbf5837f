package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/report"
)

// readiness is all that has to be there before the first object is touched.
type readiness struct {
	ground  *ground
	store   jobStore
	job     *jobPlan
	lock    *checkpoint.Lock // nil until the job is held
	resumed bool             // the job was there: only its plan, or begun already
	idle    bool             // nothing is left to do in it, which was said
}

// release gives the job back, on whatever way the run ends.
func (r *readiness) release() {
	if r.lock != nil {
		_ = r.lock.Release() // what is recorded is; a lock that stays is taken over
	}
}

// hold takes the job, or says who has it.
func (r *readiness) hold(ctx context.Context, p process) (err error) {
	if r.lock, err = r.store.Lock(ctx, checkpoint.Self("reseal run")); err != nil {
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
	ctx, stop := p.interruptible(ctx)
	defer stop()
	var err error
	if r.store, r.job, err = findJob(ctx, f.connection, f.job, f.share); err != nil {
		return err
	}
	r.resumed = r.job != nil
	switch {
	case f.share.count > 0 && !r.resumed:
		return &refusedError{fmt.Errorf("share %s of a job that has no plan yet: make it once, with reseal plan --job %s", f.share, f.job)}
	case !r.resumed:
		err = vacant(f.job)
	case everHeld(f.job):
		err = r.hold(ctx, p)
	}
	if err != nil {
		return err
	}
	var at *checkpoint.Snapshot // of a job that is there
	if r.resumed {
		if at, err = checkpoint.Read(ctx, r.store); err != nil {
			return err
		}
		if r.idle, err = f.nothingFailed(ctx, p, r, at); r.idle || err != nil {
			return err
		}
	}
	if r.ground, err = prepare(ctx, &f.request, r.job, time.Now()); err != nil {
		return err
	}
	f.share.divide(&r.ground.caps)
	fresh := true
	if r.resumed {
		if fresh, err = f.resume(ctx, p, r, at); err != nil || r.idle {
			return err
		}
	} else if r.job, err = f.newJob(ctx, p, r.ground); err != nil {
		return err
	}
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
		if r.store, err = createJob(ctx, f.connection, f.job, f.share); err != nil {
			return fmt.Errorf("make job %s: %w", f.job, err)
		}
	}
	if r.lock == nil {
		err = r.hold(ctx, p)
	}
	if err != nil || r.resumed {
		return err
	}
	if err := writePlan(ctx, r.store, r.job); err != nil {
		return causeOf(ctx, fmt.Errorf("make job %s: %w", f.job, err))
	}
	return nil
}

// refuseHazards ends the run before it begins where a hazard was not accepted.
// Those that a probe will settle are left to it.
func (f *runFlags) refuseHazards(g *ground, probing bool) error {
	open := unaccepted(g.hazards, f.accept)
	if probing {
		open = slices.DeleteFunc(open, func(h hazard) bool { return h.byProbe })
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
func (f *runFlags) consent(ctx context.Context, p process, job *jobPlan) error {
	if f.yes || job.Todo == 0 {
		return nil
	}
	if !isTerminal(p.stdin) || !isTerminal(p.stderr) {
		return usagef("there is no terminal to ask at; add --yes to run without being asked")
	}
	what := "what is to be re-encrypted"
	if job.Todo != unknown {
		what = report.Plural(job.Todo, "object")
	}
	fmt.Fprintf(p.stderr, "\nRe-encrypt %s of %s in place? [y/N] ", what, job.Options.Bucket)
	answer := make(chan string, 1)
	go func() { // ends with the process: reading a terminal cannot be cut short
		line, _ := bufio.NewReader(p.stdin).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return &refusedError{errors.New("declined: nothing was written")}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
