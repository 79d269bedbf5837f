package cost

import (
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Workload is what a bucket of one class is used for in a month.
type Workload struct {
	Region  string                 `json:"region"`
	Class   inventory.StorageClass `json:"class"` // "" is STANDARD
	Objects int64                  `json:"objects"`
	Size    int64                  `json:"object_bytes"` // of each
	Gets    int64                  `json:"monthly_gets"`
	Puts    int64                  `json:"monthly_puts"`

	BucketKey      bool  `json:"-"`
	BucketKeyShare int64 `json:"-"` // as in Params
	FreeKMS        int64 `json:"-"` // as in Params
}

// WorkloadCost is what a workload costs a month under SSE-KMS.
type WorkloadCost struct {
	Region    string `json:"region"`
	PriceDate string `json:"price_date"`
	S3        Bill   `json:"s3"`  // storage, GET and PUT requests, retrieval: the same under SSE-S3
	KMS       Bill   `json:"kms"` // what SSE-KMS adds
}

// Monthly prices a workload: every GET is one Decrypt and every PUT one
// GenerateDataKey, less what a bucket key saves.
func (p Prices) Monthly(w Workload) WorkloadCost {
	region, _ := p.Region(w.Region)
	if w.BucketKeyShare == 0 {
		w.BucketKeyShare = DefaultBucketKeyShare
	}
	c := &calculation{Params: Params{BucketKeyShare: w.BucketKeyShare}, region: region}
	c.Options.BucketKey = w.BucketKey
	class := classes[classIndex(w.Class)]
	prices := region.Class(class)

	out := WorkloadCost{Region: w.Region, PriceDate: region.Date}
	bytes := mulDiv(w.Objects, billed(class, w.Size), 1)
	out.S3.add(c.storageLine("storage, "+string(class), class, 0, bytes))
	if archive(class) {
		out.S3.add(c.storageLine(archiveIndex, inventory.Standard, 0, mulDiv(w.Objects, standardOverhead, 1)))
	}
	if class == inventory.IntelligentTiering && w.Size >= smallObject {
		out.S3.add(each(monitoringItem, "objects", w.Objects, region.Monitoring, 1000))
	}
	out.S3.add(each("GET requests", "requests", w.Gets, prices.Get, 1000))
	out.S3.add(each("PUT requests", "requests", w.Puts, prices.Put, 1000))
	if paysRetrieval(class) {
		out.S3.add(gigabytes("retrieval", mulDiv(w.Gets, w.Size, 1), prices.Retrieval))
	}
	out.KMS.add(each("KMS key", "keys", 1, region.KMSKey, 1))
	n := plan.Sum(w.Gets, w.Puts)
	calls := Calls{n, n, n}
	if w.BucketKey {
		calls.Min, calls.Expected = 0, mulDiv(n, w.BucketKeyShare, 1_000_000)
	}
	out.KMS.add(c.kmsLine("KMS requests", calls, w.FreeKMS))
	return out
}

// Uniform returns the tally of n objects that are all like the one of task, with
// ages counted from now: a bucket that is only stated, not listed. It takes
// some 60 merges at most, whatever n is. Requests are counted without a check
// for overflow, so n must stay below 10^14.
func Uniform(task *plan.Task, n int64, now time.Time) *Tally {
	whole, double := NewTally(now), NewTally(now)
	double.Add(task)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			_ = whole.Merge(double) // they count from the same instant
		}
		next := NewTally(now)
		_, _ = next.Merge(double), next.Merge(double)
		double = next
	}
	return whole
}
