package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// tallyJSON is the form in which a tally is kept with a job and shown to
// programs. What comes from outside (classes, prefixes, reasons) is a value in
// it, never the name of one.
type tallyJSON struct {
	Now      time.Time     `json:"evaluated_at"`
	Rows     int64         `json:"rows"`
	Unsized  int64         `json:"size_unknown"`
	Work     []workJSON    `json:"todo"`
	Skips    []ReasonCount `json:"left_alone"`
	Stored   []storedJSON  `json:"stored"`
	Young    []youngJSON   `json:"young"`
	Ages     []NamedCount  `json:"ages"`
	Status   []NamedCount  `json:"encryption"`
	Prefixes []PrefixCount `json:"prefixes"`
}

// workJSON is what one action on objects of one class comes to.
type workJSON struct {
	Action string                 `json:"action"`
	Class  inventory.StorageClass `json:"class"`
	workload
}

type storedJSON struct {
	Class inventory.StorageClass `json:"class"`
	storage
}

// youngJSON are the objects to be re-encrypted of one class that are within its
// minimum storage duration, or of unknown age.
type youngJSON struct {
	Class   inventory.StorageClass `json:"class"`
	InPlace bool                   `json:"updated_in_place"` // so that nothing is charged
	Objects int64                  `json:"objects"`
	Days    []dayJSON              `json:"days"`
	Unknown Count                  `json:"age_unknown"`
}

type dayJSON struct {
	Age    int   `json:"age_days"`
	Billed int64 `json:"billed_bytes"`
}

// MarshalJSON writes the sums in a form that UnmarshalJSON reads.
func (t *Tally) MarshalJSON() ([]byte, error) {
	j := tallyJSON{
		Now: t.now, Rows: t.rows, Unsized: t.unsized, Ages: t.Ages(),
		Skips: some(t.Skips()), Status: some(t.Encryption()), Prefixes: some(t.Prefixes()),
		Work: []workJSON{}, Stored: []storedJSON{}, Young: []youngJSON{},
	}
	for c, class := range classes {
		for a := plan.Copy; a < plan.NumActions; a++ {
			if w := t.work[a][c]; w.Objects > 0 {
				j.Work = append(j.Work, workJSON{a.String(), class, w})
			}
		}
		if t.stored[c].Objects > 0 {
			j.Stored = append(j.Stored, storedJSON{class, t.stored[c]})
		}
		for how := range t.young {
			y := youngJSON{Class: class, InPlace: how == 1, Objects: t.young[how][c].objects, Days: []dayJSON{}, Unknown: t.young[how][c].unknown}
			for d, n := range t.young[how][c].day {
				if n > 0 {
					y.Days = append(y.Days, dayJSON{d, n})
				}
			}
			if y.Objects > 0 || y.Unknown.Objects > 0 {
				j.Young = append(j.Young, y)
			}
		}
	}
	return json.Marshal(j)
}

// some returns a list that is written as [], not null, where it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// UnmarshalJSON reads what MarshalJSON wrote. It refuses more names than a
// tally tells apart.
func (t *Tally) UnmarshalJSON(data []byte) error {
	var j tallyJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	if len(j.Prefixes) > maxPrefixes+1 || len(j.Status) > maxReasons || len(j.Skips) > (maxReasons+1)*numClasses ||
		len(j.Work) > int(plan.NumActions)*numClasses || len(j.Stored) > numClasses || len(j.Young) > 2*numClasses {
		return errors.New("tally: more names than a tally has")
	}
	n := NewTally(j.Now)
	n.rows, n.unsized = j.Rows, j.Unsized
	for _, w := range j.Work {
		a := plan.Copy
		for a < plan.NumActions && a.String() != w.Action {
			a++
		}
		if a == plan.NumActions {
			return fmt.Errorf("tally: action %.40q", w.Action)
		}
		n.work[a][classIndex(w.Class)] = w.workload
	}
	for _, s := range j.Stored {
		n.stored[classIndex(s.Class)] = s.storage
	}
	for _, y := range j.Young {
		how := 0
		if y.InPlace {
			how = 1
		}
		a := &n.young[how][classIndex(y.Class)]
		a.objects, a.unknown = y.Objects, y.Unknown
		for _, d := range y.Days {
			if d.Age < 0 || d.Age >= youngestDays {
				return fmt.Errorf("tally: age of %d days", d.Age)
			}
			a.day[d.Age] = d.Billed
		}
	}
	for _, a := range j.Ages {
		if i := slices.Index(ageNames[:], a.Name); i >= 0 {
			n.ages[i] = a.Count
		}
	}
	for _, s := range j.Skips {
		n.addSkip(s.Reason, classIndex(s.Class), s.Count)
	}
	for _, s := range j.Status {
		n.status[s.Name] = &s.Count
	}
	for _, p := range j.Prefixes {
		n.prefixes[p.Prefix] = &p
	}
	*t = *n
	return nil
}
