package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator/simaws"
)

// TestAWS goes the whole way on a scratch bucket of a real account: some objects
// below a prefix of its own, a listing, a run, the proof, and nothing left behind.
func TestAWS(t *testing.T) {
	bucket, key := os.Getenv("RESEAL_AWS_BUCKET"), os.Getenv("RESEAL_AWS_KEY")
	if bucket == "" || key == "" {
		t.Skip("SKIPPED, NOT PASSED: this needs a scratch bucket and a key of an account. Run: make aws RESEAL_AWS_BUCKET=BUCKET RESEAL_AWS_KEY=KEY_ARN")
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	(&awsLane{t: t, s3: client, bucket: bucket, key: key, env: os.Environ()}).play()
}

// TestAWSLane plays the same on the simulator.
func TestAWSLane(t *testing.T) {
	t.Parallel()
	sim := newAccount(t, simaws.Config{Seed: 1})
	t.Cleanup(startServing(sim))
	own, err := sim.Environment(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for _, v := range own {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	client := s3.New(s3.Options{BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]), Region: env["AWS_REGION"], UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")})
	(&awsLane{t: t, s3: client, bucket: scriptBucket, key: simaws.Key, env: append(simaws.CleanEnvironment(os.Environ()), own...)}).play()
}

// awsLane is a whole migration of a few objects below a prefix.
type awsLane struct {
	t           *testing.T
	s3          *s3.Client
	bucket, key string
	prefix      string
	env         []string
}

// objects are those that the lane writes, by the end of their keys.
func (l *awsLane) objects() map[string]*s3.PutObjectInput {
	return map[string]*s3.PutObjectInput{
		"plain":          {},
		"empty":          {Body: bytes.NewReader(nil)},
		"headers":        {ContentType: aws.String("text/x-lane"), CacheControl: aws.String("no-store"), ContentLanguage: aws.String("de"), ContentDisposition: aws.String("attachment")},
		"user metadata":  {Metadata: map[string]string{"owner": "lane", "empty": ""}},
		"tags":           {Tagging: aws.String("project=lane&empty=")},
		"class":          {StorageClass: types.StorageClassStandardIa},
		"sum":            {ChecksumAlgorithm: types.ChecksumAlgorithmSha256},
		"odd/a+b c%2F ü": {},
	}
}

func (l *awsLane) play() {
	l.prefix = "reseal-lane/" + strings.ToLower(rand.Text()[:12]) + "/"
	l.t.Cleanup(l.remove)
	l.write()
	before := l.looks()
	dir := l.t.TempDir()
	out := l.reseal("inventory", "snapshot", "--bucket", l.bucket, "--prefix", l.prefix, "--out", filepath.Join(dir, "report"), "--head")
	manifest := strings.TrimSpace(out)
	where := []string{"--manifest", manifest, "--sse-kms-key-id", l.key, "--probe-key-prefix", l.prefix + "probe/"}
	l.reseal(append([]string{"plan"}, where[:4]...)...)
	run := append([]string{"run", "--job", filepath.Join(dir, "job"), "--yes", "--accept", "versioned"}, where...)
	l.reseal(run...)
	l.reseal("verify", "--job", filepath.Join(dir, "job"))
	after := l.looks()
	if got, want := slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)); !slices.Equal(got, want) {
		l.t.Fatalf("the prefix holds %q, want %q", got, want)
	}
	for key, is := range after {
		if was := before[key]; is.kept != was.kept || is.sse != string(types.ServerSideEncryptionAwsKms) || is.key != l.key {
			l.t.Errorf("%q was %+v, is %+v; want the same under %s", key, was, is, l.key)
		}
	}
}

// write makes the objects, one of them in two parts.
func (l *awsLane) write() {
	l.t.Helper()
	for name, in := range l.objects() {
		in.Bucket, in.Key, in.ServerSideEncryption = &l.bucket, aws.String(l.prefix+name), types.ServerSideEncryptionAes256
		if in.Body == nil {
			in.Body = bytes.NewReader(content(name, 100))
		}
		if _, err := l.s3.PutObject(l.t.Context(), in); err != nil {
			l.t.Fatalf("put %q: %v", name, err)
		}
	}
	key := l.prefix + "parts"
	up, err := l.s3.CreateMultipartUpload(l.t.Context(), &s3.CreateMultipartUploadInput{Bucket: &l.bucket, Key: &key, ServerSideEncryption: types.ServerSideEncryptionAes256})
	if err != nil {
		l.t.Fatal(err)
	}
	var done types.CompletedMultipartUpload
	for n, size := range []int{5 << 20, 1000} {
		part := aws.Int32(int32(n + 1))
		out, err := l.s3.UploadPart(l.t.Context(), &s3.UploadPartInput{Bucket: &l.bucket, Key: &key, UploadId: up.UploadId, PartNumber: part, Body: bytes.NewReader(content(key, size))})
		if err != nil {
			l.t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{PartNumber: part, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	}
	if _, err := l.s3.CompleteMultipartUpload(l.t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &l.bucket, Key: &key, UploadId: up.UploadId, MultipartUpload: &done}); err != nil {
		l.t.Fatal(err)
	}
}

// laneLook is what another client sees of an object.
type laneLook struct{ kept, sse, key string }

// looks reads the current objects below the prefix.
func (l *awsLane) looks() map[string]laneLook {
	l.t.Helper()
	seen := map[string]laneLook{}
	pages := s3.NewListObjectsV2Paginator(l.s3, &s3.ListObjectsV2Input{Bucket: &l.bucket, Prefix: &l.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		for _, o := range page.Contents {
			h, err := l.s3.HeadObject(l.t.Context(), &s3.HeadObjectInput{Bucket: &l.bucket, Key: o.Key, ChecksumMode: types.ChecksumModeEnabled})
			if err != nil {
				l.t.Fatalf("head %q: %v", *o.Key, err)
			}
			tags, err := l.s3.GetObjectTagging(l.t.Context(), &s3.GetObjectTaggingInput{Bucket: &l.bucket, Key: o.Key})
			if err != nil {
				l.t.Fatalf("tags of %q: %v", *o.Key, err)
			}
			set := map[string]string{}
			for _, tag := range tags.TagSet {
				set[*tag.Key] = *tag.Value
			}
			seen[*o.Key] = laneLook{fmt.Sprint(*h.ContentLength, h.StorageClass, aws.ToString(h.ContentType), aws.ToString(h.CacheControl), aws.ToString(h.ContentLanguage),
				aws.ToString(h.ContentDisposition), h.Metadata, set, aws.ToString(h.ChecksumSHA256)), string(h.ServerSideEncryption), aws.ToString(h.SSEKMSKeyId)}
		}
	}
	return seen
}

// remove deletes every version below the prefix, which nobody else writes to.
func (l *awsLane) remove() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	in := &s3.ListObjectVersionsInput{Bucket: &l.bucket, Prefix: &l.prefix}
	for {
		page, err := l.s3.ListObjectVersions(ctx, in)
		if err != nil {
			l.t.Errorf("left behind: s3://%s/%s: %v", l.bucket, l.prefix, err)
			return
		}
		drop := func(key, id *string) {
			if _, err := l.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &l.bucket, Key: key, VersionId: id}); err != nil {
				l.t.Errorf("left behind: s3://%s/%s, version %s: %v", l.bucket, *key, aws.ToString(id), err)
			}
		}
		for _, v := range page.Versions {
			drop(v.Key, v.VersionId)
		}
		for _, m := range page.DeleteMarkers {
			drop(m.Key, m.VersionId)
		}
		if !aws.ToBool(page.IsTruncated) {
			return
		}
		in.KeyMarker, in.VersionIdMarker = page.NextKeyMarker, page.NextVersionIdMarker
	}
}

// reseal runs a command that has to end well, and returns what it printed.
func (l *awsLane) reseal(args ...string) string {
	l.t.Helper()
	cmd := exec.Command("reseal", args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = l.env, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		l.t.Fatalf("reseal %q: %v\n%s\n%s", args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}
