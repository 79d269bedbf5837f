package status

import (
	"testing"
	"time"

	"reseal/control"
)

func TestForecast(t *testing.T) {
	todo := int64(100)
	tests := []struct {
		name string
		s    Status
		left int64
		eta  time.Duration
	}{
		{"running", Status{Todo: &todo, Done: 30, Failed: 5, Skipped: map[string]int64{"gone": 5}, Run: &control.Status{Rate: 6}}, 60, 10 * time.Second},
		{"paused", Status{Todo: &todo, Done: 40, Run: &control.Status{Rate: 6, Paused: []string{"operator"}}}, 60, 0},
		{"standing still", Status{Todo: &todo, Done: 40, Run: &control.Status{}}, 60, 0},
		{"no run", Status{Todo: &todo, Done: 40}, 60, 0},
		{"over", Status{Todo: &todo, Done: 40, State: Finished, Run: &control.Status{Rate: 6}}, 0, 0},
		{"more than planned", Status{Todo: &todo, Done: 140, Run: &control.Status{Rate: 6}}, 0, 0},
	}
	for _, test := range tests {
		test.s.forecast()
		if *test.s.Left != test.left || test.s.ETA != test.eta {
			t.Errorf("%s: %d left, %v; want %d, %v", test.name, *test.s.Left, test.s.ETA, test.left, test.eta)
		}
	}
	var unplanned Status
	if unplanned.forecast(); unplanned.Left != nil {
		t.Errorf("without a plan: %d left", *unplanned.Left)
	}
}
