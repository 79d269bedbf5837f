package main

import (
	"testing"

	"reseal/migrate"
)

func TestParseFailureLimit(t *testing.T) {
	for text, want := range map[string]migrate.FailureLimit{"": {}, "0": {}, "5": {Count: 5}, "1%": {Share: 0.01}, "100%": {Share: 1}} {
		want.Text = text
		if l, err := parseFailureLimit(text); err != nil || l != want {
			t.Errorf("parseFailureLimit(%q) = %+v, %v; want %+v", text, l, err, want)
		}
	}
	for _, text := range []string{"0%", "-1", "101%", "some", "1.5", "%"} {
		if l, err := parseFailureLimit(text); err == nil {
			t.Errorf("parseFailureLimit(%q) = %+v, want an error", text, l)
		}
	}
}
