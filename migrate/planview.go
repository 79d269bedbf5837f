package migrate

import (
	"slices"

	"reseal/cost"
	"reseal/job"
	"reseal/preflight"
	"reseal/report"
)

// Described is what a run is about, in an environment, as a report shows it. version is
// of this program.
func Described(e *preflight.Environment, version string) report.Job {
	frozen := e.Frozen()
	return report.Job{
		Bucket: frozen.Options.Bucket, Region: e.Policy.Facts.Region, Manifest: frozen.Manifest, ManifestMD5: frozen.ManifestMD5,
		ManifestTime: e.Report.Manifest().Created, Options: frozen.Options, Hash: frozen.Hash(), Evaluated: frozen.Now, Version: version,
	}
}

// PlanView is what is shown of a plan. accepted are hazards by name.
func PlanView(e *preflight.Environment, tally *cost.Tally, estimate *cost.Estimate, accepted []string, version string) *report.Plan {
	return &report.Plan{Job: Described(e, version), Facts: e.Policy.Facts, Tally: tally, Estimate: estimate, Hazards: HazardsView(e.Hazards(), accepted)}
}

// HazardsView are hazards as a plan shows them.
func HazardsView(all []preflight.Hazard, accepted []string) (out []report.Hazard) {
	for _, h := range all {
		out = append(out, report.Hazard{Name: h.Name, Text: h.Why, Accepted: slices.Contains(accepted, h.Name)})
	}
	return out
}

// AddEvidence adds to a plan the space that result lines and snapshots take. lines
// tells whether every object has a result line.
func AddEvidence(v *report.Plan, e *job.Evidence, lines bool) {
	if lines {
		v.ResultsBytes = v.Tally.Rows() * report.LineBytes
	}
	if e != nil && e.Objects > 0 {
		v.ResultsBytes += e.Objects * report.SnapshotBytes
		v.Evidence = &report.Evidence{Objects: e.Objects, Demand: e.Demand}
	}
}
