package ui

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"reseal/control"
	"reseal/job"
	"reseal/report"
)

// series are the curves of one span of time, in slots of equal width.
type series struct {
	From    int64      `json:"from"`    // unix seconds
	Width   int64      `json:"width"`   // of a slot, seconds
	Objects []*float64 `json:"objects"` // a second; null where no run was on, or none gave an answer
	KMS     []*float64 `json:"kms"`     // a second, at most
	Cap     []*float64 `json:"cap"`     // on KMS requests a second; null for none
	Bands   []stretch  `json:"bands"`   // what held the run back, first to last
	Marks   []mark     `json:"marks"`

	// In words: what the KMS curve is, what the curves show, and what held for how long,
	// longest first.
	KMSName string   `json:"kms_name"`
	OnWhole string   `json:"objects_text"`
	OnKMS   string   `json:"kms_text"`
	Bound   []string `json:"bound_text"`
}

// stretch is a time in which one limit held.
type stretch struct {
	From  float64 `json:"from"` // unix seconds
	To    float64 `json:"to"`
	Group string  `json:"group"`
	Name  string  `json:"name"`
}

// mark is something that happened.
type mark struct {
	At   float64 `json:"at"` // unix seconds
	Kind string  `json:"kind"`
	Text string  `json:"text"`
}

// live are the curves of the last ten minutes, nil where no run was seen.
func (r *recorder) live() *series {
	slots := r.whole()
	if len(slots) < 2 {
		return nil
	}
	width := int64(slotWidth / time.Second)
	s := &series{From: slots[0].at * width, Width: width, KMSName: "KMS requests a second"}
	for i := range slots {
		x := &slots[i]
		perSecond := func(n int64) *float64 { return number(float64(n) / x.took.Seconds()) }
		if x.took <= 0 {
			s.Objects, s.KMS, s.Cap = append(s.Objects, nil), append(s.KMS, nil), append(s.Cap, nil)
			continue
		}
		s.Objects, s.KMS, s.Cap = append(s.Objects, perSecond(x.objects)), append(s.KMS, perSecond(x.kms)), append(s.Cap, rateOrNone(x.cap))
		from := float64(x.at * width)
		s.bind(from, from+float64(width), x.limit)
		if x.throttled > 0 {
			s.Marks = append(s.Marks, mark{from, "throttle", report.Plural(x.throttled, "answer") + " that a quota was exceeded"})
		}
	}
	s.describe("the last ten minutes")
	return s
}

// past are the curves of all runs, by the history of the job; nil where there are none.
func past(h *job.History) *series {
	if h == nil || h.Summary == nil {
		return nil
	}
	tl := h.Summary.Timeline()
	slots := tl.Slots()
	if len(slots) < 2 {
		return nil
	}
	width := tl.Width()
	s := &series{From: tl.Start().Unix(), Width: int64(width / time.Second), KMSName: "KMS requests a second, at most"}
	for i, slot := range slots {
		from := tl.Start().Add(time.Duration(i) * width)
		on := ranIn(h.Sessions, from, from.Add(width))
		begun := i == len(slots)-1 && on < max(width.Seconds()/2, 10) // what is settled is recorded a second later
		if on <= 0 || begun {
			s.Objects, s.KMS, s.Cap = append(s.Objects, nil), append(s.KMS, nil), append(s.Cap, nil)
			continue
		}
		s.Objects = append(s.Objects, number(float64(slot.Done+slot.Failed)/on))
		s.KMS = append(s.KMS, number(float64(slot.KMSCalls)/on))
		s.Cap = append(s.Cap, rateOrNone(capAt(h.KMSCaps, from.Add(width-1))))
	}
	for _, b := range boundBy(h) {
		s.bind(seconds(b.Since), seconds(b.until), b.Limit)
	}
	s.describe("all runs")
	return s
}

// boundFor is a limit with the end of the time that it held.
type boundFor struct {
	job.BoundBy
	until time.Time
}

// boundBy are the limits that held, first to last. None outlasts the run that it bound:
// one that was cut off could not say when it ended.
func boundBy(h *job.History) []boundFor {
	out := make([]boundFor, len(h.BoundBy))
	for i, b := range h.BoundBy {
		until := h.Last
		if i+1 < len(h.BoundBy) {
			until = h.BoundBy[i+1].Since
		}
		for _, s := range h.Sessions {
			if !b.Since.Before(s.From) && !b.Since.After(s.To) {
				until = earlier(until, s.To)
			}
		}
		out[i] = boundFor{b, until}
	}
	return out
}

// ranIn is for how many seconds of a slot a run was on: at least one, and at most the
// slot. A run that settled something was on.
func ranIn(sessions []job.Session, from, to time.Time) (on float64) {
	for _, s := range sessions {
		if a, b := later(from, s.From.Truncate(time.Second)), earlier(to, s.To); b.After(a) {
			on += b.Sub(a).Seconds()
		}
	}
	if on > 0 {
		on = max(on, 1)
	}
	return min(on, to.Sub(from).Seconds())
}

// bind adds the time that a limit held, to the stretch before where that is of its kind.
func (s *series) bind(from, to float64, l control.Limit) {
	b := bandOf(l)
	if to <= from || b.group == "" {
		return
	}
	if n := len(s.Bands); n > 0 && s.Bands[n-1].Name == b.name && s.Bands[n-1].To >= from {
		s.Bands[n-1].To = to
		return
	}
	s.Bands = append(s.Bands, stretch{from, to, b.group, b.name})
}

// describe puts the curves into words, for those who do not see them.
func (s *series) describe(span string) {
	say := func(values []*float64, last bool) string {
		var sum, most, n float64
		for _, v := range values {
			if v != nil {
				sum, most, n = sum+*v, max(most, *v), n+1
			}
		}
		if n == 0 {
			return "nothing was sent in " + span
		}
		text := fmt.Sprintf("mean %s, peak %s over %s", report.Rate(round(sum/n)), report.Rate(round(most)), span)
		if end := values[len(values)-1]; last && end != nil {
			text = "last " + report.Rate(round(*end)) + ", " + text
		}
		return text
	}
	s.OnWhole, s.OnKMS = say(s.Objects, true), say(s.KMS, true)
	held := map[string]float64{}
	for _, b := range s.Bands {
		held[b.Name] += b.To - b.From
	}
	names := make([]string, 0, len(held))
	for name := range held {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(held[b], held[a]), cmp.Compare(a, b))
	})
	for _, name := range names {
		s.Bound = append(s.Bound, name+" "+report.Duration(time.Duration(held[name])*time.Second))
	}
}

func capAt(caps report.Caps, t time.Time) float64 {
	if held := caps.Since(t); len(held) > 0 && !held[0].Since.After(t) {
		return held[0].PerSecond
	}
	return 0
}

// round keeps three digits of a rate or so: more is noise.
func round(v float64) float64 {
	if v >= 100 {
		return float64(int64(v + 0.5))
	}
	return float64(int64(v*100+0.5)) / 100
}

func number(v float64) *float64 { v = round(v); return &v }

func rateOrNone(v float64) *float64 {
	if v <= 0 {
		return nil
	}
	return number(v)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
