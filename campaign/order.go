package campaign

import (
	"cmp"
	"slices"

	"reseal/cost"
)

// Order is the order in which buckets begin.
type Order string

// The orders.
const (
	ByPrice Order = "price" // the cheapest first; those without a price come last
	BySize  Order = "size"  // those with the fewest objects first
	ByName  Order = "name"
	ByFile  Order = "file" // as the list has them
)

// Orders are all of them, as a person types them.
func Orders() []string {
	return []string{string(ByFile), string(ByPrice), string(BySize), string(ByName)}
}

// Task is a bucket that has work left.
type Task struct {
	Bucket  string
	Figures Figures    // of what is left
	Spent   cost.Money // by its job so far
}

// Sort puts tasks into an order. Tasks that are alike stay as the list has them.
func (o Order) Sort(tasks []Task) {
	slices.SortStableFunc(tasks, func(a, b Task) int {
		switch o {
		case ByPrice:
			if a.Figures.Priced != b.Figures.Priced {
				if a.Figures.Priced {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.Figures.Price.Expected, b.Figures.Price.Expected)
		case BySize:
			return cmp.Or(cmp.Compare(a.Figures.Objects, b.Figures.Objects), cmp.Compare(a.Figures.Bytes, b.Figures.Bytes))
		case ByName:
			return cmp.Compare(a.Bucket, b.Bucket)
		}
		return 0
	})
}
