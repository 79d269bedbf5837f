package console

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"reseal/canary"
	"reseal/engine"
	"reseal/internal/terminal"
	"reseal/migrate"
	"reseal/report"
)

// CanaryWords puts the errors of a run's canary into words for people, with what to do.
// refused tells whether such an error ended the run; other errors stay as they are.
func CanaryWords(err error) (words error, refused bool) {
	var (
		failed *migrate.CanaryFailedError
		lossy  *migrate.CanaryLossError
		lost   *canary.LossError
		open   *canary.UnprovenError
		engine *engine.LossError
		begin  *migrate.RefusedError
	)
	switch {
	case errors.As(err, &begin):
		return begin.Err, true
	case errors.As(err, &lost):
		return &lostError{lost.Doubts}, true
	case errors.As(err, &open):
		return &unprovenError{open.Kinds}, true
	case errors.As(err, &failed):
		return &canaryError{failed.Tried, failed.Failed}, true
	case errors.As(err, &lossy) && errors.As(err, &engine):
		return fmt.Errorf("%w; no further object was begun. %s", lossy, GoOnAfter(engine)), true
	}
	return err, false
}

// CanaryBegins says what the canary tries.
func CanaryBegins(w io.Writer, objects, traits int64) {
	fmt.Fprintf(w, "Canary: trying %s first, picked for %s.\n", report.Plural(objects, "object"), report.Plural(traits, "trait"))
}

// CanaryTried says what came of the objects that the canary tried first.
func CanaryTried(w io.Writer, t migrate.FirstTried) {
	say := func(indent, format string, args ...any) {
		fmt.Fprint(w, terminal.Wrapped(indent, fmt.Sprintf(format, args...)))
	}
	switch {
	case t.Compared >= t.Objects:
		were := "they were"
		if t.Objects == 1 {
			were = "it was"
		}
		say("", "Canary: %s re-encrypted and compared with what %s before: %s.", report.Plural(t.Objects, "object"), were, lostWords(t.Table))
	case t.Compared > 0:
		say("", "Canary: %s of %s re-encrypted and compared: %s.",
			report.Count(t.Compared), report.Plural(t.Objects, "object"), lostWords(t.Table))
	default:
		say("", "Canary: none of %s was re-encrypted, so nothing is proven yet.", report.Plural(t.Objects, "object"))
	}
	if left := t.Objects - t.Compared - int64(len(t.Failed)); left > 0 {
		say("  ", "%s not compared: other objects of their kind are tried as the run comes to them", report.Count(left))
	}
	if len(t.Failed) > 0 {
		fmt.Fprintf(w, "  %s failed:\n%s", report.Count(int64(len(t.Failed))), failures(t.Failed))
	}
}

// lostWords says whether anything got lost of the objects that were compared.
func lostWords(t *canary.Table) string {
	has := func(f func(k canary.Kind) bool) bool { return slices.ContainsFunc(t.Kinds, f) }
	switch {
	case has(func(k canary.Kind) bool { return len(k.Doubts) > 0 }):
		return "these kept all, others did not"
	case has(func(k canary.Kind) bool { return len(k.Accepted) > 0 }):
		return "nothing got lost but what was accepted"
	}
	return "nothing got lost"
}

// CanaryTable shows the table of a run's canary as it grows. The zero value has shown
// nothing.
type CanaryTable struct {
	shown map[string]string // by the names of kinds
}

// Show prints what was not shown yet.
func (c *CanaryTable) Show(w io.Writer, t *canary.Table) {
	if c.shown == nil {
		c.shown = map[string]string{}
	}
	for _, k := range t.Kinds {
		text := report.CanaryText(&canary.Table{Kinds: []canary.Kind{k}})
		if name := report.KindName(&k); c.shown[name] != text {
			c.shown[name] = text
			fmt.Fprint(w, text)
		}
	}
}
