package console

import (
	"fmt"

	"reseal/checkpoint"
	"reseal/job"
	"reseal/report"
)

// GoingOn says what a run of a job goes on with. todo is how many objects are to be done
// in all of it, job.Unknown where nobody has counted them.
func GoingOn(dir string, todo int64, t checkpoint.Totals) string {
	settled, failed := job.Handled(t), ""
	if t.Failed > 0 {
		failed = fmt.Sprintf(", %s failed", report.Count(t.Failed))
	}
	if todo == job.Unknown {
		return fmt.Sprintf("Going on with job %s: %s done%s", dir, report.Plural(settled-t.Failed, "object"), failed)
	}
	return fmt.Sprintf("Going on with job %s: %s of %s done%s, %s left", dir, report.Count(settled-t.Failed), report.Plural(todo, "object"),
		failed, report.Count(max(0, todo-settled)))
}

// NothingLeft says why a run of a job has nothing to do.
func NothingLeft(dir string, t checkpoint.Totals) string {
	if t.Failed > 0 {
		return fmt.Sprintf("Job %s is finished, but for the %s that failed: %s", dir, report.Plural(t.Failed, "object"), OnJob("retry-failed", dir))
	}
	return "Job " + dir + " is finished: there is nothing left to do."
}

// TryingAgain says what another try of the failed objects of a job is about.
func TryingAgain(dir string, _ int64, t checkpoint.Totals) string {
	return fmt.Sprintf("Trying again the %s of job %s that failed", report.Plural(t.Failed, "object"), dir)
}

// NothingFailed says why there is nothing to try again.
func NothingFailed(dir string, _ checkpoint.Totals) string {
	return "Nothing failed in job " + dir + ": there is nothing to try again."
}
