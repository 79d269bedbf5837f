package campaign

import (
	"fmt"
	"strings"
	"time"

	"reseal/cost"
	"reseal/job/generations"
	"reseal/job/status"
	"reseal/report"
)

// Row is a bucket of a campaign.
type Row struct {
	Bucket  string     `json:"bucket"`
	Job     string     `json:"job"`
	State   State      `json:"state"`
	Todo    *int64     `json:"objects"` // to be re-encrypted, as planned; null where nobody knows
	Left    *int64     `json:"left"`
	Done    int64      `json:"done"`
	Failed  int64      `json:"failed"`
	Bytes   int64      `json:"bytes"` // of those done
	Spent   cost.Money `json:"spent_max_usd"`
	Planned *Figures   `json:"planned,omitempty"`
	Ended   *Ending    `json:"ended,omitempty"` // how its last run ended
	Why     string     `json:"why,omitempty"`   // it stands like this
	Next    string     `json:"next,omitempty"`  // command

	Clean time.Time `json:"clean_as_of,omitzero"` // when the last listing or report was made in which nothing was to do; zero where nobody looked

	Of  *status.Status `json:"-"` // its job, nil where there is none
	Err error          `json:"-"` // why its job cannot be read
}

// RowOf is how a bucket stands, by what the campaign keeps of it and by its job, nil
// where there is none.
func RowOf(campaign string, e *Entry, s *status.Status) Row {
	r := Row{Bucket: e.Name, Job: JobOf(campaign, e.Name), Planned: e.Planned, Ended: e.Ended, Of: s}
	switch {
	case s != nil:
		all := s.Whole()
		r.Todo, r.Left, r.Done, r.Failed, r.Bytes, r.Spent = with(s.Todo, all.Found), with(s.Left, all.Left), all.Done, all.Failed, all.Bytes, all.Spent
		if last := lastOf(s); last != nil && last.Verdict == generations.Clean {
			r.Clean = last.Created
		}
	case e.Planned != nil:
		r.Todo, r.Left = &e.Planned.Objects, &e.Planned.Objects
	}
	r.State, r.Why = standing(e, s)
	return r
}

// standing is how a bucket stands, and why. What its job says comes before what is
// remembered of its last run, unless that could not even begin on what the list says.
func standing(e *Entry, s *status.Status) (State, string) {
	code, why := remembered(e, s)
	switch {
	case e.LeftOut:
		return LeftOut, ""
	case s != nil && s.WorkedOn(""):
		return Running, ""
	case code == refusedCode || code == otherJobCode, s == nil && code != 0:
		return stateOf(code), why
	case s == nil:
		return New, ""
	}
	is, left := endOf(e, s)
	ended := code != 0 && code != FailuresCode // how many failed, the job says
	switch {
	case is == Finished && ended:
		return is, "nothing is left in its job; its last run ended so: " + why
	case is == Finished, is == Failures, !ended:
		return is, left
	}
	if is == GoesOn && left != "" {
		why = strings.TrimRight(why, ".") + ". Its job is as it was: " + left
	}
	return stateOf(code), why
}

// remembered is how the last run of the campaign ended, 0 where another one came since.
func remembered(e *Entry, s *status.Status) (code int, why string) {
	if e.Ended == nil {
		return 0, ""
	}
	if s != nil && (workedOnSince(s, e.Ended.At) || s.Whole().At.After(e.Ended.At)) {
		return 0, ""
	}
	return e.Ended.Code, e.Ended.Why
}

// workedOnSince tells whether a run of the job itself, and not of a later generation, began
// or wrote after that.
func workedOnSince(s *status.Status, at time.Time) bool {
	if l := s.LastRun; l != nil && (l.Status.Started.After(at) || l.At.After(at.Add(clockGrain))) {
		return true
	}
	return s.LastWrite.After(at.Add(clockGrain))
}

// clockGrain is how much later than the end of a run its last write may seem to be.
const clockGrain = 2 * time.Second

// endOf is how far a job is by what stands in it, and why it stands like that.
func endOf(e *Entry, s *status.Status) (State, string) {
	all, last := s.Whole(), lastOf(s)
	switch {
	case s.State == status.NotBegun && s.Runs == 0:
		return New, ""
	case s.State != status.Finished:
		return GoesOn, cutOff(s)
	case last == nil && e.UntilClean:
		return GoesOn, "the bucket was not listed since its first pass"
	case last == nil && all.Failed+int64(s.Damaged) > 0:
		return Failures, leftWords(s, &all)
	case last == nil:
		return Finished, ""
	case !last.Over():
		return GoesOn, fmt.Sprintf("generation %d is not at its end", last.Number)
	case last.Verdict == generations.Worked:
		return GoesOn, "the last generation found something to do"
	}
	if why := unlisted(e, s, last); why != "" {
		return GoesOn, why
	}
	if last.Verdict == generations.Left {
		return Failures, leftWords(s, &all)
	}
	return Finished, ""
}

// unlisted says why the last generation, which ended, is not the last word: a run was
// begun since that had to list the bucket, or what had failed was tried again.
func unlisted(e *Entry, s *status.Status, last *generations.Generation) string {
	as := "as of the " + string(last.Source) + " of " + report.Time(last.Created)
	switch {
	case e.UntilClean && e.Began.After(last.Ended) && last.Verdict == generations.Clean:
		return "clean " + as + ", and not listed since, though a run was begun for that on " + report.Time(e.Began)
	case e.UntilClean && e.Began.After(last.Ended):
		return "not clean " + as + ", and not listed since, though a run was begun for that on " + report.Time(e.Began)
	case last.Verdict == generations.Left && workedOnSince(s, last.Ended):
		return "not clean " + as + "; its job was worked on since, and the bucket was not listed again"
	}
	return ""
}

// cutOff says that the last run of a job has no end.
func cutOff(s *status.Status) string {
	switch l := s.LastRun; {
	case l != nil && l.Over && l.Status.Ended == nil:
		return "its last run crashed or was killed, and was last heard of " + report.Time(l.At) + "; nothing is lost"
	case l == nil && s.Runs > 0 && s.CutOff == s.Runs: // before it wrote of itself
		return "its last run crashed or was killed; nothing is lost"
	}
	return ""
}

// leftWords says what a job left that came to its end.
func leftWords(s *status.Status, all *status.Whole) string {
	switch {
	case all.Failed > 0:
		return report.Plural(all.Failed, "object") + " failed"
	case all.Looked && all.Verdict == generations.Left:
		return "the last generation put off what it found"
	case !all.Looked && s.Damaged > 0:
		return report.Plural(int64(s.Damaged), "file") + " of the report could not be read"
	}
	return ""
}

// lastOf is the last generation of a job, nil where it has none after the first.
func lastOf(s *status.Status) *generations.Generation {
	if n := len(s.Generations); n > 0 {
		return &s.Generations[n-1]
	}
	return nil
}

// with adds to a number that may not be known.
func with(n *int64, more int64) *int64 {
	if n == nil || more == 0 {
		return n
	}
	sum := plus(*n, more)
	return &sum
}
