package cost

import (
	"time"

	"reseal/plan"
)

// Spent returns what carrying out a task cost at most: requests S3 requests, of
// which every one is taken for a PUT in the object's class, kms KMS requests,
// and for a copy that was done, the retrieval of its bytes and what was left of
// the minimum storage duration at now. known is false where a price that it
// takes is not known; the amount is then what the rest costs.
func (r *Region) Spent(t *plan.Task, done bool, requests, kms int64, now time.Time) (amount Money, known bool) {
	rec := &t.Record
	class := r.Class(rec.StorageClass)
	known = true
	add := func(m Money, ok bool) { amount, known = amount.Add(m), known && ok }
	add(class.Put.Times(requests))
	add(r.KMSRequest.Times(kms))
	if !done || t.Action != plan.Copy && t.Action != plan.MultipartCopy || rec.Size < 0 {
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
