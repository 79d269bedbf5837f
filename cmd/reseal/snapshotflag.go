package main

import (
	"fmt"
	"strconv"
	"strings"

	"reseal/internal/cli"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// remembering is how many objects are read as a whole before they are
// re-encrypted, so that verify can compare them: a number in all, or a share.
type remembering struct {
	objects int
	share   float64 // 0 to 1; 0 where a number is given
}

// parseRemembering reads "1000" as a number of objects, and "1%" or "0.01" as a
// share of them.
func parseRemembering(text string) (remembering, error) {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		if n < 0 || n > plan.MaxRemembered {
			return remembering{}, fmt.Errorf("%q: want 0 to %d objects, or a share such as 1%%", text, plan.MaxRemembered)
		}
		return remembering{objects: n}, nil
	}
	share, err := cli.ParsePercent(text)
	if err != nil {
		return remembering{}, fmt.Errorf("%q: want a number of objects, or a share of 0%% to 100%%", text)
	}
	return remembering{share: share}, nil
}

// showEvidence adds to a plan the space that result lines and snapshots take. lines
// tells whether every object has a result line.
func showEvidence(v *report.Plan, e *job.Evidence, lines bool) {
	if lines {
		v.ResultsBytes = v.Tally.Rows() * report.LineBytes
	}
	if e != nil && e.Objects > 0 {
		v.ResultsBytes += e.Objects * report.SnapshotBytes
		v.Evidence = &report.Evidence{Objects: e.Objects, Demand: e.Demand}
	}
}
