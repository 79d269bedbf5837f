package options

import (
	"testing"

	"reseal/migrate"
)

func TestParseFailureLimit(t *testing.T) {
	for text, want := range map[string]migrate.FailureLimit{"": {}, "0": {}, "5": {Count: 5}, "1%": {Share: 0.01}, "100%": {Share: 1}} {
		want.Text = text
		if l, err := FailureLimit(text); err != nil || l != want {
			t.Errorf("FailureLimit(%q) = %+v, %v; want %+v", text, l, err, want)
		}
	}
	for _, text := range []string{"0%", "-1", "101%", "some", "1.5", "%"} {
		if l, err := FailureLimit(text); err == nil {
			t.Errorf("FailureLimit(%q) = %+v, want an error", text, l)
		}
	}
}
