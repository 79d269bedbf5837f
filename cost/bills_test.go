package cost

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

var evaluated = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

// quiet are the facts of a bucket that needs no HeadObject.
func quiet(region string) plan.Facts {
	return plan.Facts{Bucket: "b", Region: region, Versioning: plan.Unversioned, Transitions: plan.No, Expirations: plan.No,
		ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No, Requester: plan.No,
		AWS: plan.Yes, IgnoresIfMatch: plan.No}
}

// all are the columns of a report that lacks nothing.
const all = ^inventory.Columns(0) &^ (1 << inventory.ColVersionID) &^ (1 << inventory.ColIsLatest)

func record(key string, class inventory.StorageClass, size int64, age time.Duration) inventory.Record {
	r := inventory.Record{Known: all, Bucket: "b", Key: key, Size: size, ETag: "e", StorageClass: class, Encryption: inventory.SSES3}
	if age >= 0 {
		r.LastModified = evaluated.Add(-age)
	}
	return r
}

// taskFor decides by the real policy; updates are put together here, as the
// tables state their requests.
func taskFor(p *plan.Policy, r inventory.Record) plan.Task {
	if p.Options.Method != plan.MethodUpdate {
		return p.Decide(&r)
	}
	heads := int64(2)
	if p.Facts.Versioning == plan.VersioningEnabled {
		heads = 1
	}
	d := p.Weights.Of(plan.StepUpdate, false)
	d.Reads = plan.Exactly(heads)
	return plan.Task{Record: r, Action: plan.Update, Demand: d}
}

// worked is one file of testdata/buckets.
type worked struct {
	params Params
	tally  *Tally
	wants  map[string][]string // bill: "item | min | expected | max"
	totals map[string]string
}

func TestWorkedBills(t *testing.T) {
	files, err := filepath.Glob("testdata/buckets/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d worked bills, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			w := readWorked(t, name)
			e := New(w.tally, w.params)
			compare(t, "once", &e.Once, w)
			compare(t, "month", &e.Monthly, w)
			if _, ok := w.params.Prices.Region(w.params.Region); e.Priced != ok || e.Region != w.params.Region || ok && e.PriceDate == "" {
				t.Errorf("region %q, priced %v, date %q", e.Region, e.Priced, e.PriceDate)
			}
		})
	}
}

func compare(t *testing.T, name string, b *Bill, w worked) {
	t.Helper()
	var got []string
	for _, l := range b.Lines {
		got = append(got, l.Item+figures(l.Amount, l.Known))
	}
	if g, want := strings.Join(got, "\n"), strings.Join(w.wants[name], "\n"); g != want {
		t.Errorf("%s:\n%s\nwant:\n%s", name, g, want)
	}
	if g := figures(b.Total, true); g != w.totals[name] {
		t.Errorf("total %s =%s, want%s", name, g, w.totals[name])
	}
}

// figures writes an amount as the worked bills do: the minimum only where it is
// not what is expected, and likewise the maximum.
func figures(s Span, known bool) string {
	if !known {
		return " | unknown"
	}
	text := func(m Money) string { return strings.NewReplacer("$", "", ",", "").Replace(m.String()) }
	out := " | " + text(s.Expected)
	if s.Max.Cents() != s.Expected.Cents() || s.Min.Cents() != s.Expected.Cents() {
		out += " | " + text(s.Max)
	}
	if s.Min.Cents() != s.Expected.Cents() {
		out = " | " + text(s.Min) + out
	}
	return out
}

func readWorked(t *testing.T, name string) worked {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := worked{tally: NewTally(evaluated), wants: map[string][]string{}, totals: map[string]string{}}
	w.params = Params{Prices: BuiltIn(),
		Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS}}
	s := bufio.NewScanner(f)
	for s.Scan() {
		line := s.Text()
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || line[0] == '#' || line[0] == '\t':
		case word == "region":
			w.params.Region, w.params.Facts = rest, quiet(rest)
		case word == "method":
			w.params.Options.Method = plan.Method(rest)
		case word == "facts" || word == "option":
			for _, o := range strings.Fields(rest) {
				setOption(t, &w.params, o)
			}
		case word == "objects":
			addObjects(t, &w, rest)
		case word == "total":
			bill, figures, _ := strings.Cut(rest, " ")
			w.totals[bill] = " " + figures
		case word == "once" || word == "month":
			w.wants[word] = append(w.wants[word], rest)
		default:
			t.Fatalf("%s: %q", name, line)
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return w
}

func setOption(t *testing.T, p *Params, o string) {
	t.Helper()
	switch o {
	case "versioning=unversioned":
		p.Facts.Versioning = plan.Unversioned
	case "versioning=unknown":
		p.Facts.Versioning = plan.VersioningUnknown
	case "versioning=enabled":
		p.Facts.Versioning = plan.VersioningEnabled
	case "transitions=unknown":
		p.Facts.Transitions = plan.Unknown
	case "bucket-key":
		p.Options.BucketKey = true
	case "free-kms":
		p.FreeKMS = FreeTier
	default:
		name, value, _ := strings.Cut(o, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case err == nil && name == "gets":
			p.MonthlyGets = n
		case err == nil && name == "puts":
			p.MonthlyPuts = n
		default:
			t.Fatalf("option %q", o)
		}
	}
}

// addObjects reads "COUNT x SIZE CLASS aged DAYS [ENCRYPTION]"; an age of "?" is unknown.
func addObjects(t *testing.T, w *worked, spec string) {
	t.Helper()
	f := strings.Fields(spec)
	if len(f) < 6 {
		t.Fatalf("objects %q", spec)
	}
	count, err1 := strconv.Atoi(f[0])
	size, err2 := strconv.ParseInt(f[2], 10, 64)
	age := time.Duration(-1)
	if days, err := strconv.Atoi(f[5]); err == nil {
		age = time.Duration(days) * 24 * time.Hour
	}
	if err1 != nil || err2 != nil {
		t.Fatalf("objects %q: %v, %v", spec, err1, err2)
	}
	r := record("p/k", inventory.StorageClass(f[3]), size, age)
	if len(f) > 6 {
		r.Encryption = inventory.Encryption(f[6])
	}
	p := &plan.Policy{Options: w.params.Options, Facts: w.params.Facts, Now: evaluated, Weights: plan.DefaultWeights(w.params.Options.BucketKey)}
	task := taskFor(p, r)
	for range count {
		w.tally.Add(&task)
	}
}

func ExampleBill() {
	got := BuiltIn().Monthly(Workload{Region: "eu-west-2", Objects: 10_000, Size: GB, Gets: 2_000_000, Puts: 10_000})
	fmt.Println(got.S3.Total.Expected, got.KMS.Total.Expected)
	// Output: $240.89 $7.03
}
