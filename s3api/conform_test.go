package s3api

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/internal/minio"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// target is a server that the list of conform is run against. What servers may
// differ in is named; all else must hold on each.
type target struct {
	client  *Client
	bucket  string // with versioning
	key     string // as the server wants it named
	missing string // a key that the server does not have
	weak    bool   // ignores If-Match on the destination of a copy
	kmsAPI  bool   // can be asked about keys
	acls    bool
	silent  bool             // does not state the encryption in its answers to copies
	loses   []plan.Attribute // on a copy

	losesInParts []plan.Attribute // on a copy in parts, where the object has them
}

func TestConformsOnSimulator(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutBucketVersioning(now, &r, "Enabled"))
	})
	conform(t, target{client: s.aws, bucket: bucket, key: keyARN, kmsAPI: true, acls: true,
		missing: "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"})
}

// minioClient starts MinIO and returns a client for it.
func minioClient(t *testing.T) *Client {
	t.Helper()
	server := minio.Start(t)
	hermetic(t)
	t.Setenv("AWS_ACCESS_KEY_ID", minio.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", minio.SecretKey)
	c, err := New(t.Context(), Config{EndpointURL: server.URL, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// A server that nobody here wrote keeps the list honest.
func TestConformsOnMinIO(t *testing.T) {
	c := minioClient(t)
	name := "conform-" + random(t)
	if _, err := c.preflight.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("CreateBucket: %v", err)
	}
	if _, err := c.preflight.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}); err != nil {
		t.Fatalf("PutBucketVersioning: %v", err)
	}
	conform(t, target{client: c, bucket: name, key: minio.Key, missing: "no-such-key", weak: true, silent: true, loses: []plan.Attribute{plan.Expires, plan.BucketKey},
		losesInParts: []plan.Attribute{plan.ChecksumAlgorithm}})
}

func random(t *testing.T) string {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b[:])
}

// put writes an object with one of everything that a copy has to carry.
func (x *target) put(t *testing.T, key, data string) (etag, version string) {
	t.Helper()
	text := func(s string) *string { return &s }
	expires := time.Date(2039, 12, 1, 16, 0, 0, 0, time.UTC)
	out, err := x.client.preflight.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &x.bucket, Key: &key, Body: strings.NewReader(data),
		ContentType: text("text/plain; charset=utf-8"), CacheControl: text("max-age=60"), ContentDisposition: text("inline"),
		ContentLanguage: text("de"), Expires: &expires,
		Metadata: map[string]string{"origin": "camera 7", "empty": ""}, Tagging: text("team=photo&stage=%2Bone%20%3D%2F%40"),
		ServerSideEncryption: types.ServerSideEncryptionAes256,
	})
	if err != nil {
		t.Fatalf("PutObject %q: %v", key, err)
	}
	return unquoted(out.ETag), value(out.VersionId)
}

func (x *target) options() plan.Options {
	return plan.Options{Bucket: x.bucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: x.key, BucketKey: true}
}

