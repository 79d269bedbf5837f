package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"reseal/internal/minio"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/job/status"
)

// minioBucket is a bucket of a MinIO server, as another S3 client sees it, and
// reseal as a child process that works on it.
type minioBucket struct {
	t         *testing.T
	s3        *s3.Client
	name      string
	versioned bool
	endpoint  string           // where reseal finds the server
	session   *aws.Credentials // whom reseal runs as; nil for the root user
}

func newMinioBucket(t *testing.T, server *minio.Server, name string) *minioBucket {
	t.Helper()
	b := &minioBucket{t: t, name: name, endpoint: server.URL}
	b.s3 = s3.New(s3.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: minio.AccessKey, SecretAccessKey: minio.SecretKey}, nil
		}),
	})
	if _, err := b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatalf("make bucket %s: %v", name, err)
	}
	return b
}

// withVersions switches versioning on.
func (b *minioBucket) withVersions() {
	b.t.Helper()
	_, err := b.s3.PutBucketVersioning(b.t.Context(), &s3.PutBucketVersioningInput{Bucket: &b.name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	if err != nil {
		b.t.Fatalf("switch versioning on: %v", err)
	}
	b.versioned = true
}

// together collects requests that may be sent side by side.
func (b *minioBucket) together() *errgroup.Group {
	g := new(errgroup.Group)
	g.SetLimit(16)
	return g
}

// content returns bytes that differ between names, and are the same every time.
func content(name string, size int) []byte {
	h := fnv.New64a()
	h.Write([]byte(name))
	var seed [32]byte
	copy(seed[:], h.Sum(nil))
	data := make([]byte, size)
	_, _ = rand.NewChaCha8(seed).Read(data)
	return data
}

// put writes an object under SSE-S3, but for what in says otherwise.
func (b *minioBucket) put(ctx context.Context, key string, data []byte, in s3.PutObjectInput) (version string, err error) {
	in.Bucket, in.Key, in.Body = &b.name, &key, bytes.NewReader(data)
	if in.ServerSideEncryption == "" {
		in.ServerSideEncryption = types.ServerSideEncryptionAes256
	}
	out, err := b.s3.PutObject(ctx, &in)
	if err != nil {
		return "", fmt.Errorf("put %q: %w", key, err)
	}
	return aws.ToString(out.VersionId), nil
}

// putBare writes an object without any encryption.
func (b *minioBucket) putBare(ctx context.Context, key string, data []byte) error {
	if _, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(data)}); err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	return nil
}

