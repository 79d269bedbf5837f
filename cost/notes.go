package cost

import (
	"fmt"
	"slices"
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
	if len(c.Options.Tags) > 0 {
		out = append(out, fmt.Sprintf("No report has tags: objects, bytes, price and time are those of all %s, and so at most these. Only those with the tags of --tag are re-encrypted; each is looked at, and its tags are read.", objects(e.Objects)))
	}
	out = append(out, c.doubtNotes()...)
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
	if note := c.retentionNote(); note != "" {
		out = append(out, note)
	}
	if c.Facts.ACLs == plan.Yes && e.Demand.Writes.Max > c.tally.Demand().Writes.Max {
		out = append(out, "An object whose ACL has more than some 28 grants is copied in parts, and its ACL put afterwards: no report tells which, so only the upper bounds have room for it.")
	}
	if note := c.quotaNote(e); note != "" {
		out = append(out, note)
	}
	if c.Facts.Events == plan.Yes && copies.Objects > 0 {
		out = append(out, fmt.Sprintf("%s are written anew and set off a notification each; what their targets do with it is not in the price.", objects(copies.Objects)))
	}
	if c.Facts.Replication == plan.Yes && copies.Objects > 0 {
		out = append(out, fmt.Sprintf("%s (%s bytes) are new to the replication rules; requests, transfer and storage of the replicas are not in the price.",
			objects(copies.Objects), thousands(copies.Bytes)))
	}
	if n := c.tally.unsized; n > 0 {
		out = append(out, fmt.Sprintf("The report has no size for %s objects: their bytes are in no figure, and price and time are lower bounds.", thousands(n)))
	}
	if name, bytes := c.onlyFirstTier(); bytes > 0 {
		out = append(out, fmt.Sprintf("Storage above 50 TB costs less than the price of %s that is known in %s: what %s bytes cost is an upper bound.", name, c.Region, thousands(bytes)))
	}
	updated := false
	for i := range classes {
		updated = updated || c.tally.work[plan.Update][i].Objects > 0
	}
	if updated {
		out = append(out, "AWS does not state how many KMS requests an UpdateObjectEncryption takes: 1 to 2 are assumed.")
	}
	if slices.ContainsFunc(e.Duration.Limits, func(l Limit) bool { return l.Unit == "bytes" }) {
		out = append(out, fmt.Sprintf("How fast S3 copies inside itself is stated nowhere: %s a request is an assumption of the time (--copy-rate changes it).", perSecond(c.CopyRate)))
	}
	if c.intelligent() > 0 || c.tally.stored[classIndex(inventory.IntelligentTiering)].Objects > 0 {
		out = append(out, "Intelligent-Tiering is priced at its Frequent Access tier: what its other tiers save is not in the price.")
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

// onlyFirstTier returns the class, and what is stored in it, of which more is
// stored than the first 50 TB and no price but theirs is known.
func (c *calculation) onlyFirstTier() (inventory.StorageClass, int64) {
	for _, class := range []inventory.StorageClass{inventory.Standard, inventory.IntelligentTiering} { // the others have one price
		stored := c.tally.stored[classIndex(class)].Billed
		if len(c.region.Class(class).Storage) == 1 && stored/GB >= firstTier {
			return class, stored
		}
	}
	return "", 0
}

// firstTier is where the first storage price of STANDARD ends, in GB.
const firstTier = 50 << 10
