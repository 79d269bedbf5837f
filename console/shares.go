package console

import (
	"fmt"
	"slices"
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
		return s.Share + " empty: it has no rows of the report"
	}
	text := s.Share + " " + s.State
	if s.State == job.ShareEnded {
		text += fmt.Sprintf(" with exit code %d", *s.ExitCode)
	}
	text += ", " + report.Plural(s.Settled, "row") + " settled"
	switch s.State {
	case job.ShareRunning:
		text += ", " + report.Rate(s.Rate)
	case job.ShareDead:
		text += ", silent for " + report.Duration(now.Sub(s.LastSeen).Truncate(time.Second))
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %s failed", report.Count(s.Failed))
	}
	if s.PID == 0 {
		return text
	}
	return text + " (" + whoWorks(s) + ")"
}

// mostShares is how many shares are told of one by one.
const mostShares = 6

// shares tells of each share of a job; of many how many there are in which state, and of
// those in trouble.
func (w rows) shares(all []job.ShareStatus, now time.Time) {
	name := "Shares"
	say := func(format string, args ...any) {
		w.row(name, format, args...)
		name = ""
	}
	shown := all
	if len(all) > mostShares {
		say("%s", sharesInShort(all))
		shown = slices.DeleteFunc(slices.Clone(all), func(s job.ShareStatus) bool { return !inTrouble(&s) })
	}
	for i := range shown {
		if i == mostShares {
			say("and %d more in trouble", len(shown)-i)
			return
		}
		say("%s", shareLine(&shown[i], now))
	}
}

// sharesInShort counts shares by their state.
func sharesInShort(all []job.ShareStatus) string {
	count := map[string]int64{}
	for i := range all {
		count[all[i].State]++
	}
	text := report.Plural(int64(len(all)), "share")
	sep := ": "
	for _, state := range []string{job.ShareRunning, job.ShareFinished, job.ShareEnded, job.ShareDead, job.ShareReleased, job.ShareNotBegun, job.ShareEmpty} {
		if count[state] > 0 {
			text += sep + report.Count(count[state]) + " " + state
			sep = ", "
		}
	}
	return text
}

// inTrouble tells whether somebody should look at a share.
func inTrouble(s *job.ShareStatus) bool {
	return s.State == job.ShareDead || s.Failed > 0 || s.State == job.ShareEnded && s.ExitCode != nil && *s.ExitCode != 0
}

// word is what stands before a figure.
func word(is string) string {
	if is == job.Exact {
		return ""
	}
	return is + " "
}
