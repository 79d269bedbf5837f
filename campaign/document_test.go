package campaign

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"reseal/campaign/list"
	"reseal/checkpoint"
	"reseal/cost"
	"reseal/job"
)

func sample() *Document {
	return &Document{Version: 1, Program: "1.0.0", Created: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Buckets: []Entry{
		{Name: "media", Region: "eu-west-1", Account: "111122223333", Manifest: "s3://reports/media/", Key: "arn:aws:kms:eu-west-1:111122223333:key/1", Prefixes: []string{"films/"}, Made: true,
			Planned: &Figures{Objects: 10, Bytes: 20, KMS: cost.Calls{Min: 1, Expected: 2, Max: 3}, Priced: true, Price: cost.Span{Min: 1, Expected: 2, Max: 3}},
			Ended:   NewEnding(time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC), 5, "a hazard\nand more")},
		{Name: "logs", Manifest: "list.csv", Key: "KEY_ARN", LeftOut: true},
	}}
}

// A document is written as a whole, for its owner alone, and read as it was. Without the
// lock, and over another one, it is not written.
func TestDocumentIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "campaign")
	store, err := job.Opener{}.Create(t.Context(), dir, job.Share{})
	if err != nil {
		t.Fatal(err)
	}
	if d, _, err := Read(t.Context(), store); d != nil || err != nil {
		t.Fatalf("of an empty folder: %v, %v", d, err)
	}
	if _, err := sample().Write(t.Context(), store, ""); err == nil {
		t.Error("written without the lock")
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.GiveBack(t.Context())
	version, err := sample().Write(t.Context(), store, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sample().Write(t.Context(), store, ""); !errors.As(err, new(*checkpoint.ConflictError)) {
		t.Errorf("over another one: %v", err)
	}
	got, read, err := Read(t.Context(), store)
	if err != nil || read != version || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%+v, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(dir, File)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got.Buckets[0].Ended.Why != "a hazard" {
		t.Errorf("why: %q", got.Buckets[0].Ended.Why)
	}
}

// What no campaign writes is refused, and says where.
func TestDocumentIsNotBelieved(t *testing.T) {
	change := func(f func(*Document)) string {
		d := sample()
		f(d)
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, text := range map[string]string{
		"empty":       "",
		"no version":  "{}",
		"path":        change(func(d *Document) { d.Buckets[0].Name = "../media" }),
		"dots":        change(func(d *Document) { d.Buckets[0].Name = "..." }),
		"twice":       change(func(d *Document) { d.Buckets[1].Name = "media" }),
		"folded":      change(func(d *Document) { d.Buckets[1].Name = "MEDIA" }),
		"negative":    change(func(d *Document) { d.Buckets[0].Planned.Bytes = -1 }),
		"price":       change(func(d *Document) { d.Buckets[0].Planned.Price.Max = -1 }),
		"exit code":   change(func(d *Document) { d.Buckets[0].Ended.Code = 256 }),
		"long reason": change(func(d *Document) { d.Buckets[0].Ended.Why = strings.Repeat("x", longestWhy+1) }),
		"key":         change(func(d *Document) { d.Buckets[0].Key = "a b" }),
	} {
		if d, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: taken: %+v", name, d)
		}
	}
	newer := (*job.VersionError)(nil)
	if _, err := Parse([]byte(change(func(d *Document) { d.Version = 2 }))); !errors.As(err, &newer) {
		t.Errorf("of a newer version: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := job.Opener{}.Open(t.Context(), dir, job.Share{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(t.Context(), store); !errors.As(err, new(*DocumentError)) {
		t.Errorf("read: %v", err)
	}
	large, err := os.Create(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(large.Truncate(maxDocument+1), large.Close()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(t.Context(), store); !errors.As(err, new(*DocumentError)) || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("of a large one: %v", err)
	}
}

// A bucket that is called as something of the campaign's own has a folder that no bucket is
// called as, and no other bucket has to do with that.
func TestBucketsCalledAsOwnFiles(t *testing.T) {
	var all []list.Bucket
	seen := map[string]bool{}
	for _, name := range append(checkpoint.OwnNames(), File, job.PlanFile, "RESULTS", "media") {
		at := filepath.Base(JobOf("campaign", name))
		if own := name != "media"; own == (at == name) || own == list.ValidBucket(at) {
			t.Errorf("the job of bucket %s lies in %s", name, at)
		}
		if seen[at] {
			t.Errorf("two lie in %s", at)
		}
		if seen[at] = true; name != "RESULTS" { // which folds to another one
			all = append(all, list.Bucket{Name: name})
		}
	}
	if err := Apart(all); err != nil {
		t.Error(err)
	}
	if err := Apart(append(all, list.Bucket{Name: "Media"})); err == nil {
		t.Error("two in one folder: taken")
	}
}

// An entry that changed since its job was made is refused, by the field. Who asks may
// change.
func TestChangedEntry(t *testing.T) {
	b := list.Bucket{Name: "media", Region: "eu-west-1", Account: "111122223333", Manifest: "s3://reports/media/", Key: "alias/a", Prefixes: []string{"films/"}}
	e := EntryOf(&b)
	same := b
	same.Role, same.ExternalID = "arn:aws:iam::111122223333:role/r", "abc"
	if err := e.Check(&same); err != nil {
		t.Error(err)
	}
	for field, f := range map[string]func(*list.Bucket){
		"manifest": func(b *list.Bucket) { b.Manifest = "s3://other/" }, "sse-kms-key-id": func(b *list.Bucket) { b.Key = "alias/b" },
		"region": func(b *list.Bucket) { b.Region = "eu-west-2" }, "account": func(b *list.Bucket) { b.Account = "444455556666" },
		"prefix": func(b *list.Bucket) { b.Prefixes = nil }, "exclude-prefix": func(b *list.Bucket) { b.ExcludePrefixes = []string{"tmp/"} },
	} {
		now := b
		f(&now)
		changed := (*ChangedError)(nil)
		if err := e.Check(&now); !errors.As(err, &changed) || changed.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// FuzzParse: what is taken of any text can be written, and is read alike; its buckets have
// folders of their own below that of the campaign.
func FuzzParse(f *testing.F) {
	text, err := json.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"buckets":[{"bucket":"a/b"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		for i := range d.Buckets {
			at := JobOf("campaign", d.Buckets[i].Name)
			if filepath.Dir(at) != "campaign" {
				t.Fatalf("a job at %s", at)
			}
			RowOf("campaign", &d.Buckets[i], nil)
		}
		out, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if b, err := json.Marshal(again); err != nil || string(b) != string(out) {
			t.Fatalf("%s\nbecame\n%s", out, b)
		}
	})
}
