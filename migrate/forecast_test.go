package migrate

import (
	"testing"
	"time"

	"reseal/control"
	"reseal/cost"
)

// Without a plan there is no time to the end before there is a rate; with one it
// is the plan's, as far as it knows what limits it.
func TestForecast(t *testing.T) {
	var f Forecast
	m := control.NewMeter(time.Unix(0, 0), 0)
	if _, _, ok := f.Remaining(300, 400, m); ok {
		t.Error("a time out of nothing")
	}
	f.Plan(&cost.Duration{Shortest: 4 * time.Minute, Longest: 8 * time.Minute})
	if _, _, ok := f.Remaining(300, 400, m); ok {
		t.Error("a time by a plan that knows of no limit")
	}
	f.Plan(&cost.Duration{Shortest: 4 * time.Minute, Longest: 8 * time.Minute, Binding: "concurrency"})
	if shortest, longest, ok := f.Remaining(300, 400, m); !ok || shortest != 3*time.Minute || longest != 6*time.Minute {
		t.Errorf("by the plan %v to %v, %t; want 3m to 6m", shortest, longest, ok)
	}
}
