package cost

import (
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// estimate decides on the objects by the real policy, prices them, and returns
// the ways by name.
func estimate(p Params, objects ...inventory.Record) (*Estimate, map[string]Method) {
	if p.Region == "" {
		p.Region = "us-east-1"
	}
	p.Prices = BuiltIn()
	p.Options.Bucket, p.Options.SSE = "b", plan.TargetKMS
	if p.Options.Method == "" {
		p.Options.Method = plan.MethodCopy
	}
	policy := &plan.Policy{Options: p.Options, Facts: p.Facts, Now: evaluated, Weights: plan.DefaultWeights(p.Options.BucketKey)}
	tally := NewTally(evaluated)
	for _, r := range objects {
		task := taskFor(policy, r)
		tally.Add(&task)
	}
	e := New(tally, p)
	by := map[string]Method{}
	for _, m := range e.Methods {
		by[m.Name] = m
	}
	return e, by
}

// mixed is one object of each kind that makes a difference between the ways.
func mixed() []inventory.Record {
	old := 1000 * 24 * time.Hour
	plain := record("p/plain", inventory.Standard, 1<<20, old)
	plain.Encryption = inventory.NotSSE
	return []inventory.Record{
		record("p/standard", inventory.Standard, 1<<20, old),
		record("p/large", inventory.Standard, 6<<30, old),          // 6 parts of 1 GiB
		record("p/ia", inventory.StandardIA, 20<<20, 24*time.Hour), // 29 days left; 3 parts of 8 MiB for the CLI
		record("p/archived", inventory.Glacier, 1<<30, old),        // no copy without a restore
		plain,
	}
}

func TestMethodsSideBySide(t *testing.T) {
	e, by := estimate(Params{Facts: quiet("us-east-1")}, mixed()...)
	for _, c := range []struct {
		name                string
		does, leaves        int64
		requests, kms, jobs int64
	}{
		// 3 single copies; create + 6 parts + complete and 9 reads, and tags put again
		{ByCopy, 4, 1, 3 + 8 + 9 + 1, 3 + 8, 0},
		// PUT, a HEAD before (no version to pin) and a HEAD after; 2 KMS requests at most
		{ByUpdate, 4, 1, 4 * 3, 8, 0},
		// and the unencrypted one: HEAD and copy
		{ByAuto, 5, 0, 4*3 + 2, 9, 0},
		{ByBatchCopy, 3, 2, 3, 3, 2},
		{ByBatchUpdate, 4, 1, 4, 8, 1},
		// 2 single; large: 768 parts + 4; IA: 3 parts + 4; one LIST
		{ByCLI, 4, 1, 2 + 768 + 4 + 3 + 4 + 1, 2 + 768 + 2 + 3 + 2, 0},
	} {
		m, ok := by[c.name]
		if !ok {
			t.Errorf("%s is not among the ways", c.name)
			continue
		}
		if m.Objects.Objects != c.does || m.Left.Objects != c.leaves || m.Requests.Max != c.requests || m.KMS.Max != c.kms {
			t.Errorf("%s: does %d, leaves %d, %d requests, %d KMS requests; want %d, %d, %d, %d", c.name,
				m.Objects.Objects, m.Left.Objects, m.Requests.Max, m.KMS.Max, c.does, c.leaves, c.requests, c.kms)
		}
		var jobs int64
		early, retrieval := false, false
		for _, l := range m.Cost.Lines {
			if l.Unit == "jobs" {
				jobs = l.Quantity.Max
			}
			early = early || strings.HasPrefix(l.Item, "early deletion")
			retrieval = retrieval || strings.HasPrefix(l.Item, "retrieval")
		}
		copies := c.name == ByCopy || c.name == ByBatchCopy || c.name == ByCLI
		if jobs != c.jobs || early != copies || retrieval != copies {
			t.Errorf("%s: %d jobs, early deletion %v, retrieval %v", c.name, jobs, early, retrieval)
		}
		if !m.Possible || len(m.Remarks) == 0 || m.Planned != (c.name == ByCopy) {
			t.Errorf("%s: possible %v, planned %v, remarks %q", c.name, m.Possible, m.Planned, m.Remarks)
		}
	}
	if e.Recommended != ByAuto || !strings.Contains(e.Advice, "does 1 object that a copy cannot") {
		t.Errorf("recommended %s: %s", e.Recommended, e.Advice)
	}
}

// TestModelsMatchThePlan: what is modelled for a way comes out as what is counted
// when that way is planned.
func TestModelsMatchThePlan(t *testing.T) {
	objects := mixed()[:3]
	for _, heads := range []plan.Answer{plan.No, plan.Unknown} {
		facts := quiet("us-east-1")
		facts.Transitions = heads
		_, asUpdate := estimate(Params{Facts: facts, Options: plan.Options{Method: plan.MethodUpdate}}, objects...)
		_, asCopy := estimate(Params{Facts: facts}, objects...)
		for _, name := range []string{ByCopy, ByUpdate} {
			a, b := asUpdate[name], asCopy[name]
			if a.Requests != b.Requests || a.KMS != b.KMS || a.Cost.Total != b.Cost.Total || a.Objects != b.Objects {
				t.Errorf("%s, lifecycle rules %v: planned and modelled differ:\n%+v\n%+v", name, heads, a, b)
			}
		}
	}
}

func TestRecommendation(t *testing.T) {
	elsewhere := quiet("us-east-1")
	elsewhere.AWS = plan.Unknown
	if e, by := estimate(Params{Facts: elsewhere}, mixed()...); e.Recommended != ByCopy || by[ByUpdate].Possible || by[ByBatchCopy].Possible {
		t.Errorf("on an endpoint that is not known to be AWS's: %s (%s)", e.Recommended, e.Advice)
	}
	if e, _ := estimate(Params{Facts: quiet("us-east-1")}); e.Advice != "nothing is to be done." || len(e.Once.Lines) != 0 {
		t.Errorf("of an empty report: %s", e.Advice)
	}
	versioned := quiet("us-east-1")
	versioned.Versioning = plan.VersioningEnabled
	if e, _ := estimate(Params{Facts: versioned}, mixed()...); !strings.Contains(e.Advice, "leaves no old versions behind") {
		t.Errorf("where versions are kept: %s", e.Advice)
	}
	p := Params{Prices: BuiltIn(), Region: "us-east-1", Facts: quiet("us-east-1"), Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetAES256}}
	if e := New(NewTally(evaluated), p); e.Recommended != ByCopy || len(e.Methods) != 3 {
		t.Errorf("back to SSE-S3: %s, %d ways", e.Recommended, len(e.Methods))
	}
}

