package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
	"reseal/inventory"
)

// refusedUpdates wants objects updated in place on a server that takes the
// request for an upload: it is refused before anything is sent, or once a
// scratch object has shown it, and no object of the bucket is touched.
func refusedUpdates(t *testing.T, server *minio.Server) {
	const key = "arn:aws:kms:us-east-1:111122223333:key/" + minio.Key // as an update has to name it
	for _, versions := range []bool{false, true} {
		name := "no-updates"
		if versions {
			name += "-versioned"
		}
		b := newMinioBucket(t, server, name)
		if versions {
			b.withVersions()
		}
		for _, k := range []string{"a", "b", "sacrifice"} {
			if _, err := b.put(t.Context(), k, content(k, 100), s3.PutObjectInput{Tagging: aws.String("keep=me")}); err != nil {
				t.Fatal(err)
			}
		}
		// What it would come to: the server answers 200, and the data is gone.
		if _, err := b.s3.UpdateObjectEncryption(t.Context(), &s3.UpdateObjectEncryptionInput{Bucket: &b.name, Key: aws.String("sacrifice"),
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: aws.String(key), BucketKeyEnabled: aws.Bool(true)}}}); err != nil {
			t.Logf("this MinIO refuses UpdateObjectEncryption by itself: %v", err)
		}
		before := b.versions()
		manifest := b.localInventory(inventory.CSV, before)

		var mu sync.Mutex
		var asked []string // objects that an update was sent for
		w := &wire{Before: func(r *http.Request) {
			if r.URL.Query().Has("encryption") && r.Method == http.MethodPut {
				mu.Lock()
				asked = append(asked, keyOf(r))
				mu.Unlock()
			}
		}}
		b.endpoint = w.serve(t, server.URL).URL
		for _, method := range []string{"update", "auto"} {
			for _, probed := range []bool{false, true} {
				job := filepath.Join(t.TempDir(), "job")
				run := slices.Concat([]string{"run", "--job", job, "--yes", "--manifest", manifest, "--sse-kms-key-id", key, "--method", method,
					"--accept", "versioned", "--accept", "missing-columns"}, accepted)
				if probed {
					run = append(run, "--probe-key-prefix", "reseal-probe/")
				}
				out := b.reseal(run...).want(t, exitRefused)
				if !strings.Contains(out.stderr, "UpdateObjectEncryption") {
					t.Errorf("--method %s, probed %t: %s", method, probed, out.stderr)
				}
				if shown := strings.Contains(out.stderr, "shown on a scratch object"); shown != probed {
					t.Errorf("--method %s, probed %t: the refusal rests on a scratch object: %t\n%s", method, probed, shown, out.stderr)
				}
				b.unchanged("by a refused --method "+method, before)
			}
		}
		if scratch := slices.ContainsFunc(asked, func(k string) bool { return strings.HasPrefix(k, "reseal-probe/") }); !scratch {
			t.Errorf("updates were sent for %q, want the scratch objects of the probes", asked)
		}
		for _, k := range asked {
			if !strings.HasPrefix(k, "reseal-probe/") {
				t.Errorf("an update was sent for %q", k)
			}
		}
	}
}
