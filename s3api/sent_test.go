package s3api

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// A hold for a number of years, and the right to write the ACL, come along with
// every kind of copy, and an ACL that was lost is put back with both of its rights.
func TestHoldsOfYearsAndRightsComeAlong(t *testing.T) {
	hermetic(t)
	const group = "http://acs.amazonaws.com/groups/s3/LogDelivery"
	grants := []simulator.Grant{{Type: "Group", Grantee: group, Permission: "WRITE_ACP"}, {Type: "Group", Grantee: group, Permission: "READ_ACP"}}
	for _, tt := range []struct {
		name   string
		action plan.Action
		lose   bool
	}{{"copy", plan.Copy, false}, {"parts", plan.MultipartCopy, false}, {"parts, put back", plan.MultipartCopy, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := simulateQuietly(t, simulator.Config{})
			keepsEverything(t, s)
			seedLarge(t, s, "film", func(o *simulator.ObjectInfo) {
				o.Size, o.ETag, o.VersionID, o.Grants = 1000, "", "first", grants
				o.Lock = simulator.Lock{EventHold: "ON", EventHoldDuration: "2y"}
			})
			if tt.lose {
				s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
					w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: simulator.AttrACL, How: simulator.Lose, Way: simulator.ByParts}}})
					return nil
				})
			}
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
			task := inspected(t, r, "film")
			task.Action = tt.action
			effect, err := r.Rewrite(t.Context(), task, &gate{})
			if err != nil || (len(effect.PutBack) > 0) != tt.lose {
				t.Fatalf("Rewrite: put back %v, %v", effect.PutBack, err)
			}
			is := s.now(t, "film")
			if is.Lock.EventHold != "ON" || is.Lock.EventHoldDuration != "2y" {
				t.Errorf("event hold %q for %q, want ON for 2y", is.Lock.EventHold, is.Lock.EventHoldDuration)
			}
			for _, g := range grants {
				if !slices.Contains(is.Grants, g) {
					t.Errorf("%s was not given again: %v", g.Permission, is.Grants)
				}
			}
		})
	}
}

// The completion of an upload says how large the object has to become.
func TestCompletionSaysTheSize(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	sizes := make(chan string, 1)
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
			sizes <- r.Header.Get("X-Amz-Mp-Object-Size")
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, err := New(t.Context(), Config{EndpointURL: front.URL, Region: "eu-west-1", CABundle: bundle})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(plain.CloseIdle)
	c := asAWS(plain)
	r := rewriter(t, c, RewriteConfig{Options: anOptions(), Facts: facts(t, c, bucket)})
	if _, err := r.Rewrite(t.Context(), inspected(t, r, "film"), &gate{}); err != nil {
		t.Fatal(err)
	}
	if got := <-sizes; got != "6442450949" {
		t.Errorf("x-amz-mp-object-size: %q, want 6442450949", got)
	}
}

// An answer to a copy that has no ETag shows no object: a look has to.
func TestCopyWithoutETagIsLookedAt(t *testing.T) {
	s := serve(t, func(r request) reply {
		if r.method == http.MethodHead {
			return reply{header: map[string]string{"ETag": `"seen"`, "Content-Length": "5", "X-Amz-Version-Id": "newversion",
				"X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": keyARN}}
		}
		out := copied(nil)
		out.body = strings.ReplaceAll(out.body, `<ETag>"newetag"</ETag>`, "")
		return out
	})
	rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
	r := rewriter(t, asAWS(client(t, s.URL)), rc)
	effect, err := r.Rewrite(t.Context(), decide(t, rc, aRecord("k"), nil), &gate{})
	if err != nil || effect.ETag != "seen" || !slices.Equal(s.operations(), []string{"copy", "HEAD"}) {
		t.Errorf("%+v, %v, by %v; want the ETag that a look after the copy shows", effect, err, s.operations())
	}
}

// Only an object in as many parts as the upload had is what the upload became.
func TestMadeInSoManyParts(t *testing.T) {
	r := &Rewriter{config: RewriteConfig{Options: anOptions()}}
	for etag, want := range map[string]bool{"abc-7": true, "abc-8": false, "abc-17": false, "abc": false} {
		w := &work{Rewriter: r, task: &plan.Task{}}
		h := &plan.Head{ETag: etag, Size: large, Encryption: inventory.SSEKMS, KMSKeyID: keyARN}
		if got := w.made(&debt{From: "old-7", Size: large, Parts: plan.PartCount(large)}, h); got != want {
			t.Errorf("an object with ETag %s was made by an upload of 7 parts: %v", etag, got)
		}
	}
}

// Events that go to EventBridge are events: a copy sets them off.
func TestEventBridgeHearsOfCopies(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutBucketConfig(now, &r, simulator.NotificationConfig, "", []byte(`<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>`)))
	})
	if got := facts(t, s.aws, bucket); got.Events != plan.Yes {
		t.Errorf("events: %v, want yes", got.Events)
	}
}

// Where it is not known whether a bucket has object lock, what HeadObject may have
// hidden is asked for.
func TestUnknownLockIsAskedFor(t *testing.T) {
	s := serve(t, func(r request) reply {
		if strings.HasPrefix(r.query, "retention") || strings.HasPrefix(r.query, "legal-hold") {
			return failure(403, "AccessDenied", "Access Denied")
		}
		return copied(nil)
	})
	rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
	rc.Facts.ObjectLock = plan.Unknown
	r := rewriter(t, asAWS(client(t, s.URL)), rc)
	head := &plan.Head{ETag: etag, Size: 5, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
	_, err := r.Rewrite(t.Context(), decide(t, rc, aRecord("k"), head), &gate{})
	if err == nil || !strings.Contains(err.Error(), SeeRetention) || slices.Contains(s.operations(), "copy") {
		t.Errorf("%v, by %v; want no copy without %s", err, s.operations(), SeeRetention)
	}
}
