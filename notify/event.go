// Package notify turns what happens in a run into messages for people and programs
// elsewhere: a command that is run, an address that is posted to. It never holds a run
// up: messages wait in a bounded queue, and what cannot be delivered is said and
// left.
package notify

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"reseal/control"
)

// Schema is the version of the JSON document. Fields may be added to a version;
// a name or a meaning that changes makes a new one.
const Schema = 1

// Kind is what happened. The names are part of the JSON interface (docs/notify.md).
type Kind string

// The kinds of events.
const (
	Started   Kind = "started"   // the run begins its work, for the first time or again
	Paused    Kind = "paused"    // nothing new is begun
	Resumed   Kind = "resumed"   // a pause is over
	Throttled Kind = "throttled" // KMS or S3 has throttled the run without a break for long
	Failures  Kind = "failures"  // more objects failed than the user bears in silence
	Stopped   Kind = "stopped"   // the run ended before its work did, or did not begin
	Finished  Kind = "finished"  // all of the work was tried
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{Started, Paused, Resumed, Throttled, Failures, Stopped, Finished}
}

// Event is one thing that happened. Its JSON form is the document that commands and
// addresses get.
type Event struct {
	Schema  int       `json:"schema"`
	ID      string    `json:"id"` // the same for every try to deliver it
	Kind    Kind      `json:"event"`
	Time    time.Time `json:"time"` // UTC
	Text    string    `json:"text"` // one sentence for people
	Job     string    `json:"job"`
	Bucket  string    `json:"bucket,omitempty"`
	Share   string    `json:"share,omitempty"` // of a job that several processes work on
	Program string    `json:"program"`
	Host    string    `json:"host,omitempty"`
	PID     int       `json:"pid"`

	Reason   string        `json:"reason,omitempty"`    // of a pause or a stop; what throttles
	ExitCode *int          `json:"exit_code,omitempty"` // of Stopped and Finished
	Limit    control.Limit `json:"limit,omitempty"`     // of Throttled
	Minutes  float64       `json:"minutes,omitempty"`   // that Throttled has lasted
	Progress *Progress     `json:"progress,omitempty"`  // nil before the work has begun
	Missed   int           `json:"missed,omitempty"`    // events just before this one that found no room in the queue
}

// Progress is how far this run is, in objects and bytes of this run alone.
type Progress struct {
	Done     int64 `json:"done"`
	Failed   int64 `json:"failed"`
	Skipped  int64 `json:"skipped"`
	Deferred int64 `json:"deferred"`
	Bytes    int64 `json:"bytes"`
}

// progressOf takes the progress from the state of a run.
func progressOf(s *control.Status) *Progress {
	return &Progress{s.Done, s.Failed, s.Skipped, s.Deferred, s.Bytes}
}

// sentence tells a person what happened.
func (e *Event) sentence() string {
	text := "reseal, job " + e.Job + ": "
	switch e.Kind {
	case Started:
		text += "started"
	case Paused:
		text += "paused: " + e.Reason
	case Resumed:
		text += "going on, the pause is over: " + e.Reason
	case Throttled:
		text += fmt.Sprintf("throttled for %.0f minutes: %s", e.Minutes, e.Reason)
	case Failures:
		text += "objects fail"
	case Finished:
		text += "finished"
	case Stopped:
		text += "stopped: " + e.Reason
	}
	if e.ExitCode != nil {
		text += fmt.Sprintf(" (exit code %d)", *e.ExitCode)
	}
	if p := e.Progress; p != nil && e.Kind != Started {
		text += fmt.Sprintf("; %d done, %d failed by this run", p.Done, p.Failed)
	}
	return text
}

// document is the event as JSON, on one line.
func (e *Event) document() ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// environment is the event as variables for a command, NAME=value.
func (e *Event) environment() []string {
	all := [][2]string{
		{"RESEAL_EVENT", string(e.Kind)}, {"RESEAL_EVENT_ID", e.ID}, {"RESEAL_EVENT_TIME", e.Time.Format(time.RFC3339)},
		{"RESEAL_EVENT_TEXT", e.Text}, {"RESEAL_EVENT_REASON", e.Reason}, {"RESEAL_EVENT_BUCKET", e.Bucket}, {"RESEAL_JOB", e.Job},
	}
	if e.ExitCode != nil {
		all = append(all, [2]string{"RESEAL_EVENT_EXIT_CODE", strconv.Itoa(*e.ExitCode)})
	}
	if p := e.Progress; p != nil {
		all = append(all, [2]string{"RESEAL_EVENT_DONE", strconv.FormatInt(p.Done, 10)}, [2]string{"RESEAL_EVENT_FAILED", strconv.FormatInt(p.Failed, 10)})
	}
	var out []string
	for _, v := range all {
		out = append(out, v[0]+"="+strings.ReplaceAll(v[1], "\x00", "")) // no variable can hold it
	}
	return out
}
