package campaign

import "reseal/cost"

// budget is one amount of money for all buckets. What a bucket that goes on may still
// spend is set aside for it, so that all together never spend more. It is used by one
// goroutine.
type budget struct {
	limit cost.Money // 0 for none
	spent cost.Money // by buckets that do not go on
	aside cost.Money // for those that do
}

// grant sets aside what a bucket may cost from here on, or says that what is left does
// not cover what it is expected to cost. It gets no more than it may cost at most, and a
// tenth for what nobody foresees, so that others can begin beside it.
func (b *budget) grant(f *Figures) (amount cost.Money, ok bool) {
	if b.limit == 0 {
		return 0, true
	}
	left := b.limit - b.spent - b.aside
	if left <= 0 || f.Price.Expected > left {
		return 0, false
	}
	amount = min(left, f.Price.Max.Add(f.Price.Max/10).Add(cost.Cent))
	b.aside += amount
	return amount, true
}

// settle takes back what was set aside for a bucket that does not go on any more, and
// counts what it spent of it.
func (b *budget) settle(granted, spent cost.Money) {
	b.aside -= granted
	b.spent = b.spent.Add(max(spent, 0))
}
