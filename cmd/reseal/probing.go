package main

import (
	"context"
	"fmt"

	"reseal/console"
	"reseal/plan"
	"reseal/preflight"
)

// probing tells whether the run will find out on scratch objects what the
// endpoint does, once it may write.
func (f *runFlags) probing(e *preflight.Environment) bool {
	return f.probe != "" && e.Policy.Facts.AWS != plan.Yes
}

// probeEndpoint finds out what the endpoint does, and refuses to go on with
// hazards that it shows and that were not accepted.
func (f *runFlags) probeEndpoint(ctx context.Context, p process, r *readiness) error {
	e := r.pre.Env
	if !f.probing(e) {
		return nil
	}
	o := &e.Policy.Options
	v, err := e.Probe(ctx, f.probe)
	if err != nil {
		return &preflight.RefusedError{Err: fmt.Errorf("probe the endpoint on scratch objects: %w", err)}
	}
	console.Endpoint(f.output.messages(p), v)
	switch {
	case v.SelfCopy != nil:
		return &preflight.RefusedError{Err: fmt.Errorf("the endpoint does not copy an object onto itself; --copy-via multipart is the way round: %w", v.SelfCopy)}
	case preflight.Updates(o) && v.Update != plan.Yes:
		return &preflight.RefusedError{Err: fmt.Errorf("refused: no object of yours was touched. The endpoint does not understand UpdateObjectEncryption "+
			"(shown on a scratch object), so --method %s cannot be used here; use --method copy", o.Method)}
	}
	e.TakeVerdict(v)
	return f.refuseUnaccepted(p, e, false)
}
