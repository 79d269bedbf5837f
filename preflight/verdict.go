package preflight

import (
	"context"

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
	v, client := new(Verdict), e.Client.Counting(&e.Sent)
	var err error
	if Updates(&o) {
		if v.Update, err = client.ProbeUpdate(ctx, o, prefix); err != nil || v.Update != plan.Yes || o.Method == plan.MethodUpdate {
			return v, err
		}
	}
	if v.IgnoresIfMatch, err = client.ProbeIfMatch(ctx, o, prefix); err != nil {
		return nil, err
	}
	found, err := client.ProbeCopy(ctx, o, prefix)
	v.Lost, v.SilentSSE, v.SelfCopy, v.CountsTags = found.Lost, found.SilentSSE, found.Refused, found.Tags
	return v, err
}

// TakeVerdict takes what a probe showed in place of what was not known.
func (e *Environment) TakeVerdict(v *Verdict) {
	e.Verdict = v
	if v.IgnoresIfMatch != plan.Unknown {
		e.Policy.Facts.IgnoresIfMatch = v.IgnoresIfMatch
	}
	e.Policy.Facts.CountsTags = v.CountsTags
}
