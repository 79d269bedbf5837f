package migrate

import (
	"testing"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
)

// What stays of a run is what it did; what is left is known of a whole job that was
// counted, and never below zero.
func TestMetricsOfAnEndedRun(t *testing.T) {
	out := &Outcome{Stats: new(engine.Stats), Totals: checkpoint.Totals{Failed: 2, Counters: map[string]int64{job.CounterDone + "copy": 5}}}
	out.Stats.Outcomes[engine.Done].Store(3)
	out.Stats.Outcomes[engine.Failed].Store(1)
	out.Stats.Bytes.Store(70)
	handled := job.Handled(out.Totals)
	for _, tt := range []struct {
		todo  int64
		share job.Share
		left  int64
	}{
		{100, job.Share{}, 100 - handled},
		{1, job.Share{}, 0},
		{job.Unknown, job.Share{}, job.Unknown},
		{100, job.Share{Index: 0, Count: 2}, job.Unknown},
	} {
		m := out.Metrics(&job.Plan{Todo: tt.todo}, tt.share)
		if m.Left != tt.left || m.Bytes != 70 || m.Failed != 2 || m.Outcomes[engine.Done] != 3 || m.Outcomes[engine.Failed] != 1 {
			t.Errorf("%+v: %+v", tt, m)
		}
	}
	if handled <= 0 {
		t.Errorf("%d handled", handled)
	}
}

// A probe settles what it settles, but not in a bucket that would keep its objects.
func TestOpenHazards(t *testing.T) {
	unaccepted := []preflight.Hazard{{Name: "drops-tags", ByProbe: true}, {Name: "acl"}}
	for _, tt := range []struct {
		retention plan.Answer
		want      bool
	}{{plan.No, true}, {plan.Yes, false}} {
		e := &preflight.Environment{Policy: &plan.Policy{Facts: plan.Facts{Retention: tt.retention}}}
		open := OpenHazards(e, unaccepted)
		if len(open) != 2 || open[0] != (job.OpenHazard{Name: "drops-tags", ByProbe: tt.want}) || open[1] != (job.OpenHazard{Name: "acl"}) {
			t.Errorf("retention %v: %+v", tt.retention, open)
		}
	}
}
