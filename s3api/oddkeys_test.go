package s3api

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/internal/minio"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// oddKeys are keys that S3 takes and that servers which keep objects as files, and
// programs between, have trouble with.
func oddKeys() []string {
	return []string{
		"a//b", "//", "//a", "/", "/leading", "a/./b", "a/../b", ".", "..", "./a", "../a", "a/..", "a/.", "a/...", ".hidden",
		"trailing/", "folder/in a folder/", "trailing//", "%2F", "a%2Fb", "%", "%25", "%zz", "a b", " leading", "trailing ", "a/ /b", "+", "a+b",
		"日本語/日本", "\U0001f600", "e\u0301", "é", "\u00a0", "\u200bzero", "\u202eright", "\ufffd", "a\\b", "a:b", `"*?<>|&=;,@$#!'`, "?versionId=x", "a?b#c",
		"a\tb", "a\nb", "a\rb", "\x01", "\x1b[31m", "\x7f", "a\u0085b",
		strings.Repeat("x", 1024), strings.Repeat("日", 341) + "x", strings.Repeat(strings.Repeat("x", 127)+"/", 8)[:1023] + "y", strings.Repeat("d/", 511) + "ok",
	}
}

func TestOddKeysOnSimulator(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for name, x := range oddKeyTargets(t, target{client: s.aws, key: keyARN}) {
		t.Run(name, func(t *testing.T) {
			x.oddKeys(t, func(string, plan.Action) plan.Reason { return "" })
		})
	}
}

// MinIO keeps objects as files: it names some keys otherwise than it was asked to, and
// does not take some.
func TestOddKeysOnMinIO(t *testing.T) {
	c := minioClient(t)
	for name, x := range oddKeyTargets(t, target{client: c, key: minio.Key, losesInParts: []plan.Attribute{plan.ChecksumAlgorithm}}) {
		t.Run(name, func(t *testing.T) {
			x.oddKeys(t, func(key string, a plan.Action) plan.Reason {
				if a == plan.MultipartCopy && (strings.HasSuffix(key, "/") || strings.HasPrefix(key, "/")) {
					return plan.Unaddressable // XMinioInvalidObjectName
				}
				return ""
			})
		})
	}
}

// oddKeyTargets are a bucket with versions and one without.
func oddKeyTargets(t *testing.T, x target) map[string]target {
	out := map[string]target{}
	for _, name := range []string{"with versions", "without versions"} {
		x.bucket = "odd-" + random(t)
		if _, err := x.client.preflight.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &x.bucket, CreateBucketConfiguration: x.location()}); err != nil {
			t.Fatal(err)
		}
		if name == "with versions" {
			if _, err := x.client.preflight.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &x.bucket,
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}); err != nil {
				t.Fatal(err)
			}
		}
		out[name] = x
	}
	return out
}

// oddKeys has a run re-encrypt an object under each key, by both kinds of copies: it
// is done, by one copy, and what it was, or it failed for the reason that want names.
// A key that the server does not take is none that a report of it has; a row of it
// is about nothing, or cannot be addressed.
func (x target) oddKeys(t *testing.T, want func(string, plan.Action) plan.Reason) {
	taken := 0
	for _, action := range []plan.Action{plan.Copy, plan.MultipartCopy} {
		for _, key := range oddKeys() {
			data, tags := "data of "+key, "odd=yes"
			_, err := x.client.preflight.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &x.bucket, Key: &key, Body: strings.NewReader(data),
				Metadata: map[string]string{"odd": "yes"}, Tagging: &tags, ServerSideEncryption: types.ServerSideEncryptionAes256})
			r := x.runOn(t, key, action)
			if r.Err != nil && r.Reason == plan.Unaddressable && !strings.Contains(r.Err.Error(), "the endpoint cannot address this key") {
				t.Errorf("%s of %.60q: %v", action, key, r.Err)
			}
			if err != nil {
				if r.Reason != plan.Unaddressable && r.Reason != plan.Gone {
					t.Errorf("%s of %.60q, which the server does not take (%v): %v %s: %v", action, key, err, r.Outcome, r.Reason, r.Err)
				}
				continue
			}
			taken++
			if reason := want(key, action); reason != "" {
				if r.Outcome != engine.Failed || r.Reason != reason {
					t.Errorf("%s of %.60q: %v %s: %v; want failed, %s", action, key, r.Outcome, r.Reason, r.Err, reason)
				}
				if after := see(t, x.client, x.bucket, key); after.Encryption != inventory.SSES3 || x.data(t, key) != data {
					t.Errorf("%s of %.60q failed and changed it: %+v", action, key, after)
				}
				continue
			}
			if r.Outcome != engine.Done || r.Repeat {
				t.Errorf("%s of %.60q: %v, repeat %v, %s: %v", action, key, r.Outcome, r.Repeat, r.Reason, r.Err)
				continue
			}
			after := see(t, x.client, x.bucket, key)
			if after.Encryption != inventory.SSEKMS || !plan.SameKey(after.KMSKeyID, x.key) || after.ETag != r.Effect.ETag || after.Metadata["odd"] != "yes" {
				t.Errorf("%s of %.60q: %+v, effect %+v", action, key, after, r.Effect)
			}
			if x.data(t, key) != data || x.tagsOf(t, key) != tags {
				t.Errorf("%s of %.60q did not keep its data or tags", action, key)
			}
		}
	}
	if taken < len(oddKeys()) {
		t.Errorf("%d keys were taken, of %d by two kinds of copies", taken, len(oddKeys()))
	}
}

// runOn has the engine work on a row of key, and returns how that ended.
func (x target) runOn(t *testing.T, key string, action plan.Action) *engine.Result {
	t.Helper()
	found, _, err := x.client.Facts(t.Context(), x.bucket)
	if err != nil {
		t.Fatal(err)
	}
	o := x.options()
	if action == plan.MultipartCopy {
		o.CopyVia = plan.ViaMultipart
	}
	rw := rewriter(t, x.client, RewriteConfig{Options: o, Facts: found, AcceptLoss: x.losesInParts})
	book := new(bookkeeper)
	err = engine.Run(t.Context(), t.Context(), engine.Config{Rewriter: rw, Gate: &gate{}, Journal: book, Sink: book, Workers: 1, Attempts: 2,
		Policy: &plan.Policy{Options: o, Facts: found, Weights: plan.DefaultWeights(true), Now: time.Now()}},
		func(yield func(inventory.Batch, error) bool) {
			r := inventory.Record{Bucket: x.bucket, Key: key, Size: -1, Known: inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey)}
			yield(inventory.Batch{Records: []inventory.Record{r}, End: true, Rows: 1}, nil)
		})
	if err != nil || len(book.results) != 1 {
		t.Fatalf("%q: %d results, %v", key, len(book.results), err)
	}
	return &book.results[0]
}

// bookkeeper is a journal and a sink that keep results in memory.
type bookkeeper struct{ results []engine.Result }

func (b *bookkeeper) Admit(context.Context, inventory.Position) error { return nil }
func (b *bookkeeper) Doubt(inventory.Position) error                  { return nil }
func (b *bookkeeper) End(int, int64, error) error                     { return nil }
func (b *bookkeeper) Flush(context.Context) error                     { return nil }
func (b *bookkeeper) Rest(context.Context) error                      { return nil }
func (b *bookkeeper) Write(*engine.Result) error                      { return nil }
func (b *bookkeeper) Settle(r *engine.Result) error {
	b.results = append(b.results, *r)
	return nil
}
