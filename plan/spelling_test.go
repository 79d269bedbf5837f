package plan

import (
	"testing"

	"reseal/inventory"
)

// A key that S3 wrote has one spelling. One of another source may be encoded, or decoded.
func TestOtherSpellings(t *testing.T) {
	for _, tt := range []struct {
		key           string
		byHand        bool
		decoded, plus string
	}{
		{"my+report", true, "my report", ""},
		{"com%2Cma", true, "com,ma", ""},
		{"a b%20c", true, "a b c", "a+b%20c"},
		{"a b", true, "", "a+b"},
		{"100%", true, "", ""},
		{"plain/key", true, "", ""},
		{"my+report", false, "", ""},
	} {
		r := inventory.Record{Key: tt.key, ByHand: tt.byHand}
		if decoded, plus := OtherSpellings(&r); decoded != tt.decoded || plus != tt.plus {
			t.Errorf("%q: %q, %q, want %q, %q", tt.key, decoded, plus, tt.decoded, tt.plus)
		}
		p := Policy{Options: Options{Bucket: "b", SSE: TargetKMS}, Weights: DefaultWeights(true), Facts: Facts{AWS: Yes}}
		r.Bucket, r.Size = "b", -1
		same := r
		same.ByHand = false
		more := p.Decide(&r).Demand.Reads.Max - p.Decide(&same).Demand.Reads.Max
		var want int64
		for _, other := range []string{tt.decoded, tt.plus} {
			if other != "" { // one look at each, where the key is not there
				want++
			}
		}
		if more != want {
			t.Errorf("%q: %v more reads at most, want %v", tt.key, more, want)
		}
	}
}

// A row about a noncurrent version that names none is no success, whatever versions are
// asked for: a request would go to the current one.
func TestNoncurrentWithoutAVersion(t *testing.T) {
	for _, tt := range []struct {
		all  bool
		want Reason
	}{{false, Noncurrent}, {true, NoVersion}} {
		p := Policy{Options: Options{Bucket: "b", SSE: TargetKMS, Method: MethodUpdate, AllVersions: tt.all}, Weights: DefaultWeights(true)}
		r := inventory.Record{Known: inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColIsLatest), Bucket: "b", Key: "k", Size: -1}
		if task := p.Decide(&r); task.Action != Skip || task.Reason != tt.want {
			t.Errorf("all versions %v: %v, %q, want it left as %q", tt.all, task.Action, task.Reason, tt.want)
		}
	}
	if !NoVersion.OfRow() || !NoKey.OfRow() || !OtherBucket.OfRow() || Noncurrent.OfRow() {
		t.Error("a row without its version is refused, and a noncurrent one is left alone")
	}
}

// A row without a key is refused, whatever is selected; one of another bucket is that
// first.
func TestRowOfNoKey(t *testing.T) {
	for _, tt := range []struct {
		edit   func(*Options, *inventory.Record)
		reason Reason
	}{
		{func(*Options, *inventory.Record) {}, NoKey},
		{func(o *Options, _ *inventory.Record) { o.Prefixes = []string{"a/"} }, NoKey},
		{func(_ *Options, r *inventory.Record) { r.IsDeleteMarker = true }, NoKey},
		{func(_ *Options, r *inventory.Record) { r.Encryption = inventory.SSEKMS }, NoKey},
		{func(_ *Options, r *inventory.Record) { r.Removed = true }, RemovedRow},
		{func(_ *Options, r *inventory.Record) { r.Bucket = "c" }, OtherBucket},
		{func(o *Options, r *inventory.Record) { o.OnlyBucket, r.Bucket = true, "c" }, Filtered},
	} {
		p := Policy{Options: Options{Bucket: "b", SSE: TargetKMS, Method: MethodCopy}, Weights: DefaultWeights(true)}
		r := inventory.Record{Known: inventory.ColumnsOf(inventory.ColBucket), Bucket: "b", Size: -1, IsLatest: true}
		tt.edit(&p.Options, &r)
		if task := p.Decide(&r); task.Action != Skip || task.Reason != tt.reason {
			t.Errorf("%+v: %v, %q, want it refused as %q", r, task.Action, task.Reason, tt.reason)
		}
	}
}

// So it is for a row of a table, or of the result of a query, that names versions, where the row names none and does
// not say whether it is the current one, and all versions are asked for.
func TestRowOfNoVersion(t *testing.T) {
	for _, tt := range []struct {
		all, unnamed, latest bool
		want                 Reason
	}{{true, true, false, NoVersion}, {true, true, true, ""}, {true, false, false, ""}, {false, true, false, ""}} {
		p := Policy{Options: Options{Bucket: "b", SSE: TargetKMS, Method: MethodUpdate, AllVersions: tt.all}, Weights: DefaultWeights(true)}
		r := inventory.Record{Known: inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey), Bucket: "b", Key: "k", Size: -1, Unnamed: tt.unnamed}
		if tt.latest {
			r.Known, r.IsLatest = r.Known.With(inventory.ColIsLatest), true
		}
		if task := p.Decide(&r); task.Reason != tt.want || (task.Action == Skip) != (tt.want != "") {
			t.Errorf("%+v: %v, %q", tt, task.Action, task.Reason)
		}
	}
}
