package ui

import (
	"fmt"
	"time"

	"reseal/control"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// standing is how far a job is, as the page tells it.
type standing struct{ *status.Status }

// on is how the run does that is on, nil where none gives an answer.
func (s standing) on() *control.Status {
	if s.Run == nil || s.Run.Ended != nil {
		return nil
	}
	return s.Run
}

// running is how many shares are worked on; a job without shares counts as one.
func (s standing) running() (n int) {
	for i := range s.Shares {
		if s.Shares[i].State == job.ShareRunning {
			n++
		}
	}
	if len(s.Shares) == 0 && (s.on() != nil || s.Holder != nil && s.Holder.State == job.ShareRunning) {
		n = 1
	}
	return n
}

// heading is the state of the job in a line, and how good that is: run, wait, good, bad.
type heading struct {
	Text  string `json:"text"`
	Class string `json:"class"`
}

func (s standing) heading() heading {
	on := s.on()
	switch {
	case on != nil && on.Draining:
		return heading{"ending: finishing what is under way", "wait"}
	case on != nil && on.Waiting():
		return heading{"waiting: " + on.Binding.String(), "wait"}
	case on != nil:
		return heading{"running", "run"}
	case len(s.Shares) > 0 && s.running() > 0:
		return heading{fmt.Sprintf("running: %d of %s", s.running(), report.Plural(int64(len(s.Shares)), "share")), "run"}
	case s.running() > 0:
		return heading{fmt.Sprintf("running on %s, process %d; it gives no answer here", s.Holder.Host, s.Holder.PID), "run"}
	}
	return s.atRest()
}

// atRest is the state of a job that nobody works on.
func (s standing) atRest() heading {
	switch {
	case s.State == status.NotBegun:
		return heading{"not begun", "wait"}
	case s.State == status.Finished && s.Failed > 0:
		return heading{"finished; " + report.Plural(s.Failed, "object") + " failed", "bad"}
	case s.State == status.Finished && s.Damaged > 0:
		return heading{"finished; " + report.Plural(int64(s.Damaged), "file") + " of the report could not be read to the end", "bad"}
	case s.State == status.Finished:
		return heading{"finished", "good"}
	case s.LastRun != nil && s.LastRun.Status != nil && s.LastRun.Status.Ended == nil:
		return heading{"cut off: the last run crashed or was killed; nothing is lost", "bad"}
	case s.LastRun != nil && s.LastRun.Status != nil && s.LastRun.Status.Ended.Why != "":
		return heading{"stopped: " + s.LastRun.Status.Ended.Why, "wait"}
	}
	return heading{"stopped; it can go on", "wait"}
}

// rate is objects a second now, of all runs that are on; 0 where none is known.
func (s standing) rate() (sum float64) {
	if on := s.on(); on != nil && len(s.Shares) == 0 {
		return on.Rate
	}
	for i := range s.Shares {
		if s.Shares[i].State == job.ShareRunning {
			sum += s.Shares[i].Rate
		}
	}
	if len(s.Shares) == 0 && s.Holder != nil && s.Holder.State == job.ShareRunning {
		sum = s.Holder.Rate
	}
	return sum
}

// left is how many objects are to be done yet; false where nobody knows.
func (s standing) left() (n int64, known bool) {
	if s.Todo == nil {
		return 0, false
	}
	if s.State == status.Finished {
		return 0, true
	}
	return max(*s.Todo-s.Done-s.Failed, 0), true
}

// eta is how long the rest takes at the rate of now; false where nobody knows.
func (s standing) eta() (time.Duration, bool) {
	left, known := s.left()
	rate := s.rate()
	if !known || rate <= 0 || left == 0 {
		return 0, false
	}
	const most = 100 * 365 * 24 * time.Hour
	if d := float64(left) / rate; d < most.Seconds() {
		return time.Duration(d * float64(time.Second)), true
	}
	return most, true
}