// conform is what s3api needs of a server, and what it makes of it.
func conform(t *testing.T, x target) {
	found, unknown, err := x.client.Facts(t.Context(), x.bucket)
	if err != nil {
		t.Fatalf("Facts: %v", err)
	}
	for _, u := range unknown {
		t.Logf("unknown: %v", u)
	}
	if found.Versioning != plan.VersioningEnabled || found.ObjectLock != plan.No || found.Transitions != plan.No || found.Website != plan.No {
		t.Errorf("facts = %+v; want versioning, and no lock, lifecycle or website", found)
	}
	rw := rewriter(t, x.client, RewriteConfig{Options: x.options(), Facts: found, AcceptLoss: x.loses})

	for _, action := range []plan.Action{plan.Copy, plan.MultipartCopy} {
		t.Run(action.String()+" keeps everything", func(t *testing.T) { x.carries(t, rw, action) })
		t.Run(action.String()+" leaves newer writes alone", func(t *testing.T) { x.leavesNewer(t, rw, action) })
		t.Run(action.String()+" of what is gone", func(t *testing.T) { x.meetsGone(t, rw, action) })
	}
	t.Run("an unknown key is fatal", func(t *testing.T) {
		x.put(t, "k", "data")
		o := x.options()
		o.KMSKeyID = x.missing
		r := rewriter(t, x.client, RewriteConfig{Options: o, Facts: found})
		_, err := r.Rewrite(t.Context(), inspected(t, r, "k"), &gate{})
		if oe := objectError(t, err); oe.Class != engine.Fatal || KindOf(err) != KeyUnknown {
			t.Errorf("%v: class %v, kind %q; want fatal, %s", err, oe.Class, KindOf(err), KeyUnknown)
		}
	})
	t.Run("the key can be asked about", func(t *testing.T) {
		key, err := x.client.Key(t.Context(), x.key)
		if !x.kmsAPI {
			if KindOf(err) != KeyUnchecked {
				t.Errorf("Key = %+v, %v (%s); want %s", key, err, KindOf(err), KeyUnchecked)
			}
			return
		}
		if err != nil || key.ARN != x.key {
			t.Errorf("Key = %+v, %v", key, err)
		}
	})
	t.Run("probe of conditions", func(t *testing.T) {
		got, err := x.client.ProbeIfMatch(t.Context(), x.options(), "scratch/")
		if want := plan.AnswerOf(x.weak); err != nil || got != want {
			t.Errorf("ProbeIfMatch = %v, %v; want %v", got, err, want)
		}
		if left := x.versions(t, "scratch/"); len(left) > 0 {
			t.Errorf("the probe left behind %v", left)
		}
	})
	t.Run("locks", func(t *testing.T) { x.locks(t) })
	t.Run("probe of copies", func(t *testing.T) {
		got, err := x.client.ProbeCopy(t.Context(), x.options(), "scratch/")
		if err != nil || !slices.Equal(got.Lost, x.loses) || got.Refused != nil || got.SilentSSE != x.silent {
			t.Errorf("ProbeCopy = %+v, %v; want loss of %q, silent %t", got, err, x.loses, x.silent)
		}
		o := x.options()
		o.KMSKeyID = x.missing
		if _, err := x.client.ProbeCopy(t.Context(), o, "scratch/"); KindOf(err) != KeyUnknown {
			t.Errorf("ProbeCopy with an unknown key: %v (%s), want %s", err, KindOf(err), KeyUnknown)
		}
		if left := x.versions(t, "scratch/"); len(left) > 0 {
			t.Errorf("the probe left behind %v", left)
		}
	})
	t.Run("source", func(t *testing.T) { x.source(t) })
}

// carries copies objects, and compares all of them.
func (x *target) carries(t *testing.T, rw *Rewriter, action plan.Action) {
	for _, key := range []string{"plain", "a folder/100%+ü ?&#=;,'\"<>.txt", "%2F%25", "日本語/\U0001f600"} {
		key += "-" + action.String()
		first, version := x.put(t, key, "some data")
		task := inspected(t, rw, key)
		task.Action = action
		before := task.Head
		effect, err := rw.Rewrite(t.Context(), task, &gate{})
		if err != nil {
			t.Errorf("%q: %v", key, err)
			continue
		}
		after := see(t, x.client, x.bucket, key)
		if after.Encryption != inventory.SSEKMS || !plan.SameKey(after.KMSKeyID, x.key) {
			t.Errorf("%q is under %s %q", key, after.Encryption, after.KMSKeyID)
		}
		if effect.ETag != after.ETag || effect.VersionID != after.VersionID || effect.VersionID == version || !plan.SameKey(effect.KMSKeyID, x.key) {
			t.Errorf("%q: effect %+v, object %s %s", key, effect, after.ETag, after.VersionID)
		}
		if lost := rw.unaccepted(lostByWrite(before, after)); len(lost) > 0 {
			t.Errorf("%q lost %v: %+v", key, lost, after)
		}
		if got := x.tagsOf(t, key); got != "stage=%2Bone%20%3D%2F%40&team=photo" {
			t.Errorf("%q has tags %q", key, got)
		}
		if got := x.data(t, key); got != "some data" {
			t.Errorf("%q holds %q", key, got)
		}
		if before.ETag != first {
			t.Errorf("%q: inspected ETag %s, wrote %s", key, before.ETag, first)
		}
	}
}

