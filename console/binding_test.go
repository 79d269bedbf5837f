package console

import (
	"testing"

	"reseal/control"
	"reseal/engine"
)

// The progress line names the end of a key that is throttled again and again.
func TestThrottledKeyInTheProgressLine(t *testing.T) {
	for key, want := range map[string]string{"a": "503 SlowDown for a", "photos/2024/05/a-long-name.jpg": "503 SlowDown for …/05/a-long-name.jpg"} {
		r := &engine.Refusal{Key: key, HTTPStatus: 503, Code: "SlowDown", Tries: 20, Most: 120}
		if got := Briefly(control.Binding{Limit: control.LimitTail, Rate: 1, Detail: r.String()}); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
	if got := Briefly(control.Binding{Limit: control.LimitTail, Rate: 1}); got != "the last answers" {
		t.Errorf("%q", got)
	}
}
