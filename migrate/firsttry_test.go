package migrate

import (
	"testing"

	"reseal/inventory"
)

// An object that failed before and is found done is the job's own work: of how its
// last try ended nobody knows. One that is tried for the first time is not.
func TestCanaryTakesFailedObjectsForUncertain(t *testing.T) {
	failed, fresh := inventory.Position{Row: 1}, inventory.Position{Row: 2}
	r := &firstTry{all: []*chosen{{again: true}, {}}}
	r.all[0].task.Record.Pos, r.all[1].task.Record.Pos = failed, fresh
	if !r.uncertain(failed) || r.uncertain(fresh) {
		t.Errorf("failed before: %t, first try: %t; want true and false", r.uncertain(failed), r.uncertain(fresh))
	}
}
