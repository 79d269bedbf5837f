package cost

import (
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

func TestSpent(t *testing.T) {
	const day = 24 * time.Hour
	london, _ := BuiltIn().Region("eu-west-2")
	gov, _ := BuiltIn().Region("us-gov-west-1")
	copying := func(class inventory.StorageClass, size int64, age time.Duration) plan.Task {
		return plan.Task{Action: plan.Copy, Record: record("k", class, size, age)}
	}
	update := copying(inventory.GlacierIR, GB, 0)
	update.Action = plan.Update
	for _, c := range []struct {
		name               string
		region             Region
		task               plan.Task
		done               bool
		writes, reads, kms int64
		want               Money
		known              bool
	}{
		{"standard", london, copying(inventory.Standard, GB, 0), true, 1, 1, 1, 5300 + 420 + 3000, true},
		{"failed", london, copying(inventory.GlacierIR, GB, 0), false, 2, 1, 0, 2*20_000 + 10_000, true},
		// retrieval 0.03; 80 of 90 days left: 0.005 x 80 / 30 = 0.01333...
		{"young", london, copying(inventory.GlacierIR, GB, 10*day), true, 1, 0, 1, 20_000 + 3000 + 30_000_000 + 13_333_333, true},
		{"old", london, copying(inventory.GlacierIR, GB, 90*day), true, 1, 0, 1, 20_000 + 3000 + 30_000_000, true},
		{"age unknown", london, copying(inventory.GlacierIR, GB, -1), true, 1, 0, 1, 20_000 + 3000 + 30_000_000 + 15_000_000, true},
		{"update", london, update, true, 1, 2, 2, 5300 + 2*10_000 + 6000, true},
		{"KMS price unknown", gov, copying(inventory.Standard, GB, 0), true, 1, 0, 1, 5000, false},
		{"nothing sent", gov, copying(inventory.Standard, GB, 0), false, 0, 0, 0, 0, true},
	} {
		d := plan.Demand{Writes: plan.Range{Max: c.writes}, Reads: plan.Range{Max: c.reads}, KMS: plan.Range{Max: c.kms}}
		got, known := c.region.Spent(&c.task, d, c.done, evaluated)
		if got != c.want || known != c.known {
			t.Errorf("%s: %d nano-dollars, known %v; want %d, %v", c.name, int64(got), known, int64(c.want), c.known)
		}
	}
}
