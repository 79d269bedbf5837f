package migrate

import (
	"testing"

	"reseal/cost"
	"reseal/job"
	"reseal/preflight"
	"reseal/report"
)

// A plan names each hazard, and those that are accepted as such.
func TestHazardsView(t *testing.T) {
	got := HazardsView([]preflight.Hazard{{Name: "acl", Why: "grants get lost"}, {Name: "readers", Why: "denied"}}, []string{"readers"})
	if len(got) != 2 || got[0] != (report.Hazard{Name: "acl", Text: "grants get lost"}) || !got[1].Accepted {
		t.Errorf("%+v", got)
	}
}

// Lines and snapshots take space where there are any.
func TestAddEvidence(t *testing.T) {
	for _, tt := range []struct {
		e     *job.Evidence
		lines bool
		want  int64
	}{
		{nil, false, 0}, {new(job.Evidence), false, 0}, {&job.Evidence{Objects: 2}, false, 2 * report.SnapshotBytes},
	} {
		v := &report.Plan{Tally: new(cost.Tally)}
		AddEvidence(v, tt.e, tt.lines)
		if v.ResultsBytes != tt.want || (v.Evidence != nil) != (tt.want > 0) {
			t.Errorf("%+v: %d bytes, %+v", tt.e, v.ResultsBytes, v.Evidence)
		}
	}
}
