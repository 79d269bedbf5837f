package cost

import "reseal/plan"

// partOfCopy is from what size on a copy in parts that stays below the limit of a
// single one has a part more.
const partOfCopy = 1 << 30

// largeACLs adds to a job what it may send at most for the ACLs of objects that one
// request copies: an ACL above 2 KiB goes in no header, so that such an object is
// copied in parts, and its ACL is put afterwards. No report tells which these are, and
// they are rare, so nothing is expected of it, nor does it take time.
func (c *calculation) largeACLs(j *job) plan.Demand {
	var all plan.Demand
	if c.Facts.ACLs == plan.No {
		return all
	}
	const size = plan.SingleCopyLimit + 1
	parts, known := plan.PartCount(size), c.copyDemand(size)
	w := plan.DefaultWeights(c.Options.BucketKey)
	j.atMost = new(job)
	for i := range classes {
		of := &c.tally.work[plan.Copy][i]
		if of.Objects == 0 {
			continue
		}
		n := of.Objects
		pieces := plan.Sum(n, of.Bytes/partOfCopy)
		around := plan.Range{Max: known.Writes.Max - parts - 1} // in place of the copy itself
		part, checksums := plan.Range{Max: w.Part.Max}, plan.Range{Max: w.Complete.Max + 2*w.Source.Max}
		if of.FromKMS > 0 {
			part.Max += w.Source.Max
		}
		d := plan.Demand{Writes: around.Times(n).Add(plan.Range{Max: pieces}), Reads: plan.Range{Max: known.Reads.Max}.Times(n),
			KMS: part.Times(pieces).Add(checksums.Times(n))}
		j.atMost.work(plan.MultipartCopy, i, Count{Objects: n}, d)
		all = all.Add(d)
	}
	j.atMost.kms.Max = all.KMS.Max
	return all
}

// rarely is what the job may send on top, at most.
func (j *job) rarely() *job {
	if j.atMost == nil {
		return new(job)
	}
	return j.atMost
}
