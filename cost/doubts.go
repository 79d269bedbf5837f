package cost

import (
	"fmt"

	"reseal/plan"
)

// doubts are numbers of objects to do that a look may show to be left alone, by what
// the report does not say of them. An object with several doubts counts for each.
type doubts struct {
	Tier       int64 `json:"tier_unknown,omitempty"`
	Current    int64 `json:"current_unknown,omitempty"`
	Encryption int64 `json:"encryption_unknown,omitempty"`
	Filter     int64 `json:"filter_unknown,omitempty"`
}

func (d *doubts) count(of plan.Doubts) {
	has := func(doubt plan.Doubts) int64 { return int64(of & doubt / doubt) }
	d.add(doubts{has(plan.DoubtTier), has(plan.DoubtCurrent), has(plan.DoubtEncryption), has(plan.DoubtFilter)})
}

func (d *doubts) add(o doubts) {
	d.Tier, d.Current = plan.Sum(d.Tier, o.Tier), plan.Sum(d.Current, o.Current)
	d.Encryption, d.Filter = plan.Sum(d.Encryption, o.Encryption), plan.Sum(d.Filter, o.Filter)
}

// doubts sums up those of all that is to be done.
func (t *Tally) doubts() (d doubts) {
	for a := range t.work {
		for c := range t.work[a] {
			d.add(t.work[a][c].Doubts)
		}
	}
	return d
}

// Doubtful tells whether a look at some of the objects to do may show that they are to
// be left alone, so that there are fewer to do than counted.
func (t *Tally) Doubtful() bool { return t.doubts() != doubts{} }

// TierUnknown is how many objects to do may be in an archive tier of
// Intelligent-Tiering for all that the report says.
func (t *Tally) TierUnknown() int64 { return t.doubts().Tier }

// doubtNotes says of what objects the report does not say enough to count on them.
func (c *calculation) doubtNotes() (out []string) {
	d := c.tally.doubts()
	note := func(n int64, text string) {
		if n > 0 {
			out = append(out, fmt.Sprintf(text+" Objects and requests are at most these.", objects(n)))
		}
	}
	note(d.Tier, "The report has no access tier for %s in INTELLIGENT_TIERING: a HeadObject each tells what is archived, and so left alone.")
	note(d.Current, "The report does not say of %s whether the version is the current one: a HeadObject each tells, and others are left alone.")
	note(d.Encryption, "The report does not say of %s how it is encrypted: a HeadObject each tells what is to be done.")
	note(d.Filter, "The report does not say of %s what the filters ask about: a HeadObject each tells, and what they leave out is left alone.")
	return out
}