// leavesNewer copies an object that was written since it was looked at.
func (x *target) leavesNewer(t *testing.T, rw *Rewriter, action plan.Action) {
	key := "changed-" + action.String()
	x.put(t, key, "old")
	task := inspected(t, rw, key)
	task.Action = action
	newer, version := x.put(t, key, "new, and longer")
	_, err := rw.Rewrite(t.Context(), task, &gate{})
	if oe := objectError(t, err); oe.Class != engine.Changed {
		t.Errorf("%v: class %v, want changed", err, oe.Class)
	}
	if after := see(t, x.client, x.bucket, key); after.ETag != newer || after.VersionID != version {
		t.Errorf("the newer write %s %s is not current: %s %s", newer, version, after.ETag, after.VersionID)
	}
	x.noUploads(t, key)
}

// meetsGone copies an object that was deleted since it was looked at.
func (x *target) meetsGone(t *testing.T, rw *Rewriter, action plan.Action) {
	key := "gone-" + action.String()
	x.put(t, key, "data")
	task := inspected(t, rw, key)
	task.Action = action
	if _, err := x.client.preflight.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &x.bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	_, err := rw.Rewrite(t.Context(), task, &gate{})
	if oe := objectError(t, err); oe.Class != engine.Gone && oe.Class != engine.Changed {
		t.Errorf("%v: class %v, want gone or changed", err, oe.Class)
	}
	_, err = rw.Inspect(t.Context(), task, &gate{})
	if oe := objectError(t, err); oe.Class != engine.Gone {
		t.Errorf("Inspect: %v: class %v, want gone", err, oe.Class)
	}
	x.noUploads(t, key)
}

// locks checks that retention and legal hold come along, and that a locked
// object can be rewritten at all: a copy adds a version and removes none.
func (x target) locks(t *testing.T) {
	x.bucket += "-locked"
	on := true
	if _, err := x.client.preflight.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &x.bucket, ObjectLockEnabledForBucket: &on,
		CreateBucketConfiguration: x.location()}); err != nil {
		t.Fatalf("CreateBucket: %v", err)
	}
	found, _, err := x.client.Facts(t.Context(), x.bucket)
	if err != nil || found.ObjectLock != plan.Yes || !found.HeadNeeded() {
		t.Fatalf("Facts = %+v, %v; want object lock", found, err)
	}
	rw := rewriter(t, x.client, RewriteConfig{Options: x.options(), Facts: found, AcceptLoss: x.losesInParts})
	until := time.Now().UTC().Truncate(time.Second).Add(time.Hour)
	data := "locked data"
	for _, action := range []plan.Action{plan.Copy, plan.MultipartCopy} {
		key := "kept-" + action.String()
		if _, err := x.client.preflight.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &x.bucket, Key: &key, Body: strings.NewReader(data),
			ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &until, ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn,
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c, // S3 wants a checksum with a lock
		}); err != nil {
			t.Fatalf("PutObject: %v", err)
		}
		task := inspected(t, rw, key)
		task.Action = action
		if h := task.Head; h.LockMode != "GOVERNANCE" || !h.LockRetainUntil.Equal(until) || h.LegalHold != "ON" {
			t.Fatalf("head before: %+v", h)
		}
		if _, err := rw.Rewrite(t.Context(), task, &gate{}); err != nil {
			t.Errorf("%s: %v", action, err)
			continue
		}
		after := see(t, x.client, x.bucket, key)
		if lost := rw.unaccepted(lostByWrite(task.Head, after)); len(lost) > 0 || !after.LockRetainUntil.Equal(until) || after.Encryption != inventory.SSEKMS {
			t.Errorf("%s: lost %v; after: %+v", action, lost, after)
		}
	}
}

