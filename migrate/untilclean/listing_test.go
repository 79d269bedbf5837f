package untilclean

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job/generations"
	"reseal/plan"
)

// Nothing is listed twice.
func TestRoots(t *testing.T) {
	for _, tt := range []struct{ prefixes, want []string }{
		{nil, []string{""}},
		{[]string{"b/", "a/"}, []string{"a/", "b/"}},
		{[]string{"a/b/", "a/", "a/b/c", "ab"}, []string{"a/", "ab"}},
		{[]string{"", "a"}, []string{""}},
	} {
		if got := roots(tt.prefixes); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.prefixes, got, tt.want)
		}
	}
}

// The job's own copies are no work, nor is what the job is not about. What nobody could
// look at is, and what is left alone for its state is told.
func TestSieve(t *testing.T) {
	const key = "arn:aws:kms:eu-west-1:111122223333:key/k"
	since := time.Date(2026, 12, 1, 0, 0, 0, 500_000_000, time.UTC)
	listed := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColLastModified, inventory.ColETag, inventory.ColStorageClass)
	record := func(key string, e inventory.Encryption, at time.Time) inventory.Record {
		r := inventory.Record{Known: listed, Bucket: "b", Key: key, Size: 1, ETag: "e", StorageClass: inventory.Standard, LastModified: at, Encryption: e}
		if e != "" {
			r.Known = r.Known.With(inventory.ColEncryption)
		}
		return r
	}
	later, earlier := since.Add(time.Minute), since.Add(-time.Minute)
	old := record("p/noncurrent", "", later)
	old.Known = old.Known.With(inventory.ColIsLatest).With(inventory.ColVersionID)
	other := record("p/otherkey", inventory.SSEKMS, later)
	other.Known, other.KMSKeyARN = other.Known.With(inventory.ColKMSKey), key+"2"
	own := record("p/own", inventory.SSEKMS, later)
	own.Known, own.KMSKeyARN, own.BucketKey = own.Known.With(inventory.ColKMSKey).With(inventory.ColBucketKey), key, "ENABLED"
	for _, tt := range []struct {
		name         string
		r            inventory.Record
		rekey        bool
		wanted, kept bool
		fresh        int64
	}{
		{"new", record("p/x/new", inventory.SSES3, later), false, true, true, 1},
		{"new in the same second", record("p/x/soon", inventory.SSES3, since.Truncate(time.Second)), false, true, true, 1},
		{"one that failed before", record("p/x/old", inventory.SSES3, earlier), false, true, true, 0},
		{"own copy", own, false, true, false, 0},
		{"own copy, rekey", own, true, true, false, 0},
		{"another key", other, false, true, false, 0},
		{"another key, rekey", other, true, true, true, 1},
		{"not looked at", record("p/denied", "", later), false, true, true, 1},
		{"a key of the client's", record("p/c", inventory.SSEC, later), false, true, true, 0},
		{"filtered", record("q/new", inventory.SSES3, later), false, false, false, 0},
		{"noncurrent", old, false, false, false, 0},
	} {
		s := newSieve(plan.Options{Bucket: "b", Method: plan.MethodCopy,
			SSE: plan.TargetKMS, KMSKeyID: key, BucketKey: true, Rekey: tt.rekey, Prefixes: []string{"p/"}}, later, since)
		unseen := tt.r
		unseen.Known, unseen.Encryption = unseen.Known.Without(inventory.ColumnsOf(inventory.ColEncryption, inventory.ColKMSKey, inventory.ColBucketKey)), ""
		if got := len(s.wanted([]inventory.Record{unseen})) > 0; got != tt.wanted {
			t.Errorf("%s: looked at: %v, want %v", tt.name, got, tt.wanted)
		}
		if !tt.wanted {
			continue
		}
		if got := s.keep(&tt.r); got != tt.kept || s.fresh != tt.fresh {
			t.Errorf("%s: in the report: %v, new %d; want %v, %d", tt.name, got, s.fresh, tt.kept, tt.fresh)
		}
		if other := s.other == 1; other != (tt.name == "another key") {
			t.Errorf("%s: counted as under another key: %d", tt.name, s.other)
		}
	}
}

// Places are counted by two folders and owner; of more than can be told apart, no object
// gets lost from the sum.
func TestWriters(t *testing.T) {
	w := newWriters()
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for i, key := range []string{"a/b/c/1", "a/b/2", "a/3", "top", "a/b/\xff"} {
		w.see(&inventory.Record{Key: key, LastModified: at.Add(time.Duration(i) * time.Second)})
	}
	got := w.most(2)
	want := []generations.Writer{{Prefix: "a/b/", Objects: 3, Last: at.Add(4 * time.Second)}, {Prefix: "", Objects: 1, Last: at.Add(3 * time.Second)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i := range 2 * mostKept {
		w.see(&inventory.Record{Key: fmt.Sprintf("%d/x", i)})
	}
	var sum int64
	for _, one := range w.by {
		sum += one.Objects
	}
	if sum != 2*mostKept+5 || len(w.by) > mostKept+1 {
		t.Errorf("%d objects in %d places", sum, len(w.by))
	}
}

// open is a gate that lets all through.
type open struct{}

func (open) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

// What a listing costs is written down before it costs that, and never more than is left.
func TestMeter(t *testing.T) {
	prices, _ := cost.BuiltIn().Region("eu-west-1")
	var written []cost.Money
	g := &generations.Generation{}
	m := &meter{gate: open{}, generation: g, limit: cost.Cent, text: "5", keep: func(context.Context) error { written = append(written, g.Listing); return nil }}
	m.prices(&prices)
	sent := 0
	send := func(context.Context) error {
		if sent++; m.spent > g.Listing {
			t.Fatalf("%v was spent, and %v is written down", m.spent, g.Listing)
		}
		return nil
	}
	if err := m.Do(t.Context(), plan.Step{Kind: plan.StepList}, send); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		err = m.Do(t.Context(), plan.Step{Kind: plan.StepHead}, send)
	}
	if !errors.As(err, new(*engine.StopError)) || m.spent > cost.Cent || int64(sent) != g.Asked.Lists+g.Asked.Heads || sent < 1000 {
		t.Errorf("%v after %d requests and %v", err, sent, m.spent)
	}
	if len(written) != 1 || written[0] != cost.Cent {
		t.Errorf("written down: %v, want all that is left, once", written)
	}
	if m.settle(); g.Listing != m.spent {
		t.Errorf("at the end %v, want %v", g.Listing, m.spent)
	}
	full := errors.New("disk full")
	m = &meter{gate: open{}, generation: &generations.Generation{}, keep: func(context.Context) error { return full }}
	m.prices(&prices)
	if before, err := sent, m.Do(t.Context(), plan.Step{Kind: plan.StepHead}, send); err != full || sent != before || m.generation.Listing != 0 {
		t.Errorf("with a full disk: %v, sent %d", err, sent-before)
	}
}
