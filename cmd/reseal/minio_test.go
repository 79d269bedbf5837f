package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
	"reseal/inventory"
)

// TestMinIO runs reseal against a server that nobody here wrote, and lets
// another S3 client say what became of the objects.
func TestMinIO(t *testing.T) {
	server := minio.Start(t)
	for _, tt := range []struct {
		name string
		play func(*testing.T, *minio.Server)
	}{
		{"a bucket of all sorts", aBucketOfAllSorts},
		{"a killed run in a versioned bucket", aKilledRun},
		{"locked objects", lockedObjects},
		{"large objects in parts", largeObjects},
		{"other clients", otherClients},
		{"a probe", aProbe},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.play(t, server) })
	}
}

// accepted are the hazards of every MinIO.
var accepted = []string{"--accept", "weak-conditions", "--accept", "drops-expires"}

// underTheKey fails the test where after is not what a run has to make of
// before: the same object under the key.
func underTheKey(t *testing.T, before, after *objectVersion) {
	t.Helper()
	if after.SSE != "aws:kms" || after.KMSKey != "arn:aws:kms:"+minio.Key {
		t.Errorf("%q is under %s %q", after.Key, after.SSE, after.KMSKey)
	}
	was, is := before.carried, after.carried
	was.Expires, is.Expires = "", "" // accepted
	if was != is {
		t.Errorf("%q was\n%+v, is\n%+v", after.Key, was, is)
	}
}

// oddKeys are keys that MinIO takes, and that need care on the way to it. It
// refuses some others that S3 has, such as a//b and a/../b.
func oddKeys() []string {
	keys := []string{"odd/folder/", "odd/%2F", "odd/%25%", "odd/a+b c", "odd/ leading", "odd/trailing ", "odd/.hidden", "odd/a/...", "odd/?versionId=x",
		"odd/日本語/日本", "odd/\U0001f600", "odd/e\u0301", "odd/é", "odd/\u200bzero", "odd/\u00a0", "odd/" + strings.Repeat(strings.Repeat("x", 199)+"/", 4) + "end"}
	for c := ' '; c <= '~'; c++ {
		if strings.ContainsRune(` !"#$%&'()*+,-.:;<=>?@[]^_`+"`"+`{|}~`, c) {
			keys = append(keys, "odd/x"+string(c)+"y")
		}
	}
	return keys
}

// fill writes objects of all sorts.
func (b *minioBucket) fill() {
	b.t.Helper()
	ctx, writes := b.t.Context(), b.together()
	put := func(key string, size int, in s3.PutObjectInput) {
		writes.Go(func() error {
			_, err := b.put(ctx, key, content(key, size), in)
			return err
		})
	}
	for i := range 360 {
		in := s3.PutObjectInput{ContentType: aws.String("image/jpeg"), Metadata: map[string]string{"camera": fmt.Sprintf("no %d", i), "Empty": ""}}
		if i%3 == 0 {
			in.Tagging = aws.String("team=photo&stage=%2Bone%20%3D%2F%40&n=" + fmt.Sprint(i))
		}
		if i%4 == 0 {
			in.CacheControl, in.ContentDisposition = aws.String("max-age=60, private"), aws.String(`attachment; filename="a b.jpg"`)
			in.ContentEncoding, in.ContentLanguage = aws.String("identity"), aws.String("de, en")
		}
		if i%40 == 0 {
			in.StorageClass = types.StorageClassReducedRedundancy
		}
		put(fmt.Sprintf("photos/%03d.jpg", i), i*37%9000+1, in)
	}
	for _, key := range oddKeys() {
		size := 100
		if strings.HasSuffix(key, "/") {
			size = 0
		}
		put(key, size, s3.PutObjectInput{Metadata: map[string]string{"odd": "yes"}, Tagging: aws.String("odd=yes")})
	}
	expires := time.Date(2039, 12, 1, 16, 0, 0, 0, time.UTC)
	for i := range 40 {
		put(fmt.Sprintf("expiring/%02d", i), 10, s3.PutObjectInput{Expires: &expires, Metadata: map[string]string{"kept": "yes"}})
	}
	for i := range 30 {
		put(fmt.Sprintf("empty/%02d", i), 0, s3.PutObjectInput{Metadata: map[string]string{"of": "nothing"}})
	}
	for i := range 4 {
		put(fmt.Sprintf("large/%d", i), 6<<20+i, s3.PutObjectInput{Tagging: aws.String("size=large")})
	}
	for i := range sealedObjects {
		put(fmt.Sprintf("sealed/%02d", i), 50, s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(minio.Key)})
	}
	for i := range 20 {
		key := fmt.Sprintf("bare/%02d", i)
		writes.Go(func() error { return b.putBare(ctx, key, content(key, 70)) })
	}
	for i := range 4 {
		key := fmt.Sprintf("parts/%d", i)
		writes.Go(func() error {
			return b.putParts(ctx, key, s3.CreateMultipartUploadInput{ContentType: aws.String("video/mp4"), Metadata: map[string]string{"made": "in parts"}},
				content(key+"/1", 5<<20), content(key+"/2", 100<<10+i))
		})
	}
	if err := writes.Wait(); err != nil {
		b.t.Fatal(err)
	}
}

