package selfcheck

import (
	"slices"
	"testing"
	"time"
)

// What was measured stands in for what nobody states, and for nothing else.
func TestMeasuredStandsIn(t *testing.T) {
	f := &Facts{At: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), Region: "eu-west-2", Findings: []Finding{
		{Figures: map[string]float64{"copy_p50_ms": 60, "copy_bytes_per_s": 2e8, "kms_per_update": 0.4, "kms_per_update_bucket_key": 1.2}},
		{Figures: map[string]float64{"kms_per_copy_bucket_key": 0.101, "kms_blur": 0.01}},
	}}
	a := Assumptions{KeyWeight: 1, BucketKey: true}
	const from = ": measured 2026-11-30 in eu-west-2 (f.json)"
	want := []string{"--latency 60ms" + from, "--copy-rate 200000000" + from, "--update-kms-weight 2" + from, "--bucket-key-weight 0.12" + from}
	if got := f.StandIn(&a, "f.json"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := a, (Assumptions{60 * time.Millisecond, 200_000_000, 2, 0.12, true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	a = Assumptions{KeyWeight: 1}
	if f.StandIn(&a, "f.json"); a.UpdateKMS != 1 || a.KeyWeight != 1 {
		t.Errorf("without bucket keys: %+v", a)
	}
	stated := Assumptions{time.Second, 1, 3, 0.5, true}
	if got := f.StandIn(&stated, "f.json"); got != nil || stated != (Assumptions{time.Second, 1, 3, 0.5, true}) {
		t.Errorf("over what is stated: %+v, %q", stated, got)
	}
}
