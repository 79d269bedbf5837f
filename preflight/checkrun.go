package preflight

import (
	"context"

	"reseal/inventory"
	"reseal/plan"
)

// RunCheck is a run that is about to begin.
type RunCheck struct {
	Accepted []string           // hazards, by name
	Probing  bool               // a probe is going to settle some of them
	First    []inventory.Record // objects that are tried first
	Unsaid   bool               // nobody has said yet what is not known about the bucket
	Report   string             // why the files of the report may go too early, "" where they do not
}

// CheckRun looks at all that a run has to do with, by requests that change nothing.
// A finding with StatusStop means that the run would get nowhere.
func (e *Environment) CheckRun(ctx context.Context, r RunCheck) ([]Finding, error) {
	c := &Checker{Client: e.Client, Options: e.Policy.Options, Facts: e.Policy.Facts, Hazards: e.Hazards(), Accepted: r.Accepted, Probing: r.Probing, known: e.Key}
	for i := range r.First {
		c.Tasks = append(c.Tasks, e.Policy.Decide(&r.First[i]))
	}
	if r.Unsaid {
		c.Unknown = e.Unknown
		if r.Report != "" {
			c.Say("report files", StatusWarning, r.Report, "")
		}
	}
	c.LookBeforeRun(ctx)
	if c.Facts.ObjectLock == plan.No {
		return c.Findings, nil
	}
	try, err := ToCopy(ctx, e.Policy, e.Report, r.First)
	if err != nil {
		return nil, err
	}
	e.LocksShown = c.Locks(ctx, try)
	c.Trusted(e.Report.Manifest().Columns)
	return c.Findings, nil
}
