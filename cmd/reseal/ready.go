package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/report"
)

// readiness is all that has to be there before the first object is touched.
type readiness struct {
	ground  *ground
	store   jobStore
	job     *jobPlan
	resumed bool // the job was there: only its plan, or begun already
}

// ready finds the ground, shows the plan, asks, and makes the job's folder. A
// signal ends it at once: there is nothing to drain yet.
func (f *runFlags) ready(ctx context.Context, p process) (*readiness, error) {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	r := new(readiness)
	var err error
	if r.store, r.job, err = findJob(ctx, f.connection, f.job, f.share); err != nil {
		return nil, err
	}
	if f.share.count > 0 && r.job == nil {
		return nil, &refusedError{fmt.Errorf("share %s of a job that has no plan yet: make it once, with reseal plan --job %s", f.share, f.job)}
	}
	if r.ground, err = prepare(ctx, &f.request, r.job, time.Now()); err != nil {
		return nil, err
	}
	if r.resumed = r.job != nil; r.resumed {
		if err := r.job.agree(f.job, r.ground.frozen); err != nil {
			return nil, err
		}
		r.ground.learn(r.job.Tally, r.job.Unread == 0)
	} else if r.job, err = f.newJob(ctx, p, r.ground); err != nil {
		return nil, err
	}
	fresh := !r.resumed
	if r.resumed {
		began, err := begun(ctx, r.store)
		if err != nil {
			return nil, err
		}
		if fresh = !began; fresh {
			if err := f.showPlan(p, r.ground, r.job); err != nil {
				return nil, err
			}
		}
	}
	if err := f.checkRun(ctx, f.output.talk(p), r.ground, r.job, fresh); err != nil {
		return nil, err
	}
	if err := f.refuseHazards(r.ground, f.probing(r.ground)); err != nil {
		return nil, err
	}
	if err := f.refuseUpdates(r.ground); err != nil {
		return nil, err
	}
	if fresh {
		if err := f.consent(ctx, p, r.job); err != nil {
			return nil, err
		}
	}
	if err := f.probeEndpoint(ctx, f.output.talk(p), r.ground); err != nil {
		return nil, err
	}
	r.ground.bindToPlan(f.accept)
	if r.store == nil {
		if r.store, err = createJob(ctx, f.connection, f.job, f.share); err != nil {
			return nil, fmt.Errorf("make job %s: %w", f.job, err)
		}
	}
	return r, nil
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
