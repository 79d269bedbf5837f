package work

import (
	"reseal/campaign"
	"reseal/cost"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate/untilclean"
)

// figuresOf is what is left of a job: all of it where no run has begun it, as s is nil, or
// else its part by the number of objects.
func figuresOf(made *job.Plan, s *status.Status) campaign.Figures {
	var f campaign.Figures
	if e := made.Estimate; e != nil {
		f = campaign.Figures{Objects: e.Objects, Bytes: e.Bytes, KMS: e.KMSCalls, Priced: e.Unpriced() == "", Price: e.Once.Total}
	}
	if s == nil || s.Left == nil || s.Todo == nil || *s.Todo <= 0 {
		return f
	}
	objects := f.Objects
	f = f.Of(min(objects, int64(float64(objects)*float64(*s.Left)/float64(*s.Todo))))
	f.Objects = *s.Left
	return f
}

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
