package prepare

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reseal/plan"
	"reseal/preflight"
)

// Check looks at the start of a run at what a preflight does, apart from what no run has to
// do with, and refuses one that is stopped by what it finds, that would have KMS throttle
// everybody in the account, or whose hazards were not accepted. Bucket facts that are
// unknown were shown with the plan of a run that begins; one that is resumed has shown
// none.
func (s *Start) Check(ctx context.Context) error {
	e := s.Pre.Env
	found, err := e.CheckRun(ctx, preflight.RunCheck{Accepted: s.Accepted, Probing: s.Probing(), First: s.Plan.CanaryRecords(), Unsaid: !s.Fresh,
		Report: e.ReportEnd.Note(time.Now(), s.Plan.Estimate)})
	if err != nil {
		return err
	}
	if err := s.Screen.Checked(found); err != nil {
		return err
	}
	if above := e.Caps.Above; above != "" && !s.Force {
		return &preflight.RefusedError{Err: fmt.Errorf("%s; nothing was written. --force takes it all the same", above)}
	}
	return s.refuse(s.Probing())
}

// Probing tells whether the run finds out on scratch objects what the endpoint does, once
// it may write.
func (s *Start) Probing() bool { return s.Probe != "" && s.Pre.Env.Policy.Facts.AWS != plan.Yes }

// refuse ends the run before it begins where a hazard was not accepted. probing leaves out
// those that a probe will settle.
func (s *Start) refuse(probing bool) error {
	open := preflight.Unaccepted(s.Pre.Env.Hazards(), s.Accepted)
	if probing {
		open = slices.DeleteFunc(open, func(h preflight.Hazard) bool { return h.ByProbe })
	}
	if len(open) == 0 {
		return nil
	}
	return &preflight.RefusedError{Err: s.Screen.Refused(s, open)}
}

// probe finds out what the endpoint does, and refuses to go on with hazards that it shows
// and that were not accepted.
func (s *Start) probe(ctx context.Context) error {
	if !s.Probing() {
		return nil
	}
	e := s.Pre.Env
	o := &e.Policy.Options
	v, err := e.Probe(ctx, s.Probe)
	if err != nil {
		return &preflight.RefusedError{Err: fmt.Errorf("probe the endpoint on scratch objects: %w", err)}
	}
	s.Screen.Probed(v)
	switch {
	case v.SelfCopy != nil:
		return &preflight.RefusedError{Err: fmt.Errorf("the endpoint does not copy an object onto itself; --copy-via multipart is the way round: %w", v.SelfCopy)}
	case preflight.Updates(o) && v.Update != plan.Yes:
		return &preflight.RefusedError{Err: fmt.Errorf("refused: no object of yours was touched. The endpoint does not understand UpdateObjectEncryption "+
			"(shown on a scratch object), so --method %s cannot be used here; use --method copy", o.Method)}
	}
	e.TakeVerdict(v)
	return s.refuse(false)
}