func TestDuration(t *testing.T) {
	tally := NewTally(evaluated)
	add := func(prefix string, n int) {
		task := plan.Task{Record: record(prefix+"k", inventory.Standard, 1, 0), Action: plan.Copy,
			Demand: plan.Demand{Writes: plan.Exactly(1), Reads: plan.Exactly(1), KMS: plan.Range{Min: 0, Max: 1}}}
		for range n {
			tally.Add(&task)
		}
	}
	add("hot/", 70_000)
	add("cold/", 30_000)
	big := plan.Task{Record: record("hot/big", inventory.Standard, 5_304_000_000_000, 0), Action: plan.MultipartCopy}
	tally.Add(&big)
	p := Params{Prices: BuiltIn(), Region: "us-east-1", Facts: quiet("us-east-1"), Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetKMS, BucketKey: true},
		KMSPerSecond: 100, WritesPerSecond: 3500, ReadsPerSecond: 5500, Concurrency: 64, Latency: 80 * time.Millisecond}
	d := New(tally, p).Duration
	// KMS: 100,000 / 100 = 1,000 s, as the gate counts what a bucket key may spare; concurrency 200,000 / (64 / 0.08) = 250 s;
	// writes 100,000 / 3,500 = 28.6 s, on one prefix 20 s; reads 100,000 / 5,500 = 18.2 s, 12.7 s;
	// data 5.304 TB / (64 x 85 MB/s) = 975 s; the large object 5.304 TB / (8 x 85 MB/s) = 7,800 s
	want := []struct {
		name              string
		shortest, longest float64
	}{{"largest object", 7800, 7800}, {"KMS requests", 1000, 1000}, {"data", 975, 975}, {"concurrency", 250, 250}, {"S3 writes", 20, 28.571}, {"S3 reads", 12.727, 18.181}}
	if len(d.Limits) != len(want) || d.Binding != "largest object" || d.Shortest.Round(time.Second) != 7802*time.Second || d.Longest.Round(time.Second) != 7810*time.Second {
		t.Fatalf("%+v", d)
	}
	for i, w := range want {
		l := d.Limits[i]
		if l.Name != w.name || l.Shortest.Seconds()-w.shortest > .001 || w.shortest-l.Shortest.Seconds() > .001 ||
			l.Longest.Seconds()-w.longest > .001 || w.longest-l.Longest.Seconds() > .001 {
			t.Errorf("limit %d: %s %v to %v, want %s %gs to %gs", i, l.Name, l.Shortest, l.Longest, w.name, w.shortest, w.longest)
		}
	}
	if d := New(tally, Params{Prices: BuiltIn(), Facts: quiet(""), Options: p.Options}).Duration; d.Binding != "" || d.Longest != 0 {
		t.Errorf("without any limit: %+v", d)
	}
	for _, tt := range []struct {
		uncounted float64
		bucketKey bool
		want      int64
	}{{0, true, 100_000}, {0.95, true, 5_000}, {0.973, true, 2_700}, {1, true, 0}, {0.95, false, 100_000}} {
		p.KMSUncounted, p.Options.BucketKey = tt.uncounted, tt.bucketKey
		got := int64(0)
		var at time.Duration
		for _, l := range New(tally, p).Duration.Limits {
			if l.Name == "KMS requests" {
				got, at = l.Demand, l.Longest
			}
		}
		if got != tt.want || at != time.Duration(tt.want)*time.Second/100 {
			t.Errorf("bucket key %t, %v of what it may spare not counted: %d KMS requests in %v, want %d at 100/s", tt.bucketKey, tt.uncounted, got, at, tt.want)
		}
	}
	p.KMSUncounted, p.Options.BucketKey = 0, true
	p.KMSPerSecond = 1e-300
	if d := New(tally, p).Duration; d.Longest <= 0 {
		t.Errorf("a cap of next to nothing takes %v", d.Longest)
	}
}

