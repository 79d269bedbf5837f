package preflight

import (
	"context"
	"sync"

	"reseal/plan"
)

// Verdict is what a probe on scratch objects showed about an endpoint.
type Verdict struct {
	Update         plan.Answer      // whether UpdateObjectEncryption is understood; Unknown where nobody asked
	IgnoresIfMatch plan.Answer      // on the destination of a copy
	SelfCopy       error            // why an object is not copied onto itself, nil where it is
	SilentSSE      bool             // answers to copies do not state the encryption
	Lost           []plan.Attribute // that a copy does not keep
	CountsTags     plan.Answer      // whether HeadObject shows how many tags an object has
}

// Updates tells whether objects may be updated in place with these options.
func Updates(o *plan.Options) bool {
	return o.Method == plan.MethodUpdate || o.Method == plan.MethodAuto
}

// UpdateProven tells whether a probe showed that the endpoint understands updates.
func (e *Environment) UpdateProven() bool { return e.Verdict != nil && e.Verdict.Update == plan.Yes }

// Probe finds out on scratch objects below a prefix what the endpoint does with the
// requests of a run. The scratch objects are deleted again.
func (e *Environment) Probe(ctx context.Context, prefix string) (*Verdict, error) {
	o := e.Policy.Options
	v := new(Verdict)
	if Updates(&o) {
		var err error
		if v.Update, err = e.Client.Counting(&e.Sent).ProbeUpdate(ctx, o, prefix); err != nil || v.Update != plan.Yes || o.Method == plan.MethodUpdate {
			return v, err
		}
	}
	return v, e.probeCopies(ctx, v, prefix)
}

// probeCopies probes what copies do, and whether a condition on one is heeded, side by
// side: each has a scratch object of its own.
func (e *Environment) probeCopies(ctx context.Context, v *Verdict, prefix string) error {
	o := e.Policy.Options
	var both sync.WaitGroup
	var unheeded error
	both.Go(func() { v.IgnoresIfMatch, unheeded = e.Client.Counting(&e.Sent).ProbeIfMatch(ctx, o, prefix) })
	found, err := e.Client.Counting(&e.Sent).ProbeCopy(ctx, o, prefix)
	both.Wait()
	v.Lost, v.SilentSSE, v.SelfCopy, v.CountsTags = found.Lost, found.SilentSSE, found.Refused, found.Tags
	if unheeded != nil {
		return unheeded
	}
	return err
}

// TakeVerdict takes what a probe showed in place of what was not known.
func (e *Environment) TakeVerdict(v *Verdict) {
	e.Verdict = v
	if v.IgnoresIfMatch != plan.Unknown {
		e.Policy.Facts.IgnoresIfMatch = v.IgnoresIfMatch
	}
	e.Policy.Facts.CountsTags = v.CountsTags
}
