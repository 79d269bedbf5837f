package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// window is the time of day in which a run works, by the wall clock of a place.
// The zero value is always open.
type window struct {
	text     string
	from, to int // minutes since midnight; to may be 24:00 and may be before from, over midnight
	zone     *time.Location
}

const day = 24 * 60 // minutes by a wall clock

// parseWindow reads "22:00-06:00" or "22:00-06:00@Europe/Berlin". Without a zone
// it is the machine's.
func parseWindow(text string) (window, error) {
	w := window{text: text, zone: time.Local}
	hours, zone, named := strings.Cut(text, "@")
	from, to, both := strings.Cut(hours, "-")
	bad := func(why string) (window, error) {
		return window{}, fmt.Errorf("%q: %s; want a time of day such as 22:00-06:00 or 22:00-06:00@Europe/Berlin", text, why)
	}
	var ok bool
	switch {
	case !both:
		return bad("no two times")
	case named && zone == "":
		return bad("no zone after @")
	}
	if w.from, ok = timeOfDay(from); !ok || w.from == day {
		return bad(strconv.Quote(from) + " is no time of day")
	}
	if w.to, ok = timeOfDay(to); !ok {
		return bad(strconv.Quote(to) + " is no time of day")
	}
	if w.from == w.to%day {
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

// timeOfDay reads "06:00" as minutes since midnight; "24:00" is the end of a day.
func timeOfDay(text string) (minutes int, ok bool) {
	h, m, _ := strings.Cut(text, ":")
	if len(h) == 0 || len(h) > 2 || len(m) != 2 || strings.Trim(h+m, "0123456789") != "" {
		return 0, false
	}
	hour, _ := strconv.Atoi(h) // only digits
	minute, _ := strconv.Atoi(m)
	minutes = 60*hour + minute
	return minutes, minute < 60 && minutes <= day
}

// set reports whether there is a window at all.
func (w window) set() bool { return w.zone != nil }

// open reports whether the run may work at t: the wall clock is at from or
// later, and before to. Where clocks are set forward over from, it opens with
// the first minute after the gap; where they are set back, what the clock shows
// twice counts twice.
func (w window) open(t time.Time) bool {
	if !w.set() {
		return true
	}
	t = t.In(w.zone)
	now := 60*t.Hour() + t.Minute()
	if w.from < w.to {
		return now >= w.from && now < w.to
	}
	return now >= w.from || now < w.to
}

// change returns the instant after t at which the window next opens or closes,
// on a whole minute.
func (w window) change(t time.Time) time.Time {
	was := w.open(t)
	at := t.Truncate(time.Minute)
	for range 3 * day { // time zones change by whole minutes, by a day at most
		at = at.Add(time.Minute)
		if w.open(at) != was {
			return at
		}
	}
	return at // not reached: every window opens and closes within a day
}

// until says when the window changes next, by its own clock.
func (w window) until(t time.Time) string { return w.change(t).In(w.zone).Format("15:04 MST") }
