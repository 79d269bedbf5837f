package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/minio"
	"reseal/inventory"
)

// unseenObjects are refused to be looked at, and none of them is begun. What a
// second job over the same report finds done, it proves by other objects.
func unseenObjects(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "unseen")
	const objects = 60
	for i := range objects {
		key := fmt.Sprintf("k/%03d", i)
		if _, err := b.put(t.Context(), key, content(key, 100), s3.PutObjectInput{Metadata: map[string]string{"note": "first"}, Tagging: aws.String("team=film")}); err != nil {
			t.Fatal(err)
		}
	}
	before := b.versions()
	manifest := b.localInventory(inventory.CSV, before)
	var refuse, strip atomic.Bool
	w := &wire{
		Get: func(r *http.Request) *http.Response {
			if !refuse.Load() || !r.URL.Query().Has("tagging") {
				return nil
			}
			body := `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NotImplemented</Code><Message>not here</Message></Error>`
			return &http.Response{StatusCode: http.StatusNotImplemented, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/xml"}},
				Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}
		},
		After: func(r *http.Request, resp *http.Response) {
			if !strip.Load() || !isCopy(r) || resp.StatusCode != http.StatusOK {
				return
			}
			key := keyOf(r)
			if _, err := b.s3.DeleteObjectTagging(r.Context(), &s3.DeleteObjectTaggingInput{Bucket: &b.name, Key: &key}); err != nil {
				t.Error(err)
			}
		},
	}
	b.endpoint = w.serve(t, server.URL).URL
	run := func(job string, more ...string) outcome {
		return b.reseal(slices.Concat([]string{"run", "--job", filepath.Join(t.TempDir(), job), "--yes", "--manifest", manifest, "--sse-kms-key-id", minio.Key}, accepted, more)...)
	}

	refuse.Store(true)
	for _, more := range [][]string{nil, {"--copy-via", "multipart"}} {
		out := run("refused", more...).want(t, exitRefused)
		if said := unwrapped(out.stderr); !strings.Contains(said, "GetObjectTagging NotImplemented (501)") {
			t.Errorf("the refusal is not named:\n%s", out.stderr)
		}
		b.unchanged("while nothing could be looked at", before)
	}
	refuse.Store(false)

	run("first", "--limit", "10").want(t, exitStopped)
	strip.Store(true)
	out := run("second").want(t, exitRefused)
	lost := 0
	for i, v := range b.versions() {
		if v.carried.Tags != before[i].carried.Tags {
			lost++
		}
	}
	if lost == 0 || lost > 4 || !strings.Contains(out.stderr, "--accept drops-tags") {
		t.Errorf("the tags of %d objects are lost; want the loss named after a few\n%s", lost, out.stderr)
	}
	strip.Store(false)
	if out := run("third").want(t, exitDone); !strings.Contains(out.stderr, "proven: ") {
		t.Errorf("nothing is proven:\n%s", out.stderr)
	}
	for _, v := range b.versions() {
		if v.SSE != "aws:kms" {
			t.Errorf("%q is not under the key", v.Key)
		}
	}
}
