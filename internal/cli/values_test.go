package cli

import (
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	day := 24 * time.Hour
	tests := []struct {
		text string
		age  time.Duration
		at   time.Time
		bad  bool
	}{
		{text: ""},
		{text: "30d", age: 30 * day},
		{text: "8w", age: 56 * day},
		{text: "12h", age: 12 * time.Hour},
		{text: "720h0m0s", age: 30 * day},
		{text: "2026-01-31", at: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)},
		{text: "2026-01-31T10:00:00+02:00", at: time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)},
		{text: "0d", bad: true},
		{text: "-1h", bad: true},
		{text: "30", bad: true},
		{text: "d", bad: true},
		{text: "99999d", bad: true}, // longer than a time can be
		{text: "yesterday", bad: true},
	}
	for _, test := range tests {
		age, at, err := ParseAge(test.text)
		if (err != nil) != test.bad || age != test.age || !at.Equal(test.at) {
			t.Errorf("ParseAge(%q) = %v, %v, %v", test.text, age, at, err)
		}
	}
}
