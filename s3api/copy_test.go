package s3api

import (
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// amz returns the headers of a request that decide what S3 does, without those
// of signature and SDK.
func amz(h http.Header) map[string]string {
	out := map[string]string{}
	for name := range h {
		switch {
		case name == "X-Amz-Date", name == "X-Amz-Content-Sha256", name == "X-Amz-User-Agent":
		case strings.HasPrefix(name, "X-Amz-"), strings.HasPrefix(name, "If-"),
			name == "Cache-Control", name == "Expires", strings.HasPrefix(name, "Content-") && name != "Content-Length":
			out[name] = h.Get(name)
		}
	}
	return out
}

func sameHeaders(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("header %s = %q, want %q", name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("header %s = %q was sent, want none", name, got[name])
		}
	}
}

func rewriter(t *testing.T, c *Client, rc RewriteConfig) *Rewriter {
	t.Helper()
	r, err := c.Rewriter(rc)
	if err != nil {
		t.Fatalf("Rewriter: %v", err)
	}
	return r
}

// objectError returns err as what the engine acts on.
func objectError(t *testing.T, err error) *engine.ObjectError {
	t.Helper()
	var oe *engine.ObjectError
	if !errors.As(err, &oe) {
		t.Fatalf("error %v (%T) is no *engine.ObjectError", err, err)
	}
	return oe
}

// A bucket whose facts allow it costs one request an object, and that request
// says everything: both conditions, encryption, class.
func TestCopyIsOneRequest(t *testing.T) {
	s := serve(t, func(request) reply { return copied(nil) })
	rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
	r := rewriter(t, asAWS(client(t, s.URL)), rc)
	task := decide(t, rc, aRecord("a folder/100%+ü?.txt"), nil)
	if task.NeedHead {
		t.Fatal("the facts do not allow one request an object; the test proves nothing")
	}
	g := &gate{}
	effect, err := r.Rewrite(t.Context(), task, g)
	if err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	g.within(t, task)
	want := engine.Effect{ETag: "newetag", VersionID: "newversion", KMSKeyID: keyARN, RequestID: "REQ1",
		Modified: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
	if !reflect.DeepEqual(effect, want) {
		t.Errorf("effect = %+v, want %+v", effect, want)
	}
	if got := s.operations(); !slices.Equal(got, []string{"copy"}) {
		t.Fatalf("requests = %v, want one copy", got)
	}
	req := s.one(t, "copy")
	if req.method != "PUT" || req.path != "/"+bucket+"/a%20folder/100%25%2B%C3%BC%3F.txt" {
		t.Errorf("request line = %s %s", req.method, req.path)
	}
	sameHeaders(t, amz(req.header), map[string]string{
		"X-Amz-Copy-Source":                               bucket + "/a%20folder/100%25%2B%C3%BC%3F.txt",
		"X-Amz-Copy-Source-If-Match":                      `"` + etag + `"`,
		"If-Match":                                        `"` + etag + `"`,
		"X-Amz-Metadata-Directive":                        "COPY",
		"X-Amz-Tagging-Directive":                         "COPY",
		"X-Amz-Storage-Class":                             "STANDARD_IA",
		"X-Amz-Server-Side-Encryption":                    "aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":     keyARN,
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "true",
		"X-Amz-Expected-Bucket-Owner":                     account,
		"X-Amz-Source-Expected-Bucket-Owner":              account,
	})
}

// What S3 does not keep by itself is sent from the head, not from the report.
func TestCopyCarriesWhatTheHeadSaid(t *testing.T) {
	s := serve(t, func(r request) reply {
		if r.operation() == "GET acl" {
			return reply{body: `<AccessControlPolicy><Owner><ID>owner1</ID></Owner><AccessControlList>
				<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>owner1</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>
				<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>
				</AccessControlList></AccessControlPolicy>`}
		}
		return copied(nil)
	})
	facts := aFacts()
	facts.ACLs, facts.Requester, facts.ObjectLock = plan.Yes, plan.Yes, plan.Yes
	options := anOptions()
	options.BucketKey = false
	rc := RewriteConfig{Options: options, Facts: facts}
	until := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	head := &plan.Head{ETag: "nowetag", VersionID: "v7", Size: 5, StorageClass: inventory.GlacierIR, Encryption: inventory.SSES3, TagCount: -1,
		Redirect: "/elsewhere", LockMode: "GOVERNANCE", LockRetainUntil: until, LegalHold: "ON", EventHold: "ON", EventHoldDays: 30, Checksum: "SHA256"}
	r := rewriter(t, asAWS(client(t, s.URL)), rc)
	if _, err := r.Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{}); err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	if got := s.operations(); !slices.Equal(got, []string{"GET acl", "copy"}) {
		t.Fatalf("requests = %v", got)
	}
	sameHeaders(t, amz(s.one(t, "copy").header), map[string]string{
		"X-Amz-Copy-Source":                               bucket + "/k", // never a version by id
		"X-Amz-Copy-Source-If-Match":                      `"nowetag"`,
		"If-Match":                                        `"nowetag"`,
		"X-Amz-Metadata-Directive":                        "COPY",
		"X-Amz-Tagging-Directive":                         "COPY",
		"X-Amz-Storage-Class":                             "GLACIER_IR",
		"X-Amz-Server-Side-Encryption":                    "aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":     keyARN,
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "false",
		"X-Amz-Expected-Bucket-Owner":                     account,
		"X-Amz-Source-Expected-Bucket-Owner":              account,
		"X-Amz-Request-Payer":                             "requester",
		"X-Amz-Website-Redirect-Location":                 "/elsewhere",
		"X-Amz-Object-Lock-Mode":                          "GOVERNANCE",
		"X-Amz-Object-Lock-Retain-Until-Date":             "2031-02-03T04:05:06Z",
		"X-Amz-Object-Lock-Legal-Hold":                    "ON",
		"X-Amz-Object-Lock-Event-Hold":                    "ON",
		"X-Amz-Object-Lock-Event-Hold-Duration-Days":      "30",
		"X-Amz-Checksum-Algorithm":                        "SHA256",
		"X-Amz-Grant-Full-Control":                        `id="owner1"`,
		"X-Amz-Grant-Read":                                `uri="http://acs.amazonaws.com/groups/global/AllUsers"`,
	})
}

