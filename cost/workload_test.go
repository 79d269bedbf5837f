package cost

import (
	"encoding/json"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// TestPublishedExample prices 10,000 objects of 1 GB in London that are read
// 2,000,000 times and overwritten 10,000 times a month. A publication gives
// $240.86 for the S3 part; the list prices give three cents more.
func TestPublishedExample(t *testing.T) {
	w := Workload{Region: "eu-west-2", Objects: 10_000, Size: GB, Gets: 2_000_000, Puts: 10_000}
	got := BuiltIn().Monthly(w)
	lines := []struct {
		bill Bill
		item string
		want string
		nano Money
	}{
		{got.S3, "storage, STANDARD", "$240.00", 240_000_000_000}, // 10,000 x 0.024
		{got.S3, "GET requests", "$0.84", 840_000_000},            // 2,000 x 0.00042
		{got.S3, "PUT requests", "$0.05", 53_000_000},             // 10 x 0.0053
		{got.KMS, "KMS key", "$1.00", Dollar},
		{got.KMS, "KMS requests", "$6.03", 6_030_000_000}, // 2,010,000 / 10,000 x 0.03
	}
	for _, l := range lines {
		m := amountOf(t, &l.bill, l.item)
		if m.Expected.String() != l.want || m != (Span{l.nano, l.nano, l.nano}) {
			t.Errorf("%s = %v (%s), want %s", l.item, m, m.Expected, l.want)
		}
	}
	if s := got.S3.Total.Expected.String(); s != "$240.89" {
		t.Errorf("S3 total = %s, want $240.89", s)
	}

	w.FreeKMS = FreeTier
	got = BuiltIn().Monthly(w)
	if m := amountOf(t, &got.KMS, "KMS requests"); m.Expected.String() != "$5.97" { // 1,990,000 / 10,000 x 0.03
		t.Errorf("KMS requests after the free tier = %s, want $5.97", m.Expected)
	}
	w.FreeKMS, w.BucketKey = 0, true
	got = BuiltIn().Monthly(w)
	if m := amountOf(t, &got.KMS, "KMS requests"); m.Expected != 162_810_000 || m.Max != 6_030_000_000 || m.Min != 0 { // 2,010,000 x 0.027 = 54,270
		t.Errorf("KMS requests with a bucket key = %+v, want 0 to $6.03, $0.16 expected", m)
	}
}

func TestWorkloadOfOtherClasses(t *testing.T) {
	p := BuiltIn()
	// 1,000,000 objects of 4 KiB, billed as 128 KiB: 122.0703125 GB x 0.0125 = 1.52587890625;
	// 1,000 GET x 0.001/1000 = 0.001; retrieval 1,000 x 4 KiB = 0.003814697 GB x 0.01.
	got := p.Monthly(Workload{Region: "us-east-1", Class: inventory.StandardIA, Objects: 1_000_000, Size: 4 << 10, Gets: 1000})
	for item, want := range map[string]Money{"storage, STANDARD_IA": 1_525_878_906, "GET requests": 1_000_000, "retrieval": 38_147} {
		if m := amountOf(t, &got.S3, item); m.Expected != want {
			t.Errorf("%s = %d nano-dollars, want %d", item, m.Expected, want)
		}
	}
	unknown := p.Monthly(Workload{Region: "cn-north-1", Objects: 1, Size: GB, Gets: 1, Puts: 1})
	if unknown.S3.Complete() || unknown.KMS.Complete() || unknown.S3.Total != (Span{}) {
		t.Errorf("a Region without prices: %+v", unknown)
	}
	gov := p.Monthly(Workload{Region: "us-gov-west-1", Objects: 1000, Size: GB, Gets: 1})
	if !gov.S3.Complete() || gov.KMS.Complete() || gov.S3.Total.Expected.Cents() != 3900 {
		t.Errorf("GovCloud: S3 has a price, KMS has none; got %+v", gov)
	}
}

// amountOf returns the amount of the one line called item.
func amountOf(t *testing.T, b *Bill, item string) Span {
	t.Helper()
	for _, l := range b.Lines {
		if l.Item == item {
			return l.Amount
		}
	}
	t.Errorf("no line %q in %+v", item, b.Lines)
	return Span{}
}

// TestUniform: as many equal objects, added one by one, make the same tally.
func TestUniform(t *testing.T) {
	facts := quiet("eu-west-2")
	p := &plan.Policy{Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS}, Facts: facts, Now: evaluated, Weights: plan.DefaultWeights(true)}
	r := record("p/k", inventory.StandardIA, 6<<30, 5*24*time.Hour)
	task := p.Decide(&r)
	for _, n := range []int64{0, 1, 2, 3, 1000, 1023, 1024, 1025} {
		want := NewTally(evaluated)
		for range n {
			want.Add(&task)
		}
		a, err1 := json.Marshal(Uniform(&task, n, evaluated))
		b, err2 := json.Marshal(want)
		if err1 != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("%d objects (%v, %v):\n%s\nwant\n%s", n, err1, err2, a, b)
		}
	}
	if n := Uniform(&task, 1e13, evaluated).Todo(); n.Objects != 1e13 {
		t.Errorf("%d objects, want 10^13", n.Objects)
	}
}
