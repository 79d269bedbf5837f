package engine

import (
	"context"
	"testing"
)

// allocationsPerObject bounds what the engine allocates for an object beyond
// its request: the result, which is handed to the recorder, and its like.
const allocationsPerObject = 7

// What a run costs for each object must not creep up: at 20,000 objects a
// second every allocation is one of 20,000.
func TestAllocationsPerObject(t *testing.T) {
	const n = 4000
	got := testing.AllocsPerRun(3, func() {
		if err := Run(context.Background(), context.Background(), Config{
			Rewriter: instant{}, Gate: open{}, Journal: quiet{}, Sink: quiet{}, Policy: config(newStore(0), newLog()).Policy,
		}, batches(n, 500, nil)); err != nil {
			t.Fatal(err)
		}
	})
	// Rows themselves (key, batch) are made by the test: they are taken off.
	rows := testing.AllocsPerRun(3, func() {
		for range batches(n, 500, nil) {
		}
	})
	if per := (got - rows) / n; per > allocationsPerObject {
		t.Errorf("%.1f allocations an object, at most %d are allowed", per, allocationsPerObject)
	} else {
		t.Logf("%.1f allocations an object", per)
	}
}
