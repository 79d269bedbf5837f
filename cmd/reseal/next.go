package main

import (
	"fmt"
	"slices"
	"strings"

	"reseal/canary"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// next is the command that a person types after a look at a job, and what that does
// with it. All that it needs is in the job.
func (s *jobStatus) next(part job.Share) (command, does string) {
	at := "--job " + shellWord(s.Job)
	if part.Count > 0 {
		at += " --shard " + part.String()
	}
	if s.goesOn(part.Name()) {
		return "reseal status --watch --job " + shellWord(s.Job), "shows how it goes on; somebody works on it"
	}
	if part.Count == 0 {
		if take := job.NextShare(s.Shares); take != "" {
			return "reseal run " + at + " --shard " + take, "takes up a share that nobody works on"
		}
		if slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return o.State == job.ShareRunning }) {
			return "reseal status --watch --job " + shellWord(s.Job), "shows how it goes on; each share that is left is worked on"
		}
	}
	state, failed := s.stateOf(part)
	if names, lost := s.lost(); lost {
		does = "names what got lost; the run stops at that again"
		if names != "" {
			does = "names what got lost; to go on and lose that: reseal run " + at + names
		}
		return "reseal verify --job " + shellWord(s.Job), does
	}
	switch {
	case state == "not begun":
		return "reseal run " + at, "carries the plan out"
	case state != "finished" && failed > s.doubted():
		return "reseal run " + at, fmt.Sprintf("goes on where it stopped; the %s that failed:\nreseal retry-failed %s", report.Plural(failed, "object"), at)
	case state != "finished":
		return "reseal run " + at, "goes on where it stopped, with what the job was told before"
	case failed > 0 && failed <= s.doubted():
		return "reseal verify --job " + shellWord(s.Job), "names what differs of the objects that failed; another try does not bring it back"
	case failed > 0:
		return "reseal retry-failed " + at, "tries the failed objects again, and nothing else"
	}
	return "reseal verify --job " + shellWord(s.Job), "looks at every object again"
}

// stateOf is how far a share is, by what is recorded of its rows, and how many objects
// of it failed. Without one, and where nothing is known of it, that is as of the job.
func (s *jobStatus) stateOf(part job.Share) (state string, failed int64) {
	i := slices.IndexFunc(s.Shares, func(o job.ShareStatus) bool { return o.Share == part.Name() && o.Segments != nil })
	if i < 0 {
		return s.State, s.Failed
	}
	switch o := &s.Shares[i]; {
	case o.Finished >= *o.Segments:
		return "finished", o.Failed
	case o.State == job.ShareNotBegun:
		return "not begun", 0
	default:
		return "unfinished", o.Failed
	}
}

// doubted is how many objects the canary found not to be as they were before.
func (s *jobStatus) doubted() (n int64) {
	if s.Canary == nil {
		return 0
	}
	for _, k := range s.Canary.Kinds {
		n += int64(len(k.Doubts))
	}
	return n
}

// lost tells whether the canary found a loss that stops the next run as well, and
// the flags that accept it, "" where it cannot be accepted.
func (s *jobStatus) lost() (flags string, lost bool) {
	if s.Canary == nil {
		return "", false
	}
	var names []plan.Attribute
	for _, k := range s.Canary.Kinds {
		if k.Verdict != canary.Lost {
			continue
		}
		lost = true
		for _, d := range k.Doubts {
			names = append(names, d.Attributes()...)
		}
	}
	slices.Sort(names)
	for _, a := range slices.Compact(names) {
		if !slices.Contains(plan.Losses(), a) {
			return "", lost
		}
		flags += " --accept " + a.Hazard()
	}
	return flags, lost
}

// shellWord writes a word as a shell takes it.
func shellWord(s string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, odd) < 0 {
		return s
	}
	return shellQuoted(s)
}

// shellQuoted writes a word so that a shell takes every character as it is.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
