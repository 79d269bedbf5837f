package options

import (
	"testing"

	"reseal/control"
)

func TestParseHeadroom(t *testing.T) {
	for text, want := range map[string]control.Headroom{"500": {RPS: 500}, "0": {}, "12.5": {RPS: 12.5}, "10%": {Share: 0.1}, "0%": {}} {
		if h, err := parseHeadroom(text); err != nil || *h != want {
			t.Errorf("parseHeadroom(%q) = %+v, %v; want %+v", text, h, err, want)
		}
	}
	for _, text := range []string{"-1", "a lot", "NaN", "Inf", "100%", "150%", "-5%", "%", "10 %%"} {
		if h, err := parseHeadroom(text); err == nil {
			t.Errorf("parseHeadroom(%q) = %+v, want an error", text, h)
		}
	}
	if h, err := parseHeadroom(""); h != nil || err != nil {
		t.Errorf("parseHeadroom of nothing = %v, %v", h, err)
	}
}
