package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// mark is something that happened at an instant, drawn as a numbered line.
type mark struct {
	N       int
	X       float64 // of 100
	Y       int     // of its number, in pixels from above
	Class   string  // go, stop, crash, pause or told
	Text    string
	Right   bool // too close to the right edge for a number beside it
	instant time.Time
}

// maxMarks is how many marks a chart can have and still be read.
const maxMarks = 30

// tooClose is how close two marks are, of 100, when their numbers would overlap.
const tooClose = 6

// marks are what happened to a job while the timeline went on: starts, pauses, orders,
// ends, and the runs that were cut off.
func (v *Run) marks(from, to time.Time) []mark {
	var all []mark
	add := func(t time.Time, class, text string) {
		if !t.IsZero() && !t.Before(from.Add(-time.Minute)) && !t.After(to.Add(time.Minute)) {
			all = append(all, mark{Class: class, Text: text, instant: t})
		}
	}
	for i := range v.History {
		r := &v.History[i]
		what := "start"
		if i > 0 {
			what = "resume"
		}
		add(r.Started, "go", what+" ("+visible(r.Command, 40)+")")
		for _, o := range r.Orders {
			class := "told"
			switch {
			case strings.HasPrefix(o.Text, "pause"):
				class = "pause"
			case strings.HasPrefix(o.Text, "resume"):
				class = "go"
			}
			add(o.Time, class, visible(o.Text, 200))
		}
		switch {
		case !r.Ended.IsZero():
			add(r.Ended, "stop", "end: "+visible(r.end(), 200))
		case i+1 < len(v.History): // another came after it, so it does not go on
			add(v.lastBefore(v.History[i+1].Started), "crash", fmt.Sprintf("crash, about then: run %d has no recorded end", i+1))
		}
	}
	slices.SortStableFunc(all, func(a, b mark) int { return a.instant.Compare(b.instant) })
	if len(all) > maxMarks {
		all = all[:maxMarks]
	}
	span := to.Sub(from).Seconds()
	for i := range all {
		m := &all[i]
		m.N = i + 1
		m.X = round(min(max(100*m.instant.Sub(from).Seconds()/span, 0), 100))
		m.Right = m.X > 96
		m.Y = 12
		if i > 0 && m.X-all[i-1].X < tooClose {
			m.Y = 12 + (all[i-1].Y-12+14)%42 // three below each other, then from above
		}
		m.Text = Time(m.instant) + ": " + m.Text
	}
	return all
}

// lastBefore is the end of the last slot before t in which something was settled.
func (v *Run) lastBefore(t time.Time) (last time.Time) {
	tl := v.Summary.Timeline()
	for i, s := range tl.Slots() {
		end := tl.Start().Add(time.Duration(i+1) * tl.Width())
		if s != (Slot{}) && end.Before(t) {
			last = end
		}
	}
	return last
}
