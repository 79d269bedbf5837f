package s3api

import (
	"time"

	"reseal/plan"
)

// lostByWrite names what a write lost, by what HeadObject shows.
func lostByWrite(before, after *plan.Head) []plan.Attribute {
	return plan.LostByWrite(before, after, time.Now())
}

// lostByCopy names what a copy did not keep of what must be sent along.
func lostByCopy(before, after *plan.Head) []plan.Attribute {
	return plan.LostByCopy(before, after, time.Now())
}

// unaccepted returns lost without what the user accepted to lose.
func (r *Rewriter) unaccepted(lost []plan.Attribute) []plan.Attribute {
	return plan.Without(lost, r.config.AcceptLoss)
}

// words joins names for a message.
func words(names []plan.Attribute) string { return plan.Words(names) }
