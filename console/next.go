package console

import (
	"fmt"
	"slices"

	"reseal/internal/explain"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// Step is a command that a person types after a look at a job, and what that does with
// it; "" where nothing is to be typed.
type Step struct{ Command, Does string }

// ReportPage are the options that make a page of a report.
const ReportPage = " --out report.html"

// What ends a verification of objects that nobody compared, and what lists them.
const (
	allowUntold = " --allow not-compared"
	untoldLines = " --format csv"
)

// OnJob is a command of reseal on a job, as a person types it.
func OnJob(name, dir string) string { return explain.OnJob(name, dir) }

// onShare is OnJob for a share of the job, or for all of it.
func onShare(name, dir string, part job.Share) string {
	if part.Count == 0 {
		return OnJob(name, dir)
	}
	return OnJob(name, dir) + " --shard " + part.String()
}

// AfterLook is the step after a look at a job. While its run goes on there is none.
func AfterLook(s *status.Status, part job.Share) Step {
	if s.Run != nil {
		return Step{}
	}
	return NextStep(s, part)
}

// NextStep is what is to be typed next. All that it needs is in the job.
func NextStep(s *status.Status, part job.Share) Step {
	whole := func(name string) string { return OnJob(name, s.Job) }
	at := func(name string) string { return onShare(name, s.Job, part) }
	next, share := s.Next(part)
	if of := job.WholeOf(s.Job); of != "" && slices.Contains([]status.Next{status.Begin, status.Resume, status.ResumeRetry, status.Retry}, next) {
		return Step{explain.UntilClean(of), "goes on with the job that this is a generation of; what failed is tried again"}
	}
	switch next {
	case status.Watch:
		return Step{whole("status") + " --watch", "shows how it goes on; somebody works on it"}
	case status.WatchShares:
		return Step{whole("status") + " --watch", "shows how it goes on; each share that is left is worked on"}
	case status.TakeShare:
		return Step{Settling(at("run")+" --shard "+share, s.Open), "takes up a share that nobody works on"}
	case status.LookAtLoss:
		return Step{whole("verify"), afterLoss(s, at("run"))}
	case status.Begin:
		return Step{Settling(at("run"), s.Open), "carries the plan out"}
	case status.ResumeRetry:
		_, failed := s.Of(part)
		return Step{at("run"), fmt.Sprintf("goes on where it stopped; the %s that failed:\n%s", report.Plural(failed, "object"), at("retry-failed"))}
	case status.Resume:
		return Step{at("run"), "goes on where it stopped, with what the job was told before"}
	case status.LookAtDoubt:
		return Step{whole("verify"), "names what differs of the objects that failed; another try does not bring it back"}
	case status.MoreGenerations:
		return Step{explain.UntilClean(s.Job), "goes on with the last generation, and looks again"}
	case status.Retry:
		return Step{at("retry-failed"), "tries the failed objects again, and nothing else"}
	}
	return afterwards(next, whole)
}

// afterwards is the step with a job of which nothing is left to do.
func afterwards(next status.Next, whole func(name string) string) Step {
	switch next {
	case status.MakeReport:
		return Step{whole("report") + ReportPage, "sums the job up as a page; verify found all that it looked at as promised"}
	case status.AllowUntold:
		return Step{whole("verify") + allowUntold, "takes as they are the objects that were found done and that nobody compared with what was there before; to look at them first, with the reason repeat:\n" + whole("report") + untoldLines}
	case status.VerifyAgain:
		return Step{whole("verify"), "looks again, and names what is not as promised; the last look found some"}
	}
	return Step{whole("verify"), "looks at every object again"}
}

// afterLoss says what to do where the canary found that objects lost something.
func afterLoss(s *status.Status, run string) string {
	accept, _ := s.Lost()
	if len(accept) == 0 {
		return "names what got lost; the run stops at that again"
	}
	text := "names what got lost; to go on and lose that: " + run
	for _, a := range accept {
		text += " --accept " + a.Hazard()
	}
	return text
}
