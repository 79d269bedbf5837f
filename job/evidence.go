package job

import (
	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// Evidence says of which objects a job keeps a snapshot as they were, and which
// requests that takes. It is chosen once, when the job is made. So every run and
// every share takes the same objects, whatever changes in the bucket meanwhile.
type Evidence struct {
	Objects int64       `json:"objects"`
	Demand  plan.Demand `json:"demand"`         // of reading all of them
	Rows    plan.Rows   `json:"rows,omitempty"` // nil where a share was asked for, which needs no list
}

// Choose adds the rows that p has chosen. Their requests are also added to t, unless
// that is nil.
func (e *Evidence) Choose(p *plan.RowPicker, t *cost.Tally) {
	chosen := p.Chosen()
	for i := range chosen {
		one := &chosen[i]
		if e.Rows == nil {
			e.Rows = plan.Rows{}
		}
		e.Rows[one.Pos] = struct{}{}
		e.add(one.Demand)
		if t != nil {
			task := plan.Task{Action: one.Action, Record: inventory.Record{Key: one.Key, StorageClass: one.Class}}
			t.AddDemand(&task, one.Demand)
		}
	}
}

func (e *Evidence) add(d plan.Demand) {
	e.Objects++
	e.Demand = e.Demand.Add(d)
}

// Count adds the object of t where a percentage of all objects was asked for and it
// is one of these. Its requests are part of the task's demand.
func (e *Evidence) Count(p *plan.Policy, t *plan.Task) {
	if t.Snapshot {
		e.add(p.SnapshotDemand(t, t.FromKMS))
	}
}
