package s3api

import (
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// The time that a request may take follows what it moves.
func TestTimeLimitFollowsSize(t *testing.T) {
	known := inventory.Columns(0).With(inventory.ColSize)
	for _, tt := range []struct {
		name      string
		kind      plan.StepKind
		task      plan.Task
		low, high time.Duration
	}{
		{"small copy", plan.StepCopy, plan.Task{Record: inventory.Record{Known: known, Size: 147}}, time.Second, time.Minute},
		{"copy of 5 GiB", plan.StepCopy, plan.Task{Record: inventory.Record{Known: known, Size: 5 << 30}}, 5 * time.Minute, 15 * time.Minute},
		{"copy of 5 GiB that the report has as small", plan.StepCopy,
			plan.Task{Record: inventory.Record{Known: known, Size: 1}, Head: &plan.Head{Size: 5 << 30}}, 5 * time.Minute, 15 * time.Minute},
		{"copy of nobody knows what", plan.StepCopy, plan.Task{}, 15 * time.Minute, 15 * time.Minute},
		{"part of 1 GiB", plan.StepPart, plan.Task{Record: inventory.Record{Known: known, Size: 100 << 30}}, 2 * time.Minute, 5 * time.Minute},
		{"completion of 5 TB", plan.StepComplete, plan.Task{Record: inventory.Record{Known: known, Size: 5e12}}, 15 * time.Minute, 15 * time.Minute},
		{"update of 5 TB", plan.StepUpdate, plan.Task{Record: inventory.Record{Known: known, Size: 5e12}}, time.Second, time.Minute},
		{"look at 5 TB", plan.StepHead, plan.Task{Record: inventory.Record{Known: known, Size: 5e12}}, time.Second, time.Minute},
	} {
		w := &work{task: &tt.task}
		if got := limitOf(tt.kind, w.moves(tt.kind)); got < tt.low || got > tt.high {
			t.Errorf("%s: %v, want %v to %v", tt.name, got, tt.low, tt.high)
		}
	}
}
