package report

import (
	"fmt"
	"math/rand/v2"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

var evaluated = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

const sampleKey = "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func sampleJob() Job {
	return Job{
		Bucket: "acme-media-archive", Region: "eu-west-2", Version: "1.0.0",
		Manifest:    "s3://acme-inventory/acme-media-archive/daily/2026-11-20T01-00Z/manifest.json",
		ManifestMD5: "9e107d9d372bb6826bd81d3542a419d6", ManifestTime: evaluated.Add(-25 * time.Hour), Evaluated: evaluated,
		Hash:    "5f2b3c0d9a7e41c8b6d4e2f10918273645546372819a0b1c2d3e4f5061728394",
		Options: plan.Options{Bucket: "acme-media-archive", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: sampleKey, BucketKey: true},
	}
}

// samplePolicy is for a bucket that keeps versions and whose lifecycle rules
// could not be read.
func samplePolicy(j Job) *plan.Policy {
	return &plan.Policy{Options: j.Options, Now: evaluated, Weights: plan.DefaultWeights(true), Facts: plan.Facts{
		Bucket: j.Bucket, Region: j.Region, Versioning: plan.VersioningEnabled, Expirations: plan.No, ObjectLock: plan.No, ACLs: plan.No,
		Website: plan.No, Replication: plan.No, Events: plan.Yes, Requester: plan.No, AWS: plan.Yes, IgnoresIfMatch: plan.No,
	}}
}

// sampleTasks is a report of 8,000 rows that has something of everything.
func sampleTasks(p *plan.Policy) []plan.Task {
	rng := rand.New(rand.NewPCG(3, 4))
	prefixes := []string{"images/", "images/", "images/", "video/", "video/", "logs/2026/", "exports/", "<script>alert(1)</script>/", ""}
	classes := []inventory.StorageClass{inventory.Standard, inventory.Standard, inventory.Standard, inventory.StandardIA, inventory.GlacierIR, inventory.IntelligentTiering, inventory.Glacier}
	var out []plan.Task
	for i := range 8000 {
		r := inventory.Record{
			Pos: inventory.Position{File: i / 2000, Row: int64(i % 2000)}, Known: ^inventory.Columns(0), IsLatest: true, VersionID: "v1",
			Bucket: p.Options.Bucket, Key: fmt.Sprintf("%s%06d.bin", prefixes[rng.IntN(len(prefixes))], i), ETag: "9e107d9d372bb6826bd81d3542a419d6",
			Size: int64(rng.ExpFloat64() * 3e6), StorageClass: classes[rng.IntN(len(classes))], Tier: "FREQUENT", Encryption: inventory.SSES3,
			LastModified: evaluated.Add(-time.Duration(rng.ExpFloat64() * 200 * 24 * float64(time.Hour))),
		}
		switch n := rng.IntN(1000); {
		case n == 0:
			r.Size = 8 << 30
		case n < 30:
			r.IsDeleteMarker = true
		case n < 90:
			r.IsLatest = false
		case n < 290:
			r.Encryption = inventory.SSEKMS
		}
		out = append(out, p.Decide(&r))
	}
	return out
}

func samplePlan() *Plan { return samplePlanOf(10) }

// samplePlanOf is the plan for a report in which the sample comes n times.
func samplePlanOf(n int) *Plan {
	j := sampleJob()
	p := samplePolicy(j)
	tally := cost.NewTally(evaluated)
	tasks := sampleTasks(p)
	for range n {
		for i := range tasks {
			tally.Add(&tasks[i])
		}
	}
	return &Plan{
		Job: j, Facts: p.Facts, Tally: tally, ResultsBytes: 4_200_000_000,
		Evidence: &Evidence{Objects: 1000, Demand: plan.Demand{Reads: plan.Range{Min: 4000, Max: 4870}, KMS: plan.Range{Max: 120}}},
		Estimate: cost.New(tally, cost.Params{
			Prices: cost.BuiltIn(), Region: j.Region, Options: j.Options, Facts: p.Facts, MonthlyGets: 2_000_000, MonthlyPuts: 10_000,
			KMSPerSecond: 5000, WritesPerSecond: cost.S3WritesPerPrefix, ReadsPerSecond: cost.S3ReadsPerPrefix, Concurrency: 256, Latency: 80 * time.Millisecond,
		}),
		Hazards: []Hazard{
			{"versioned", "copies leave the old version behind, outside the key, and double the storage", false},
			{"events", "every copy sets off a notification", true},
		},
	}
}

// sampleResults runs the sample's tasks in the mind.
func sampleResults(yield func(*engine.Result)) {
	p := samplePolicy(sampleJob())
	rng := rand.New(rand.NewPCG(5, 6))
	now := evaluated.Add(time.Hour)
	failures := []engine.ObjectError{
		{Class: engine.Denied, Reason: plan.Denied, Code: "AccessDenied", HTTPStatus: 403},
		{Class: engine.Changed, Reason: plan.Changing, Code: "PreconditionFailed", HTTPStatus: 412},
		{Class: engine.Transient, Reason: plan.RequestError, Code: "InternalError", HTTPStatus: 500},
	}
	for i, t := range sampleTasks(p) {
		r := engine.Result{Task: t, Outcome: engine.Skipped, Reason: t.Reason}
		if t.Action != plan.Skip {
			now = now.Add(time.Duration(200+150*((i/800)%3)) * time.Millisecond)
			r.Outcome, r.Started, r.Took, r.Attempts = engine.Done, now, time.Duration(20+rng.ExpFloat64()*60)*time.Millisecond, 2
			r.KMSMax = 1
			r.Effect = engine.Effect{ETag: "0123456789abcdef0123456789abcdef", VersionID: "v2", KMSKeyID: sampleKey, RequestID: fmt.Sprintf("REQ%012d", i)}
			switch n := rng.IntN(300); {
			case n < len(failures):
				e := failures[n]
				e.RequestID = r.Effect.RequestID
				r.Outcome, r.Reason, r.Err, r.Effect = engine.Failed, e.Reason, &e, engine.Effect{}
			case n == 10:
				r.Repeat = true
			}
		}
		yield(&r)
	}
}

