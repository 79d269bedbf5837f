package preflight

import (
	"slices"
	"testing"

	"reseal/inventory"
	"reseal/plan"
)

// Copies in parts that the plan does not have are done where nobody must be asked
// about them, or was: on AWS, after a canary, by name. Elsewhere they are not begun.
func TestPartsThatThePlanDoesNotHave(t *testing.T) {
	at, err := inventory.ParseLocation("../inventory/testdata/fixtures/good/csv/inv/acme-media-archive/daily-full/2025-11-21T02-00Z/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	found, err := inventory.Locate(t.Context(), at, nil, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	off := []string{"weak-conditions", "drops-expires"}
	for _, tt := range []struct {
		name   string
		aws    plan.Answer
		canary bool
		parts  plan.Answer // of the plan
		accept []string
		method plan.Method
		open   []string
	}{
		{"on AWS", plan.Yes, false, plan.No, nil, plan.MethodCopy, nil},
		{"on AWS, auto", plan.Yes, false, plan.No, nil, plan.MethodAuto, nil},
		{"elsewhere", plan.No, false, plan.No, off, plan.MethodCopy, []string{"unproven-endpoint"}},
		{"nobody knows where", plan.Unknown, false, plan.No, off, plan.MethodCopy, []string{"unproven-endpoint"}},
		{"elsewhere, with a canary", plan.No, true, plan.No, off, plan.MethodCopy, nil},
		{"elsewhere, by name", plan.No, false, plan.No, append(off, "unproven-endpoint"), plan.MethodCopy, nil},
		{"the plan has some", plan.No, false, plan.Yes, append(off, "unproven-endpoint"), plan.MethodCopy, nil},
		{"in place", plan.Yes, false, plan.No, nil, plan.MethodUpdate, nil},
	} {
		facts := plan.Facts{AWS: tt.aws, Versioning: plan.Unversioned, ACLs: plan.No}
		if tt.aws == plan.Yes {
			facts.IgnoresIfMatch = plan.No
		}
		e := &Environment{Policy: &plan.Policy{Facts: facts, Options: plan.Options{Method: tt.method, SSE: plan.TargetKMS}, NoTrials: !tt.canary},
			Report: found.Report, Plan: PlanShape{Copies: plan.Yes, Parts: tt.parts}}
		e.BindToPlan(append([]string{"missing-columns"}, tt.accept...))
		if !slices.Equal(e.Policy.NoParts, tt.open) {
			t.Errorf("%s: open is %q, want %q", tt.name, e.Policy.NoParts, tt.open)
		}
	}
}
