package s3api

import (
	"context"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// seenByPolicies are the headers that conditions can be about (Service
// Authorization Reference, "Condition keys for Amazon S3", read 2026-11-29).
var seenByPolicies = map[string]string{
	"X-Amz-Acl": "s3:x-amz-acl", "X-Amz-Copy-Source": "s3:x-amz-copy-source", "X-Amz-Metadata-Directive": "s3:x-amz-metadata-directive",
	"X-Amz-Grant-Full-Control": "s3:x-amz-grant-full-control", "X-Amz-Grant-Read": "s3:x-amz-grant-read",
	"X-Amz-Grant-Read-Acp": "s3:x-amz-grant-read-acp", "X-Amz-Grant-Write-Acp": "s3:x-amz-grant-write-acp", "X-Amz-Grant-Write": "s3:x-amz-grant-write",
	"X-Amz-Server-Side-Encryption": "s3:x-amz-server-side-encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
	"X-Amz-Server-Side-Encryption-Customer-Algorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
	"X-Amz-Storage-Class":                             "s3:x-amz-storage-class", "X-Amz-Website-Redirect-Location": "s3:x-amz-website-redirect-location",
	"X-Amz-Content-Sha256": "s3:x-amz-content-sha256", "If-Match": "s3:if-match", "If-None-Match": "s3:if-none-match",
	"X-Amz-Object-Lock-Mode": "s3:object-lock-mode", "X-Amz-Object-Lock-Legal-Hold": "s3:object-lock-legal-hold",
	"X-Amz-Object-Lock-Retain-Until-Date": "s3:object-lock-retain-until-date",
}

// askNames are the names that asks have for what the server is sent.
var askNames = map[string]string{"HEAD": "HeadObject", "GET tagging": "GetObjectTagging", "GET acl": "GetObjectAcl", "copy": "CopyObject",
	"create": "CreateMultipartUpload", "part": "UploadPartCopy", "complete": "CompleteMultipartUpload", "PUT encryption": "UpdateObjectEncryption",
	"GET annotation": "ListObjectAnnotations", "GET": "GetObject"}

// listening is the simulator, and a client of it whose requests are kept.
func listening(t *testing.T) (*simulation, *Client, func() []request) {
	t.Helper()
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.DeleteBucket(now, &r); err != nil {
			return err
		}
		return failed(w.CreateBucket(now, &simulator.CreateBucketInput{Request: r, ObjectLockEnabled: true, ObjectOwnership: simulator.ObjectWriter}))
	})
	var mu sync.Mutex
	var seen []request
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, request{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.RawQuery, header: r.Header.Clone()})
		mu.Unlock()
		s.ServeHTTP(w, r)
	}))
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(t.Context(), Config{EndpointURL: server.URL, Region: "eu-west-1", CABundle: bundle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.CloseIdle()
		server.Close()
	})
	return s, asAWS(c).Expecting(account), func() []request {
		mu.Lock()
		defer mu.Unlock()
		out := seen
		seen = nil
		return out
	}
}

