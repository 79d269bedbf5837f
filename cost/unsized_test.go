package cost

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Objects of unknown size are no objects of 0 bytes: what their bytes cost is named as
// unknown, and no sum of theirs is an upper bound.
func TestUnknownSizesHaveNoPrice(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	estimate := func(known inventory.Columns, size int64, versioning plan.Versioning) *Estimate {
		p := Params{Prices: BuiltIn(), Region: "us-east-1", Concurrency: 8, Latency: time.Second, Facts: plan.Facts{Bucket: "b", Versioning: versioning, AWS: plan.Yes},
			Options: plan.Options{Bucket: "b", SSE: plan.TargetKMS, Method: plan.MethodCopy, KMSKeyID: "k"}}
		policy := &plan.Policy{Options: p.Options, Facts: p.Facts, Now: now, Weights: plan.DefaultWeights(false)}
		tally := NewTally(now)
		for _, key := range []string{"a", "b", "c"} {
			task := policy.Decide(&inventory.Record{Known: known, IsLatest: true, Bucket: "b", Key: key, Size: size, StorageClass: inventory.GlacierIR,
				Encryption: inventory.SSES3, ETag: "e", LastModified: now.AddDate(0, 0, -3)})
			tally.Add(&task)
		}
		return New(tally, p)
	}
	for versioning, want := range map[plan.Versioning][]string{
		plan.Unversioned:       {"retrieval from GLACIER_IR, size unknown", "copies in parts, size unknown", "early deletion, GLACIER_IR, size unknown"},
		plan.VersioningEnabled: {"retrieval from GLACIER_IR, size unknown", "copies in parts, size unknown"},
	} {
		e := estimate(inventory.AllColumns.Without(inventory.ColumnsOf(inventory.ColSize)), -1, versioning)
		if e.Objects != 3 || e.Unsized != 3 || e.Bytes != 0 {
			t.Errorf("%d objects, %d of unknown size, %d bytes", e.Objects, e.Unsized, e.Bytes)
		}
		for _, item := range want {
			if !slices.Contains(e.Once.Missing, item) {
				t.Errorf("%v: %q is not among what has no price: %q", versioning, item, e.Once.Missing)
			}
		}
		if !e.Duration.AtLeast {
			t.Errorf("the time is no lower bound: %+v", e.Duration)
		}
		if !slices.Contains(e.Monthly.Missing, "storage, GLACIER_IR, size unknown") {
			t.Errorf("%q", e.Monthly.Missing)
		}
		for _, l := range e.Once.Lines {
			if strings.HasSuffix(l.Item, "size unknown") && (l.Quantity.Expected != 3 || l.Rate != sizeUnknown || l.Known || l.Amount != Span{}) {
				t.Errorf("%+v", l)
			}
		}
		for _, m := range e.Methods {
			copies := m.Name != ByUpdate && m.Name != ByBatchUpdate && m.Name != ByAuto
			if m.Objects.Objects > 0 && m.Cost.Complete() == copies {
				t.Errorf("%s: complete is %v", m.Name, m.Cost.Complete())
			}
			if m.Longest > 0 && m.AtLeast != copies {
				t.Errorf("%s: its time is a lower bound: %v", m.Name, m.AtLeast)
			}
		}
	}
	if e := estimate(inventory.AllColumns, 1000, plan.Unversioned); !e.Once.Complete() || e.Unsized != 0 || e.Duration.AtLeast {
		t.Errorf("with sizes: %q", e.Once.Missing)
	}
}
