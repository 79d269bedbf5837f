package s3api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/faultproxy"
	"reseal/plan"
)

// An answer that is not the service's is no answer: whatever its status, nothing
// about the object follows from it, on either path. What servers off AWS answer
// themselves is understood, with or without a request id.
func TestForeignAnswers(t *testing.T) {
	marked, bare := map[string]string{"X-Amz-Request-Id": "R1", "Server": "MinIO"}, map[string]string{}
	page := map[string]string{"Content-Type": "text/html"}
	const doc = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>`
	for _, tt := range []struct {
		name   string
		before map[string]string // headers of a good answer before; nil: none came
		method string
		reply  reply
		class  engine.Class
		code   string
	}{
		{"page for a GET, nothing known", nil, "GET", reply{status: 403, header: page, body: "<html>no"}, engine.Transient, "NotServiceAnswer"},
		{"page for a HEAD, nothing known", nil, "HEAD", reply{status: 403, header: page}, engine.Transient, "NotServiceAnswer"},
		{"page without a type", nil, "GET", reply{status: 403, body: "<!DOCTYPE html><html>no"}, engine.Transient, "NotServiceAnswer"},
		{"text", nil, "GET", reply{status: 403, header: map[string]string{"Content-Type": "text/plain"}, body: "blocked"}, engine.Transient, "NotServiceAnswer"},
		{"page as 404", nil, "GET", reply{status: 404, header: page, body: "<html>"}, engine.Transient, "NotServiceAnswer"},
		{"page as 200", nil, "GET", reply{header: page, body: "<html>please log in</html>"}, engine.Transient, "NotServiceAnswer"},
		{"page as 200 for a HEAD", nil, "HEAD", reply{header: page, hollow: true}, engine.Transient, "NotServiceAnswer"},
		{"login page elsewhere", nil, "HEAD", reply{status: 302, header: map[string]string{"Location": "https://login.example.com/"}}, engine.Transient, "NotServiceAnswer"},
		{"proxy wants a password", nil, "HEAD", reply{status: 407}, engine.Transient, "ProxyError"},
		{"403 for a HEAD, nothing known", nil, "HEAD", reply{status: 403}, engine.Denied, "Forbidden"},
		{"403 for a HEAD of a server without ids", bare, "HEAD", reply{status: 403}, engine.Denied, "Forbidden"},
		{"403 for a HEAD of a server with ids", marked, "HEAD", reply{status: 403}, engine.Transient, "NotServiceAnswer"},
		{"404 for a HEAD of a server with ids", marked, "HEAD", reply{status: 404}, engine.Transient, "NotServiceAnswer"},
		{"the same with its id", marked, "HEAD", reply{status: 403, header: marked}, engine.Denied, "Forbidden"},
		{"by the same server without its id", marked, "HEAD", reply{status: 403, header: map[string]string{"Server": "MinIO"}}, engine.Denied, "Forbidden"},
		{"its document without the id", marked, "GET", reply{status: 403, body: doc}, engine.Denied, "AccessDenied"},
		{"its document, nothing known", nil, "GET", reply{status: 403, header: page, body: doc}, engine.Denied, "AccessDenied"},
		{"empty 403 of a server with ids", marked, "GET", reply{status: 403}, engine.Transient, "NotServiceAnswer"},
		{"empty 200 of a server with ids", marked, "GET", reply{}, engine.Transient, "NotServiceAnswer"},
	} {
		for _, sdk := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				n := 0
				s := serve(t, func(request) reply {
					if n++; tt.before != nil && n == 1 {
						h := map[string]string{"Etag": `"abc"`}
						for k, v := range tt.before {
							h[k] = v
						}
						return reply{header: h}
					}
					return tt.reply
				})
				c := client(t, s.URL)
				c.config.SDKClient = sdk
				w := &work{Rewriter: rewriter(t, c, RewriteConfig{Options: anOptions(), Facts: aFacts()}), task: decide(t, RewriteConfig{Options: anOptions(), Facts: aFacts()}, aRecord("k"), nil), gate: &gate{}}
				if tt.before != nil {
					if _, err := w.head(t.Context(), plan.StepHead, ""); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				if tt.method == "HEAD" {
					_, err = w.head(t.Context(), plan.StepHead, "")
				} else {
					_, err = w.tags(t.Context(), "")
				}
				oe := objectError(t, err)
				if oe.Class != tt.class || oe.Code != tt.code {
					t.Errorf("class %v, code %q, want %v, %q (%v)", oe.Class, oe.Code, tt.class, tt.code, err)
				}
				if strings.Contains(oe.Words(), "request send failed") {
					t.Errorf("Words() = %q; want it in short", oe.Words())
				}
			})
		}
	}
}

// What is expected of AWS: each answer of its has a request id.
func TestForeignAnswersOnAWS(t *testing.T) {
	for _, tt := range []struct {
		method, id, body string
		status           int
		own              bool
	}{
		{"HEAD", "R1", "", 403, true}, {"HEAD", "", "", 403, false}, {"HEAD", "", "", 200, false},
		{"GET", "", "<Error><Code>AccessDenied</Code></Error>", 403, true}, {"GET", "", "<Tagging/>", 200, false}, {"PUT", "", "", 200, false},
	} {
		a := &arrival{method: tt.method, status: tt.status, body: func() []byte { return []byte(tt.body) },
			get: http.Header{headerRequestID: {tt.id}, "Etag": {`"a"`}, "Server": {"AmazonS3"}}.Get}
		if own := newPeer("b.s3.eu-west-1.amazonaws.com:443").own(a); own != tt.own {
			t.Errorf("%s, status %d, id %q, body %q: own = %v, want %v", tt.method, tt.status, tt.id, tt.body, own, tt.own)
		}
	}
}

// A clock that is wrong costs one refused request on each path, and the rest are
// dated by the service's clock; KMS and STS as well as S3. No refusal ends as a
// missing permission, one of a HEAD neither.
func TestClockIsCorrected(t *testing.T) {
	for _, by := range []time.Duration{20 * time.Minute, -5 * time.Hour} {
		for _, sdk := range []bool{false, true} {
			proxy, err := faultproxy.New(serve(t, func(request) reply {
				return reply{header: map[string]string{"Etag": `"abc"`}, body: "<Tagging><TagSet/></Tagging>"}
			}).URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(proxy.Close)
			c := client(t, proxy.URL)
			c.config.SDKClient = sdk
			w := &work{Rewriter: rewriter(t, c, RewriteConfig{Options: anOptions(), Facts: aFacts()}), task: decide(t, RewriteConfig{Options: anOptions(), Facts: aFacts()}, aRecord("k"), nil), gate: &gate{}}
			look := func() error { _, err := w.head(t.Context(), plan.StepHead, ""); return err }
			if err := look(); err != nil {
				t.Fatalf("before: %v", err)
			}
			proxy.Set(faultproxy.Clock(by)) // in the middle of a run
			oe := objectError(t, look())
			if oe.Class != engine.Transient || oe.Code != "RequestTimeTooSkewed" {
				t.Errorf("class %v, code %q, want transient, RequestTimeTooSkewed (%v)", oe.Class, oe.Code, oe)
			}
			want := map[bool]string{true: "s behind the service's", false: "s ahead of the service's"}[by > 0]
			if !strings.Contains(oe.Words(), want) {
				t.Errorf("Words() = %q, want %q in it", oe.Words(), want)
			}
			if err := look(); err != nil {
				t.Errorf("the same again: %v; want it dated anew", err)
			}
			if _, err := c.tasks.GetObjectTagging(t.Context(), taggingOf("k")); err != nil {
				t.Errorf("by the SDK: %v", err)
			}
			if off := c.Skew() - by; off > 5*time.Second || off < -5*time.Second {
				t.Errorf("Skew() = %s, want %s", c.Skew(), by)
			}
		}
	}
}

// A refusal with a reason is that, also while the clocks differ.
func TestDeniedWhileClocksDiffer(t *testing.T) {
	date := map[string]string{"Date": time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)}
	s := serve(t, func(request) reply {
		return reply{status: 403, header: date, body: `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`}
	})
	w := &work{Rewriter: rewriter(t, client(t, s.URL), RewriteConfig{Options: anOptions(), Facts: aFacts()}), task: decide(t, RewriteConfig{Options: anOptions(), Facts: aFacts()}, aRecord("k"), nil), gate: &gate{}}
	// A HEAD does not say why: it is tried again with the right time, and then counts.
	for i, want := range []engine.Class{engine.Transient, engine.Denied} {
		_, err := w.head(t.Context(), plan.StepHead, "")
		if oe := objectError(t, err); oe.Class != want {
			t.Errorf("HEAD %d: class %v, want %v (%v)", i, oe.Class, want, oe)
		}
	}
	_, err := w.tags(t.Context(), "")
	if oe := objectError(t, err); oe.Class != engine.Denied {
		t.Errorf("class %v, want denied (%v)", oe.Class, oe)
	}
}
