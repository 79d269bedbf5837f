package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/job"
	"reseal/report"
)

// event is something that happened to the job.
type event struct {
	Time string  `json:"time"`
	At   float64 `json:"at"`   // unix seconds
	Kind string  `json:"kind"` // begin, resume, end, stop, crash, order, pause, throttle, away
	Text string  `json:"text"`
}

const (
	maxEvents = 100

	// spansApart is how far apart two pauses, or two times of throttling, must be to
	// be told apart: a rate that climbs back is throttled again and again.
	spansApart = time.Minute
)

// events are what happened to a job, last to first; live tells whether a run is on.
func events(h *job.History, runs []job.Run, live bool) []event {
	var all []event
	add := func(at time.Time, kind, format string, args ...any) {
		all = append(all, event{report.Time(at), seconds(at), kind, fmt.Sprintf(format, args...)})
	}
	begun := map[string]bool{}
	for i := range runs {
		r := &runs[i]
		share := ""
		if r.Share != "" {
			share = ", share " + r.Share
		}
		kind, what := "begin", r.Command+" began"
		if begun[r.Share] && r.Command == "run" {
			kind, what = "resume", "run went on where the one before had stopped"
		}
		begun[r.Share] = true
		add(r.Started, kind, "%s%s, by %s on %s", what, share, r.By.User, r.By.Host)
		for _, o := range r.Orders {
			add(o.Time, "order", "ctl %s", o.String())
		}
		switch {
		case r.Over() && *r.ExitCode == 0:
			add(r.Ended, "end", "%s%s ended: %s", r.Command, share, cmp.Or(r.Ending, "all of its work was done"))
		case r.Over():
			add(r.Ended, "stop", "%s%s ended with exit code %d: %s", r.Command, share, *r.ExitCode, r.Ending)
		case !live || laterRun(runs[i+1:], r.Share):
			at, known := lastHeard(h, r.Started)
			text := "%s%s was cut off: it crashed or was killed; nothing is lost"
			if !known {
				text += " (when is not known)"
			}
			add(at, "crash", text, r.Command, share)
		}
	}
	all = append(all, held(h)...)
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(b.At, a.At) })
	return all[:min(len(all), maxEvents)]
}

// laterRun tells whether one of the runs is of the share.
func laterRun(runs []job.Run, share string) bool {
	return slices.ContainsFunc(runs, func(r job.Run) bool { return r.Share == share })
}

// lastHeard is when the run last wrote something down that began then. Where nobody
// knows, that is its beginning.
func lastHeard(h *job.History, began time.Time) (at time.Time, known bool) {
	if h != nil {
		for _, s := range h.Sessions { // they begin a little later than their runs, with their first object
			if d := s.From.Sub(began); d > -time.Second && d < time.Minute {
				return s.To, true
			}
		}
	}
	return began, false
}

// held are the pauses of a job, its throttling, and its waits for somebody else.
func held(h *job.History) (out []event) {
	if h == nil {
		return nil
	}
	for _, group := range []struct{ name, verb string }{{"pause", "paused"}, {"throttle", "throttled"}, {"away", "waited"}} {
		var open *stretch
		flush := func() {
			if open == nil {
				return
			}
			took := time.Duration((open.To - open.From) * float64(time.Second)).Round(time.Second)
			at := time.UnixMilli(int64(open.From * 1000))
			text := fmt.Sprintf("%s for %s: %s", group.verb, report.Duration(max(took, time.Second)), strings.TrimPrefix(open.Name, "pause: "))
			out = append(out, event{report.Time(at), open.From, group.name, text})
			open = nil
		}
		for _, b := range boundBy(h) {
			shown := bandOf(b.Limit)
			if shown.group != group.name {
				continue
			}
			if open != nil && open.Name == shown.name && seconds(b.Since)-open.To < spansApart.Seconds() {
				open.To = seconds(b.until)
				continue
			}
			flush()
			open = &stretch{From: seconds(b.Since), To: seconds(b.until), Group: shown.group, Name: shown.name}
		}
		flush()
	}
	return out
}

// marks are the events of kinds that a curve shows, first to last.
func marks(all []event) (out []mark) {
	for _, e := range slices.Backward(all) {
		if e.Kind != "order" {
			out = append(out, mark{e.At, e.Kind, e.Text})
		}
	}
	return out
}