// sealedObjects is the number of objects that fill puts under the key already.
const sealedObjects = 15

// aBucketOfAllSorts goes the whole way, from a plan to the proof.
func aBucketOfAllSorts(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "all-sorts")
	b.fill()
	before := b.versions()
	if len(before) < 500 {
		t.Fatalf("%d objects, want at least 500", len(before))
	}
	w := newWire(t, server.URL)
	b.endpoint = w.URL
	job := filepath.Join(t.TempDir(), "job")
	where := []string{"--manifest", b.localInventory(inventory.CSV, before), "--sse-kms-key-id", minio.Key}
	run := slices.Concat([]string{"run", "--job", job, "--yes"}, where)

	b.reseal(append([]string{"plan"}, where...)...).want(t, exitDone)
	b.reseal(append(run, "--dry-run")...).want(t, exitDone)
	for _, accept := range [][]string{nil, accepted[:2], accepted[2:]} {
		out := b.reseal(append(run, accept...)...).want(t, exitRefused)
		for i := 1; i < len(accepted); i += 2 {
			if refused := strings.Contains(out.stderr, "--accept "+accepted[i]+"\n") || strings.Contains(out.stderr, "--accept "+accepted[i]+" --"); refused == slices.Contains(accept, accepted[i]) {
				t.Errorf("accepting %q: refused for %s: %v\n%s", accept, accepted[i], refused, out.stderr)
			}
		}
	}
	noKey := slices.Concat(run, accepted, []string{"--quiet", "--job", filepath.Join(t.TempDir(), "nokey"), "--sse-kms-key-id", "nokey"})
	out := b.reseal(noKey...)
	if lines := strings.Count(out.stderr, "\n"); out.code != exitFatal && out.code != exitRefused ||
		!strings.HasPrefix(out.stderr, "reseal: ") || lines != 1 && !(lines == 2 && strings.Contains(out.stderr, "\nhint: ")) {
		t.Errorf("a key that is not there: exit code %d and %d lines, want 1 or 5 and one line with a hint at most:\n%s", out.code, lines, out.stderr)
	}
	if w.copies.Load()+w.parts.Load()+w.writes.Load() > 0 {
		t.Errorf("%d copies and %d other writes got through before anything was accepted", w.copies.Load(), w.writes.Load())
	}
	b.unchanged("before anything was accepted", before)

	out = b.reseal(slices.Concat(run, accepted)...).want(t, exitDone)
	for i := 1; i < len(accepted); i += 2 {
		if !strings.Contains(out.stderr, accepted[i]+" (accepted)") {
			t.Errorf("the run does not say that %s was accepted:\n%s", accepted[i], out.stderr)
		}
	}
	todo := int64(len(before) - sealedObjects)
	if got := w.copies.Load(); got != todo || w.parts.Load()+w.writes.Load() > 0 {
		t.Errorf("%d copies, %d parts, %d other writes; want %d copies alone", got, w.parts.Load(), w.writes.Load(), todo)
	}
	after := b.versions()
	if len(after) != len(before) {
		t.Fatalf("%d objects, before %d", len(after), len(before))
	}
	for i := range after {
		if before[i].SSE == "aws:kms" {
			if after[i] != before[i] {
				t.Errorf("%q was under the key already, and was changed", before[i].Key)
			}
			continue
		}
		underTheKey(t, &before[i], &after[i])
	}

	b.reseal(slices.Concat(run, accepted)...).want(t, exitDone)
	b.unchanged("by the same command again", after)
	out = b.reseal("verify", "--job", job).want(t, exitDone)
	if !strings.Contains(out.stdout, fmt.Sprintf("%d objects", todo)) {
		t.Errorf("verify did not look at %d objects:\n%s", todo, out.stdout)
	}
	b.unchanged("by verify", after)
}

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
	w := newWire(t, server.URL)
	b.endpoint = w.URL
	job := filepath.Join(t.TempDir(), "job")
	run := slices.Concat([]string{"run", "--job", job, "--yes", "--quiet", "--manifest", manifest, "--sse-kms-key-id", "arn:aws:kms:" + minio.Key,
		"--concurrency", "8"}, accepted)
	b.reseal(run...).want(t, exitRefused) // for the versions that it would leave behind
	b.unchanged("by a run that was refused", before)
	run = append(run, "--accept", "versioned")

	var (
		mu   sync.Mutex
		kill func() // ends the run that is under way
		at   int64  // number of copies to end it at
	)
	w.After = func(r *http.Request, resp *http.Response) {
		mu.Lock()
		defer mu.Unlock()
		if isCopy(r) && resp.StatusCode == http.StatusOK && kill != nil && w.copies.Load() >= at {
			kill()
			kill = nil
		}
	}
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
		w.settle() // the server ends what it was asked for; then, and only then, the next run looks
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
	b.reseal("verify", "--job", job).want(t, exitDone)
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