// S3 refuses what a lock without force would be set by again: dates in the
// past, and OFF where the bucket has no object lock.
func TestCopyLeavesSpentLocksOut(t *testing.T) {
	s := serve(t, func(request) reply { return copied(nil) })
	rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
	head := &plan.Head{ETag: etag, Size: 5, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: -1,
		LockMode: "COMPLIANCE", LockRetainUntil: time.Now().Add(-time.Minute), LegalHold: "OFF", EventHold: "OFF", EventHoldDays: 30, EventHoldYears: 1}
	if _, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{}); err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	for name, value := range amz(s.one(t, "copy").header) {
		if strings.HasPrefix(name, "X-Amz-Object-Lock-") {
			t.Errorf("%s = %q was sent", name, value)
		}
	}
}

func TestCopyBackToSSES3(t *testing.T) {
	s := serve(t, func(request) reply {
		return copied(map[string]string{"X-Amz-Server-Side-Encryption": "AES256",
			"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": ""})
	})
	rc := RewriteConfig{Options: plan.Options{Bucket: bucket, Method: plan.MethodCopy, SSE: plan.TargetAES256}, Facts: aFacts()}
	rec := aRecord("k")
	rec.Encryption = inventory.SSEKMS
	if _, err := rewriter(t, asAWS(client(t, s.URL)), rc).Rewrite(t.Context(), decide(t, rc, rec, nil), &gate{}); err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	got := amz(s.one(t, "copy").header)
	if got["X-Amz-Server-Side-Encryption"] != "AES256" {
		t.Errorf("x-amz-server-side-encryption = %q, want AES256", got["X-Amz-Server-Side-Encryption"])
	}
	for name := range got {
		if strings.HasPrefix(name, "X-Amz-Server-Side-Encryption-") {
			t.Errorf("%s was sent with AES256", name)
		}
	}
}

