package canary

import (
	"cmp"
	"slices"

	"reseal/plan"
)

// Verdict is what is known of a kind of objects.
type Verdict string

// The verdicts.
const (
	Proven         Verdict = "proven"           // at least one object has each attribute, and kept it
	NothingToProve Verdict = "nothing-to-prove" // every object of the kind is done already, or gone
	NotProven      Verdict = "not-proven"       // Reasons say why; the rest of the kind was not begun
	InDoubt        Verdict = "in-doubt"         // other objects have each attribute and kept it; Doubts are failed
	Lost           Verdict = "lost"             // Doubts say what of which objects; the run was stopped
)

// Table is what was to be proven of the objects of a plan before the rest of
// them was begun, and what was.
type Table struct {
	Kinds []Kind `json:"kinds"` // by action and storage class
}

// Kind is the objects of one storage class that one action is for.
type Kind struct {
	Action   string   `json:"action"`
	Class    string   `json:"storage_class,omitempty"` // "" where the report does not say
	Verdict  Verdict  `json:"verdict"`
	ToProve  []string `json:"to_prove"`               // attributes that the objects seen so far have
	Proven   []Proof  `json:"proven"`                 // attribute by attribute
	Missing  []string `json:"not_proven,omitempty"`   // of ToProve
	NotShown []string `json:"not_compared,omitempty"` // that no look at an object showed
	Accepted []string `json:"accepted,omitempty"`     // that were lost, as accepted by name
	Compared int64    `json:"compared"`               // objects, each with all that it was before
	HeldBack bool     `json:"held_back,omitempty"`    // objects were put off for it
	Reasons  []Reason `json:"reasons,omitempty"`      // why objects proved nothing
	Doubts   []Doubt  `json:"doubts,omitempty"`       // objects that differ
}

// Proof is one attribute that objects were seen to keep.
type Proof struct {
	Attribute string   `json:"attribute"`
	Objects   int64    `json:"objects"`
	Keys      []string `json:"keys"` // of the first of them
}

// Reason is why objects that were tried proved nothing.
type Reason struct {
	Why        string `json:"why"`               // a phrase, the same for all of them
	Request    string `json:"request,omitempty"` // that was refused
	Code       string `json:"error_code,omitempty"`
	HTTPStatus int    `json:"http_status,omitempty"`
	Objects    int64  `json:"objects"`
	Key        string `json:"key"` // of one of them
}

// Doubt is an object that was not afterwards what it was before, while nothing
// showed that another client wrote it.
type Doubt struct {
	Key         string            `json:"key"`
	Differences []plan.Difference `json:"differences"`
}

// Attributes names what differs.
func (d *Doubt) Attributes() []plan.Attribute {
	c := plan.Comparison{Differences: d.Differences}
	return c.Attributes()
}

// traits are those that differ.
func (d *Doubt) traits() (out Traits) {
	for _, a := range d.Attributes() {
		out |= traitOf(a)
	}
	return out
}

// bounds of what a table keeps, so that it stays small.
const (
	maxKeys    = 3
	maxReasons = 16
	maxDoubts  = 8
)

// add counts one object for a reason.
func addReason(list []Reason, r Reason) []Reason {
	for i := range list {
		if l := &list[i]; l.Why == r.Why && l.Request == r.Request && l.Code == r.Code && l.HTTPStatus == r.HTTPStatus {
			l.Objects += r.Objects
			return list
		}
	}
	if len(list) >= maxReasons {
		return list
	}
	return append(list, r)
}

// Compared is how many objects were compared, of all kinds.
func (t *Table) Compared() (n int64) {
	for i := range t.Kinds {
		n += t.Kinds[i].Compared
	}
	return n
}

// Merge adds what another process proved of the same job.
func (t *Table) Merge(o *Table) {
	if o == nil {
		return
	}
	for _, k := range o.Kinds {
		i := slices.IndexFunc(t.Kinds, func(m Kind) bool { return m.Action == k.Action && m.Class == k.Class })
		if i < 0 {
			t.Kinds = append(t.Kinds, k)
			continue
		}
		t.Kinds[i].merge(k)
	}
	slices.SortFunc(t.Kinds, func(a, b Kind) int { return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Class, b.Class)) })
}

// merge adds what another process proved of the kind.
func (k *Kind) merge(o Kind) {
	k.Compared += o.Compared
	k.HeldBack = k.HeldBack || o.HeldBack
	for _, p := range o.Proven {
		i := slices.IndexFunc(k.Proven, func(q Proof) bool { return q.Attribute == p.Attribute })
		if i < 0 {
			k.Proven = append(k.Proven, p)
			continue
		}
		k.Proven[i].Objects += p.Objects
	}
	for _, r := range o.Reasons {
		k.Reasons = addReason(k.Reasons, r)
	}
	k.Doubts = append(k.Doubts, o.Doubts...)
	proven := Traits(0)
	for _, p := range k.Proven {
		proven |= traitsNamed([]string{p.Attribute})
	}
	want := traitsNamed(k.ToProve) | traitsNamed(o.ToProve)
	hidden, accepted := traitsNamed(k.NotShown)|traitsNamed(o.NotShown), traitsNamed(k.Accepted)|traitsNamed(o.Accepted)
	missing := want &^ (proven | hidden | accepted)
	k.ToProve, k.Missing, k.NotShown, k.Accepted = want.Names(), missing.Names(), (hidden &^ proven).Names(), accepted.Names()
	for _, v := range []Verdict{Lost, NotProven, InDoubt, Proven} { // the worse one
		if k.Verdict == v || o.Verdict == v {
			k.Verdict = v
			break
		}
	}
}
