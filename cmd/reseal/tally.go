package main

import (
	"context"
	"fmt"

	"reseal/canary"
	"reseal/cost"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// survey reads the whole report, decides on every row, and sums up.
type survey struct {
	tally    *cost.Tally
	segments []inventory.Segment
	rows     int64
	todo     int64
	canary   []job.Row     // objects to be tried first
	evidence *job.Evidence // objects to be read as a whole before
	damage   []error       // one a file that could not be read to its end
}

// takeSurvey sends nothing but the requests that read the report, and some looks at
// ACLs where Block Public Access may be in the way of a copy.
func takeSurvey(ctx context.Context, g *ground, tick func(rows int64)) (*survey, error) {
	segments, err := g.report.Split(ctx, splitRows)
	if err != nil {
		return nil, err
	}
	s := &survey{tally: cost.NewTally(g.policy.Now), segments: segments, evidence: new(job.Evidence)}
	var first canary.Picker
	kept := plan.NewRowPicker(g.remember)
	held := false // objects that a look may show to be locked, so that only a copy does them
	for batch, err := range g.report.Read(ctx, segments) {
		if err != nil {
			return nil, err
		}
		for i := range batch.Records {
			task := g.policy.Decide(&batch.Records[i])
			s.tally.Add(&task)
			if g.canary {
				first.See(&task)
			}
			kept.See(g.policy, &task)
			s.evidence.Count(g.policy, &task)
			if task.Action != plan.Skip {
				s.todo++
			}
			held = held || task.Action == plan.Update && isHeld(&task.Record)
		}
		s.rows += int64(len(batch.Records))
		if batch.Err != nil {
			s.damage = append(s.damage, batch.Err)
		}
		if tick != nil {
			tick(s.rows)
		}
	}
	s.canary = job.RowsOf(first.Objects())
	for i := range s.canary {
		rec := s.canary[i].Record(g.policy.Options.Bucket)
		task := g.policy.Decide(&rec)
		s.tally.AddDemand(&task, g.policy.TrialDemand(&task))
	}
	for _, l := range first.Later() {
		s.tally.AddDemand(&l.Task, g.policy.TrialDemand(&l.Task).Times(l.Trials).UpTo())
	}
	s.evidence.Choose(kept, s.tally)
	g.learn(s.tally, len(s.damage) == 0 && !held)
	g.lookAtACLs(ctx, s.canary)
	return s, nil
}

// isHeld tells whether the report has a lock on the object.
func isHeld(r *inventory.Record) bool {
	return r.LockMode != "" || r.LegalHold == "ON" || r.EventHold == "ON"
}

// unreadable says which files of the report could not be read, if any.
func (s *survey) unreadable(p process) error {
	if len(s.damage) == 0 {
		return nil
	}
	for _, err := range s.damage {
		fmt.Fprintf(p.stderr, "reseal: %s\n", inWords(err))
	}
	fmt.Fprintf(p.stderr, "hint: the figures are without the rest of %s\n", report.Plural(int64(len(s.damage)), "file"))
	return &finding{exitFailures}
}
