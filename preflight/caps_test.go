package preflight

import (
	"strings"
	"testing"

	"reseal/control"
	"reseal/plan"
)

// TestKeyStoreCap: a key in a custom key store has the store's quota, whatever
// the account's is, and no headroom is left of that.
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
		e := &Environment{Policy: &plan.Policy{Facts: plan.Facts{Region: "us-east-1"}}, KeyStore: tt.store}
		c := e.findCaps(Rates{KMS: tt.rps, KMSShare: 0.5, Headroom: &control.Headroom{RPS: 1}, HeadroomText: "1"}, nil)
		if c.KMS != tt.want || !strings.HasPrefix(c.Source, tt.source) {
			t.Errorf("store %q: %v, %q", tt.store, c.KMS, c.Source)
		}
		if (c.Raisable > 0) != (tt.store == "") || (c.Headroom != nil) != (tt.store == "") {
			t.Errorf("store %q: Service Quotas can raise %v, headroom %v is left", tt.store, c.Raisable, c.Headroom)
		}
		if said := strings.Contains(strings.Join(c.Notes, "\n"), "--kms-headroom is left out"); said != (tt.store != "") {
			t.Errorf("store %q: that the headroom is left out was said %v, in %q", tt.store, said, c.Notes)
		}
	}
}

// Each of the processes that share a job has its part of the rates.
func TestCapsAreDivided(t *testing.T) {
	whole := Caps{KMS: 900, Quota: 5000, S3Writes: 300, Source: "a source"}
	if c := whole.Divided(0, ""); c.KMS != 900 || c.S3Writes != 300 || c.Source != "a source" {
		t.Errorf("a job that is not divided has %+v", c)
	}
	if c := whole.Divided(3, "1/3"); c.KMS != 300 || c.S3Writes != 100 || c.Quota != 5000 || c.Source != "share 1/3 of a source" {
		t.Errorf("a third has %+v", c)
	}
}