// On an endpoint that takes no notice of the destination's condition it is not
// sent, so that nothing suggests that it protects; the source's condition stays.
func TestWeakEndpointGetsTheSourceConditionOnly(t *testing.T) {
	s := serve(t, func(request) reply { return copied(nil) })
	facts := aFacts()
	facts.AWS, facts.IgnoresIfMatch = plan.No, plan.Yes
	rc := RewriteConfig{Options: anOptions(), Facts: facts}
	head := &plan.Head{ETag: etag, VersionID: "v7", Size: 5, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: -1}
	if _, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{}); err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	got := amz(s.one(t, "copy").header)
	if _, sent := got["If-Match"]; sent {
		t.Error("If-Match was sent to an endpoint that ignores it")
	}
	if got["X-Amz-Copy-Source-If-Match"] != `"`+etag+`"` || got["X-Amz-Copy-Source"] != bucket+"/k" {
		t.Errorf("source = %q if-match %q", got["X-Amz-Copy-Source"], got["X-Amz-Copy-Source-If-Match"])
	}
	if _, sent := got["X-Amz-Expected-Bucket-Owner"]; sent {
		t.Error("x-amz-expected-bucket-owner was sent to an endpoint that is not AWS's")
	}
}

// A server that drops all tags shows it by no count of them.
func TestLostTagsAreNoticed(t *testing.T) {
	for _, tt := range []struct {
		count  string // in the answer of the HeadObject after the copy
		reason plan.Reason
	}{{"2", ""}, {"1", plan.Unfaithful}, {"", plan.Unfaithful}} {
		s := serve(t, func(r request) reply {
			if r.operation() == "copy" {
				return copied(map[string]string{"X-Amz-Server-Side-Encryption": ""})
			}
			h := map[string]string{"Etag": `"newetag"`, "Content-Length": "5", "X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": keyARN}
			if tt.count != "" {
				h["X-Amz-Tagging-Count"] = tt.count
			}
			return reply{header: h}
		})
		facts := aFacts()
		facts.AWS = plan.No
		rc := RewriteConfig{Options: anOptions(), Facts: facts}
		head := &plan.Head{ETag: etag, Size: 5, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: 2}
		_, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{})
		switch {
		case tt.reason == "" && err != nil:
			t.Errorf("%s tags of 2 after the copy: %v", tt.count, err)
		case tt.reason != "" && objectError(t, err).Reason != tt.reason:
			t.Errorf("%q tags of 2 after the copy: %v, want %s", tt.count, err, tt.reason)
		}
	}
}

