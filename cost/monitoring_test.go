package cost

import (
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Intelligent-Tiering asks for a fee for what it monitors: objects from 128 KiB
// on, whatever is done to them, and no object of another class.
func TestMonitoring(t *testing.T) {
	const year = 365 * 24 * time.Hour
	objects := []inventory.Record{
		record("a", inventory.IntelligentTiering, smallObject, year),
		record("b", inventory.IntelligentTiering, smallObject-1, year),
		record("c", inventory.IntelligentTiering, 1<<30, year),
		record("d", inventory.Standard, 1<<30, year),
		record("e", inventory.IntelligentTiering, -1, year), // size unknown
	}
	objects[2].Encryption = inventory.SSEKMS // left alone
	for _, tt := range []struct {
		region string
		want   string
	}{{"eu-west-1", "2 objects, $0.0025 per 1,000 objects, true"}, {"us-gov-west-1", "2 objects, price unknown, false"}} {
		e, _ := estimate(Params{Region: tt.region, Facts: quiet(tt.region)}, objects...)
		got := "no such line"
		for _, l := range e.Monthly.Lines {
			if l.Item == monitoringItem {
				got = objectsText(l)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.region, got, tt.want)
		}
	}
	tally := NewTally(evaluated)
	p := &plan.Policy{Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS}, Facts: quiet("eu-west-1"), Weights: plan.DefaultWeights(true)}
	task := p.Decide(&objects[0])
	tally.Add(&task)
	both := NewTally(evaluated)
	if err := both.Merge(tally); err != nil || both.Merge(tally) != nil {
		t.Fatal(err)
	}
	data, err := both.MarshalJSON()
	again := new(Tally)
	if err != nil || again.UnmarshalJSON(data) != nil || again.stored[classIndex(inventory.IntelligentTiering)].Monitored != 2 {
		t.Errorf("merged, written and read again: %+v, %v; want 2 monitored", again.stored, err)
	}
	w := Workload{Region: "eu-west-1", Class: inventory.IntelligentTiering, Objects: 2_000_000, Size: 1 << 20}
	bill := BuiltIn().Monthly(w).S3
	if m := amountOf(t, &bill, monitoringItem); m.Expected != 5*Dollar {
		t.Errorf("2,000,000 objects that are stated: %s, want $5.00", m.Expected)
	}
}

func objectsText(l Line) string {
	known := "false"
	if l.Known {
		known = "true"
	}
	return thousands(l.Quantity.Max) + " objects, " + l.Rate + ", " + known
}

// Where only the price of the first 50 TB is known, more than that is priced by
// it, and that is said.
func TestOnlyTheFirstTierIsKnown(t *testing.T) {
	large := record("a", inventory.Standard, 40<<40, 365*24*time.Hour)
	for _, tt := range []struct {
		region  string
		objects int
		said    bool
	}{{"eu-central-1", 1, false}, {"eu-central-1", 2, true}, {"eu-west-2", 2, false}} {
		var objects []inventory.Record
		for range tt.objects {
			objects = append(objects, large)
		}
		e, _ := estimate(Params{Region: tt.region, Facts: quiet(tt.region)}, objects...)
		if said := strings.Contains(strings.Join(e.Notes, "\n"), "Storage above 50 TB costs less than the price of STANDARD that is known in "+tt.region); said != tt.said {
			t.Errorf("%d x 40 TB in %s: said %v, want %v; notes %q", tt.objects, tt.region, said, tt.said, e.Notes)
		}
	}
}

// The pace of a copy inside S3 is an assumption that can be changed, and the
// output calls it one.
func TestCopyRate(t *testing.T) {
	large := record("a", inventory.Standard, 1<<40, 365*24*time.Hour)
	for rate, want := range map[int64]string{0: "assumed to move 85 MB/s each", 200_000_000: "assumed to move 200 MB/s each"} {
		e, _ := estimate(Params{Region: "eu-west-1", Facts: quiet("eu-west-1"), Concurrency: 8, CopyRate: rate}, large)
		took := secondsOf(1<<40, float64(8*map[int64]int64{0: 85_000_000, 200_000_000: 200_000_000}[rate]))
		if d := e.Duration; d.Binding == "" || !strings.Contains(d.Limits[0].Note, want) || d.Longest.Round(time.Second) != (took+10*time.Second).Round(time.Second) {
			t.Errorf("at %d bytes a second: %v by %+v, want %v and %q", rate, d.Longest, d.Limits, took, want)
		}
		if !strings.Contains(strings.Join(e.Notes, "\n"), "is an assumption of the time (--copy-rate") {
			t.Errorf("notes %q do not call it an assumption", e.Notes)
		}
	}
}
