package cost

import (
	"reseal/inventory"
	"reseal/plan"
)

// Rekey is what --rekey comes to, where the plan does without: objects that are
// under some KMS key are left alone, and no report says under which.
type Rekey struct {
	Objects Count `json:"objects"` // that a HeadObject each would be sent for
	Looks   Bill  `json:"looks"`   // the price of these
	Most    Bill  `json:"most"`    // of looks, and of re-encrypting all of them
}

// rekey prices --rekey, nil where there is nothing that it would look at. Archived
// objects are looked at, and left alone unless they are updated in place.
func (c *calculation) rekey() *Rekey {
	byClass := c.tally.skips[plan.AlreadyEncrypted]
	if byClass == nil || c.Options.Rekey || c.Options.SSE != plan.TargetKMS {
		return nil
	}
	r := &Rekey{}
	looks, most := new(job), new(job)
	weights := plan.DefaultWeights(c.Options.BucketKey)
	var kms plan.Range
	for i, class := range classes {
		n := byClass[i]
		if n.Objects == 0 {
			continue
		}
		r.Objects.add(n)
		looks.gets[i] = plan.Exactly(n.Objects)
		most.gets[i] = plan.Exactly(n.Objects)
		switch {
		case c.Options.Method != plan.MethodCopy:
			most.work(plan.Update, i, n, plan.Demand{Writes: plan.Exactly(n.Objects), Reads: plan.Exactly(n.Objects)})
			kms = kms.Add(weights.Update.Times(n.Objects))
		case class != inventory.Glacier && class != inventory.DeepArchive:
			most.work(plan.Copy, i, n, plan.Demand{Writes: plan.Exactly(n.Objects)})
			kms = kms.Add(weights.DataKey.Add(weights.Source).Times(n.Objects))
		}
	}
	most.kms = c.weigh(kms)
	r.Looks, r.Most = c.bill(looks), c.bill(most)
	return r
}
