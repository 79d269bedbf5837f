package main

import (
	"fmt"
	"time"

	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// holderText says of the holder of a whole job who that is, since when, and when it was
// last heard of.
func holderText(s *status.Status, now time.Time) string {
	h := s.Holder
	text := "another process"
	if h.PID != 0 {
		text = fmt.Sprintf("%s, since %s", whoWorks(h), report.Time(h.Started))
	}
	silent := report.Duration(now.Sub(h.LastSeen).Truncate(time.Second))
	switch {
	case h.State == job.ShareDead:
		return text + "; dead: no sign of life for " + silent
	case job.InBucket(s.Job):
		return text + "; last sign of life " + silent + " ago, " + report.Rate(h.Rate)
	case h.LastSeen.IsZero():
		return text + "; it gives no answer"
	}
	return text + "; it gives no answer, and last wrote something " + silent + " ago" // stopped, or without a socket
}

// whoWorks names a process for people.
func whoWorks(s *job.ShareStatus) string {
	text := fmt.Sprintf("%s, process %d", s.Host, s.PID)
	if s.User != "" {
		text = s.User + " on " + text
	}
	return text
}

// shareLine describes a share for people.
func shareLine(s *job.ShareStatus, now time.Time) string {
	switch s.State {
	case job.ShareNotBegun:
		return s.Share + " not begun"
	case job.ShareEmpty:
		return s.Share + " empty: no part of the report is for it"
	}
	text := fmt.Sprintf("%s %s, %s", s.Share, s.State, report.Plural(s.Settled, "row")+" settled")
	switch s.State {
	case job.ShareRunning:
		text += ", " + report.Rate(s.Rate)
	case job.ShareDead:
		text += ", silent for " + report.Duration(now.Sub(s.LastSeen).Truncate(time.Second))
	case job.ShareEnded:
		text += fmt.Sprintf(" with exit code %d", *s.ExitCode)
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %s failed", report.Count(s.Failed))
	}
	if s.PID == 0 {
		return text
	}
	return text + " (" + whoWorks(s) + ")"
}

// word is what stands before a figure.
func word(is string) string {
	if is == job.Exact {
		return ""
	}
	return is + " "
}
