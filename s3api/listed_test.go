package s3api

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// rowsOf lists the bucket, as the report that a job is from.
func rowsOf(t *testing.T, c *Client, bucket string) map[string]inventory.Record {
	t.Helper()
	out := map[string]inventory.Record{}
	for records, err := range c.List(t.Context(), bucket, ListOptions{Workers: 1, Gate: &gate{}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			out[r.Key] = r
		}
	}
	return out
}

// put seeds an object under SSE-S3.
func put(t *testing.T, c *Client, key, data, owner string) {
	t.Helper()
	b := bucket
	_, err := c.preflight.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b, Key: &key, Body: strings.NewReader(data),
		Metadata: map[string]string{"owner": owner}, ServerSideEncryption: types.ServerSideEncryptionAes256})
	if err != nil {
		t.Fatal(err)
	}
}

// runRow has the engine work on one row of a report.
func runRow(t *testing.T, rw *Rewriter, row inventory.Record) *engine.Result {
	t.Helper()
	book := new(bookkeeper)
	rc := rw.config
	err := engine.Run(t.Context(), t.Context(), engine.Config{Rewriter: rw, Gate: &gate{}, Journal: book, Sink: book, Workers: 1, Attempts: 2,
		Policy: &plan.Policy{Options: rc.Options, Facts: rc.Facts, Weights: plan.DefaultWeights(true), Now: time.Now()}}, batchesOf(row))
	if err != nil || len(book.results) != 1 {
		t.Fatalf("%q: %d results, %v", row.Key, len(book.results), err)
	}
	return &book.results[0]
}

func batchesOf(rows ...inventory.Record) func(func(inventory.Batch, error) bool) {
	return func(yield func(inventory.Batch, error) bool) {
		yield(inventory.Batch{Records: rows, End: true, Rows: int64(len(rows))}, nil)
	}
}

// A key that the endpoint takes for another one is neither gone nor judged by the
// other's object, and the other is not written: whatever the facts leave out.
func TestKeysTakenForOthers(t *testing.T) {
	merged, folded := simulator.Knobs{MergedSlashes: true}, simulator.Knobs{FoldedCase: true}
	for _, tt := range []struct {
		name, key, other string
		knobs            simulator.Knobs
		data             string // of the other; "" for no other
		older            bool   // the other was written long before
	}{
		{name: "merged slashes, no other", key: "p//007", other: "p/007", knobs: merged},
		{name: "merged slashes", key: "p//007", other: "p/007", knobs: merged, data: "OTHER"},
		{name: "merged slashes, the same data", key: "p//007", other: "p/007", knobs: merged, data: "these", older: true},
		{name: "merged slashes, the same data at the same time", key: "p//007", other: "p/007", knobs: merged, data: "these"},
		{name: "leading slash, the same data at the same time", key: "//007", other: "/007", knobs: merged, data: "these"},
		{name: "a folder of no name, the same data at the same time", key: "p//", other: "p/", knobs: merged, data: "these"},
		{name: "leading slash", key: "//007", other: "/007", knobs: merged, data: "OTHER"},
		{name: "trailing slash", key: "p//", other: "p/", knobs: merged},
		{name: "folded case, no other", key: "P/007", other: "p/007", knobs: folded},
		{name: "folded case", key: "P/007", other: "p/007", knobs: folded, data: "OTHER"},
	} {
		for _, weak := range []bool{false, true} {
			for _, via := range []string{"", plan.ViaMultipart} {
				t.Run(tt.name+map[bool]string{true: ", no conditions"}[weak]+via, func(t *testing.T) {
					s := simulate(t, simulator.Config{})
					if tt.data != "" {
						put(t, s.client, tt.other, tt.data, "other")
					}
					if tt.older {
						s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error { // its clock goes on from here
							_, err := w.PutObject(now.Add(time.Hour), &simulator.PutObjectInput{Request: r, Key: "clock"})
							return failed(err)
						})
					}
					put(t, s.client, tt.key, "these", "row")
					rows := rowsOf(t, s.client, bucket)
					row := rows[tt.key]
					row.Encryption, row.Known = inventory.SSES3, row.Known.With(inventory.ColEncryption) // no look for its sake
					knobs := tt.knobs
					knobs.IgnoreDestinationConditions = weak
					s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error { w.SetKnobs(knobs); return nil })
					o := anOptions()
					o.CopyVia = via
					f := facts(t, s.client, bucket)
					f.IgnoresIfMatch = plan.AnswerOf(weak)
					rw := rewriter(t, s.client, RewriteConfig{Options: o, Facts: f})
					r := runRow(t, rw, row)
					if r.Outcome != engine.Failed || r.Reason != plan.Unaddressable || r.Err == nil || !strings.Contains(r.Err.Error(), "the endpoint cannot address this key") {
						t.Errorf("%v %s: %v; want failed, unaddressable", r.Outcome, r.Reason, r.Err)
					}
					s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
						w.SetKnobs(simulator.Knobs{})
						return nil
					})
					for key, owner := range map[string]string{tt.key: "row", tt.other: "other"} {
						if _, there := rows[key]; !there {
							continue
						}
						if is := see(t, s.client, bucket, key); is.ETag != rows[key].ETag || is.Metadata["owner"] != owner || is.Encryption != inventory.SSES3 {
							t.Errorf("%q is now %+v, want it untouched", key, is)
						}
					}
				})
			}
		}
	}
}

