package cost

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// TestDoubtsAreSaid: objects of which the report does not say enough are counted as
// such, survive the job's record, and are named in the notes.
func TestDoubtsAreSaid(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	p := Params{Prices: BuiltIn(), Region: "us-east-1", Facts: plan.Facts{Bucket: "b", Versioning: plan.VersioningEnabled, AWS: plan.Yes},
		Options: plan.Options{Bucket: "b", SSE: plan.TargetKMS, Method: plan.MethodCopy, KMSKeyID: "k", MinAge: time.Hour}}
	policy := &plan.Policy{Options: p.Options, Facts: p.Facts, Now: now, Weights: plan.DefaultWeights(false)}
	all := inventory.AllColumns
	tally := NewTally(now)
	for _, r := range []inventory.Record{
		{Key: "tier", Known: all.Without(inventory.ColumnsOf(inventory.ColTier)), StorageClass: inventory.IntelligentTiering, Encryption: inventory.SSES3, IsLatest: true},
		{Key: "current", Known: all.Without(inventory.ColumnsOf(inventory.ColIsLatest)), Encryption: inventory.SSES3, VersionID: "v"},
		{Key: "encryption", Known: all.Without(inventory.ColumnsOf(inventory.ColEncryption)), IsLatest: true},
		{Key: "filter", Known: all.Without(inventory.ColumnsOf(inventory.ColLastModified)), StorageClass: inventory.Standard, Encryption: inventory.SSES3, IsLatest: true},
	} {
		r.Bucket, r.Size, r.ETag = "b", 1<<20, "e"
		if r.Known.Has(inventory.ColLastModified) {
			r.LastModified = now.Add(-2 * time.Hour)
		}
		task := policy.Decide(&r)
		tally.Add(&task)
	}
	data, err := json.Marshal(tally)
	if err != nil {
		t.Fatal(err)
	}
	kept := NewTally(now)
	if err := json.Unmarshal(data, kept); err != nil {
		t.Fatal(err)
	}
	merged := NewTally(now)
	if err := merged.Merge(kept); err != nil {
		t.Fatal(err)
	}
	if !merged.Doubtful() || merged.TierUnknown() != 1 || merged.doubts() != (doubts{1, 1, 1, 1}) {
		t.Errorf("doubts: %+v", merged.doubts())
	}
	e := New(merged, p)
	for _, want := range []string{"The report has no access tier for 1 object in INTELLIGENT_TIERING", "The report does not say of 1 object whether the version",
		"The report does not say of 1 object how", "The report does not say of 1 object what the filters"} {
		if !slices.ContainsFunc(e.Notes, func(n string) bool { return strings.HasPrefix(n, want) }) {
			t.Errorf("no note %q in %q", want, e.Notes)
		}
	}
	if e.Demand.Writes.Min != 0 || e.Demand.Writes.Max < 4 || e.Demand.Reads.Min != 4 {
		t.Errorf("the look alone is certain: %+v", e.Demand)
	}
	if NewTally(now).Doubtful() {
		t.Error("a tally of nothing is doubtful")
	}
}

// A bucket that is only described has no archived objects.
func TestDescribedBucketIsNotDoubtful(t *testing.T) {
	e := Workload{Region: "us-east-1", Class: inventory.IntelligentTiering, Size: 1 << 20, Objects: 1000}.Reencrypt(Params{Prices: BuiltIn(), Options: plan.Options{Method: plan.MethodCopy}})
	if e.Demand.Writes.Min != 1000 || e.Demand.Reads.Max != 0 {
		t.Errorf("%+v", e.Demand)
	}
}
