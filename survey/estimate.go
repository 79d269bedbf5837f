package survey

import (
	"cmp"
	"slices"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// Estimate is what re-encrypting all objects of a bucket may cost and take. How they are
// encrypted nobody knows without a report, so all are reckoned with: what is under the
// key already costs nothing.
type Estimate struct {
	Priced bool      `json:"priced"`
	Update cost.Span `json:"update_usd"` // by UpdateObjectEncryption
	Copy   cost.Span `json:"copy_usd"`   // by CopyObject, what is archived left out

	Writes plan.Range    `json:"s3_writes"`
	KMS    cost.Calls    `json:"kms_requests"`
	KMSRPS float64       `json:"kms_requests_per_second"` // at most, at the rate
	Time   time.Duration `json:"time_ns"`                 // at the rate

	Archived bool `json:"archived"` // some classes have to be restored before a copy
	Rough    bool `json:"rough"`    // several classes: how many objects each has is not known
}

// mostObjects bounds what is reckoned with, far above what a bucket has.
const mostObjects = 10_000_000_000_000

// estimate prices a bucket whose figures are known. Metrics count objects over all classes
// together. So they are dealt out in several ways: by bytes, which is what is expected,
// and all to each class in turn, for the bounds.
func estimate(r *Row, f *Facts, t *Terms) *Estimate {
	objects := min(*r.Objects, mostObjects)
	out := &Estimate{Priced: true, Rough: len(r.Classes) > 1 && objects > 0}
	if objects == 0 {
		return out
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		out.Archived = out.Archived || c.Class == inventory.Glacier || c.Class == inventory.DeepArchive || c.Tier != ""
	}
	for i, deal := range deals(objects, r.Classes) {
		update, copied := price(r, f, t, plan.MethodUpdate, deal), price(r, f, t, plan.MethodCopy, deal)
		out.Priced = out.Priced && update.Once.Complete() && copied.Once.Complete()
		writes := plan.Range{Min: update.Demand.Writes.Min, Max: max(update.Demand.Writes.Max, copied.Demand.Writes.Max)}
		if i == 0 {
			out.Update, out.Copy, out.Writes, out.KMS = update.Once.Total, copied.Once.Total, writes, both(update.KMSCalls, copied.KMSCalls)
			continue
		}
		out.Update, out.Copy = wider(out.Update, update.Once.Total), wider(out.Copy, copied.Once.Total)
		out.Writes = plan.Range{Min: min(out.Writes.Min, writes.Min), Max: max(out.Writes.Max, writes.Max)}
		k := both(update.KMSCalls, copied.KMSCalls)
		out.KMS.Min, out.KMS.Max = min(out.KMS.Min, k.Min), max(out.KMS.Max, k.Max)
	}
	seconds := float64(objects) / t.Rate
	out.Time = time.Duration(min(seconds, 1e9) * float64(time.Second))
	out.KMSRPS = float64(out.KMS.Max) / max(seconds, 1)
	return out
}

// both spans the KMS requests of the two ways.
func both(a, b cost.Calls) cost.Calls {
	return cost.Calls{Min: min(a.Min, b.Min), Expected: max(a.Expected, b.Expected), Max: max(a.Max, b.Max)}
}

func wider(a, b cost.Span) cost.Span {
	return cost.Span{Min: min(a.Min, b.Min), Expected: a.Expected, Max: max(a.Max, b.Max)}
}

// part is so many objects of one class.
type part struct {
	class          inventory.StorageClass
	tier           string // an archive tier of INTELLIGENT_TIERING
	objects, bytes int64
}

// deals are ways to deal objects out to classes, the expected one first. Each class has as
// many as its bytes need at least.
func deals(objects int64, classes []Class) [][]part {
	if len(classes) == 0 {
		return [][]part{{{class: inventory.Standard, objects: objects}}}
	}
	var all float64
	least := make([]int64, len(classes))
	left := objects
	for i, c := range classes {
		all += float64(c.Bytes)
		if c.Bytes > 0 {
			least[i] = min((c.Bytes-1)/plan.MaxObjectSize+1, max(left, 0))
		}
		left -= least[i]
	}
	left = max(left, 0)
	deal := func(share func(i int) int64) []part {
		var out []part
		rest := left
		for i, c := range classes {
			n := min(share(i), rest)
			rest -= n
			out = append(out, part{c.Class, c.Tier, least[i] + n, c.Bytes})
		}
		out[0].objects += rest
		return slices.DeleteFunc(out, func(p part) bool { return p.objects == 0 })
	}
	out := [][]part{deal(func(i int) int64 {
		if all == 0 {
			return 0
		}
		return int64(float64(left) * (float64(classes[i].Bytes) / all))
	})}
	if len(classes) > 1 {
		for most := range classes {
			out = append(out, deal(func(i int) int64 {
				if i == most {
					return left
				}
				return 0
			}))
		}
	}
	return out
}

// price is what a deal costs by a method.
func price(r *Row, f *Facts, t *Terms, method plan.Method, deal []part) *cost.Estimate {
	facts := f.Settings
	facts.Bucket, facts.Region, facts.AWS = r.Bucket, r.Region, t.AWS
	if t.AWS == plan.Yes {
		facts.IgnoresIfMatch = plan.No
	}
	o := plan.Options{Bucket: r.Bucket, Method: method, SSE: plan.TargetKMS, BucketKey: true}
	p := &plan.Policy{Options: o, Facts: facts, Now: t.Now, Weights: plan.DefaultWeights(true)}
	sum := cost.NewTally(t.Now)
	for _, d := range deal {
		record := inventory.Record{Bucket: r.Bucket, Known: ^inventory.Columns(0), IsLatest: true, Size: d.bytes / d.objects, ETag: "any", StorageClass: d.class,
			Tier: cmp.Or(d.tier, "FREQUENT"), Encryption: inventory.SSES3} // of unknown age: the rest of a minimum duration may be charged, or not
		task := p.Decide(&record)
		_ = sum.Merge(cost.Uniform(&task, d.objects, t.Now)) // ages count from the same instant
	}
	return cost.New(sum, cost.Params{Prices: t.Prices, Region: r.Region, Options: o, Facts: facts})
}
