package migrate

import (
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
)

// Origin is what a new job keeps about how it was made.
type Origin struct {
	Program  string         // name and version
	Endpoint string         // as it was given, "" where none was
	Estimate *cost.Estimate // nil where there is none
	Told     job.Told       // options by name

	Generation *job.Generation // that it is of another job; nil for none
}

// NewJob binds a job to what was decided, and attaches what was found out. Nothing is
// written yet.
func NewJob(e *preflight.Environment, s *Survey, from Origin) *job.Plan {
	frozen, at := e.Frozen(), e.Client.Endpoint()
	made := &job.Plan{
		Format: job.PlanFormat, Frozen: frozen, Hash: frozen.Hash(), Created: time.Now().UTC(), Program: from.Program,
		Segments: s.Segments, Sizes: job.SizesOf(e.Report.Manifest().Files), Result: e.Report.Manifest().ResultFiles(), Table: e.TablePlanned(),
		Rows: s.Rows, Todo: s.Todo, Unread: len(s.Damage),
		Region: e.Policy.Facts.Region, Endpoint: from.Endpoint, S3: at.URL, KMS: at.KMS,
		Estimate: from.Estimate, Tally: s.Tally, Canary: s.Canary, Evidence: s.Evidence, Generation: from.Generation,
	}
	return made.WithTold(from.Told)
}

// PlainMillion estimates a million plain objects, for a report that nobody has read.
// params are those of its estimate.
func PlainMillion(e *preflight.Environment, params cost.Params) *cost.Estimate {
	r := inventory.Record{
		Bucket: e.Policy.Options.Bucket, Known: e.Report.Manifest().Columns, IsLatest: true, Size: 1, ETag: "any",
		StorageClass: inventory.Standard, Encryption: inventory.SSES3, LastModified: e.Policy.Now,
	}
	policy := *e.Policy
	o := &policy.Options
	*o = plan.Options{Bucket: o.Bucket, Method: o.Method, SSE: o.SSE, KMSKeyID: o.KMSKeyID, BucketKey: o.BucketKey,
		TrustInventory: o.TrustInventory, InspectAll: o.InspectAll}
	if o.SSE == plan.TargetAES256 {
		r.Encryption = inventory.SSEKMS
	}
	task := policy.Decide(&r)
	return cost.New(cost.Uniform(&task, 1_000_000, e.Policy.Now), params)
}