func sampleRun() *Run {
	s := new(Summary)
	sampleResults(func(r *engine.Result) { l := LineOf(r); s.Add(&l) })
	pl := samplePlanOf(1)
	first, last := s.Span()
	v := &Run{
		Job: pl.Job, State: "finished", Started: first, Ended: last, Totals: TotalsOf(s), Summary: s, AllLines: true, KMSCap: 5.5,
		Tally: pl.Tally, Estimate: pl.Estimate,
		Runs: 2, Active: last.Sub(first) - 9*time.Minute,
		Proof: []Proof{
			{Claim: "every done object was confirmed under the key", Evidence: "the answer to the copy, or a HeadObject after it, named aws:kms and the key", Holds: plan.Yes},
			{Claim: "a sample of 1 % was read again", Evidence: "48 of 48 objects are under the key, metadata and tags as before", Holds: plan.Yes},
			{Claim: "no row of the report is unaccounted for", Evidence: "8,000 rows, 8,000 outcomes", Holds: plan.Yes},
			{Claim: "bytes are the same", Evidence: "checksums were not compared: 12 objects have none", Holds: plan.Unknown},
		},
	}
	v.Totals.Cost, v.Canary = 772_000_000, sampleCanary()
	v.History = sampleHistory(first, last)
	v.Verified = &Verified{At: last.Add(time.Hour), Sample: "10%", Rows: 8000, Looked: 981, Compared: 500, Unsampled: 4362, Sampled: 481, DrawnFrom: 4843, Bound: 0.0062,
		Verdicts: []VerdictCount{{"proven", "fine", 489}, {"left-alone", "fine", 3149}}, UnderKey: 489, Grade: "fine"}
	return v
}

// sampleHistory is two runs: one that crashed after a pause, and one that went on.
func sampleHistory(first, last time.Time) []JobRun {
	at := func(share float64) time.Time {
		return first.Add(time.Duration(share * float64(last.Sub(first)))).Truncate(time.Second)
	}
	zero := 3
	one := JobRun{Command: "run", Started: first, Ending: "its end was not recorded: it goes on, or was cut off", User: "ops", Host: "batch-7", PID: 4711,
		Caller: "arn:aws:sts::111122223333:assumed-role/migration/ops", Program: "1.0.0", Commit: "0123456789abcdef0123456789abcdef01234567",
		Line:     "reseal run --manifest s3://acme-inventory/acme-media-archive/daily/2026-11-20T01-00Z/manifest.json --sse-kms-key-id " + sampleKey + " --job ./job --accept events --accept versioned --yes",
		Accepted: []string{"events", "versioned"},
		Orders:   []RunOrder{{at(.2), "pause, by ops on batch-7, process 4800"}, {at(.25), "resume, by ops on batch-7, process 4801"}}}
	two := one
	two.Started, two.Ended, two.PID, two.Line = at(.6), last, 5012, "reseal run ./job --yes"
	two.ExitCode, two.Ending = &zero, "finished, 41 objects failed"
	two.Orders = []RunOrder{{at(.8), "kms-rps 6, was 5.5, by ops on batch-7, process 5100"}}
	return []JobRun{one, two}
}

// sampleWorkload is the published example.
func sampleWorkload() *Workload {
	w := cost.Workload{Region: "eu-west-2", Class: inventory.Standard, Objects: 10_000, Size: cost.GB, Gets: 2_000_000, Puts: 10_000}
	options := plan.Options{Bucket: "stated", Method: plan.MethodCopy, SSE: plan.TargetKMS, BucketKey: true}
	facts := plan.Facts{Region: w.Region, Versioning: plan.Unversioned, Transitions: plan.No, Expirations: plan.No, ObjectLock: plan.No,
		ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No, Requester: plan.No, AWS: plan.Yes, IgnoresIfMatch: plan.No}
	p := &plan.Policy{Options: options, Facts: facts, Now: evaluated, Weights: plan.DefaultWeights(true)}
	task := p.Decide(&inventory.Record{Bucket: "stated", Known: inventory.AllColumns, IsLatest: true, Size: w.Size, ETag: "any",
		StorageClass: w.Class, Encryption: inventory.SSES3, LastModified: evaluated.AddDate(-1, 0, 0)})
	prices := cost.BuiltIn()
	v := &Workload{Workload: w, FreeCalls: cost.FreeTier, Estimate: cost.New(cost.Uniform(&task, w.Objects, evaluated), cost.Params{
		Prices: prices, Region: w.Region, Options: options, Facts: facts, KMSPerSecond: 10_000, WritesPerSecond: 3500, ReadsPerSecond: 5500,
		Concurrency: 256, MonthlyGets: w.Gets, MonthlyPuts: w.Puts})}
	v.Without = prices.Monthly(w)
	w.FreeKMS = cost.FreeTier
	v.FreeTier = prices.Monthly(w)
	w.FreeKMS, w.BucketKey = 0, true
	v.With = prices.Monthly(w)
	return v
}
