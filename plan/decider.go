package plan

import "reseal/inventory"

// Decider decides row after row, as its Policy does, and sums up but once what objects
// of a kind ask for. The Policy must stay as it is meanwhile. Not safe for concurrent use.
type Decider struct {
	policy *Policy
	before demands
	task   Task
}

// NewDecider returns a Decider for p.
func NewDecider(p *Policy) *Decider { return &Decider{policy: p} }

// Decide returns what Policy.Decide does, valid until the next call. Its strings are
// those of r.
func (d *Decider) Decide(r *inventory.Record) *Task {
	d.policy.decide(&d.task, r, &d.before)
	return &d.task
}

// demands are what tasks of one policy ask for, by what that depends on.
type demands struct {
	known [1 << demandBits]bool
	all   [1 << demandBits]Demand
}

const demandBits = 9

// of returns the demand of t.
func (d *demands) of(p *Policy, t *Task, look looks) Demand {
	i, ok := kindOfDemand(t, look)
	if d == nil || !ok {
		return p.demandOf(t, look)
	}
	if !d.known[i] {
		d.known[i], d.all[i] = true, p.demandOf(t, look)
	}
	return d.all[i]
}

// kindOfDemand numbers the kinds of tasks of a policy that ask for the same; ok is false
// where more about the row matters: its size, the spelling of its key, or what a look
// at it showed.
func kindOfDemand(t *Task, look looks) (kind int, ok bool) {
	if t.Head != nil || t.Snapshot || t.Action == MultipartCopy || t.Record.ByHand {
		return 0, false
	}
	kind = int(t.Action)
	for _, so := range [...]bool{t.NeedHead, look.certain, look.oddKey, t.FromKMS, knownEncryption(&t.Record), t.Doubts != 0, t.Unconfirmed} {
		kind <<= 1
		if so {
			kind |= 1
		}
	}
	return kind, true
}
