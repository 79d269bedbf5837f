package job

import (
	"encoding/json"
	"fmt"

	"reseal/canary"
	"reseal/inventory"
	"reseal/plan"
)

// CanaryNotes remember what objects were before they were written, together with
// their rows, as no list names them after a crash. They implement canary.Notes.
type CanaryNotes struct {
	*Notes
	Policy *plan.Policy
}

var _ canary.Notes = CanaryNotes{}

// triedNote is what the checkpoint has of one object.
type triedNote struct {
	canary.Note
	Action string `json:"action"`
	Row    *Row   `json:"row"`
}

// Put implements canary.Notes.
func (c CanaryNotes) Put(t *plan.Task, n *canary.Note) error {
	if n == nil {
		return c.Notes.Put(t.Record.Pos, nil)
	}
	row := RowOf(&t.Record)
	data, err := json.Marshal(triedNote{*n, t.Action.String(), &row})
	if err != nil {
		return fmt.Errorf("remember what an object was: %w", err)
	}
	return c.Notes.Put(t.Record.Pos, data)
}

// Uncompared is an object that a run wrote, or began to, and did not compare.
type Uncompared struct {
	Task plan.Task
	Note canary.Note
}

// Left returns the objects that earlier runs did not compare, by their rows.
func (c CanaryNotes) Left() map[inventory.Position]*Uncompared {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[inventory.Position]*Uncompared{}
	for p, data := range c.current {
		var n triedNote
		if json.Unmarshal(data, &n) != nil || n.Row == nil || n.Before == nil {
			continue // of no version that this one knows
		}
		rec := n.Row.Record(c.Policy.Options.Bucket)
		task := c.Policy.Decide(&rec)
		for a := plan.Copy; a < plan.NumActions; a++ {
			if a.String() == n.Action { // whatever would be done to it by now
				task.Action = a
			}
		}
		out[p] = &Uncompared{task, n.Note}
	}
	return out
}
