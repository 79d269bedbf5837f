package cost

import (
	"fmt"

	"reseal/inventory"
	"reseal/plan"
)

// daysPerMonth turns a retention into months of storage: 365 / 12.
const daysPerMonth = 365.0 / 12

// RetentionPrice says what the default retention of a bucket locks of a plan, and
// what that costs; "" where it locks nothing.
func RetentionPrice(t *Tally, p Params) string {
	region, _ := p.Prices.Region(p.Region)
	c := &calculation{Params: p, tally: t, region: region}
	return c.locked()
}

// retentionNote prices what a default retention does to a run that copies: each
// new version gets it, also of objects that had none, and is paid for until it
// ends. "" where there is none, or no copy.
func (c *calculation) retentionNote() string {
	locked := c.locked()
	if locked == "" {
		return ""
	}
	return fmt.Sprintf("The bucket's default retention%s locks every copy: %s. --method update makes no new version and locks nothing.", retentionTerm(&c.Facts), locked)
}

func (c *calculation) locked() string {
	f := &c.Facts
	if f.Retention != plan.Yes {
		return ""
	}
	var unlocked Count
	var month Money
	known := true
	for i, class := range classes {
		var here Count
		for _, a := range []plan.Action{plan.Copy, plan.MultipartCopy} {
			here.add(c.tally.work[a][i].Unlocked)
		}
		if here.Objects == 0 {
			continue
		}
		unlocked.add(here)
		l := c.storageLine("", class, 0, here.Bytes)
		month += l.Amount.Max
		known = known && l.Known
	}
	if unlocked.Objects == 0 {
		return ""
	}
	which := objects(unlocked.Objects) + " without a retention of their own"
	if !c.Columns.Has(inventory.ColLockMode) {
		which = "up to " + objects(unlocked.Objects) + " (the report has no column ObjectLockMode)"
	}
	out := fmt.Sprintf("%s cannot be deleted until it ends", which)
	if known {
		out += fmt.Sprintf(". Their storage is %s a month", month)
		if f.RetentionDays > 0 {
			out += fmt.Sprintf(", %s until then", Money(float64(month)*float64(f.RetentionDays)/daysPerMonth))
		}
	}
	return out
}

// retentionTerm is the mode and the length, as far as they are known.
func retentionTerm(f *plan.Facts) string {
	if f.RetentionMode == "" || f.RetentionDays == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s, %s)", f.RetentionMode, plan.Days(f.RetentionDays))
}
