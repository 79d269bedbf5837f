package console

import (
	"testing"

	"reseal/job"
)

// A limit that permits more is named with what it was; one that permits less is not.
func TestLoosened(t *testing.T) {
	usual := func(option string) string { return map[string]string{"max-outage": "1h0m0s", "accept": "[]"}[option] }
	for _, tt := range []struct {
		changes []job.Change
		want    string
	}{
		{nil, ""},
		{[]job.Change{{Option: "max-cost", From: []string{"9"}, To: []string{"5"}}}, ""},
		{[]job.Change{{Option: "max-cost", From: []string{"9"}, To: []string{""}, Looser: true}},
			"this loosens what the job was told before: --max-cost none, was 9 (recorded)"},
		{[]job.Change{{Option: "max-outage", To: []string{"2h"}, Looser: true}, {Option: "accept", To: []string{"acl"}, Looser: true}},
			"this loosens what the job was told before: --max-outage 2h, was not given, 1h0m0s by default; --accept acl, was not given (recorded)"},
	} {
		if got := Loosened(tt.changes, usual); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
