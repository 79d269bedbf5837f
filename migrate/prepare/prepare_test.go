package prepare

import (
	"errors"
	"testing"
	"time"

	"reseal/selfcheck"
)

// What was measured in a Region stands in there for what nobody states, and nowhere else.
func TestMeasuredIsOfItsRegion(t *testing.T) {
	m := Measured{File: "facts.json", Facts: &selfcheck.Facts{Region: "eu-west-2", Findings: []selfcheck.Finding{{Figures: map[string]float64{"copy_p50_ms": 60}}}}}
	var a Assumptions
	var other *selfcheck.RegionError
	if _, err := m.into(&a, "eu-west-1"); !errors.As(err, &other) || other.File != m.File || a.Latency != 0 {
		t.Errorf("in another Region: %v, %+v", err, a)
	}
	if notes, err := m.into(&a, "eu-west-2"); err != nil || len(notes) != 1 || a.Latency != 60*time.Millisecond {
		t.Errorf("in its Region: %v, %q, %+v", err, notes, a)
	}
	if notes, err := (Measured{}).into(&a, "eu-west-1"); err != nil || notes != nil {
		t.Errorf("without facts: %v, %q", err, notes)
	}
}