// status is what the job's files say.
func (b *minioBucket) status(job string) *jobStatus {
	b.t.Helper()
	s, err := readStatus(b.t.Context(), job)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// lockedObjects have to be locked no less after the run, in each of their versions.
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
	w := newWire(t, server.URL)
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

// otherClients write and delete in the moments that matter: before the run,
// between its look and its copy, and right after the copy. What they wrote
// stays, and is under the key wherever a run could get hold of it.
func otherClients(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "shared")
	ctx := t.Context()
	last := map[string]objectVersion{} // what the other client wrote last
	var mu sync.Mutex
	write := func(key string, data []byte, note string) {
		if _, err := b.put(ctx, key, data, s3.PutObjectInput{Metadata: map[string]string{"note": note}, Tagging: aws.String("note=" + note)}); err != nil {
			t.Error(err)
			return
		}
		v := objectVersion{Key: key}
		if err := b.read(ctx, &v); err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		last[key] = v
		mu.Unlock()
	}
	const each = 5
	for _, kind := range []string{"quiet", "stale", "before", "same-bytes", "after", "gone", "gone-late", "busy"} {
		for i := range each {
			key := fmt.Sprintf("%s/%d", kind, i)
			write(key, content(key, 100), "first")
		}
	}
	manifest := b.localInventory(inventory.CSV, b.versions())
	remove := func(key string) {
		if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}); err != nil {
			t.Error(err)
		}
		mu.Lock()
		delete(last, key)
		mu.Unlock()
	}
	for i := range each {
		write(fmt.Sprintf("stale/%d", i), content("newer", 200), "newer")
		remove(fmt.Sprintf("gone/%d", i))
	}

	w := newWire(t, server.URL)
	var once sync.Map
	first := func(key string) bool { _, again := once.LoadOrStore(key, true); return !again }
	tries := 0
	w.Before = func(r *http.Request) {
		if !isCopy(r) {
			return
		}
		key := keyOf(r)
		switch kind, _, _ := strings.Cut(key, "/"); kind {
		case "before":
			if first(key) {
				write(key, content("newer"+key, 200), "newer")
			}
		case "same-bytes":
			if first(key) {
				write(key, content(key, 100), "newer")
			}
		case "gone-late":
			if first(key) {
				remove(key)
			}
		case "busy":
			mu.Lock()
			tries++
			n := tries
			mu.Unlock()
			write(key, content(fmt.Sprint(key, n), 150), fmt.Sprint(n))
		}
	}
	w.After = func(r *http.Request, resp *http.Response) {
		if key := keyOf(r); isCopy(r) && resp.StatusCode == http.StatusOK && strings.HasPrefix(key, "after/") && first(key) {
			write(key, content("newer"+key, 200), "newer")
		}
	}
	b.endpoint = w.URL
	job := filepath.Join(t.TempDir(), "job")
	b.reseal(slices.Concat([]string{"run", "--job", job, "--yes", "--manifest", manifest, "--sse-kms-key-id", minio.Key}, accepted)...).want(t, exitFailures)

	after := map[string]objectVersion{}
	for _, v := range b.versions() {
		after[v.Key] = v
	}
	if got, want := slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(last)); !slices.Equal(got, want) {
		t.Fatalf("the bucket holds %q, want %q", got, want)
	}
	for key, v := range after {
		wrote := last[key]
		if strings.HasPrefix(key, "busy/") { // never still: not under the key, and nothing of it lost
			if v.carried != wrote.carried {
				t.Errorf("%q is %+v, another client wrote %+v", key, v.carried, wrote.carried)
			}
			continue
		}
		underTheKey(t, &wrote, &v)
	}
	// Without versions nothing tells a write of the same bytes from an endpoint
	// that loses metadata, so those are reported, although all is well with them.
	failed := b.reseal("report", "--job", job, "--format", "csv").want(t, exitDone).stdout
	busy, same := strings.Count(failed, "shared,busy/"), strings.Count(failed, "shared,same-bytes/")
	if busy != each || same != each || strings.Count(failed, ",changing") != busy || strings.Count(failed, ",unfaithful") != same {
		t.Errorf("want %d objects called changing and %d unfaithful, got\n%s", each, each, failed)
	}
	if s := b.status(job); s.Failed != 2*each || s.Skipped["gone"] != 2*each || s.Done != 4*each {
		t.Errorf("status %+v; want %d failed, %d gone, %d done", s, 2*each, 2*each, 4*each)
	}
}

