package main

import (
	"fmt"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/report"
)

// summary says what a run achieved: the job's totals on stdout, what is special
// to this run on stderr.
func (o *output) summary(p process, dir string, job *jobPlan, state *checkpoint.Snapshot, past historyDoc, stats *engine.Stats, status runStatus, took time.Duration) error {
	s := newStatus(dir, job, state.Totals(), past)
	s.Damages = damages(state)
	if s.Run = &status; o.json {
		return writeJSON(p.stdout, s)
	}
	talk := o.talk(p)
	done := stats.Count(engine.Done)
	fmt.Fprintf(talk, "This run: %s done", report.Plural(done, "object"))
	if failed := stats.Count(engine.Failed); failed > 0 {
		fmt.Fprintf(talk, ", %s failed,", report.Count(failed))
	}
	fmt.Fprintf(talk, " in %s", report.Duration(took))
	if done > 0 && took > 0 {
		fmt.Fprintf(talk, " (%s)", report.Rate(float64(done)/took.Seconds()))
	}
	fmt.Fprintf(talk, ", %s sent again.\n", report.Plural(stats.Retries.Load(), "request"))
	if k := status.KMS; k.Cap > 0 {
		held := past.KMSCaps.Since(status.Started).Text() // that of the fullest second is one of them
		if held == "" {
			held = "cap " + report.Rate(k.Cap)
		}
		fmt.Fprintf(talk, "KMS: %s in the fullest second, %s; throttled %s.\n",
			report.Plural(k.FullestSecond, "request"), held, report.Plural(k.Throttled, "time"))
	}
	if n := stats.Repeats.Load(); n > 0 {
		fmt.Fprintf(talk, "%s had been done by a run that ended before it could say so: recognised, not copied again.\n", report.Plural(n, "object"))
	}
	if o.quiet {
		return nil
	}
	s.Run, s.Damages = nil, nil // said above, or last of all
	return s.text(p.stdout)
}
