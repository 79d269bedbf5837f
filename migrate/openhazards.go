package migrate

import (
	"reseal/job"
	"reseal/preflight"
)

// OpenHazards are hazards that were not accepted, as a job has them. A probe settles none
// in a bucket that would not let go of its scratch objects.
func OpenHazards(e *preflight.Environment, unaccepted []preflight.Hazard) []job.OpenHazard {
	mayProbe := preflight.KeepsScratch(e.Policy.Options.Bucket, e.Policy.Facts) == nil
	var open []job.OpenHazard
	for _, h := range unaccepted {
		open = append(open, job.OpenHazard{Name: h.Name, ByProbe: h.ByProbe && mayProbe})
	}
	return open
}
