package s3api

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/engine"
)

// A 200 without the document that was asked for is no answer that there is none of
// it, whichever client asks.
func TestAnswersWithoutTheirDocument(t *testing.T) {
	const declared = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	key, name := "k", bucket
	asks := map[string]func(*work) error{
		"tags": func(w *work) error { _, err := w.tags(t.Context(), ""); return err },
		"ACL":  func(w *work) error { _, _, err := w.readACL(t.Context(), ""); return err },
		"retention": func(w *work) error {
			return w.askLock(t.Context(), 0, SeeRetention, func(ctx context.Context) (bool, error) {
				_, err := w.s3.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &name, Key: &key})
				return false, err
			})
		},
		"hold": func(w *work) error {
			return w.askLock(t.Context(), 0, SeeLegalHold, func(ctx context.Context) (bool, error) {
				_, err := w.s3.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &name, Key: &key})
				return false, err
			})
		},
		"annotations": func(w *work) error { _, err := w.annotations(t.Context(), ""); return err },
	}
	for _, tt := range []struct {
		ask, body string
		whole     bool
	}{
		{"tags", "", false}, {"tags", " \n", false}, {"tags", declared, false}, {"tags", "<Tagging/>", false}, {"tags", "<TagSet/>", false},
		{"tags", declared + `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet/></Tagging>`, true},
		{"ACL", "", false}, {"ACL", "<AccessControlPolicy><AccessControlList/></AccessControlPolicy>", false},
		{"ACL", "<AccessControlPolicy><AccessControlList><Grant><Owner/></Grant></AccessControlList></AccessControlPolicy>", false},
		{"ACL", "<AccessControlPolicy><AccessControlList/><Owner><ID></ID></Owner></AccessControlPolicy>", true},
		{"retention", "", false}, {"retention", "<LegalHold/>", false}, {"retention", "<Retention/>", true},
		{"hold", "", false}, {"hold", "<LegalHold><Status>OFF</Status></LegalHold>", true},
		{"annotations", "", false}, {"annotations", "<ListAnnotationsResult/>", true},
	} {
		s := serve(t, func(request) reply {
			return reply{header: map[string]string{"X-Amz-Request-Id": "R1", "Content-Type": "application/xml"}, body: tt.body}
		})
		for _, sdk := range []bool{false, true} {
			c := asAWS(client(t, s.URL))
			c.config.SDKClient = sdk
			r := RewriteConfig{Options: anOptions(), Facts: aFacts()}
			w := &work{Rewriter: rewriter(t, c, r), task: decide(t, r, aRecord("k"), nil), gate: &gate{}}
			err := asks[tt.ask](w)
			if tt.whole {
				if err != nil {
					t.Errorf("%s, %q: %v", tt.ask, tt.body, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s, %q: taken for an answer", tt.ask, tt.body)
				continue
			}
			if oe := objectError(t, err); oe.Class != engine.Empty || oe.Code != hollowCode || oe.HTTPStatus != 200 {
				t.Errorf("%s, %q: class %v, code %q, status %d; want empty, %s, 200 (%v)", tt.ask, tt.body, oe.Class, oe.Code, oe.HTTPStatus, hollowCode, oe)
			}
		}
	}
}

// What is asked before a run is asked again by the SDK.
func TestAnswerWithoutItsDocumentIsAskedForAgain(t *testing.T) {
	n := 0
	s := serve(t, func(request) reply {
		if n++; n == 1 {
			return reply{header: map[string]string{"X-Amz-Request-Id": "R1"}}
		}
		return reply{header: map[string]string{"X-Amz-Request-Id": "R2"}, body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"}
	})
	name := bucket
	out, err := client(t, s.URL).preflight.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: &name})
	if err != nil || out.Status != "Enabled" {
		t.Errorf("%+v, %v after %d requests; want the second answer", out, err, n)
	}
}

// A HEAD without a header that every object has says nothing of the object, on either
// path: a size or a date that is not there is no zero.
func TestHeadWithoutItsHeaders(t *testing.T) {
	all := map[string]string{"Etag": `"` + etag + `"`, "Last-Modified": "Wed, 15 Nov 2023 00:00:00 GMT", "Content-Length": "5"}
	for _, name := range []string{"", "Etag", "Last-Modified", "Content-Length"} {
		header := maps.Clone(all)
		delete(header, name)
		s := serve(t, func(request) reply { return reply{header: header, hollow: true} })
		for _, sdk := range []bool{false, true} {
			c := asAWS(client(t, s.URL))
			c.config.SDKClient = sdk
			rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
			head, err := rewriter(t, c, rc).Inspect(t.Context(), decide(t, rc, aRecord("k"), nil), &gate{})
			if name == "" {
				if err != nil || head.Size != 5 || head.ETag != etag {
					t.Errorf("whole: %+v, %v", head, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("without %s: taken for an answer: %+v", name, head)
				continue
			}
			if oe := objectError(t, err); oe.Class != engine.Empty || oe.Code != hollowCode || !strings.Contains(strings.ToLower(oe.Words()), strings.ToLower(name)) {
				t.Errorf("without %s: class %v, code %q: %v", name, oe.Class, oe.Code, oe)
			}
		}
	}
}
