package preflight

import (
	"testing"

	"reseal/inventory"
	"reseal/plan"
)

// TestTrustedReport: who trusts a report has to have the locks in it.
func TestTrustedReport(t *testing.T) {
	for _, tt := range []struct {
		name    string
		trust   bool
		method  plan.Method
		lock    plan.Answer
		columns inventory.Columns
		want    Status // "" for no row
	}{
		{"not trusted", false, plan.MethodCopy, plan.Yes, 0, ""},
		{"no object lock", true, plan.MethodCopy, plan.No, 0, ""},
		{"no columns", true, plan.MethodCopy, plan.Yes, 0, StatusStop},
		{"some columns", true, plan.MethodAuto, plan.Yes, inventory.ColumnsOf(inventory.ColLockMode, inventory.ColLockRetainUntil), StatusStop},
		{"all columns", true, plan.MethodCopy, plan.Yes, lockColumns, ""},
		{"not known", true, plan.MethodCopy, plan.Unknown, 0, StatusWarning},
		{"updates lose no lock", true, plan.MethodUpdate, plan.Yes, 0, ""},
	} {
		c := &Checker{Options: plan.Options{TrustInventory: tt.trust, Method: tt.method}, Facts: plan.Facts{ObjectLock: tt.lock}}
		c.Trusted(tt.columns)
		got := Status("")
		if len(c.Findings) > 0 {
			got = c.Findings[0].Status
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