func TestNotes(t *testing.T) {
	loud := quiet("us-east-1")
	loud.Events, loud.Replication = plan.Yes, plan.Yes
	if e, _ := estimate(Params{Facts: loud}, mixed()...); !strings.Contains(strings.Join(e.Notes, "\n"), "objects are written anew and set off a notification each") ||
		!strings.Contains(strings.Join(e.Notes, "\n"), "are new to the replication rules") {
		t.Errorf("a bucket with notifications and replication: %q", e.Notes)
	}
	has := func(e *Estimate, want string) bool { return strings.Contains(strings.Join(e.Notes, "\n"), want) }
	if e, _ := estimate(Params{Region: "cn-north-1", Facts: quiet("cn-north-1")}, mixed()...); !has(e, "Price unknown for cn-north-1") || e.KMSCalls.Max != 11 {
		t.Errorf("China: %d KMS requests, %q", e.KMSCalls.Max, e.Notes)
	}
	if e, _ := estimate(Params{Region: "us-gov-west-1", Facts: quiet("us-gov-west-1")}, mixed()...); !has(e, "No price is known for: KMS requests") || e.Once.Complete() {
		t.Errorf("GovCloud: %q", e.Notes)
	}
	if e, _ := estimate(Params{Facts: quiet("us-east-1"), Options: plan.Options{BucketKey: true}}, mixed()...); !has(e, "2.7 %") || !has(e, listDate) {
		t.Errorf("bucket key: %q", e.Notes)
	}
}

