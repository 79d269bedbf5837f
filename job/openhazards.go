package job

import "slices"

// OpenHazard is a hazard that nobody had accepted when the job was made: a run refuses
// to begin over it.
type OpenHazard struct {
	Name    string `json:"name"`
	ByProbe bool   `json:"by_probe,omitempty"` // a probe on scratch objects settles it
}

// ProbeOption is the option that has a run probe the endpoint.
const ProbeOption = "probe-key-prefix"

// StillOpen returns the hazards of which told settles none.
func StillOpen(open []OpenHazard, told Told) []OpenHazard {
	return slices.DeleteFunc(slices.Clone(open), func(h OpenHazard) bool {
		return slices.Contains(told[AcceptOption], h.Name) || h.ByProbe && told.Value(ProbeOption) != ""
	})
}
