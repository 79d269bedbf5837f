package job

import "testing"

// A hazard is settled by its name, or by a probe where that settles it; others stay open.
func TestStillOpen(t *testing.T) {
	open := []OpenHazard{{Name: "acl"}, {Name: "drops-tags", ByProbe: true}, {Name: "readers"}}
	for _, tt := range []struct {
		told Told
		want string
	}{
		{nil, "acl drops-tags readers "},
		{Told{AcceptOption: {"acl", "other"}}, "drops-tags readers "},
		{Told{ProbeOption: {"probe/"}}, "acl readers "},
		{Told{ProbeOption: {""}}, "acl drops-tags readers "},
		{Told{AcceptOption: {"drops-tags", "readers"}, ProbeOption: {"probe/"}}, "acl "},
	} {
		got := ""
		for _, h := range StillOpen(open, tt.told) {
			got += h.Name + " "
		}
		if got != tt.want {
			t.Errorf("%v: %q, want %q", tt.told, got, tt.want)
		}
	}
	if len(open) != 3 || open[0].Name != "acl" {
		t.Errorf("what the job has is changed: %v", open)
	}
}
