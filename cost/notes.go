package cost

import (
	"fmt"
	"strings"

	"reseal/inventory"
	"reseal/plan"
)

// notes says what the figures leave out or take for granted, as far as it
// matters to this run.
func (c *calculation) notes(e *Estimate) []string {
	var out []string
	if !e.Priced {
		out = append(out, fmt.Sprintf("Price unknown for %s: requests and KMS calls are counted, not priced. A price file gives them a price.", regionName(c.Region)))
	} else {
		out = append(out, fmt.Sprintf("List prices of %s of %s, before tax and discounts. Source: %s.", c.Region, e.PriceDate, e.PriceSource))
		missing := append(append([]string(nil), e.Once.Missing...), e.Monthly.Missing...)
		if len(missing) > 0 {
			out = append(out, "No price is known for: "+strings.Join(missing, ", ")+". The sums are lower bounds.")
		}
	}
	if c.Options.BucketKey && e.KMSCalls.Max > e.KMSCalls.Min {
		out = append(out, fmt.Sprintf("With a bucket key S3 does not say how often it calls KMS: %s %% of the requests are expected to, all of them at most.",
			decimal(c.BucketKeyShare, 4)))
	}
	if with, without := c.readers(true), c.readers(false); with.Quantity.Max > 0 && with.Known && c.Options.SSE != plan.TargetAES256 {
		out = append(out, fmt.Sprintf("KMS requests of readers and writers a month: %s without a bucket key, %s with one (%s at most).",
			without.Amount.Expected, with.Amount.Expected, with.Amount.Max))
	}
	var copies Count
	for i := range classes {
		copies.add(c.tally.work[plan.Copy][i].Count)
		copies.add(c.tally.work[plan.MultipartCopy][i].Count)
	}
	if c.Facts.Events == plan.Yes && copies.Objects > 0 {
		out = append(out, fmt.Sprintf("%s are written anew and set off a notification each; what their targets do with it is not in the price.", objects(copies.Objects)))
	}
	if c.Facts.Replication == plan.Yes && copies.Objects > 0 {
		out = append(out, fmt.Sprintf("%s (%s bytes) are new to the replication rules; requests, transfer and storage of the replicas are not in the price.",
			objects(copies.Objects), thousands(copies.Bytes)))
	}
	if n := c.tally.unsized; n > 0 {
		out = append(out, fmt.Sprintf("The report has no size for %s objects: their bytes are in no figure.", thousands(n)))
	}
	updated, parts := false, false
	for i := range classes {
		parts = parts || c.tally.work[plan.MultipartCopy][i].Objects > 0
		updated = updated || c.tally.work[plan.Update][i].Objects > 0
	}
	if updated {
		out = append(out, "AWS does not state how many KMS requests an UpdateObjectEncryption takes: 1 to 2 are assumed.")
	}
	if parts {
		out = append(out, "How fast S3 copies inside itself is not stated: the time takes 85 MB/s a request for it, which AWS reckons with for reading.")
	}
	if c.intelligent() > 0 || c.tally.stored[classIndex(inventory.IntelligentTiering)].Objects > 0 {
		out = append(out, "Intelligent-Tiering is priced at its Frequent Access tier, without the monitoring fee.")
	}
	out = append(out, "Requests that are sent again are not in the price: S3 does not charge for its own errors (5xx).")
	return out
}

func regionName(name string) string {
	if name == "" {
		return "an unknown Region"
	}
	return name
}
