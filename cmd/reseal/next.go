package main

import (
	"fmt"

	"reseal/internal/shell"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// step is a command that a person types after a look at a job, and what that does with
// it; "" where nothing is to be typed.
type step struct{ command, does string }

// afterLook is the step after a look at a job. While its run goes on there is none.
func afterLook(s *status.Status, part job.Share) step {
	if s.Run != nil {
		return step{}
	}
	return nextStep(s, part)
}

// nextStep is what is to be typed next. All that it needs is in the job.
func nextStep(s *status.Status, part job.Share) step {
	whole := " --job " + shell.Word(s.Job)
	at := whole
	if part.Count > 0 {
		at += " --shard " + part.String()
	}
	next, share := s.Next(part)
	switch next {
	case status.Watch:
		return step{"reseal status --watch" + whole, "shows how it goes on; somebody works on it"}
	case status.WatchShares:
		return step{"reseal status --watch" + whole, "shows how it goes on; each share that is left is worked on"}
	case status.TakeShare:
		return step{"reseal run" + at + " --shard " + share, "takes up a share that nobody works on"}
	case status.LookAtLoss:
		return step{"reseal verify" + whole, afterLoss(s, at)}
	case status.Begin:
		return step{"reseal run" + at, "carries the plan out"}
	case status.ResumeRetry:
		_, failed := s.Of(part)
		return step{"reseal run" + at, fmt.Sprintf("goes on where it stopped; the %s that failed:\nreseal retry-failed%s", report.Plural(failed, "object"), at)}
	case status.Resume:
		return step{"reseal run" + at, "goes on where it stopped, with what the job was told before"}
	case status.LookAtDoubt:
		return step{"reseal verify" + whole, "names what differs of the objects that failed; another try does not bring it back"}
	case status.Retry:
		return step{"reseal retry-failed" + at, "tries the failed objects again, and nothing else"}
	}
	return step{"reseal verify" + whole, "looks at every object again"}
}

// afterLoss says what to do where the canary found that objects lost something.
func afterLoss(s *status.Status, at string) string {
	accept, _ := s.Lost()
	if len(accept) == 0 {
		return "names what got lost; the run stops at that again"
	}
	text := "names what got lost; to go on and lose that: reseal run" + at
	for _, a := range accept {
		text += " --accept " + a.Hazard()
	}
	return text
}
