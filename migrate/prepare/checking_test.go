package prepare

import (
	"errors"
	"testing"

	"reseal/inventory"
	"reseal/plan"
	"reseal/preflight"
)

func (s *screen) Refused(_ *Start, open []preflight.Hazard) error {
	s.open = len(open)
	return errors.New("refused")
}

// A run is refused over hazards that were not accepted, but for those that a probe will
// settle.
func TestHazardsRefuse(t *testing.T) {
	// An endpoint that is not AWS and was not probed: it may lose what a copy has to keep.
	env := &preflight.Environment{Policy: &plan.Policy{Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetAES256}, Facts: plan.Facts{AWS: plan.No}}, Report: reportOf(t), Plan: preflight.PlanShape{Copies: plan.Yes}}
	var all []string
	byProbe := 0
	for _, h := range env.Hazards() {
		all = append(all, h.Name)
		if h.ByProbe {
			byProbe++
		}
	}
	if byProbe == 0 {
		t.Fatalf("no hazard is one that a probe settles: %q", all)
	}
	for _, tt := range []struct {
		name     string
		accepted []string
		probing  bool
		open     int // hazards that the refusal names, 0 for none
	}{
		{"nothing is accepted", nil, false, len(all)},
		{"a probe follows", nil, true, len(all) - byProbe},
		{"all are accepted", all, false, 0},
	} {
		var shown screen
		s := &Start{Told: Told{Accepted: tt.accepted}, Screen: &shown, Pre: &Prepared{Env: env}}
		err := s.refuse(tt.probing)
		if refused := errors.As(err, new(*preflight.RefusedError)); refused != (tt.open > 0) || shown.open != tt.open {
			t.Errorf("%s: %v, %d are open, want %d", tt.name, err, shown.open, tt.open)
		}
	}
}

func reportOf(t *testing.T) *inventory.Report {
	t.Helper()
	at, err := inventory.ParseLocation("../../inventory/testdata/fixtures/good/csv/inv/acme-media-archive/daily-full/2025-11-21T02-00Z/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	found, err := inventory.Locate(t.Context(), at, nil, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found.Report
}
