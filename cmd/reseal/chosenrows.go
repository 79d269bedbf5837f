package main

import (
	"fmt"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/job"
	"reseal/migrate"
	"reseal/report"
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
	return chosenRows{
		Selection: migrate.Unsettled(),
		command:   "run",
		goingOn: func(dir string, todo int64, t checkpoint.Totals) string {
			settled := job.Handled(t)
			if todo == job.Unknown {
				return fmt.Sprintf("Going on with job %s: %s done%s", dir, report.Plural(settled-t.Failed, "object"), failedSoFar(t.Failed))
			}
			return fmt.Sprintf("Going on with job %s: %s of %s done%s, %s left", dir, report.Count(settled-t.Failed), report.Plural(todo, "object"),
				failedSoFar(t.Failed), report.Count(max(0, todo-settled)))
		},
		none: func(dir string, t checkpoint.Totals) string {
			if t.Failed > 0 {
				return fmt.Sprintf("Job %s is finished, but for the %s that failed: %s", dir, report.Plural(t.Failed, "object"), console.OnJob("retry-failed", dir))
			}
			return "Job " + dir + " is finished: there is nothing left to do."
		},
	}
}

// failedRows are the rows of retry-failed.
func failedRows() chosenRows {
	return chosenRows{
		Selection: migrate.Failed(),
		command:   "retry-failed",
		asMade:    true,
		goingOn: func(dir string, _ int64, t checkpoint.Totals) string {
			return fmt.Sprintf("Trying again the %s of job %s that failed", report.Plural(t.Failed, "object"), dir)
		},
		none: func(dir string, _ checkpoint.Totals) string {
			return "Nothing failed in job " + dir + ": there is nothing to try again."
		},
	}
}

func failedSoFar(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s failed", report.Count(n))
}
