package s3api

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

func TestInspectReadsEverything(t *testing.T) {
	s := serve(t, func(request) reply {
		return reply{header: map[string]string{
			"Etag": `"abc-3"`, "Content-Length": "12345", "Last-Modified": "Thu, 01 Oct 2026 16:00:00 GMT",
			"X-Amz-Version-Id": "v9", "X-Amz-Storage-Class": "INTELLIGENT_TIERING", "X-Amz-Archive-Status": "DEEP_ARCHIVE_ACCESS",
			"X-Amz-Restore":                `ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"`,
			"X-Amz-Server-Side-Encryption": "AES256",
			"Content-Type":                 "text/plain", "Cache-Control": "no-store", "Content-Disposition": "inline", "Content-Encoding": "gzip",
			"Content-Language": "de", "Expires": "when it rains", "X-Amz-Meta-Ab": "1", "X-Amz-Meta-C-D": "=?UTF-8?B?w7w=?=",
			"X-Amz-Missing-Meta": "2", "X-Amz-Tagging-Count": "4", "X-Amz-Website-Redirect-Location": "/x",
			"X-Amz-Object-Lock-Mode": "COMPLIANCE", "X-Amz-Object-Lock-Retain-Until-Date": "2031-02-03T04:05:06Z",
			"X-Amz-Object-Lock-Legal-Hold": "OFF", "X-Amz-Object-Lock-Event-Hold": "ON", "X-Amz-Object-Lock-Event-Hold-Duration-Years": "7",
			"X-Amz-Checksum-Crc32c": "AAAAAA==", "X-Amz-Checksum-Type": "COMPOSITE", "X-Amz-Mp-Parts-Count": "3",
		}}
	})
	facts := aFacts()
	facts.Transitions = plan.Yes
	rc := RewriteConfig{Options: anOptions(), Facts: facts}
	rec := aRecord("a/k ü")
	rec.VersionID, rec.IsLatest = "days-old", true
	rec.Known = rec.Known.With(inventory.ColVersionID).With(inventory.ColIsLatest)
	got, err := rewriter(t, asAWS(client(t, s.URL)), rc).Inspect(t.Context(), decide(t, rc, rec, nil), &gate{})
	if err != nil {
		t.Fatalf("Inspect: %v", err)
	}
	want := &plan.Head{
		ETag: "abc-3", VersionID: "v9", Size: 12345, LastModified: time.Date(2026, 10, 1, 16, 0, 0, 0, time.UTC),
		StorageClass: inventory.IntelligentTiering, Archived: true, Restored: true, Encryption: inventory.SSES3,
		ContentType: "text/plain", CacheControl: "no-store", ContentDisposition: "inline", ContentEncoding: "gzip", ContentLanguage: "de",
		Expires: "when it rains", Metadata: map[string]string{"ab": "1", "c-d": "=?UTF-8?B?w7w=?="}, MissingMeta: 2, TagCount: 4, Redirect: "/x",
		LockMode: "COMPLIANCE", LockRetainUntil: time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC), LegalHold: "OFF",
		EventHold: "ON", EventHoldYears: 7, Checksum: "CRC32C", ChecksumType: "COMPOSITE", ChecksumValue: "AAAAAA==", Parts: 3,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("head:\n got %+v\nwant %+v", got, want)
	}
	if ops := s.operations(); !slices.Equal(ops, []string{"HEAD"}) {
		t.Fatalf("requests = %v, want one HEAD", ops)
	}
	req := s.one(t, "HEAD")
	if req.query != "" {
		t.Errorf("query %q: the row is of the current version, so the HEAD is of whatever is current", req.query)
	}
	sameHeaders(t, amz(req.header), map[string]string{"X-Amz-Expected-Bucket-Owner": account})
}

func TestInspectNamesOldVersionsAndAsksForChecksums(t *testing.T) {
	s := serve(t, func(request) reply { return reply{header: map[string]string{"Etag": `"x"`}} })
	facts := aFacts()
	facts.Requester = plan.Yes
	rc := RewriteConfig{Options: anOptions(), Facts: facts, Checksums: true}
	rec := aRecord("k")
	rec.VersionID, rec.IsLatest = "old", false
	task := decide(t, rc, rec, nil)
	task.Record.Known = task.Record.Known.With(inventory.ColIsLatest).With(inventory.ColVersionID)
	head, err := rewriter(t, client(t, s.URL), rc).Inspect(t.Context(), task, &gate{})
	if err != nil {
		t.Fatalf("Inspect: %v", err)
	}
	if head.StorageClass != inventory.Standard || head.TagCount != -1 || head.Encryption != inventory.NotSSE || head.Archived {
		t.Errorf("head = %+v; want STANDARD, tag count -1, NOT-SSE, not archived where nothing is said", head)
	}
	req := s.one(t, "HEAD")
	if req.query != "versionId=old" {
		t.Errorf("query = %q", req.query)
	}
	sameHeaders(t, amz(req.header), map[string]string{"X-Amz-Checksum-Mode": "ENABLED", "X-Amz-Request-Payer": "requester"})
}

