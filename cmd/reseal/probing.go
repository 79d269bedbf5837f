package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"reseal/plan"
	"reseal/preflight"
)

// verdict is what a probe on scratch objects showed of an endpoint.
type verdict struct {
	ignoresIfMatch plan.Answer
	lost           []plan.Attribute // that a copy does not keep
	silentSSE      bool             // answers to copies do not state the encryption
	selfCopy       error            // why an object is not copied onto itself, nil where it is
	countsTags     plan.Answer      // whether HeadObject shows how many tags an object has
	update         plan.Answer      // whether UpdateObjectEncryption is understood; Unknown where nobody asked
}

// probing tells whether the run will find out on scratch objects what the
// endpoint does, once it may write.
func (f *runFlags) probing(g *ground) bool {
	return f.probe != "" && g.policy.Facts.AWS != plan.Yes
}

// updates tells whether objects may be updated in place.
func updates(o *plan.Options) bool {
	return o.Method == plan.MethodUpdate || o.Method == plan.MethodAuto
}

// refuseUpdates ends the run before it begins where updates are wanted from an
// endpoint that nothing will prove to understand them. One that does not takes
// the request for an upload, and puts it in place of the object's data.
func (f *runFlags) refuseUpdates(g *ground) error {
	if !updates(&g.frozen.Options) || g.policy.Facts.AWS == plan.Yes || f.probing(g) {
		return nil
	}
	return &refusedError{fmt.Errorf("refused: nothing was written. --method %s sends UpdateObjectEncryption, and %s is not known to understand it: "+
		"a server that does not replaces the object's data. Prove it on a scratch object with --probe-key-prefix reseal-probe/, or use --method copy",
		g.frozen.Options.Method, g.client.Endpoint().URL)}
}

// probeEndpoint finds out what the endpoint does, and refuses to go on with
// hazards that it shows and that were not accepted.
func (f *runFlags) probeEndpoint(ctx context.Context, talk io.Writer, g *ground) error {
	if !f.probing(g) {
		return nil
	}
	if err := preflight.KeepsScratch(g.frozen.Options.Bucket, g.policy.Facts); err != nil {
		return &refusedError{fmt.Errorf("nothing was written: %w; leave out --probe-key-prefix, and accept by name what is not known of the endpoint", err)}
	}
	v, err := probe(ctx, g, f.probe)
	if err != nil {
		return &refusedError{fmt.Errorf("probe the endpoint on scratch objects: %w", err)}
	}
	v.print(talk)
	switch method := g.frozen.Options.Method; {
	case v.selfCopy != nil:
		return &refusedError{fmt.Errorf("the endpoint does not copy an object onto itself; --copy-via multipart is the way round: %w", v.selfCopy)}
	case updates(&g.frozen.Options) && v.update != plan.Yes:
		return &refusedError{fmt.Errorf("refused: no object of yours was touched. The endpoint does not understand UpdateObjectEncryption "+
			"(shown on a scratch object), so --method %s cannot be used here; use --method copy", method)}
	}
	g.updateProven = v.update == plan.Yes
	if v.ignoresIfMatch != plan.Unknown {
		g.policy.Facts.IgnoresIfMatch = v.ignoresIfMatch
	}
	g.policy.Facts.CountsTags = v.countsTags
	g.findHazards(v)
	return f.refuseHazards(g, false)
}

// probe tries out what the run is going to ask of the endpoint.
func probe(ctx context.Context, g *ground, prefix string) (*verdict, error) {
	o := g.frozen.Options
	v, client := new(verdict), g.client.Counting(&g.tried)
	var err error
	if updates(&o) {
		if v.update, err = client.ProbeUpdate(ctx, o, prefix); err != nil || v.update != plan.Yes || o.Method == plan.MethodUpdate {
			return v, err
		}
	}
	if v.ignoresIfMatch, err = client.ProbeIfMatch(ctx, o, prefix); err != nil {
		return nil, err
	}
	found, err := client.ProbeCopy(ctx, o, prefix)
	v.lost, v.silentSSE, v.selfCopy, v.countsTags = found.Lost, found.SilentSSE, found.Refused, found.Tags
	return v, err
}

// print says what was found out.
func (v *verdict) print(w io.Writer) {
	say := func(text string, args ...any) { fmt.Fprintf(w, "endpoint: "+text+"\n", args...) }
	switch v.update {
	case plan.Yes:
		say("understands UpdateObjectEncryption")
	case plan.No:
		say("does not understand UpdateObjectEncryption")
	}
	switch v.ignoresIfMatch {
	case plan.Yes:
		say("ignores If-Match on the destination of a copy")
	case plan.No:
		say("honours If-Match on the destination of a copy")
	}
	if v.selfCopy != nil {
		say("refuses to copy an object onto itself")
		return
	}
	if v.silentSSE {
		say("does not state the encryption in its answers to copies: one HeadObject more for each object")
	}
	if len(v.lost) > 0 {
		say("drops when it copies: %s", plan.Words(v.lost))
	}
}

// aboutUpdates says what a person should know of updating objects in place.
func aboutUpdates(o plan.Options, f plan.Facts) (notes []string) {
	if !updates(&o) {
		return nil
	}
	if f.AWS != plan.Yes {
		notes = append(notes, "UpdateObjectEncryption is sent only to AWS's own endpoints, and to one that a probe has proven: a run needs --probe-key-prefix here")
	}
	if f.Replication == plan.Yes {
		notes = append(notes, "updates in place are not replicated: the replicas keep their encryption, and are to be updated by themselves")
	}
	if o.Unconfirmed > 0 {
		notes = append(notes, fmt.Sprintf("the effect of %.4g%% of the updates is not proven by a HeadObject (--confirm)", float64(o.Unconfirmed)/1e4))
	}
	return notes
}

// aboutVersions gives the lifecycle rule that ends what copies leave behind.
func aboutVersions(o plan.Options, f plan.Facts) []string {
	if o.Method == plan.MethodUpdate || f.Versioning != plan.VersioningEnabled && f.Versioning != plan.VersioningSuspended {
		return nil
	}
	return []string{"copies leave the old versions behind, outside the key and paid for. This lifecycle rule expires noncurrent versions, " +
		"those of other writers too, a day after they were replaced; add it to the bucket's rules after the run, as a new configuration replaces the old one: " +
		fmt.Sprintf(`{"ID":"expire-old-versions","Status":"Enabled","Filter":{"Prefix":%s},"NoncurrentVersionExpiration":{"NoncurrentDays":1}}`, onlyPrefix(o))}
}

// onlyPrefix is the one prefix that the run is limited to, "" for the whole
// bucket, as a JSON string.
func onlyPrefix(o plan.Options) string {
	prefix := ""
	if len(o.Prefixes) == 1 {
		prefix = o.Prefixes[0]
	}
	text, err := json.Marshal(prefix)
	if err != nil {
		panic("reseal: a string that cannot be written as JSON: " + err.Error())
	}
	return string(text)
}

// shown is what the preflight makes of it, nil where nothing was tried.
func (v *verdict) shown() *preflight.Probed {
	if v == nil {
		return nil
	}
	return &preflight.Probed{Lost: v.lost}
}
