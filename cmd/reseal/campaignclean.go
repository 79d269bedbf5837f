package main

import (
	"reseal/campaign"
	"reseal/cost"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate/untilclean"
)

// foreseenListings are the listings of a bucket that money is set aside for: one that finds
// what came since the report, and one that finds nothing.
const foreseenListings = 2

// withGenerations adds to what is left of a job what its generations take: what the one
// under way found, priced as the objects of the first, and the listings. Nobody knows what
// arrives later. s is nil where no run has begun the job.
func withGenerations(left campaign.Figures, made *job.Plan, s *status.Status, region *cost.Region) campaign.Figures {
	objects := max(made.CountOrUnknown(made.Rows), left.Objects)
	if s != nil {
		if n := len(s.Generations); n > 0 {
			last := &s.Generations[n-1]
			objects = max(objects, last.Listed)
			if !last.Over() {
				left = left.Plus(figuresOf(made, nil).Of(last.Rows))
			}
		}
	}
	listings := untilclean.Price(region, objects) * foreseenListings
	left.Price = left.Price.Add(cost.Span{Min: listings, Expected: listings, Max: listings})
	return left
}
