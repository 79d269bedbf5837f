package cost

import (
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Spent returns what requests for a task cost at most: the upper ends of d, at
// the rates of the object's class, and where moved is set, what reading and
// overwriting its data costs: retrieval, and what was left of the minimum
// storage duration at now. known is false where a price that it takes is not
// known; the amount is then what the rest costs.
func (r *Region) Spent(t *plan.Task, d plan.Demand, moved bool, now time.Time) (amount Money, known bool) {
	rec := &t.Record
	class := r.Class(rec.StorageClass)
	put := class.Put
	if t.Action == plan.Update { // at the rate of STANDARD whatever the class, see work
		std := r.Class(inventory.Standard)
		put = std.Put
	}
	known = true
	add := func(m Money, ok bool) { amount, known = amount.Add(m), known && ok }
	add(put.Times(d.Writes.Max))
	add(class.Get.Times(d.Reads.Max))
	add(r.KMSRequest.Times(d.KMS.Max))
	if !moved || t.Action != plan.Copy && t.Action != plan.MultipartCopy || rec.Size < 0 {
		return amount, known
	}
	if paysRetrieval(rec.StorageClass) {
		add(class.Retrieval.over(big64(rec.Size), GB))
	}
	left := int64(minDays(rec.StorageClass))
	if left > 0 && !rec.LastModified.IsZero() {
		left = max(left-int64(max(now.Sub(rec.LastModified), 0)/(24*time.Hour)), 0)
	}
	if left > 0 {
		rate := Unknown
		if len(class.Storage) > 0 {
			rate = class.Storage[0].Rate
		}
		bytes := billed(rec.StorageClass, rec.Size)
		add(rate.over(big64(0).Mul(big64(bytes), big64(left)), GB*billingDays))
	}
	return amount, known
}
