package main

import (
	"context"
	"fmt"

	"reseal/checkpoint"
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

	// counted is how many objects these are in a job with so many to do, which may be
	// unknown, and how many of them earlier runs settled.
	counted func(todo int64, t checkpoint.Totals) (total, earlier int64)

	// goingOn says what the run resumes. none says why there is nothing to do, "" where
	// there is something.
	goingOn func(dir string, todo int64, t checkpoint.Totals) string
	none    func(ctx context.Context, dir string, job *job.Plan, at *checkpoint.Snapshot) (string, error)
}

// unsettledRows are the rows of run: all that have no outcome yet.
func unsettledRows() chosenRows {
	return chosenRows{
		Selection: migrate.Unsettled(),
		command:   "run",
		counted: func(todo int64, t checkpoint.Totals) (total, earlier int64) {
			return todo, job.Handled(t)
		},
		goingOn: func(dir string, todo int64, t checkpoint.Totals) string {
			settled := job.Handled(t)
			if todo == job.Unknown {
				return fmt.Sprintf("Going on with job %s: %s done%s", dir, report.Plural(settled-t.Failed, "object"), failedSoFar(t.Failed))
			}
			return fmt.Sprintf("Going on with job %s: %s of %s done%s, %s left", dir, report.Count(settled-t.Failed), report.Plural(todo, "object"),
				failedSoFar(t.Failed), report.Count(max(0, todo-settled)))
		},
		none: noneUnsettled,
	}
}

// noneUnsettled counts as something to do: files that could not be read, and objects
// of the canary that were not compared.
func noneUnsettled(ctx context.Context, dir string, job *job.Plan, at *checkpoint.Snapshot) (string, error) {
	t := at.Totals()
	if t.Finished < len(job.Segments) || t.Damaged > 0 || t.Deferred > 0 {
		return "", nil
	}
	for _, err := range at.Notes(ctx) {
		return "", err
	}
	if t.Failed > 0 {
		return fmt.Sprintf("Job %s is finished, but for the %s that failed: reseal retry-failed --job %s", dir, report.Plural(t.Failed, "object"), dir), nil
	}
	return "Job " + dir + " is finished: there is nothing left to do.", nil
}

// failedRows are the rows of retry-failed.
func failedRows() chosenRows {
	return chosenRows{
		Selection: migrate.Failed(),
		command:   "retry-failed",
		asMade:    true,
		counted: func(_ int64, t checkpoint.Totals) (total, earlier int64) {
			return t.Failed, 0
		},
		goingOn: func(dir string, _ int64, t checkpoint.Totals) string {
			return fmt.Sprintf("Trying again the %s of job %s that failed", report.Plural(t.Failed, "object"), dir)
		},
		none: func(_ context.Context, dir string, _ *job.Plan, at *checkpoint.Snapshot) (string, error) {
			if at.Totals().Failed > 0 {
				return "", nil
			}
			return "Nothing failed in job " + dir + ": there is nothing to try again.", nil
		},
	}
}

func failedSoFar(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s failed", report.Count(n))
}