// An object is gone once a listing says so, too, and where nobody can ask one that is
// said. On AWS a sample is asked for.
func TestGoneIsConfirmedByAListing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault *simulator.Fault
		asked int64 // listings, for one look
		class engine.Class
		said  string // of why no listing confirms it
	}{
		{name: "not listed", asked: 1, class: engine.Gone},
		{name: "denied", fault: &simulator.Fault{Code: "AccessDenied", HTTPStatus: 403}, asked: 1, class: engine.Gone, said: "ListObjects"},
		{name: "not known to the endpoint", fault: &simulator.Fault{Code: "NotImplemented", HTTPStatus: 501}, asked: 1, class: engine.Gone, said: "ListObjects"},
		{name: "no answer", fault: &simulator.Fault{Code: "InternalError", HTTPStatus: 500}, asked: 1, class: engine.Transient},
		{name: "no bucket", fault: &simulator.Fault{Code: "NoSuchBucket", HTTPStatus: 404}, asked: 1, class: engine.Fatal},
	} {
		for _, version := range []string{"", "null"} {
			t.Run(tt.name+version, func(t *testing.T) {
				s := simulate(t, simulator.Config{})
				put(t, s.client, "other", "data", "other")
				list := simulator.Op("ListObjectsV2")
				if version != "" {
					list = "ListObjectVersions"
				}
				if tt.fault != nil {
					s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
						f := *tt.fault
						f.Op = list
						w.AddFault(f)
						return nil
					})
				}
				o := anOptions()
				o.AllVersions, o.Method = version != "", plan.MethodUpdate
				rw := rewriter(t, s.client, RewriteConfig{Options: o, Facts: facts(t, s.client, bucket), UpdateProven: true})
				rec := aRecord("not there")
				if version != "" {
					rec.VersionID, rec.Known = version, rec.Known.With(inventory.ColVersionID).With(inventory.ColIsLatest)
				}
				task := *decide(t, rw.config, rec, nil)
				s.calls()
				_, err := rw.Inspect(t.Context(), &task, &gate{})
				oe := objectError(t, err)
				if oe.Class != tt.class || (oe.Unlisted != "") != (tt.said != "") || !strings.Contains(oe.Unlisted, tt.said) {
					t.Errorf("class %v, not confirmed as %q: %v; want class %v, %q", oe.Class, oe.Unlisted, err, tt.class, tt.said)
				}
				if calls := s.calls(); calls[list] != tt.asked {
					t.Errorf("%d listings, want %d: %v", calls[list], tt.asked, calls)
				}
			})
		}
	}
}

