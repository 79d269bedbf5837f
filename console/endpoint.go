package console

import (
	"fmt"
	"io"

	"reseal/plan"
	"reseal/preflight"
)

// Endpoint says what a probe found out.
func Endpoint(w io.Writer, v *preflight.Verdict) {
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
