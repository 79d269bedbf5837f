package control

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"reseal/engine"
)

// Window is the time of day in which a run works, by the wall clock of a place.
// The zero value is always open.
type Window struct {
	text     string
	from, to int // minutes since midnight; to may be 24:00 and may be before from, over midnight
	zone     *time.Location
}

const minutesPerDay = 24 * 60 // by a wall clock

// ParseWindow reads "22:00-06:00" or "22:00-06:00@Europe/Berlin". Without a zone
// the machine's counts.
func ParseWindow(text string) (Window, error) {
	w := Window{text: text, zone: time.Local}
	hours, zone, named := strings.Cut(text, "@")
	from, to, both := strings.Cut(hours, "-")
	bad := func(why string) (Window, error) {
		return Window{}, fmt.Errorf("%q: %s; want a time of day such as 22:00-06:00 or 22:00-06:00@Europe/Berlin", text, why)
	}
	var ok bool
	switch {
	case !both:
		return bad("no two times")
	case named && zone == "":
		return bad("no zone after @")
	}
	if w.from, ok = timeOfDay(from); !ok || w.from == minutesPerDay {
		return bad(strconv.Quote(from) + " is no time of day")
	}
	if w.to, ok = timeOfDay(to); !ok {
		return bad(strconv.Quote(to) + " is no time of day")
	}
	if w.from == w.to%minutesPerDay {
		return bad("it is as long as a day, or as nothing")
	}
	if named {
		var err error
		if w.zone, err = time.LoadLocation(zone); err != nil {
			return bad("no such time zone: " + strconv.Quote(zone))
		}
	}
	return w, nil
}

// Closed is the end of a run that does not wait for its window to open.
func (w Window) Closed(now time.Time) error {
	return &engine.StopError{Limit: "--window " + w.String() + ", which opens at " + w.Until(now)}
}

// timeOfDay reads "06:00" as minutes since midnight; "24:00" is the end of a day.
func timeOfDay(text string) (minutes int, ok bool) {
	h, m, _ := strings.Cut(text, ":")
	if len(h) == 0 || len(h) > 2 || len(m) != 2 || strings.Trim(h+m, "0123456789") != "" {
		return 0, false
	}
	hour, _ := strconv.Atoi(h) // only digits
	minute, _ := strconv.Atoi(m)
	minutes = 60*hour + minute
	return minutes, minute < 60 && minutes <= minutesPerDay
}

// IsSet reports whether there is a window at all.
func (w Window) IsSet() bool { return w.zone != nil }

// Open reports whether the run may work at t. Where the clocks skip the time at
// which it opens, it opens with the first minute after the gap. Where they are
// set back, it is open for the minutes of the window both times.
func (w Window) Open(t time.Time) bool {
	if !w.IsSet() {
		return true
	}
	t = t.In(w.zone)
	return w.openAt(60*t.Hour() + t.Minute())
}

// Within tells whether the window is open at no time of a day at which o is not. Of
// clocks of two places that is not said, as they may go apart.
func (w Window) Within(o Window) bool {
	if !o.IsSet() {
		return true
	}
	if !w.IsSet() || w.zone.String() != o.zone.String() {
		return false
	}
	for minute := range minutesPerDay {
		if w.openAt(minute) && !o.openAt(minute) {
			return false
		}
	}
	return true
}

// openAt tells whether the run may work at this minute of a day.
func (w Window) openAt(minute int) bool {
	if w.from < w.to {
		return minute >= w.from && minute < w.to
	}
	return minute >= w.from || minute < w.to
}

// String is the window as ParseWindow reads it.
func (w Window) String() string { return w.text }

// Change returns the instant after t at which the window next opens or closes,
// on a whole minute.
func (w Window) Change(t time.Time) time.Time {
	was := w.Open(t)
	at := t.Truncate(time.Minute)
	for range 3 * minutesPerDay { // time zones change by whole minutes, by a day at most
		at = at.Add(time.Minute)
		if w.Open(at) != was {
			return at
		}
	}
	return at // not reached: every window opens and closes within a day
}

// Until says when the window changes next, by its own clock: "06:00 CET".
func (w Window) Until(t time.Time) string { return w.Change(t).In(w.zone).Format("15:04 MST") }