// location is what CreateBucket wants in the client's Region.
func (x *target) location() *types.CreateBucketConfiguration {
	if x.client.Region() == "us-east-1" {
		return nil
	}
	return &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(x.client.Region())}
}

// source checks what reading a report needs.
func (x *target) source(t *testing.T) {
	src := x.client.Source(x.bucket)
	etag, _ := x.put(t, "report/data/a b+c.csv", "0123456789")
	x.put(t, "report/manifest.json", "{}")
	x.put(t, "report/empty", "")
	list, err := src.List(t.Context(), "report/")
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	want := []inventory.ObjectInfo{{Name: "report/data/a b+c.csv", Size: 10, ETag: etag}}
	if len(list) != 3 || !slices.Contains(list, want[0]) {
		t.Errorf("List = %+v, want 3 with %+v", list, want[0])
	}
	for _, tt := range []struct {
		name, etag string
		offset     int64
		data       string
		size       int64
		err        error
	}{
		{"report/data/a b+c.csv", "", 0, "0123456789", 10, nil},
		{"report/data/a b+c.csv", etag, 7, "789", 10, nil},
		{"report/empty", "", 0, "", 0, nil},
		{"report/data/a b+c.csv", "0123456789abcdef0123456789abcdef", 0, "", 0, inventory.ErrChanged},
		{"report/none", "", 0, "", 0, fs.ErrNotExist},
	} {
		r, info, err := src.Open(t.Context(), tt.name, tt.offset, tt.etag)
		if tt.err != nil {
			if !errors.Is(err, tt.err) {
				t.Errorf("Open(%q, %d, %q): %v, want %v", tt.name, tt.offset, tt.etag, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("Open(%q, %d, %q): %v", tt.name, tt.offset, tt.etag, err)
			continue
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(data) != tt.data || info.Size != tt.size || info.ETag == "" {
			t.Errorf("Open(%q, %d) = %q, %+v, %v; want %q of %d bytes", tt.name, tt.offset, data, info, err, tt.data, tt.size)
		}
	}
}

func (x *target) tagsOf(t *testing.T, key string) string {
	t.Helper()
	out, err := x.client.preflight.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: &x.bucket, Key: &key})
	if err != nil {
		t.Fatalf("GetObjectTagging %q: %v", key, err)
	}
	slices.SortFunc(out.TagSet, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return encodeTags(out.TagSet)
}

func (x *target) data(t *testing.T, key string) string {
	t.Helper()
	out, err := x.client.preflight.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &x.bucket, Key: &key})
	if err != nil {
		t.Fatalf("GetObject %q: %v", key, err)
	}
	data, err := io.ReadAll(out.Body)
	if err := errors.Join(err, out.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// versions names the versions and delete markers under a prefix.
func (x *target) versions(t *testing.T, prefix string) []string {
	t.Helper()
	out, err := x.client.preflight.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &x.bucket, Prefix: &prefix})
	if err != nil {
		t.Fatalf("ListObjectVersions: %v", err)
	}
	var names []string
	for _, v := range out.Versions {
		names = append(names, *v.Key+"@"+value(v.VersionId))
	}
	for _, m := range out.DeleteMarkers {
		names = append(names, *m.Key+"@"+value(m.VersionId)+" (marker)")
	}
	return names
}

// noUploads fails the test where an upload of key was left behind.
func (x *target) noUploads(t *testing.T, key string) {
	t.Helper()
	out, err := x.client.preflight.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &x.bucket, Prefix: &key})
	if err != nil {
		t.Fatalf("ListMultipartUploads: %v", err)
	}
	if len(out.Uploads) > 0 {
		t.Errorf("%d uploads of %q were left behind", len(out.Uploads), key)
	}
}