// aProbe finds out on scratch objects what MinIO does, and leaves none behind.
func aProbe(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "probed")
	b.withVersions()
	expires := time.Date(2039, 12, 1, 16, 0, 0, 0, time.UTC)
	for _, key := range []string{"a", "b"} {
		if _, err := b.put(t.Context(), key, content(key, 100), s3.PutObjectInput{Expires: &expires}); err != nil {
			t.Fatal(err)
		}
	}
	before := b.versions()
	run := []string{"run", "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--manifest", b.localInventory(inventory.CSV, before),
		"--sse-kms-key-id", minio.Key, "--accept", "versioned", "--probe-key-prefix", "reseal-probe/"}
	for i := 0; i < len(accepted); i += 2 {
		out := b.reseal(append(run, accepted[i:i+2]...)...).want(t, exitRefused)
		if shown := strings.Count(out.stderr, "shown on a scratch object"); shown != 1 || strings.Contains(out.stderr, "--accept "+accepted[i+1]) {
			t.Errorf("%s was accepted, and the probe has to show the other hazard:\n%s", accepted[i+1], out.stderr)
		}
	}
	b.reseal(slices.Concat(run, accepted, []string{"--sse-kms-key-id", "nokey"})...).want(t, exitRefused)
	b.unchanged("by probes", before)

	b.reseal(slices.Concat(run, accepted)...).want(t, exitDone)
	if after := b.versions(); len(after) != 2*len(before) {
		t.Errorf("%d versions, want %d", len(after), 2*len(before))
	}
}
