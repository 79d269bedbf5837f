package console

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/explain"
	"reseal/internal/signals"
	"reseal/internal/terminal"
	"reseal/inventory"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/preflight"
	"reseal/report"
)

// RunEnd is a run that came to an end, in the words for the person who typed it.
type RunEnd struct {
	Job     string
	Whole   string // the job that this one is a generation of, "" for none
	Share   job.Share
	Again   bool // it was about failed rows
	Plan    *job.Plan
	Outcome *migrate.Outcome
}

// Notes say what is special to a run without an error.
func (e *RunEnd) Notes(w io.Writer) {
	if e.Share.Empty(e.Plan) {
		fmt.Fprint(w, terminal.Wrapped("", fmt.Sprintf("Share %s is empty: there are more shares than segments of the report, and none is left for it. There was nothing to do.", e.Share)))
	}
	Untagged(w, e.Plan, e.Outcome.Totals)
}

// Words say what the error of a run leaves, and what goes on.
func (e *RunEnd) Words(err error) error {
	var lossy *engine.LossError
	failed := e.orRetried()
	switch {
	case errors.As(err, new(*engine.UnrecordedError)):
		return fmt.Errorf("%w; what was recorded before counts, and the same command finds out about the rest%s", err, failed)
	case errors.As(err, new(*inventory.OutageError)):
		return fmt.Errorf("%w; everything done is recorded, and nothing is wrong with what is not; once it answers again, the same command goes on%s", err, failed)
	case errors.As(err, &lossy) && errors.As(err, new(*preflight.RefusedError)):
		return err // the canary has said what to do
	case errors.As(err, &lossy):
		return fmt.Errorf("stopped: %w; everything done is recorded, and no further object was begun. %s", err, GoOnAfter(lossy))
	case errors.As(err, new(*migrate.UnfinishedError)):
		return fmt.Errorf("%w; everything done is recorded, the same command tries them again%s%s", err, failed, e.next())
	case errors.As(err, new(*signals.Error)), errors.As(err, new(*engine.StopError)):
		return fmt.Errorf("%w; everything done is recorded, the same command goes on%s", err, failed)
	case errors.As(err, new(*engine.BreakerError)): // before it is mended, it would stop again
		return fmt.Errorf("%w; everything done is recorded; once that is mended, the same command goes on%s", err, failed)
	}
	return err
}

// Left says what a run without an error left, and the command that is next.
func (e *RunEnd) Left(w io.Writer) {
	t := e.Outcome.Totals
	if t.Failed > 0 {
		fmt.Fprintf(w, "reseal: %s failed; why: %s", report.Plural(t.Failed, "object"), OnJob("report", e.Job))
	} else {
		fmt.Fprintf(w, "reseal: %s of the report could not be read", report.Plural(int64(t.Damaged), "file"))
	}
	fmt.Fprintln(w, e.next())
}

// Unfinished says, of a job whose failed rows were all dealt with, what else is to be done
// in it, and by which command.
func (e *RunEnd) Unfinished(w io.Writer) {
	s := e.status()
	if s.State == status.Finished {
		return
	}
	left := "the job is not finished"
	if s.Rows != nil {
		left = report.Plural(max(*s.Rows-s.Settled, 0), "row") + " of the report not done yet"
	}
	fmt.Fprintf(w, "Nothing that failed is left; %s%s\n", left, e.next())
}

// Retry is the command that tries failed objects again, "" where none failed, or where
// this run was that command.
func (e *RunEnd) Retry() string {
	switch {
	case e.Outcome.Totals.Failed == 0 || e.Again:
		return ""
	case e.Whole != "":
		return explain.UntilClean(e.Whole)
	}
	return OnJob("retry-failed", e.Job)
}

func (e *RunEnd) status() *status.Status {
	return status.New(e.Job, e.Plan, e.Outcome.Totals, e.Outcome.History)
}

// next is the command that goes on after a run that left something, and what it does, in
// lines of their own.
func (e *RunEnd) next() string {
	next := NextStep(e.status(), e.Share)
	if e.Outcome.Totals.Damaged > 0 { // segments that cannot be read count as finished
		next = Step{Command: OnJob("run", e.Job), Does: "reads what could not be read again"}
	}
	if next.Command == "" { // somebody works on each share
		return ""
	}
	return "\nnext: " + next.Command + "\n      " + strings.ReplaceAll(next.Does, "\n", "\n      ")
}

// orRetried says what tries failed objects again, "" where none failed.
func (e *RunEnd) orRetried() string {
	objects := report.Plural(e.Outcome.Totals.Failed, "object")
	switch {
	case e.Outcome.Totals.Failed == 0:
		return ""
	case e.Whole != "":
		return fmt.Sprintf(", and the %s that failed, too", objects)
	}
	return fmt.Sprintf(", and reseal retry-failed tries the %s that failed", objects)
}

// Damages say which files of the report are missing from the result.
func Damages(w io.Writer, at *checkpoint.Snapshot) {
	all := status.Damages(at)
	Few(w, "reseal: missing from the result: ", all)
	if len(all) > 0 {
		fmt.Fprintln(w, "hint: the same command tries them again; another report of the bucket has their objects, too")
	}
}

// HeldUploads says how many uploads a run left that are begun and not completed.
func HeldUploads(w io.Writer, dir string, n int64) {
	if n > 0 {
		fmt.Fprintf(w, "%s in parts begun and not completed; they cost storage until the next run\n  goes on with them. To give them up: %s --sweep\n", report.Plural(n, "upload"), OnJob("uploads", dir))
	}
}