// What the preflight asks policies about is what a run sends: for every kind of
// request, with and without a look at the object beforehand.
func TestAsksAreTheRequestsOfARun(t *testing.T) {
	s, c, sent := listening(t)
	until := time.Now().Add(1000 * time.Hour)
	objects := []simulator.ObjectInfo{
		{Key: "plain", StorageClass: "STANDARD_IA"},
		{Key: "odd key ü+%.txt"},
		{Key: "everything", StorageClass: "GLACIER_IR", WebsiteRedirect: "/x", Tags: []simulator.Tag{{Key: "team", Value: "a&b"}},
			Lock:   simulator.Lock{Mode: "GOVERNANCE", RetainUntil: until, LegalHold: "ON"},
			Grants: []simulator.Grant{{Type: "CanonicalUser", Grantee: "cccc", Permission: "READ"}, {Type: "CanonicalUser", Grantee: "cccc", Permission: "WRITE_ACP"}}},
	}
	for _, tt := range []struct {
		name   string
		action plan.Action
		change func(*RewriteConfig)
		key    string
	}{
		{"one request", plan.Copy, nil, "plain"},
		{"without a condition", plan.Copy, func(rc *RewriteConfig) { rc.Facts.IgnoresIfMatch = plan.Yes }, "plain"},
		{"to SSE-S3", plan.Copy, func(rc *RewriteConfig) { rc.Options.SSE, rc.Options.KMSKeyID = plan.TargetAES256, "" }, "plain"},
		{"a key that is escaped", plan.Copy, nil, "odd key ü+%.txt"},
		{"all attributes", plan.Copy, func(rc *RewriteConfig) {
			rc.Facts.ACLs, rc.Facts.ObjectLock, rc.Facts.Website = plan.Yes, plan.Yes, plan.Yes
		}, "everything"},
		{"in parts", plan.MultipartCopy, nil, "plain"},
		{"in parts, all attributes", plan.MultipartCopy, func(rc *RewriteConfig) {
			rc.Facts.ACLs, rc.Facts.ObjectLock, rc.Facts.Website = plan.Yes, plan.Yes, plan.Yes
		}, "everything"},
		{"in place", plan.Update, nil, "plain"},
	} {
		for _, looked := range []bool{false, true} {
			name := tt.name
			if looked {
				name += ", looked at"
			}
			s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
				for _, o := range objects {
					if err := w.SeedObject(bucket, o, simulator.Synthetic(6<<20, 1)); err != nil {
						return err
					}
				}
				return nil
			})
			rc := RewriteConfig{Options: anOptions(), Facts: aFacts(), LocksShown: true}
			if tt.change != nil {
				tt.change(&rc)
			}
			head := see(t, c, bucket, tt.key)
			rec := inventory.Record{Bucket: bucket, Key: tt.key, ETag: head.ETag, VersionID: head.VersionID, Size: head.Size, StorageClass: head.StorageClass,
				Encryption: inventory.SSES3, IsLatest: true, Known: inventory.UsefulColumns}
			p := &plan.Policy{Options: rc.Options, Facts: rc.Facts, Weights: plan.DefaultWeights(true), Now: time.Now()}
			task := p.Decide(&rec)
			task.Action = tt.action
			if looked {
				task = p.DecideHead(task, head)
				task.Action = tt.action
			}
			asks, err := c.Asks(rc, &task)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if task.Head == nil && (task.NeedHead || tt.action == plan.MultipartCopy) { // the run looks by itself
				task = p.DecideHead(task, head)
				task.Action = tt.action
			}
			sent()
			if _, err := rewriter(t, c, rc).Rewrite(context.Background(), &task, &gate{}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			compareAsks(t, name, asks, sent(), looked)
		}
	}
}

// What an upload was begun with may count for its parts and its completion: nobody
// says so, but for the encryption, which does. So none of it is taken to be absent
// there, known or open, and nothing of it to be there.
func TestPartsMayInheritWhatTheUploadHas(t *testing.T) {
	_, c, _ := listening(t)
	until := time.Now().Add(1000 * time.Hour)
	rc := RewriteConfig{Options: anOptions(), Facts: aFacts(), LocksShown: true}
	rc.Facts.ACLs, rc.Facts.ObjectLock = plan.Yes, plan.Yes
	head := &plan.Head{ETag: "e", Size: 6 << 20, StorageClass: inventory.GlacierIR, Encryption: inventory.SSES3, Redirect: "/x", TagCount: 1,
		LockMode: "GOVERNANCE", LockRetainUntil: until, LegalHold: "ON"}
	for name, task := range map[string]*plan.Task{
		"looked at":     {Action: plan.MultipartCopy, Head: head, Record: inventory.Record{Bucket: bucket, Key: "k", ETag: "e", Size: 6 << 20, IsLatest: true}},
		"not looked at": {Action: plan.MultipartCopy, Record: inventory.Record{Bucket: bucket, Key: "k", ETag: "e", Size: 6 << 20, IsLatest: true, StorageClass: inventory.GlacierIR}},
	} {
		asks, err := c.Asks(rc, task)
		if err != nil {
			t.Fatal(err)
		}
		of := func(op string) *Ask {
			i := slices.IndexFunc(asks, func(a Ask) bool { return a.Request == op && a.Action == "s3:PutObject" })
			if i < 0 {
				t.Fatalf("%s: no %s", name, op)
			}
			return &asks[i]
		}
		begun := of("CreateMultipartUpload")
		for _, op := range []string{"UploadPartCopy", "CompleteMultipartUpload"} {
			later := of(op)
			for key, values := range begun.Keys {
				switch has := later.Keys[key]; {
				case strings.HasPrefix(key, "s3:x-amz-server-side-encryption"):
					if !slices.Equal(has, values) {
						t.Errorf("%s: %s has %s = %q, want %q of the upload", name, op, key, has, values)
					}
				case has == nil && !later.MayHave(key):
					t.Errorf("%s: %s was taken to lack %s, which the upload has", name, op, key)
				case key == "s3:x-amz-storage-class" && has != nil:
					t.Errorf("%s: %s was taken to have %s = %q, which it may have", name, op, key, has)
				}
			}
			for _, key := range []string{"s3:x-amz-grant-read", "s3:requestobjecttag/team", "s3:object-lock-mode", "s3:x-amz-website-redirect-location"} {
				if begun.Keys[key] == nil && begun.MayHave(key) && !later.MayHave(key) {
					t.Errorf("%s: %s was taken to lack %s, which the upload may have", name, op, key)
				}
			}
			if later.MayHave("s3:x-amz-acl") {
				t.Errorf("%s: %s may have a canned ACL, which nothing sends", name, op)
			}
		}
		if begun.Keys["s3:x-amz-storage-class"] == nil || !begun.MayHave("s3:x-amz-grant-read") {
			t.Errorf("%s: the upload has no class, or cannot have grants: %+v", name, begun)
		}
	}
}

