package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Timeline counts what happened when, in at most maxSlots slots of equal width.
// The width doubles as often as the span that is counted needs it.
type Timeline struct {
	width int64 // seconds
	first int64 // number of the first slot, counted from 1970 in widths
	slots []Slot
}

// Slot is what was settled in one slot of a timeline.
type Slot struct {
	Done     int64 `json:"done"`
	Failed   int64 `json:"failed"`
	Bytes    int64 `json:"bytes"`
	Requests int64 `json:"requests"`
	KMSCalls int64 `json:"kms_calls"` // upper bound
}

func (s *Slot) add(o Slot) {
	s.Done += o.Done
	s.Failed += o.Failed
	s.Bytes += o.Bytes
	s.Requests += o.Requests
	s.KMSCalls += o.KMSCalls
}

// maxSlots bounds memory and the width of a chart.
const maxSlots = 120

// The times that a timeline takes: what lies outside is not counted, as no run
// was then.
const (
	minUnix = 946_684_800   // 2000
	maxUnix = 4_102_444_800 // 2100
)

// Add counts s at t.
func (tl *Timeline) Add(t time.Time, s Slot) {
	if u := t.Unix(); u >= minUnix && u <= maxUnix {
		tl.add(u, s)
	}
}

// add counts s at u, in seconds from 1970.
func (tl *Timeline) add(u int64, s Slot) {
	if len(tl.slots) == 0 {
		tl.width, tl.first = max(tl.width, 1), u/max(tl.width, 1)
		tl.slots = append(make([]Slot, 0, maxSlots), Slot{})
	}
	for {
		at := u / tl.width
		last := tl.first + int64(len(tl.slots)) - 1
		if max(at, last)-min(at, tl.first) < maxSlots {
			break
		}
		tl.double()
	}
	at := u / tl.width
	if at < tl.first {
		grown := make([]Slot, int(tl.first-at)+len(tl.slots), maxSlots)
		copy(grown[tl.first-at:], tl.slots)
		tl.slots, tl.first = grown, at
	}
	for int64(len(tl.slots)) <= at-tl.first {
		tl.slots = append(tl.slots, Slot{})
	}
	tl.slots[at-tl.first].add(s)
}

// double makes every slot twice as wide.
func (tl *Timeline) double() {
	first := tl.first / 2
	out := make([]Slot, 0, maxSlots)
	for i, s := range tl.slots {
		at := (tl.first+int64(i))/2 - first
		for int64(len(out)) <= at {
			out = append(out, Slot{})
		}
		out[at].add(s)
	}
	tl.width, tl.first, tl.slots = tl.width*2, first, out
}

// Merge adds the counts of o.
func (tl *Timeline) Merge(o *Timeline) {
	for tl.width < o.width && len(tl.slots) > 0 {
		tl.double()
	}
	for i, s := range o.slots {
		if s != (Slot{}) {
			tl.add((o.first+int64(i))*o.width, s)
		}
	}
}

// Start returns the beginning of the first slot.
func (tl *Timeline) Start() time.Time { return time.Unix(tl.first*tl.width, 0).UTC() }

// Width returns the width of a slot.
func (tl *Timeline) Width() time.Duration { return time.Duration(tl.width) * time.Second }

// Slots returns the slots, first to last. They must not be changed.
func (tl *Timeline) Slots() []Slot { return tl.slots }

type timelineJSON struct {
	Start time.Time `json:"start"`
	Width int64     `json:"slot_seconds"`
	Slots []Slot    `json:"slots"`
}

// MarshalJSON writes the slots with their start and width.
func (tl *Timeline) MarshalJSON() ([]byte, error) {
	return json.Marshal(timelineJSON{tl.Start(), tl.width, tl.slots})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (tl *Timeline) UnmarshalJSON(data []byte) error {
	var j timelineJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	*tl = Timeline{}
	if len(j.Slots) == 0 {
		return nil
	}
	start := j.Start.Unix()
	if len(j.Slots) > maxSlots || j.Width < 1 || j.Width > maxUnix || start < 0 || start > maxUnix || start%j.Width != 0 {
		return errors.New("timeline: slots that no timeline has")
	}
	*tl = Timeline{j.Width, start / j.Width, append(make([]Slot, 0, maxSlots), j.Slots...)}
	return nil
}