func TestBuiltInPrices(t *testing.T) {
	p := BuiltIn()
	if n := len(p.Names()); n < 30 {
		t.Errorf("%d Regions", n)
	}
	for _, name := range p.Names() {
		r, _ := p.Region(name)
		std := r.Class(inventory.Standard)
		for _, class := range classes[:otherClass] {
			c := r.Class(class)
			if len(c.Storage) == 0 || c.Put <= 0 || c.Get <= 0 || c.Retrieval < 0 || checkTiers(c.Storage) != nil {
				t.Errorf("%s %s: %+v", name, class, c)
			}
			// a slipped column would break the order that holds everywhere
			if class != inventory.ReducedRedundancy && c.Storage[0].Rate > std.Storage[0].Rate || c.Put < std.Put {
				t.Errorf("%s %s: storage %s, PUT %s against STANDARD's %s, %s", name, class, c.Storage[0].Rate.Dollars(1), c.Put.Dollars(1000), std.Storage[0].Rate.Dollars(1), std.Put.Dollars(1000))
			}
		}
		if gov := strings.HasPrefix(name, "us-gov-"); (r.KMSRequest == Unknown) != gov {
			t.Errorf("%s: KMS request %s", name, r.KMSRequest.Dollars(10_000))
		}
	}
	// as the second reading has them
	for name, want := range map[string]string{
		"us-east-1": "0.023 0.005 0.0004 0.0125 0.004 0.0036 0.03 0.01 0.00099 0.05", "eu-west-2": "0.024 0.0053 0.00042 0.0131 0.005 0.00405 0.0318 0.0105 0.0018 0.06",
		"eu-central-1": "0.0245 0.0054 0.00043 0.0135 0.005 0.00405 0.036 0.012 0.0018 0.06", "ap-southeast-2": "0.025 0.0055 0.00044 0.0138 0.005 0.0045 0.036 0.012 0.002 0.06",
		"ap-northeast-1": "0.025 0.0047 0.00037 0.0138 0.005 0.0045 0.03426 0.011 0.002 0.065", "sa-east-1": "0.0405 0.007 0.00056 0.0221 0.0083 0.00765 0.042 0.014 0.0032 0.1",
		"us-gov-west-1": "0.039 0.005 0.0004 0.02 0.0064 0.0054 0.039 0.013 0.0024 0.065", "eu-west-1": "0.023 0.005 0.0004 0.0125 0.004 0.0036 0.033 0.01 0.00099 0.055",
	} {
		r, _ := p.Region(name)
		gb := func(c inventory.StorageClass) string { return r.Class(c).Storage[0].Rate.Dollars(1) }
		std, gl, da := r.Class(inventory.Standard), r.Class(inventory.Glacier), r.Class(inventory.DeepArchive)
		got := strings.Join([]string{gb(inventory.Standard), std.Put.Dollars(1000), std.Get.Dollars(1000), gb(inventory.StandardIA), gb(inventory.GlacierIR), gb(inventory.Glacier),
			gl.Put.Dollars(1000), gl.Retrieval.Dollars(1), gb(inventory.DeepArchive), da.Put.Dollars(1000)}, " ")
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestMoney(t *testing.T) {
	for m, want := range map[Money]string{0: "$0.00", 1: "<$0.01", Cent / 2: "$0.01", Cent/2 - 1: "<$0.01", 1_234_567 * Dollar: "$1,234,567.00", -3 * Cent / 2: "-$0.02", 5_335_000_000: "$5.34", maxMoney: "$9,223,372,036.85"} {
		if got := m.String(); got != want {
			t.Errorf("%d nano-dollars = %s, want %s", int64(m), got, want)
		}
		data, err := m.MarshalJSON()
		var back Money
		if err2 := back.UnmarshalJSON(data); err != nil || err2 != nil || back != m {
			t.Errorf("%d nano-dollars became %s and %d, %v, %v", int64(m), data, int64(back), err, err2)
		}
	}
	if maxMoney.Add(1) != maxMoney || (-maxMoney).Add(-5) != -maxMoney || Dollar.Add(Cent) != 1_010_000_000 {
		t.Error("sums do not saturate")
	}
	r, err := ParseRate("0.0000003330", 1)
	if m, known := r.Times(3_000_000); err != nil || !known || m != 999_000_000 {
		t.Errorf("3,000,000 at 0.000000333 = %d, %v", int64(m), err)
	}
	if _, known := Unknown.Times(1); known {
		t.Error("an unknown price is known")
	}
	if m, known := Unknown.Times(0); !known || m != 0 {
		t.Error("nothing costs nothing, whatever the price")
	}
}

// TestRestoredArchives: the parts of a multipart copy into an archive class cost
// what parts into STANDARD do, only its end costs what the class does.
func TestRestoredArchives(t *testing.T) {
	task := plan.Task{Record: record("k", inventory.Glacier, 6<<30, 89*24*time.Hour), Action: plan.MultipartCopy, Demand: plan.Demand{Writes: plan.Exactly(8)}}
	tally := NewTally(evaluated)
	tally.Add(&task)
	facts := quiet("us-east-1")
	facts.Versioning = plan.VersioningSuspended
	e := New(tally, Params{Prices: BuiltIn(), Region: "us-east-1", Facts: facts, Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetKMS}})
	// 30,000 nano-dollars for one request of GLACIER, 7 x 5,000 at the rate of STANDARD
	for item, want := range map[string]Money{"S3 PUT and COPY requests, GLACIER": 30_000, "S3 PUT requests at the STANDARD rate": 35_000} {
		if got := amountOf(t, &e.Once, item); got.Max != want {
			t.Errorf("%s = %d nano-dollars, want %d", item, int64(got.Max), want)
		}
	}
	// one day is left of 90, on 6 GB and 32 KB: (6 x 2^30 + 2^15) / 2^30 x 0.0036 / 30 = 0.000720003662...;
	// and where versioning is suspended, versions with an id stay and are not charged yet
	if got := amountOf(t, &e.Once, "early deletion, GLACIER"); got != (Span{0, 720_004, 720_004}) {
		t.Errorf("early deletion = %+v, want 0 to 720,004 nano-dollars", got)
	}
	for _, l := range e.Once.Lines {
		if strings.HasPrefix(l.Item, "retrieval") {
			t.Errorf("%s is charged at the restore, not again", l.Item)
		}
	}
}