// putParts writes an object in parts, as in says.
func (b *minioBucket) putParts(ctx context.Context, key string, in s3.CreateMultipartUploadInput, parts ...[]byte) error {
	in.Bucket, in.Key, in.ServerSideEncryption = &b.name, &key, types.ServerSideEncryptionAes256
	up, err := b.s3.CreateMultipartUpload(ctx, &in)
	if err != nil {
		return fmt.Errorf("begin upload of %q: %w", key, err)
	}
	var done types.CompletedMultipartUpload
	for i, data := range parts {
		n := int32(i + 1)
		out, err := b.s3.UploadPart(ctx, &s3.UploadPartInput{Bucket: &b.name, Key: &key, UploadId: up.UploadId, PartNumber: &n, Body: bytes.NewReader(data)})
		if err != nil {
			return fmt.Errorf("upload part %d of %q: %w", n, key, err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{PartNumber: &n, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	}
	if _, err := b.s3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &b.name, Key: &key, UploadId: up.UploadId, MultipartUpload: &done}); err != nil {
		return fmt.Errorf("complete upload of %q: %w", key, err)
	}
	return nil
}

// objectVersion is one version of an object, or a delete marker, as a client sees it.
type objectVersion struct {
	Key, ID        string
	Latest, Marker bool
	Modified       time.Time
	ETag           string
	SSE, KMSKey    string
	carried
}

// carried is what of a version a re-encryption has to leave as it is.
type carried struct {
	Body     [sha256.Size]byte
	Size     int64
	Class    string
	Headers  [5]string // Content-Type, Cache-Control, Content-Disposition, Content-Encoding, Content-Language
	Expires  string
	Metadata string
	Tags     string
	Lock     [3]string // mode, until, legal hold
}

// versions looks at everything in the bucket: it lists it, and reads each
// version's head, tags and data. Without versioning that is one version a key.
func (b *minioBucket) versions() []objectVersion {
	b.t.Helper()
	ctx := b.t.Context()
	var all []objectVersion
	var err error
	if b.versioned {
		all, err = b.listVersions(ctx)
	} else {
		all, err = b.listCurrent(ctx)
	}
	if err != nil {
		b.t.Fatalf("list %s: %v", b.name, err)
	}
	reads := b.together()
	for i := range all {
		if v := &all[i]; !v.Marker {
			reads.Go(func() error { return b.read(ctx, v) })
		}
	}
	if err := reads.Wait(); err != nil {
		b.t.Fatalf("look at %s: %v", b.name, err)
	}
	return all
}

func (b *minioBucket) listCurrent(ctx context.Context) (all []objectVersion, err error) {
	pages := s3.NewListObjectsV2Paginator(b.s3, &s3.ListObjectsV2Input{Bucket: &b.name, EncodingType: types.EncodingTypeUrl})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			key, err := url.QueryUnescape(*o.Key)
			if err != nil {
				return nil, err
			}
			all = append(all, objectVersion{Key: key, Latest: true, Modified: *o.LastModified, ETag: *o.ETag})
		}
	}
	return all, nil
}

func (b *minioBucket) listVersions(ctx context.Context) (all []objectVersion, err error) {
	pages := s3.NewListObjectVersionsPaginator(b.s3, &s3.ListObjectVersionsInput{Bucket: &b.name, EncodingType: types.EncodingTypeUrl})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Versions {
			key, err := url.QueryUnescape(*o.Key)
			if err != nil {
				return nil, err
			}
			all = append(all, objectVersion{Key: key, ID: *o.VersionId, Latest: *o.IsLatest, Modified: *o.LastModified, ETag: *o.ETag})
		}
		for _, m := range page.DeleteMarkers {
			key, err := url.QueryUnescape(*m.Key)
			if err != nil {
				return nil, err
			}
			all = append(all, objectVersion{Key: key, ID: *m.VersionId, Latest: *m.IsLatest, Marker: true, Modified: *m.LastModified})
		}
	}
	return all, nil
}

// read fills in what a listing does not say.
func (b *minioBucket) read(ctx context.Context, v *objectVersion) error {
	var id *string
	if v.ID != "" {
		id = &v.ID
	}
	o, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &v.Key, VersionId: id})
	if err != nil {
		return fmt.Errorf("get %q: %w", v.Key, err)
	}
	sum := sha256.New()
	v.Size, err = io.Copy(sum, o.Body)
	if err := errors.Join(err, o.Body.Close()); err != nil {
		return fmt.Errorf("get %q: %w", v.Key, err)
	}
	sum.Sum(v.Body[:0])
	v.SSE, v.KMSKey = string(o.ServerSideEncryption), aws.ToString(o.SSEKMSKeyId)
	v.Class = string(o.StorageClass)
	v.Headers = [5]string{aws.ToString(o.ContentType), aws.ToString(o.CacheControl), aws.ToString(o.ContentDisposition),
		aws.ToString(o.ContentEncoding), aws.ToString(o.ContentLanguage)}
	v.Expires = aws.ToString(o.ExpiresString)
	v.Metadata = fmt.Sprint(o.Metadata)
	v.Lock = [3]string{string(o.ObjectLockMode), "", string(o.ObjectLockLegalHoldStatus)}
	if o.ObjectLockRetainUntilDate != nil {
		v.Lock[1] = o.ObjectLockRetainUntilDate.String()
	}
	tags, err := b.s3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &b.name, Key: &v.Key, VersionId: id})
	if err != nil {
		return fmt.Errorf("get tags of %q: %w", v.Key, err)
	}
	set := map[string]string{}
	for _, t := range tags.TagSet {
		set[*t.Key] = *t.Value
	}
	v.Tags = fmt.Sprint(set)
	return nil
}