// controlKey is how S3 writes a key into an error that XML has no characters for.
func controlKey() reply {
	r := failure(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	r.body = strings.Replace(r.body, "<RequestId>", "<Key>esc&#x1B;&#0;&#31;</Key><RequestId>", 1)
	return r
}

// HeadObject's errors have no body. Where the status alone could mean anything,
// a byte of the object is asked for, as that answer says what is wrong.
func TestInspectFindsOutWhyHeadFailed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		head  int
		get   reply
		class engine.Class
		code  string
		sent  []string
	}{
		{"gone", 404, reply{}, engine.Gone, "NotFound", []string{"HEAD", "GET"}}, // of a listing
		{"expired token", 400, failure(400, "ExpiredToken", "The provided token has expired."), engine.Fatal, "ExpiredToken", []string{"HEAD", "GET"}},
		{"key deactivated", 403, failure(403, "InvalidAccessKeyId", "unknown"), engine.Fatal, "InvalidAccessKeyId", []string{"HEAD", "GET"}},
		{"clock", 403, failure(403, "RequestTimeTooSkewed", "too large"), engine.Transient, "RequestTimeTooSkewed", []string{"HEAD", "GET"}},
		{"denied", 403, failure(403, "AccessDenied", "Access Denied"), engine.Denied, "AccessDenied", []string{"HEAD", "GET"}},
		{"SSE-C", 400, failure(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."), engine.Refused, "InvalidRequest", []string{"HEAD", "GET"}},
		{"a key with a control character", 400, controlKey(), engine.Refused, "InvalidRequest", []string{"HEAD", "GET"}},
		{"GET works", 403, reply{body: "x"}, engine.Denied, "Forbidden", []string{"HEAD", "GET"}},
		{"GET fails otherwise", 403, failure(503, "SlowDown", "Please reduce your request rate."), engine.Denied, "Forbidden", []string{"HEAD", "GET"}},
		{"busy", 503, reply{}, engine.Throttled, "ServiceUnavailable", []string{"HEAD"}},
		{"wrong Region", 301, reply{}, engine.Fatal, "MovedPermanently", []string{"HEAD"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(r request) reply {
				if r.method == "HEAD" {
					return reply{status: tt.head}
				}
				if strings.Contains(r.query, "list-type=2") {
					return reply{body: `<ListBucketResult/>`}
				}
				if r.header.Get("Range") != "bytes=0-0" {
					t.Errorf("GET of range %q, want one byte", r.header.Get("Range"))
				}
				return tt.get
			})
			rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
			g := &gate{}
			_, err := rewriter(t, client(t, s.URL), rc).Inspect(t.Context(), decide(t, rc, aRecord("k"), nil), g)
			oe := objectError(t, err)
			if oe.Class != tt.class || oe.Code != tt.code || oe.Op != "HeadObject" {
				t.Errorf("%s: class %v code %q, want %v %q (%v)", oe.Op, oe.Class, oe.Code, tt.class, tt.code, err)
			}
			if got := s.operations(); !slices.Equal(got, tt.sent) || len(g.steps) != len(tt.sent) {
				t.Errorf("requests = %v through %d steps, want %v", got, len(g.steps), tt.sent)
			}
		})
	}
}

// stopping is a gate that lets one request through and then closes for good.
type stopping struct{ passed int }

var errStopping = errors.New("the run is stopping")

func (g *stopping) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	if g.passed++; g.passed > 1 {
		return errStopping
	}
	return send(ctx)
}

// A run that stops between the HEAD and the question why it failed says nothing of
// the object, which must not count as failed.
func TestInspectWhileStopping(t *testing.T) {
	for _, status := range []int{400, 403} {
		s := serve(t, func(r request) reply { return reply{status: status} })
		rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
		_, err := rewriter(t, client(t, s.URL), rc).Inspect(t.Context(), decide(t, rc, aRecord("k"), nil), &stopping{})
		if !errors.Is(err, errStopping) {
			t.Errorf("HEAD answered %d: Inspect = %v, want that of the gate", status, err)
		}
	}
}

// A look that asks for the checksum of an object under a key takes a KMS request,
// whatever it is for.
func TestLooksThatAskForChecksumsTakeKMS(t *testing.T) {
	s := serve(t, func(request) reply { return reply{header: map[string]string{"Etag": `"x"`}} })
	for _, tt := range []struct {
		aws       plan.Answer
		underKey  bool
		checksums bool
		want      int64
	}{{plan.Yes, true, false, 0}, {plan.Yes, true, true, 1}, {plan.Yes, false, true, 0}, {plan.No, true, false, 1}, {plan.No, false, false, 0}} {
		facts := aFacts()
		facts.AWS = tt.aws
		rc := RewriteConfig{Options: anOptions(), Facts: facts, Checksums: tt.checksums}
		rc.Options.BucketKey = false
		task := decide(t, rc, aRecord("k"), nil)
		task.FromKMS = tt.underKey
		g := &gate{}
		if _, err := rewriter(t, client(t, s.URL), rc).Inspect(t.Context(), task, g); err != nil {
			t.Fatal(err)
		}
		if g.sum.KMS.Max != tt.want {
			t.Errorf("%+v: %d KMS requests taken, want %d", tt, g.sum.KMS.Max, tt.want)
		}
	}
}
