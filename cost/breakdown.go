package cost

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Others is the name under which prefixes beyond the ones told apart are summed up.
const Others = "(other prefixes)"

// ageNames are the ages that are told apart for people to read.
var ageNames = [...]string{"under 1 day", "1 to 7 days", "7 to 30 days", "30 to 90 days", "90 to 180 days", "180 days to 1 year", "1 to 3 years", "over 3 years", "unknown"}

var ageDays = [...]time.Duration{1, 7, 30, 90, 180, 365, 3 * 365}

func ageIndex(age time.Duration) int {
	if age < 0 {
		return len(ageNames) - 1
	}
	for i, d := range ageDays {
		if age < d*24*time.Hour {
			return i
		}
	}
	return len(ageDays)
}

// ActionCount is what one action does to objects of one class.
type ActionCount struct {
	Action plan.Action
	Class  inventory.StorageClass
	Count
	Demand plan.Demand // of the requests
}

// ReasonCount is what is left alone for one reason in one class.
type ReasonCount struct {
	Reason plan.Reason            `json:"reason"`
	Class  inventory.StorageClass `json:"class"`
	Count
}

// NamedCount is a count under a name: an encryption status or an age.
type NamedCount struct {
	Name string `json:"name"`
	Count
}

// PrefixCount is what a run does below one top-level prefix.
type PrefixCount struct {
	Prefix string `json:"prefix"` // with its slash, "" for keys that have none, or Others
	Count
	Writes int64 `json:"writes"` // S3 PUT-class requests, upper end
	Reads  int64 `json:"reads"`  // S3 GET-class requests, upper end
}

// ClassCount is what is stored in one class.
type ClassCount struct {
	Class inventory.StorageClass
	Count
	Billed int64 // bytes billed, with the minimum size of the class
	Todo   Count // of it: what the run re-encrypts
	Young  int64 // objects of it that are to be overwritten within the minimum storage duration
}

// Now returns the instant that ages count from.
func (t *Tally) Now() time.Time { return t.now }

// Rows returns the number of rows added.
func (t *Tally) Rows() int64 { return t.rows }

// Unsized returns the number of objects whose size is not known. Their bytes
// are in no sum.
func (t *Tally) Unsized() int64 { return t.unsized }

// UnsizedTodo returns how many objects are to be re-encrypted by a single request
// as far as is known, while the head of each may show that it takes several.
func (t *Tally) UnsizedTodo() (n int64) {
	for c := range classes {
		n += t.work[plan.Copy][c].Unsized + t.work[plan.Update][c].Unsized
	}
	return n
}

// Todo returns what the run is to re-encrypt.
func (t *Tally) Todo() Count {
	var n Count
	for a := plan.Copy; a < plan.NumActions; a++ {
		for c := range classes {
			n.add(t.work[a][c].Count)
		}
	}
	return n
}

// Demand returns what the run asks of the quotas.
func (t *Tally) Demand() plan.Demand {
	var d plan.Demand
	for a := plan.Copy; a < plan.NumActions; a++ {
		for c := range classes {
			d = d.Add(t.work[a][c].Demand)
		}
	}
	return d
}

// Actions returns what is to be done, by action and class.
func (t *Tally) Actions() []ActionCount {
	var out []ActionCount
	for a := plan.Copy; a < plan.NumActions; a++ {
		for c, class := range classes {
			if w := &t.work[a][c]; w.Objects > 0 {
				out = append(out, ActionCount{a, class, w.Count, w.Demand})
			}
		}
	}
	return out
}

// Skips returns what is left alone, by reason and class; the reason with most
// objects first.
func (t *Tally) Skips() []ReasonCount {
	var out []ReasonCount
	total := map[plan.Reason]int64{}
	for reason, byClass := range t.skips {
		for c, n := range byClass {
			if n.Objects > 0 {
				out = append(out, ReasonCount{reason, classes[c], n})
				total[reason] = plan.Sum(total[reason], n.Objects)
			}
		}
	}
	slices.SortFunc(out, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(total[b.Reason], total[a.Reason]), cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(classIndex(a.Class), classIndex(b.Class)))
	})
	return out
}

// Reasons returns what is left alone by reason, most objects first.
func (t *Tally) Reasons() []NamedCount {
	var out []NamedCount
	for _, s := range t.Skips() {
		if n := len(out); n == 0 || out[n-1].Name != string(s.Reason) {
			out = append(out, NamedCount{Name: string(s.Reason)})
		}
		out[len(out)-1].add(s.Count)
	}
	return out
}

// Filtered is how many rows the user's filters leave out.
func (t *Tally) Filtered() int64 { return t.skipped(plan.Filtered).Objects }

// skipped returns what is left alone for a reason.
func (t *Tally) skipped(reason plan.Reason) (n Count) {
	if byClass := t.skips[reason]; byClass != nil {
		for _, c := range byClass {
			n.add(c)
		}
	}
	return n
}

// Encryption returns the objects of the report by encryption status, in a fixed order.
func (t *Tally) Encryption() []NamedCount {
	var out []NamedCount
	for name, n := range t.status {
		out = append(out, NamedCount{name, *n})
	}
	slices.SortFunc(out, func(a, b NamedCount) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// TodoEncryption returns how many of the objects to be re-encrypted are not encrypted,
// how many are under SSE-KMS, and how many are encrypted otherwise or nobody knows how.
func (t *Tally) TodoEncryption() (none, kms, rest int64) {
	for a := plan.Copy; a < plan.NumActions; a++ {
		for c := range classes {
			w := &t.work[a][c]
			none, kms, rest = plan.Sum(none, w.NotSSE.Objects), plan.Sum(kms, w.FromKMS), plan.Sum(rest, w.Objects-w.NotSSE.Objects-w.FromKMS)
		}
	}
	return none, kms, rest
}

// Classes returns what is stored, by class.
func (t *Tally) Classes() []ClassCount {
	var out []ClassCount
	for c, class := range classes {
		s := &t.stored[c]
		if s.Objects == 0 {
			continue
		}
		n := ClassCount{Class: class, Count: s.Count, Billed: s.Billed, Young: t.young[0][c].objects}
		for a := plan.Copy; a < plan.NumActions; a++ {
			n.Todo.add(t.work[a][c].Count)
		}
		out = append(out, n)
	}
	return out
}

// Ages returns what is to be re-encrypted by age, youngest first, "unknown" last.
func (t *Tally) Ages() []NamedCount {
	out := make([]NamedCount, len(ageNames))
	for i, n := range t.ages {
		out[i] = NamedCount{ageNames[i], n}
	}
	return out
}

// Prefixes returns what is to be re-encrypted by top-level prefix: most objects
// first, Others last.
func (t *Tally) Prefixes() []PrefixCount {
	var out []PrefixCount
	for _, p := range t.prefixes {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b PrefixCount) int {
		if (a.Prefix == Others) != (b.Prefix == Others) {
			if a.Prefix == Others {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), strings.Compare(a.Prefix, b.Prefix))
	})
	return out
}