// On AWS a listing costs as much as a copy: of many objects that are gone it is asked
// about the first ones, about a sample of the rest, and about each odd key.
func TestListingsOfGoneObjectsAreBounded(t *testing.T) {
	s := simulate(t, simulator.Config{})
	rw := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	s.calls()
	rw.checks.Store(listedFirst)
	for _, key := range []string{"plain", "odd//"} {
		for range listedEach {
			task := *decide(t, rw.config, aRecord(key), nil)
			_, err := rw.Inspect(t.Context(), &task, &gate{})
			if oe := objectError(t, err); oe.Class != engine.Gone {
				t.Fatal(err)
			}
		}
	}
	if calls := s.calls(); calls["ListObjectsV2"] != 1+listedEach {
		t.Errorf("%d listings, want one of %d plain keys and each of %d odd ones", calls["ListObjectsV2"], listedEach, listedEach)
	}
}

// A look that shows what the row says, or what the job wrote, asks no listing.
func TestKnownObjectsAskNoListing(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for _, key := range []string{"plain", "odd//key"} {
		put(t, s.client, key, "data", "row")
	}
	rows := rowsOf(t, s.client, bucket)
	rw := rewriter(t, s.client, RewriteConfig{Options: anOptions(), Facts: facts(t, s.client, bucket)})
	for key, row := range rows {
		s.calls()
		task := *decide(t, rw.config, row, nil)
		if _, err := rw.Inspect(t.Context(), &task, &gate{}); err != nil {
			t.Fatal(err)
		}
		task.Record.ETag, task.Wrote = "another", func(h *plan.Head) bool { return h.ETag == row.ETag }
		if _, err := rw.Inspect(t.Context(), &task, &gate{}); err != nil {
			t.Fatal(err)
		}
		if calls := s.calls(); calls["ListObjectsV2"] != 0 {
			t.Errorf("%q: %d listings, want none", key, calls["ListObjectsV2"])
		}
		task.Wrote = nil
		if head, err := rw.Inspect(t.Context(), &task, &gate{}); err != nil || head.ETag != row.ETag {
			t.Errorf("%q, written since the report: %+v, %v", key, head, err)
		}
		if calls := s.calls(); calls["ListObjectsV2"] != 1 {
			t.Errorf("%q, written since the report: %d listings, want one", key, calls["ListObjectsV2"])
		}
	}
}

// What a key is taken for, its twin is, too.
func TestTwins(t *testing.T) {
	for _, tt := range []struct{ key, kind, twin string }{
		{"plain/key", "", ""}, {"folder/", "", ""}, {"a b", "", ""}, {"a+b", "", ""}, {"100%", "", ""}, {"%%%", "", ""},
		{"a//b", "slash", "a" + moreSlashes + "//b"}, {"/a", "slash", moreSlashes + "/a"}, {"a//", "slash", "a" + moreSlashes + "//"}, {"/", "slash", moreSlashes + "/"},
		{"a/./b", "dot", "a/././b"}, {"a/../b", "dot", "a/./../b"}, {"..", "dot", "./.."},
		{"a%2Fb", "percent", "%61%2Fb"}, {"%2Fb", "percent", "%2F%62"},
		{"a./b", "tail", "a../b"}, {"a /b", "tail", "a  /b"}, {"a/b.", "tail", "a/b.."},
		{strings.Repeat("/", 1024), "slash", ""},
	} {
		if kind, twin := twinOf(tt.key); kind != tt.kind && tt.kind != "slash" || twin != tt.twin {
			t.Errorf("twinOf(%.20q) = %q, %q; want %q, %q", tt.key, kind, twin, tt.kind, tt.twin)
		}
	}
}
