package main

import (
	"testing"

	"reseal/job"
)

func TestFailureLimit(t *testing.T) {
	for _, tt := range []struct {
		text              string
		attempted, failed int64
		want              bool
	}{
		{"1%", 1, 1, false},
		{"1%", enoughAttempts - 1, enoughAttempts - 1, false},
		{"1%", enoughAttempts, 1, false},
		{"1%", enoughAttempts, 2, true},
		{"1%", 10_000, 99, false},
		{"1%", 10_000, 100, true},
		{"0.1%", enoughAttempts, 0, false}, // a fifth of an object
		{"0.1%", enoughAttempts, 1, true},
		{"100%", 500, 499, false},
		{"5", 500, 4, false},
		{"5", 5, 5, true},
		{"", 500, 500, false},
	} {
		l, err := parseFailureLimit(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.reached(tt.attempted, tt.failed); got != tt.want {
			t.Errorf("%q: %d of %d failed: stop %v, want %v", tt.text, tt.failed, tt.attempted, got, tt.want)
		}
	}
	for text, want := range map[string]int64{"": 0, "1": 1, "7": 2, "8": 2, "1%": 0} { // of each of four shares
		l, err := parseFailureLimit(text)
		if got := l.ofShare(job.Share{Index: 1, Count: 4}); err != nil || got.count != want || got.share != l.share {
			t.Errorf("a share of %q = %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0%", "-1", "101%", "some", "1.5", "%"} {
		if l, err := parseFailureLimit(text); err == nil {
			t.Errorf("parseFailureLimit(%q) = %+v, want an error", text, l)
		}
	}
}
