package cost

import (
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Reencrypt estimates what re-encrypting the bucket costs once: on AWS, all objects
// under SSE-S3, older than any minimum storage duration, in a bucket whose facts are
// known and harmless. Of p.Options the method and the bucket key count; Region, Facts
// and the monthly requests are those of the workload.
func (w Workload) Reencrypt(p Params) *Estimate {
	now := time.Now()
	p.Region, p.MonthlyGets, p.MonthlyPuts = w.Region, w.Gets, w.Puts
	p.Facts = plan.Facts{
		Bucket: "stated", Region: w.Region, Versioning: plan.Unversioned, Transitions: plan.No, Expirations: plan.No, ObjectLock: plan.No,
		ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No, Requester: plan.No, AWS: plan.Yes, IgnoresIfMatch: plan.No,
	}
	p.Options = plan.Options{Bucket: p.Facts.Bucket, Method: p.Options.Method, SSE: plan.TargetKMS, BucketKey: p.Options.BucketKey}
	policy := &plan.Policy{Options: p.Options, Facts: p.Facts, Now: now, Weights: plan.DefaultWeights(p.Options.BucketKey)}
	r := inventory.Record{
		Bucket: p.Facts.Bucket, Known: ^inventory.Columns(0), IsLatest: true, Size: w.Size, ETag: "any", StorageClass: w.Class, Tier: "FREQUENT",
		Encryption: inventory.SSES3, LastModified: now.AddDate(-1, 0, 0),
	}
	task := policy.Decide(&r)
	return New(Uniform(&task, w.Objects, now), p)
}

// ReencryptBest estimates the way that is recommended: price, time and the table of
// ways are then about the same. Of p.Options the bucket key counts.
func (w Workload) ReencryptBest(p Params) *Estimate {
	e := w.Reencrypt(p)
	if way := plan.Method(e.Recommended); way != p.Options.Method {
		p.Options.Method = way
		e = w.Reencrypt(p)
	}
	return e
}
