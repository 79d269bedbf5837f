package main

import (
	"time"

	"reseal/console"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate"
)

// summary says what a run achieved: the job's totals on stdout, what is special
// to this run on stderr.
func (o *output) summary(p process, dir string, made *job.Plan, out *migrate.Outcome) error {
	s := status.New(dir, made, out.Totals, out.History)
	s.Damages = status.Damages(out.State)
	if s.Run = &out.Status; o.json {
		return writeJSON(p.stdout, s)
	}
	messages := o.messages(p)
	console.ThisRun(messages, out, s)
	if o.quiet {
		return nil
	}
	s.Run, s.Damages = nil, nil // said above, or last of all
	return console.Status(p.stdout, s, console.Step{}, time.Now())
}