// A 200 proves nothing: where the answer does not state the wanted key, the
// new version is looked at, and its state decides.
func TestSilentAnswerIsConfirmed(t *testing.T) {
	silent := map[string]string{"X-Amz-Server-Side-Encryption": "", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "",
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": ""}
	other := "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
	for _, tt := range []struct {
		name   string
		answer map[string]string // changes to the answer of the copy
		after  map[string]string // of the HeadObject
		class  engine.Class
		reason plan.Reason
		ok     bool
	}{
		{"silent, encrypted", silent, map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": keyARN}, 0, "", true},
		{"silent, key named shortly", silent, map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "arn:aws:kms:1234abcd-12ab-34cd-56ef-1234567890ab"}, 0, "", true},
		{"silent, plain", silent, map[string]string{}, engine.Permanent, plan.NotEncrypted, false},
		{"silent, SSE-S3", silent, map[string]string{"X-Amz-Server-Side-Encryption": "AES256"}, engine.Permanent, plan.NotEncrypted, false},
		{"other key", map[string]string{"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": other}, map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": other}, engine.Permanent, plan.NotEncrypted, false},
		{"dual layer", map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms:dsse"}, map[string]string{"X-Amz-Server-Side-Encryption": "aws:kms:dsse", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": keyARN}, engine.Permanent, plan.NotEncrypted, false},
		{"replaced meanwhile", silent, map[string]string{"Etag": `"foreign"`, "X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": keyARN}, engine.Changed, plan.Changing, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(r request) reply {
				if r.operation() == "copy" {
					return copied(tt.answer)
				}
				h := map[string]string{"Etag": `"newetag"`, "Content-Length": "1"}
				maps.Copy(h, tt.after)
				return reply{header: h}
			})
			facts := aFacts()
			facts.AWS = plan.No // AWS always states it
			rc := RewriteConfig{Options: anOptions(), Facts: facts}
			task, g := decide(t, rc, aRecord("k"), nil), &gate{}
			effect, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), task, g)
			g.within(t, task)
			if got := s.operations(); !slices.Equal(got, []string{"copy", "HEAD"}) {
				t.Errorf("requests = %v, want copy and HEAD", got)
			}
			if got := s.one(t, "HEAD").query; got != "versionId=newversion" {
				t.Errorf("HEAD of %q, want that of the new version", got)
			}
			if tt.ok {
				if err != nil || effect.ETag != "newetag" {
					t.Errorf("Rewrite = %+v, %v; want done", effect, err)
				}
				return
			}
			if oe := objectError(t, err); oe.Class != tt.class || oe.Reason != tt.reason {
				t.Errorf("class %v reason %q, want %v %q (%v)", oe.Class, oe.Reason, tt.class, tt.reason, err)
			}
		})
	}
}

// What a server drops is reported, unless its loss was accepted.
func TestConfirmReportsLostAttributes(t *testing.T) {
	for _, tt := range []struct {
		accept []plan.Attribute
		want   plan.Reason
	}{
		{nil, plan.Unfaithful},
		{[]plan.Attribute{"Expires"}, ""},
	} {
		s := serve(t, func(r request) reply {
			if r.operation() == "copy" {
				return copied(map[string]string{"X-Amz-Server-Side-Encryption": ""})
			}
			return reply{header: map[string]string{"Etag": `"newetag"`, "X-Amz-Server-Side-Encryption": "aws:kms",
				"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": keyARN, "X-Amz-Meta-A": "1", "Content-Type": "text/plain"}}
		})
		rc := RewriteConfig{Options: anOptions(), Facts: aFacts(), AcceptLoss: tt.accept}
		head := &plan.Head{ETag: etag, Size: 5, StorageClass: inventory.Standard, Encryption: inventory.SSES3, TagCount: -1,
			ContentType: "text/plain", Metadata: map[string]string{"a": "1"}, Expires: "Thu, 01 Dec 2039 16:00:00 GMT"}
		_, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("accepting %q: %v", tt.accept, err)
		case tt.want != "":
			if oe := objectError(t, err); oe.Reason != tt.want || !strings.Contains(err.Error(), "Expires") {
				t.Errorf("accepting %q: %v (reason %q), want %q naming Expires", tt.accept, err, oe.Reason, tt.want)
			}
		}
	}
}

// Another client wrote the same bytes again, so both conditions held: what the
// copy was told by the older head must be what the newer write has.
func TestNewerWriteOfTheSameBytes(t *testing.T) {
	for _, tt := range []struct {
		class string
		ok    bool
	}{{"STANDARD_IA", true}, {"GLACIER_IR", false}} {
		s := serve(t, func(r request) reply {
			if r.operation() == "copy" {
				return copied(map[string]string{"X-Amz-Copy-Source-Version-Id": "v8"})
			}
			return reply{header: map[string]string{"Etag": `"` + etag + `"`, "X-Amz-Storage-Class": tt.class}}
		})
		rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
		head := &plan.Head{ETag: etag, VersionID: "v7", Size: 5, StorageClass: inventory.StandardIA, Encryption: inventory.SSES3, TagCount: -1}
		effect, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{})
		if got := s.one(t, "HEAD").query; got != "versionId=v8" || effect.Source != "v8" {
			t.Errorf("HEAD of %q, copied from %q, want the source version", got, effect.Source)
		}
		if tt.ok && err != nil {
			t.Errorf("class %s: %v", tt.class, err)
		}
		if !tt.ok {
			if oe := objectError(t, err); oe.Reason != plan.Unfaithful || oe.Class != engine.Permanent {
				t.Errorf("class %s: %v, want %s", tt.class, err, plan.Unfaithful)
			} else if lost, ok := plan.LostIn(oe.Words()); !ok || !slices.Equal(lost, []plan.Attribute{plan.Class}) {
				t.Errorf("class %s: what was lost cannot be read from %q", tt.class, oe.Words()) // so that trying again does not call it done
			}
		}
	}
}

