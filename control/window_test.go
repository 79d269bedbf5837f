package control

import (
	"strings"
	"testing"
	"time"
)

func TestParseWindow(t *testing.T) {
	for _, text := range []string{"22:00-06:00", "0:30-24:00", "00:00-23:59", "09:00-17:30@Europe/Berlin", "22:00-06:00@UTC"} {
		if w, err := ParseWindow(text); err != nil || !w.IsSet() {
			t.Errorf("ParseWindow(%q) = %+v, %v", text, w, err)
		}
	}
	for _, text := range []string{"", "22:00", "22:00-", "-06:00", "22-06", "22:00-06:00@", "22:00-06:00@Nowhere/Land", "24:00-06:00",
		"25:00-06:00", "22:60-06:00", "22:00-24:01", "22:00-22:00", "00:00-24:00", "22:0-06:00", "+2:00-06:00", "2 :00-06:00", "22:00-06:00-08:00",
		"022:00-06:00", "22:00–06:00", "nights", "22:00-06:00@UTC@UTC"} {
		if w, err := ParseWindow(text); err == nil || !strings.Contains(err.Error(), "22:00-06:00@Europe/Berlin") {
			t.Errorf("ParseWindow(%q) = %+v, %v; want an error that shows how", text, w, err)
		}
	}
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		window string
		at     string // RFC 3339
		open   bool
		change string // in UTC
	}{
		{"09:00-17:00@UTC", "2026-11-21T08:59:59Z", false, "2026-11-21T09:00:00Z"},
		{"09:00-17:00@UTC", "2026-11-21T09:00:00Z", true, "2026-11-21T17:00:00Z"},
		{"09:00-17:00@UTC", "2026-11-21T16:59:59Z", true, "2026-11-21T17:00:00Z"},
		{"09:00-17:00@UTC", "2026-11-21T17:00:00Z", false, "2026-11-22T09:00:00Z"},
		// Over midnight, over the end of a year.
		{"22:00-06:00@UTC", "2026-12-31T21:59:00Z", false, "2026-12-31T22:00:00Z"},
		{"22:00-06:00@UTC", "2026-12-31T23:30:00Z", true, "2027-01-01T06:00:00Z"},
		{"22:00-06:00@UTC", "2027-01-01T00:00:00Z", true, "2027-01-01T06:00:00Z"},
		{"22:00-06:00@UTC", "2027-01-01T06:00:00Z", false, "2027-01-01T22:00:00Z"},
		// To and from midnight.
		{"20:00-24:00@UTC", "2026-11-21T23:59:59Z", true, "2026-11-22T00:00:00Z"},
		{"20:00-24:00@UTC", "2026-11-22T00:00:00Z", false, "2026-11-22T20:00:00Z"},
		{"20:00-00:00@UTC", "2026-11-21T23:59:59Z", true, "2026-11-22T00:00:00Z"},
		{"00:00-06:00@UTC", "2026-11-22T00:00:00Z", true, "2026-11-22T06:00:00Z"},
		// The zone counts, not where t was written down.
		{"22:00-06:00@Asia/Kolkata", "2026-11-21T16:29:00Z", false, "2026-11-21T16:30:00Z"},
		{"22:00-06:00@Asia/Kolkata", "2026-11-21T22:00:00+05:30", true, "2026-11-22T00:30:00Z"},
		// Berlin, spring: 02:00 becomes 03:00 on 2027-03-28 at 01:00 UTC. The night has seven hours.
		{"22:00-06:00@Europe/Berlin", "2027-03-27T21:00:00Z", true, "2027-03-28T04:00:00Z"},
		// It opens in the gap: with the first minute after it.
		{"02:30-05:00@Europe/Berlin", "2027-03-28T00:59:59Z", false, "2027-03-28T01:00:00Z"},
		{"02:30-05:00@Europe/Berlin", "2027-03-28T01:00:00Z", true, "2027-03-28T03:00:00Z"},
		// It lies in the gap: that day it does not open.
		{"02:15-02:45@Europe/Berlin", "2027-03-27T12:00:00Z", false, "2027-03-29T00:15:00Z"},
		// Autumn: 03:00 becomes 02:00 on 2026-10-25 at 01:00 UTC. The night has nine hours.
		{"22:00-06:00@Europe/Berlin", "2026-10-24T20:00:00Z", true, "2026-10-25T05:00:00Z"},
		// What the clock shows twice counts twice.
		{"02:15-02:45@Europe/Berlin", "2026-10-25T00:15:00Z", true, "2026-10-25T00:45:00Z"},
		{"02:15-02:45@Europe/Berlin", "2026-10-25T00:45:00Z", false, "2026-10-25T01:15:00Z"},
		// Lord Howe moves by half an hour: 02:00 becomes 01:30 on 2027-04-04 at 15:00 UTC the day before.
		{"01:45-03:00@Australia/Lord_Howe", "2027-04-03T14:50:00Z", true, "2027-04-03T15:00:00Z"},
		// Apia had no 30 December 2011.
		{"22:00-06:00@Pacific/Apia", "2011-12-30T09:00:00Z", true, "2011-12-30T16:00:00Z"},
	} {
		w, err := ParseWindow(tt.window)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Open(at); got != tt.open {
			t.Errorf("%s at %s: open %v, want %v", tt.window, tt.at, got, tt.open)
		}
		if got := w.Change(at).UTC().Format(time.RFC3339); got != tt.change {
			t.Errorf("%s at %s: changes at %s, want %s", tt.window, tt.at, got, tt.change)
		}
	}
	if !(Window{}).Open(time.Now()) {
		t.Error("no window is closed")
	}
}