// compareAsks holds asks against what was sent. Where the object was looked at,
// nothing may be left open but what nobody can know.
func compareAsks(t *testing.T, name string, asks []Ask, sent []request, looked bool) {
	t.Helper()
	writes := map[string]bool{}
	for _, r := range sent {
		op := askNames[r.operation()]
		i := slices.IndexFunc(asks, func(a Ask) bool { return a.Request == op })
		if i < 0 {
			t.Errorf("%s: %s (%s %s) was sent and not asked about", name, op, r.method, r.query)
			continue
		}
		a := asks[i]
		wire := map[string]string{}
		for header, key := range seenByPolicies {
			if v := r.header.Get(header); v != "" {
				wire[key] = v
			}
		}
		for _, pair := range strings.Split(r.header.Get("X-Amz-Tagging"), "&") {
			if tag, _, ok := strings.Cut(pair, "="); ok {
				wire["s3:requestobjecttag/"+tag] = "a&b"
			}
		}
		writes[op] = true
		for key, v := range wire {
			switch said := a.Keys[key]; {
			case said == nil && !a.MayHave(key):
				t.Errorf("%s: %s has %s = %q, which was taken to be absent", name, op, key, v)
			case said != nil && said[0] != v && key != "s3:x-amz-content-sha256":
				t.Errorf("%s: %s has %s = %q, not %q", name, op, key, v, said[0])
			case said == nil && looked && !unknowable(op, key):
				t.Errorf("%s: %s of %s is known, and was left open", name, key, op)
			}
		}
		for _, key := range slices.Sorted(maps.Values(seenByPolicies)) {
			_, there := wire[key]
			inherited := (op == "UploadPartCopy" || op == "CompleteMultipartUpload") && strings.HasPrefix(key, "s3:x-amz-server-side-encryption")
			switch {
			case there || inherited:
			case a.Keys[key] != nil:
				t.Errorf("%s: %s was said to have %s, and has not", name, op, key)
			case a.MayHave(key) && looked && !unknowable(op, key):
				t.Errorf("%s: %s of %s is known to be absent, and was left open", name, key, op)
			}
		}
	}
	for _, a := range asks {
		if strings.HasPrefix(a.Action, "s3:Put") && !writes[a.Request] || strings.HasPrefix(a.Action, "s3:Update") && !writes[a.Request] {
			t.Errorf("%s: %s was asked about and not sent", name, a.Request)
		}
	}
}

// unknowable are the keys that not even a look at the object tells: grants take
// another request, as do tags; an escaped copy source may be judged decoded; and of
// an upload's parts nobody says what they inherit.
func unknowable(op, key string) bool {
	switch op {
	case "UploadPartCopy", "CompleteMultipartUpload":
		return !strings.HasPrefix(key, "s3:x-amz-server-side-encryption") && key != "s3:x-amz-copy-source" && key != "s3:if-match" && key != "s3:x-amz-content-sha256"
	case "UpdateObjectEncryption":
		return strings.HasPrefix(key, "s3:x-amz-server-side-encryption")
	case "CopyObject":
		return strings.HasPrefix(key, "s3:x-amz-grant-") || key == "s3:x-amz-copy-source"
	}
	return strings.HasPrefix(key, "s3:x-amz-grant-") || strings.HasPrefix(key, "s3:requestobjecttag")
}