// Nothing is sent where the copy could not be safe or faithful.
func TestCopyRefusesWithoutSending(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*plan.Task)
		class  engine.Class
		reason plan.Reason
	}{
		{"no ETag", func(t *plan.Task) { t.Record.ETag = "" }, engine.Permanent, plan.RequestError},
		{"class unknown", func(t *plan.Task) { t.Record.StorageClass = "" }, engine.Permanent, plan.Unfaithful},
		{"event hold", func(t *plan.Task) { t.Record.EventHold = "ON" }, engine.Permanent, plan.Unfaithful},
		{"old version", func(t *plan.Task) { t.Record.Known = t.Record.Known.With(inventory.ColIsLatest) }, engine.Refused, plan.Noncurrent},
		{"no action", func(t *plan.Task) { t.Action = plan.Skip }, engine.Permanent, plan.RequestError},
	} {
		s := serve(t, func(request) reply { return copied(nil) })
		rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
		task := decide(t, rc, aRecord("k"), nil)
		tt.change(task)
		_, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), task, &gate{})
		if oe := objectError(t, err); oe.Class != tt.class || oe.Reason != tt.reason {
			t.Errorf("%s: class %v reason %q, want %v %q", tt.name, oe.Class, oe.Reason, tt.class, tt.reason)
		}
		if got := s.operations(); len(got) != 0 {
			t.Errorf("%s: sent %v", tt.name, got)
		}
	}
}

// An error inside a 200 is an error, and nothing is sent twice here.
func TestErrorsOfACopy(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply reply
		class engine.Class
		quota plan.Quota
		code  string
	}{
		{"200 with an error", reply{body: failure(200, "InternalError", "We encountered an internal error. Please try again.").body}, engine.Transient, 0, "InternalError"},
		{"200 with SlowDown", reply{body: failure(200, "SlowDown", "Please reduce your request rate.").body}, engine.Throttled, plan.QuotaWrites, "SlowDown"},
		{"200 cut off", reply{body: `<?xml version="1.0"?><CopyObjectRes`}, engine.Transient, 0, ""},
		{"KMS SlowDown", failure(503, "SlowDown", "Please reduce your request rate for operations involving AWS KMS."), engine.Throttled, plan.QuotaKMS, "SlowDown"},
		{"412", failure(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"), engine.Changed, 0, "PreconditionFailed"},
		{"no XML", reply{status: 502, body: "<html>bad gateway"}, engine.Transient, 0, "NotServiceAnswer"},
		{"hang-up", reply{hangup: true}, engine.Transient, 0, "NetworkError"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(request) reply { return tt.reply })
			rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
			_, err := rewriter(t, client(t, s.URL), rc).Rewrite(t.Context(), decide(t, rc, aRecord("k"), nil), &gate{})
			oe := objectError(t, err)
			if oe.Class != tt.class || oe.Quota != tt.quota || oe.Code != tt.code {
				t.Errorf("class %v quota %v code %q, want %v %v %q (%v)", oe.Class, oe.Quota, oe.Code, tt.class, tt.quota, tt.code, err)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests, want 1: repeats are the engine's", n)
			}
		})
	}
}
