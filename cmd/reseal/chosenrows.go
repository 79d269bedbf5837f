package main

import (
	"reseal/checkpoint"
	"reseal/console"
	"reseal/migrate"
)

// chosenRows are the rows of a job that a command takes up, and all that follows
// from which these are: what is counted, and what is said.
type chosenRows struct {
	migrate.Selection
	command string

	// asMade says that the options are those of the job, so that whether anything is
	// left does not depend on what is found in the bucket.
	asMade bool

	// goingOn says what the run resumes, and none why there is nothing to do.
	goingOn func(dir string, todo int64, t checkpoint.Totals) string
	none    func(dir string, t checkpoint.Totals) string
}

// unsettledRows are the rows of run: all that have no outcome yet.
func unsettledRows() chosenRows {
	return chosenRows{Selection: migrate.Unsettled(), command: "run", goingOn: console.GoingOn, none: console.NothingLeft}
}

// failedRows are the rows of retry-failed.
func failedRows() chosenRows {
	return chosenRows{Selection: migrate.Failed(), command: "retry-failed", asMade: true, goingOn: console.TryingAgain, none: console.NothingFailed}
}
