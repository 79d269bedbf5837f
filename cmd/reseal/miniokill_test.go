package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
	"reseal/inventory"
)

// aKilledRun kills runs in the worst moment: the server has copied, and nobody
// was told. The report lies in a bucket, and lists all versions.
func aKilledRun(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "versioned")
	ctx := t.Context()
	writes := b.together()
	for i := range 20 { // from before versioning: versions called null
		key := fmt.Sprintf("old/%02d", i)
		writes.Go(func() error {
			_, err := b.put(ctx, key, content(key, 200), s3.PutObjectInput{Tagging: aws.String("old=yes")})
			return err
		})
	}
	if err := writes.Wait(); err != nil {
		t.Fatal(err)
	}
	b.withVersions()
	const keys = 160
	for i := range keys {
		writes.Go(func() error { return b.story(ctx, i) })
	}
	if err := writes.Wait(); err != nil {
		t.Fatal(err)
	}
	before := b.versions()
	current := map[string]*objectVersion{}
	for i := range before {
		if v := &before[i]; v.Latest && !v.Marker && v.SSE != "aws:kms" {
			current[v.Key] = v
		}
	}

	reports := newMinioBucket(t, server, "reports")
	manifest := "s3://reports/" + b.inventory(reports, inventory.Parquet, before)
	var (
		mu   sync.Mutex
		kill func() // ends the run that is under way
		at   int64  // number of copies to end it at
	)
	w := &wire{}
	w.After = func(r *http.Request, resp *http.Response) {
		mu.Lock()
		defer mu.Unlock()
		if isCopy(r) && resp.StatusCode == http.StatusOK && kill != nil && w.copies.Load() >= at {
			kill()
			kill = nil
		}
	}
	b.endpoint = w.serve(t, server.URL).URL
	job := filepath.Join(t.TempDir(), "job")
	run := slices.Concat([]string{"run", "--job", job, "--yes", "--quiet", "--manifest", manifest, "--sse-kms-key-id", "arn:aws:kms:" + minio.Key,
		"--concurrency", "8"}, accepted)
	b.reseal(run...).want(t, exitRefused) // for the versions that it would leave behind
	b.unchanged("by a run that was refused", before)
	run = append(run, "--accept", "versioned")

	recorded := int64(0)
	for _, n := range []int64{1, 2, 9, 40, 41, 77, 110} {
		cmd := b.command(run...)
		mu.Lock()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill, at = func() { _ = cmd.Process.Kill() }, max(n, w.copies.Load()+1)
		mu.Unlock()
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("the run was not killed at copy %d: %v", n, err)
		}
		w.settle(t) // the server ends what it was asked for; then, and only then, the next run looks
		if s := b.status(job); s.Done < recorded || s.Done > w.copies.Load() {
			t.Fatalf("killed at copy %d: the job claims %d objects, before %d; copied %d", n, s.Done, recorded, w.copies.Load())
		} else {
			recorded = s.Done
		}
	}
	b.reseal(run...).want(t, exitDone)
	if got := w.copies.Load(); got != int64(len(current)) {
		t.Errorf("%d copies of %d objects, want one each", got, len(current))
	}
	s := b.status(job)
	if s.Done != int64(len(current)) || s.Repeats == 0 || s.State != "finished" {
		t.Errorf("status %+v; want %d done, and repeats", s, len(current))
	}
	t.Logf("%d repeats recognised", s.Repeats)

	left := slices.Clone(before)
	for _, v := range b.versions() {
		i := slices.IndexFunc(left, func(l objectVersion) bool { return l.Key == v.Key && l.ID == v.ID })
		if i < 0 { // new
			was := current[v.Key]
			if was == nil {
				t.Errorf("%q has a new version %s, and was to have none, or one", v.Key, v.ID)
				continue
			}
			delete(current, v.Key)
			if !v.Latest {
				t.Errorf("%q: the new version is not the current one", v.Key)
			}
			underTheKey(t, was, &v)
			continue
		}
		was := left[i]
		left = slices.Delete(left, i, i+1)
		was.Latest = v.Latest // of a version that a copy replaced
		if v != was {
			t.Errorf("an old version was changed\n from %+v\n to   %+v", was, v)
		}
	}
	if len(left) > 0 {
		t.Errorf("%d versions are gone, such as %+v", len(left), left[0])
	}
	for key := range current {
		t.Errorf("%q was not re-encrypted", key)
	}
	b.reseal("verify", "--job", job, "--allow", "not-compared").want(t, exitDone)
	sealed := b.versions()
	b.reseal(run...).want(t, exitDone)
	b.unchanged("by the same command again", sealed)
}

// story gives key i of a versioned bucket a past.
func (b *minioBucket) story(ctx context.Context, i int) error {
	key := fmt.Sprintf("key/%03d", i)
	if i < 10 {
		key = fmt.Sprintf("old/%02d", i)
	}
	for n := range i%4 + 1 {
		in := s3.PutObjectInput{Metadata: map[string]string{"version": fmt.Sprint(n)}, Tagging: aws.String(fmt.Sprintf("version=%d", n))}
		if i%20 == 19 && n == i%4 {
			in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, aws.String(minio.Key)
		}
		if _, err := b.put(ctx, key, content(fmt.Sprint(key, n), 300), in); err != nil {
			return err
		}
		// Some are deleted for good, some in between.
		if i%10 == 7 || i%10 == 6 && n == 0 {
			if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}); err != nil {
				return fmt.Errorf("delete %q: %w", key, err)
			}
		}
	}
	return nil
}
