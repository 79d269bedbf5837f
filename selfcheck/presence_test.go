package selfcheck

import (
	"testing"

	"reseal/plan"
)

// Of every attribute that can be lost, it can be told whether an object has it: else an
// object without it would count as one that kept it.
func TestPresenceKnowsEveryAttribute(t *testing.T) {
	for _, a := range plan.Losses() {
		if presence[a] == nil && a != plan.BucketKey { // which is looked at beside the encryption
			t.Errorf("%s is not in the table", a)
		}
	}
	empty := &plan.Snapshot{}
	for a := range presence {
		if has(empty, a) != (a == plan.NewRetention) {
			t.Errorf("an empty object has %s: %t", a, has(empty, a))
		}
	}
	if has(nil, plan.Body) || !has(empty, plan.Body) {
		t.Error("every object that was looked at has data")
	}
}
