package console

import (
	"fmt"
	"slices"
	"strings"

	"reseal/canary"
	"reseal/engine"
	"reseal/internal/explain"
	"reseal/plan"
	"reseal/report"
)

// canaryError says that everything that was tried failed.
type canaryError struct {
	tried  int64
	failed []*engine.Result
}

// Error names what failed, and what to do.
func (e *canaryError) Error() string {
	return fmt.Sprintf("stopped by the canary: of %s, tried first, none could be re-encrypted, so nothing is proven of the rest\n%s"+
		"no further object was begun; %s",
		report.Plural(e.tried, "object"), failures(e.failed), e.wayOn())
}

// wayOn says what to do. What lost something is not brought back by another try.
func (e *canaryError) wayOn() string {
	if slices.ContainsFunc(e.failed, func(r *engine.Result) bool { return r.Reason == plan.Unfaithful }) {
		return "another try does not bring back what an object lost: reseal verify names it, its result line has the values before"
	}
	return "once that is mended, the same command tries them again. To go on without a canary: --no-canary"
}

// Unwrap returns the cause of the first failure, for a hint.
func (e *canaryError) Unwrap() error {
	if len(e.failed) > 0 && e.failed[0].Err != nil {
		return e.failed[0].Err
	}
	return nil
}

// unprovenError says of which kinds nothing could be proven, so that the rest of
// them was not begun.
type unprovenError struct{ kinds []canary.Kind }

// Error names the kinds, and the requests that were refused.
func (e *unprovenError) Error() string {
	var b strings.Builder
	b.WriteString("stopped by the canary: not proven of these kinds of objects is what is named\n")
	b.WriteString(report.CanaryText(&canary.Table{Kinds: e.kinds}))
	b.WriteString("No further object of them was begun. Once what is said above is mended, the same\ncommand goes on. " +
		"What is not compared may get lost unseen: --no-canary leaves it out")
	return b.String()
}

// failures is a line for each reason that objects failed for, with an example.
func failures(failed []*engine.Result) string {
	var reasons []plan.Reason
	of := map[plan.Reason][]*engine.Result{}
	for _, r := range failed {
		if of[r.Reason] == nil {
			reasons = append(reasons, r.Reason)
		}
		of[r.Reason] = append(of[r.Reason], r)
	}
	var b strings.Builder
	for _, reason := range reasons {
		first, more := of[reason][0], int64(len(of[reason])-1)
		fmt.Fprintf(&b, "  %s  %q", reason, first.Task.Record.Key)
		if more > 0 {
			fmt.Fprintf(&b, " and %s more", report.Count(more))
		}
		if first.Err != nil {
			fmt.Fprintf(&b, ": %s", explain.AnswerOf(first.Err))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// lostError says what got lost, and how it could be accepted.
type lostError struct{ doubts []canary.Doubt }

// Error names each object with what it lost.
func (e *lostError) Error() string {
	var b strings.Builder
	b.WriteString("stopped by the canary: objects are not as they were before")
	acceptable := map[plan.Attribute]bool{}
	for _, a := range plan.Losses() {
		acceptable[a] = true
	}
	var names []string
	hopeless := false
	for _, d := range e.doubts {
		fmt.Fprintf(&b, "\n  %q: not as before: %s", d.Key, plan.Words(d.Attributes()))
		for _, diff := range d.Differences {
			fmt.Fprintf(&b, "\n    %s", &diff)
		}
		for _, a := range d.Attributes() {
			if hopeless = hopeless || !acceptable[a]; acceptable[a] && !slices.Contains(names, "--accept "+a.Hazard()) {
				names = append(names, "--accept "+a.Hazard())
			}
		}
	}
	b.WriteString("\nNothing shows that another client did it, and no further object was begun.\nWhat they were before is kept in the job")
	if !hopeless {
		slices.Sort(names)
		fmt.Fprintf(&b, "; to go on and lose that: %s", strings.Join(names, " "))
	}
	return b.String()
}
