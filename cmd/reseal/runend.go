package main

import (
	"strings"

	"reseal/checkpoint"
)

// runEnd is how a run ended. One that was killed has none.
type runEnd struct {
	ExitCode int    `json:"exit_code"`
	Why      string `json:"why,omitempty"` // "" where it came to the end of its work
}

// longestWhy bounds what is kept of an error, in bytes.
const longestWhy = 400

// endOf says how a run ended that left its job like this.
func endOf(err error, t checkpoint.Totals) *runEnd {
	if err == nil {
		end := &runEnd{ExitCode: exitDone}
		if t.Failed > 0 || t.Damaged > 0 {
			end.ExitCode = exitFailures
		}
		return end
	}
	why, _, _ := strings.Cut(err.Error(), "\n")
	return &runEnd{ExitCode: exitCode(err), Why: strings.ToValidUTF8(why[:min(len(why), longestWhy)], "")}
}

// String is for people, after "ended".
func (e *runEnd) String() string {
	switch {
	case e.Why != "":
		return e.Why
	case e.ExitCode == exitFailures:
		return "all of its work was tried, and some failed"
	}
	return "all of its work was done"
}