// inventory writes a report of what versions saw, and returns its name.
func (b *minioBucket) inventory(sink inventory.Sink, format inventory.Format, all []objectVersion) string {
	b.t.Helper()
	columns := []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColLastModified, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColEncryption}
	if b.versioned {
		columns = append(columns, inventory.ColVersionID, inventory.ColIsLatest, inventory.ColIsDeleteMarker)
	}
	w, err := inventory.NewWriter(sink, inventory.WriterOptions{SourceBucket: b.name, DestinationBucket: "reports", Config: "daily", Created: time.Now(),
		Format: format, Columns: inventory.ColumnsOf(columns...), FileRows: 200, TempDir: b.t.TempDir()})
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range all {
		v := &all[i]
		r := inventory.Record{Known: inventory.ColumnsOf(columns...), Bucket: b.name, Key: v.Key, VersionID: v.ID, IsLatest: v.Latest, IsDeleteMarker: v.Marker,
			Size: v.Size, LastModified: v.Modified, ETag: strings.Trim(v.ETag, `"`), StorageClass: inventory.Standard}
		switch v.SSE {
		case "AES256":
			r.Encryption = inventory.SSES3
		case "aws:kms":
			r.Encryption = inventory.SSEKMS
		default:
			r.Encryption = inventory.NotSSE
		}
		if v.Class != "" {
			r.StorageClass = inventory.StorageClass(v.Class)
		}
		if err := w.Write(b.t.Context(), &r); err != nil {
			b.t.Fatal(err)
		}
	}
	manifest, err := w.Close(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return manifest
}

// localInventory writes a report into a local folder.
func (b *minioBucket) localInventory(format inventory.Format, all []objectVersion) string {
	b.t.Helper()
	dir := b.t.TempDir()
	sink, err := inventory.NewFolder(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return filepath.Join(dir, filepath.FromSlash(b.inventory(sink, format, all)))
}

// Put lets a bucket take a report, as the one that S3 delivers reports to.
func (b *minioBucket) Put(ctx context.Context, name string, body io.ReadSeeker, size int64) error {
	_, err := b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: &name, Body: body, ContentLength: &size})
	return err
}

// outcome is how a command of reseal ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// command is reseal as a child process that knows the server by its environment.
func (b *minioBucket) command(args ...string) *exec.Cmd {
	cmd := exec.Command("reseal", args...)
	cmd.Env = append(simaws.CleanEnvironment(os.Environ()), "AWS_ENDPOINT_URL="+b.endpoint, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID="+minio.AccessKey, "AWS_SECRET_ACCESS_KEY="+minio.SecretKey)
	if b.session != nil {
		cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID="+b.session.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+b.session.SecretAccessKey, "AWS_SESSION_TOKEN="+b.session.SessionToken)
	}
	return cmd
}

// reseal runs a command to its end.
func (b *minioBucket) reseal(args ...string) outcome {
	b.t.Helper()
	cmd := b.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.t.Fatalf("reseal: %v", err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want fails the test where the command ended otherwise.
func (o outcome) want(t *testing.T, code int) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", o.code, code, o.stdout, o.stderr)
	}
	return o
}

// unchanged fails the test where anything in the bucket is not as it was, dates
// and ETags included.
func (b *minioBucket) unchanged(what string, before []objectVersion) {
	b.t.Helper()
	after := b.versions()
	if len(after) != len(before) {
		b.t.Fatalf("%s: %d versions, before %d", what, len(after), len(before))
	}
	for i := range after {
		if after[i] != before[i] {
			b.t.Errorf("%s: changed\n from %+v\n to   %+v", what, before[i], after[i])
		}
	}
}

// status is what the job's files say.
func (b *minioBucket) status(job string) *status.Status {
	b.t.Helper()
	s, err := readStatus(b.t.Context(), job)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}
