package main

import (
	"strings"
	"testing"

	"reseal/plan"
)

// TestKeyStoreCap: a key in a custom key store has the store's quota, whatever
// the account's is.
func TestKeyStoreCap(t *testing.T) {
	for _, tt := range []struct {
		store  string
		rps    float64
		want   float64
		source string
	}{
		{"", 0, 50_000, "50.0 % of the default quota"},
		{"cks-1", 0, 900, "50.0 % of the quota of key store cks-1"},
		{"cks-1", 200, 200, "--kms-rps"},
	} {
		g := &ground{policy: &plan.Policy{Facts: plan.Facts{Region: "us-east-1"}}, keyStore: tt.store}
		r := &request{}
		r.offline, r.kmsRPS = true, tt.rps
		c := g.findCaps(t.Context(), r, 0.5)
		if c.kms != tt.want || !strings.HasPrefix(c.kmsSource, tt.source) {
			t.Errorf("store %q: %v, %q", tt.store, c.kms, c.kmsSource)
		}
		if (c.raisable > 0) != (tt.store == "") {
			t.Errorf("store %q: Service Quotas can raise %v", tt.store, c.raisable)
		}
	}
}
