package main

import (
	"errors"
	"strings"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/internal/explain"
)

// longestWhy bounds what is kept of an error, in bytes.
const longestWhy = 400

// endOf says how a run ended that left its job like this.
func endOf(err error, t checkpoint.Totals) *control.Ending {
	if err == nil {
		end := &control.Ending{ExitCode: exitDone}
		if t.Failed > 0 || t.Damaged > 0 {
			end.ExitCode = exitFailures
		}
		return end
	}
	var found *finding
	if errors.As(err, &found) { // its output says the rest
		return &control.Ending{ExitCode: found.code}
	}
	return &control.Ending{ExitCode: exitCode(err), Why: whyOf(err)}
}

// whyOf is what is kept of an error, and told: the first line of its words.
func whyOf(err error) string {
	why, _, _ := strings.Cut(explain.Words(err), "\n")
	return strings.ToValidUTF8(why[:min(len(why), longestWhy)], "")
}
