package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
	"reseal/inventory"
)

// lockedObjects must be locked no less after the run, in each of their versions.
func lockedObjects(t *testing.T, server *minio.Server) {
	b := newLockedBucket(t, server, "locked")
	ctx := t.Context()
	until := time.Now().Add(24 * time.Hour).Truncate(time.Second).UTC()
	for i := range 24 {
		in := s3.PutObjectInput{Metadata: map[string]string{"n": fmt.Sprint(i)}, Tagging: aws.String("locked=perhaps"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c}
		if i%4 == 1 || i%4 == 3 {
			in.ObjectLockMode, in.ObjectLockRetainUntilDate = types.ObjectLockModeGovernance, &until
		}
		if i%4 == 2 || i%4 == 3 {
			in.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatusOn
		}
		key := fmt.Sprintf("%02d", i)
		if _, err := b.put(ctx, key, content(key, 500), in); err != nil {
			t.Fatal(err)
		}
	}
	before := b.versions()
	job := filepath.Join(t.TempDir(), "job")
	run := slices.Concat([]string{"run", "--job", job, "--yes", "--manifest", b.localInventory(inventory.Parquet, before), "--sse-kms-key-id", minio.Key,
		"--accept", "versioned"}, accepted)
	for _, hidden := range []string{"s3:GetObjectRetention", "s3:GetObjectLegalHold"} {
		creds := sessionUnder(t, server.URL, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]},
			{"Effect":"Deny","Action":["`+hidden+`"],"Resource":["arn:aws:s3:::*"]}]}`)
		b.session = &creds
		if out := b.reseal(run...).want(t, exitRefused); !strings.Contains(out.stderr, "the caller lacks "+hidden) {
			t.Errorf("run without %s does not say so:\n%s", hidden, out.stderr)
		}
		b.session = nil
		b.unchanged("a run without "+hidden, before)
	}
	b.reseal(run...).want(t, exitDone)

	now := map[string]*objectVersion{}
	after := b.versions()
	for i := range after {
		v := &after[i]
		if v.Latest {
			now[v.Key] = v
			continue
		}
		was := before[slices.IndexFunc(before, func(b objectVersion) bool { return b.ID == v.ID })]
		was.Latest = false
		if *v != was {
			t.Errorf("the old version was changed\n from %+v\n to   %+v", was, *v)
		}
	}
	if len(after) != 2*len(before) {
		t.Errorf("%d versions, want two for each of %d", len(after), len(before))
	}
	for i := range before {
		underTheKey(t, &before[i], now[before[i].Key])
	}
	b.reseal("verify", "--job", job).want(t, exitDone)
}

// newLockedBucket makes a bucket with object lock, and so with versions.
func newLockedBucket(t *testing.T, server *minio.Server, name string) *minioBucket {
	t.Helper()
	b := newMinioBucket(t, server, name+"-maker")
	if _, err := b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(true)}); err != nil {
		t.Fatalf("make bucket %s: %v", name, err)
	}
	b.name, b.versioned = name, true
	return b
}

// largeObjects are copied in parts, which takes nothing along by itself.
func largeObjects(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "large")
	ctx, writes := t.Context(), b.together()
	expires := time.Date(2039, 12, 1, 16, 0, 0, 0, time.UTC)
	for i := range 6 {
		key := fmt.Sprintf("a folder/%d+ü %%.bin", i)
		text := aws.String
		writes.Go(func() error {
			if i%2 == 0 {
				_, err := b.put(ctx, key, content(key, 5<<20+1+i<<20), s3.PutObjectInput{
					ContentType: text("video/mp4"), CacheControl: text("no-cache"), ContentDisposition: text("inline"), ContentLanguage: text("de"),
					ContentEncoding: text("identity"), Expires: &expires, Metadata: map[string]string{"n": fmt.Sprint(i), "empty": ""},
					Tagging: text("team=film&stage=%2Bone%20%3D%2F%40"),
				})
				return err
			}
			return b.putParts(ctx, key, s3.CreateMultipartUploadInput{ContentType: text("video/mp4"), Expires: &expires, Metadata: map[string]string{"n": fmt.Sprint(i)},
				Tagging: text("team=film")}, content(key+"/1", 5<<20), content(key+"/2", 1<<20))
		})
	}
	writes.Go(func() error {
		_, err := b.put(ctx, "small", content("small", 100), s3.PutObjectInput{Tagging: aws.String("team=film")})
		return err
	})
	if err := writes.Wait(); err != nil {
		t.Fatal(err)
	}
	before := b.versions()
	w := new(wire).serve(t, server.URL)
	b.endpoint = w.URL
	job := filepath.Join(t.TempDir(), "job")
	b.reseal(slices.Concat([]string{"run", "--job", job, "--yes", "--manifest", b.localInventory(inventory.CSV, before), "--sse-kms-key-id", minio.Key,
		"--multipart-threshold", "5MiB"}, accepted)...).want(t, exitDone)
	if w.parts.Load() < 6 || w.copies.Load() != 1 {
		t.Errorf("%d parts and %d copies, want 6 parts at least and 1 copy", w.parts.Load(), w.copies.Load())
	}
	after := b.versions()
	if len(after) != len(before) {
		t.Fatalf("%d objects, before %d", len(after), len(before))
	}
	for i := range after {
		underTheKey(t, &before[i], &after[i])
		if after[i].Expires != before[i].Expires {
			t.Errorf("%q expires %q, before %q: parts could have kept it", after[i].Key, after[i].Expires, before[i].Expires)
		}
	}
	uploads, err := b.s3.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &b.name, Prefix: aws.String("a folder/")})
	if err != nil || len(uploads.Uploads) > 0 {
		t.Errorf("%d uploads were left behind: %v", len(uploads.Uploads), err)
	}
	b.reseal("verify", "--job", job).want(t, exitDone)
}
