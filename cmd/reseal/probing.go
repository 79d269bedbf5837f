package main

import (
	"context"
	"fmt"
	"io"

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
	e := r.pre.env
	if !f.probing(e) {
		return nil
	}
	o := &e.Policy.Options
	v, err := e.Probe(ctx, f.probe)
	if err != nil {
		return &refusedError{fmt.Errorf("probe the endpoint on scratch objects: %w", err)}
	}
	tellVerdict(f.output.messages(p), v)
	switch {
	case v.SelfCopy != nil:
		return &refusedError{fmt.Errorf("the endpoint does not copy an object onto itself; --copy-via multipart is the way round: %w", v.SelfCopy)}
	case preflight.Updates(o) && v.Update != plan.Yes:
		return &refusedError{fmt.Errorf("refused: no object of yours was touched. The endpoint does not understand UpdateObjectEncryption "+
			"(shown on a scratch object), so --method %s cannot be used here; use --method copy", o.Method)}
	}
	e.TakeVerdict(v)
	return f.refuseUnaccepted(p, e, false)
}

// tellVerdict says what a probe found out.
func tellVerdict(w io.Writer, v *preflight.Verdict) {
	say := func(text string, args ...any) { fmt.Fprintf(w, "endpoint: "+text+"\n", args...) }
	switch v.Update {
	case plan.Yes:
		say("understands UpdateObjectEncryption")
	case plan.No:
		say("does not understand UpdateObjectEncryption")
	}
	switch v.IgnoresIfMatch {
	case plan.Yes:
		say("ignores If-Match on the destination of a copy")
	case plan.No:
		say("honours If-Match on the destination of a copy")
	}
	if v.SelfCopy != nil {
		say("refuses to copy an object onto itself")
		return
	}
	if v.SilentSSE {
		say("does not state the encryption in its answers to copies: one HeadObject more for each object")
	}
	if len(v.Lost) > 0 {
		say("drops when it copies: %s", plan.Words(v.Lost))
	}
}
