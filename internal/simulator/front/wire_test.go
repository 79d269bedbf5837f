package front

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"reseal/internal/simulator"
)

func put(t *testing.T, c *s3.Client, key, body string, change ...func(*s3.PutObjectInput)) *s3.PutObjectOutput {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: &key, Body: strings.NewReader(body)}
	for _, f := range change {
		f(in)
	}
	out, err := c.PutObject(t.Context(), in)
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	return out
}

func head(t *testing.T, c *s3.Client, key string) *s3.HeadObjectOutput {
	t.Helper()
	out, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(testBucket), Key: &key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		t.Fatalf("head %q: %v", key, err)
	}
	return out
}

func headInput(key string) *s3.HeadObjectInput {
	return &s3.HeadObjectInput{Bucket: aws.String(testBucket), Key: &key}
}

func copySourceOf(key string) *string {
	return aws.String(testBucket + "/" + string(appendEscaped(nil, key, true)))
}

// reseal is the request the project exists for.
func resealInput(key, etag string) *s3.CopyObjectInput {
	return &s3.CopyObjectInput{
		Bucket: aws.String(testBucket), Key: &key, CopySource: copySourceOf(key),
		CopySourceIfMatch: &etag, IfMatch: &etag,
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(testKey), BucketKeyEnabled: aws.Bool(true),
	}
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// wireKeys are odd keys the SDK can put on the wire. S3 allows any UTF-8.
func wireKeys() []string {
	return slices.DeleteFunc(slices.Clone(oddKeys), func(k string) bool { return strings.Contains(k, "\xff") })
}

func TestOddKeysSurviveEveryOperation(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	virtual := func(o *s3.Options) {
		u, _ := url.Parse(r.url)
		o.BaseEndpoint, o.UsePathStyle = aws.String("https://localhost:"+u.Port()), false
	}
	clients := map[string]*s3.Client{"path": r.s3(longLived), "virtual host": r.s3(longLived, virtual)}
	for style, c := range clients {
		for _, key := range wireKeys() {
			body := "body of " + key
			etag := aws.ToString(put(t, c, key, body).ETag)
			out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: &key})
			if err != nil {
				t.Fatalf("%s style, get %q: %v", style, key, err)
			}
			if got, err := io.ReadAll(out.Body); err != nil || string(got) != body {
				t.Fatalf("%s style, get %q: %q, %v", style, key, got, err)
			}
			copied, err := c.CopyObject(t.Context(), resealInput(key, etag))
			if err != nil {
				t.Fatalf("%s style, copy %q: %v", style, key, err)
			}
			if aws.ToString(copied.SSEKMSKeyId) != testKey || copied.CopyObjectResult.ETag == nil {
				t.Errorf("%s style, copy %q: %+v", style, key, copied)
			}
			if h := head(t, c, key); h.ServerSideEncryption != types.ServerSideEncryptionAwsKms || !aws.ToBool(h.BucketKeyEnabled) || *h.ETag != *copied.CopyObjectResult.ETag {
				t.Errorf("%s style, head %q after the copy: %+v", style, key, h)
			}
		}
		var listed []string
		pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String(testBucket), EncodingType: types.EncodingTypeUrl, MaxKeys: aws.Int32(3)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Contents {
				key, err := url.QueryUnescape(*o.Key)
				if err != nil {
					t.Fatalf("listed key %q: %v", *o.Key, err)
				}
				listed = append(listed, key)
			}
		}
		want := wireKeys()
		slices.Sort(want)
		if !slices.Equal(listed, want) {
			t.Errorf("%s style, listed %q, want %q", style, listed, want)
		}
	}
}

func TestObjectAttributesRoundTrip(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	key := "a/photo.jpg"
	put(t, c, key, "hello", func(in *s3.PutObjectInput) {
		in.ContentType, in.CacheControl = aws.String("image/jpeg"), aws.String("max-age=60")
		in.ContentDisposition, in.ContentEncoding = aws.String(`attachment; filename="a b"`), aws.String("gzip")
		in.ContentLanguage, in.Expires = aws.String("de"), aws.Time(signTime)
		in.Metadata = map[string]string{"camel-case": "v", "umlaut": "ünï"}
		in.Tagging = aws.String("k=v&a+b=c%2Bd")
		in.StorageClass = types.StorageClassStandardIa
		in.WebsiteRedirectLocation = aws.String("/elsewhere")
		in.ChecksumAlgorithm = types.ChecksumAlgorithmSha256
	})
	check := func(when string) {
		h := head(t, c, key)
		got := []string{aws.ToString(h.ContentType), aws.ToString(h.CacheControl), aws.ToString(h.ContentDisposition), aws.ToString(h.ContentEncoding),
			aws.ToString(h.ContentLanguage), aws.ToString(h.ExpiresString), string(h.StorageClass), aws.ToString(h.ChecksumSHA256)}
		want := []string{"image/jpeg", "max-age=60", `attachment; filename="a b"`, "gzip", "de", "Sat, 21 Nov 2026 23:59:50 GMT", "STANDARD_IA", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}
		if !slices.Equal(got, want) {
			t.Errorf("%s: attributes %q, want %q", when, got, want)
		}
		meta := maps.Clone(h.Metadata)
		meta["umlaut"] = decodeWord(meta["umlaut"])
		if wantMeta := (map[string]string{"camel-case": "v", "umlaut": "ünï"}); !maps.Equal(meta, wantMeta) {
			t.Errorf("%s: metadata %q, want %q", when, meta, wantMeta)
		}
		if h.Metadata["umlaut"] != "=?UTF-8?b?w7xuw68=?=" {
			t.Errorf("%s: metadata on the wire %q, want RFC 2047", when, h.Metadata["umlaut"])
		}
		if *h.ContentLength != 5 || aws.ToInt32(h.TagCount) != 2 {
			t.Errorf("%s: length %d, %d tags, want 5 and 2", when, *h.ContentLength, aws.ToInt32(h.TagCount))
		}
		tags, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: aws.String(testBucket), Key: &key})
		if err != nil || len(tags.TagSet) != 2 {
			t.Fatalf("%s: tags %+v, %v", when, tags, err)
		}
		for _, tag := range tags.TagSet {
			if w := map[string]string{"k": "v", "a b": "c+d"}[*tag.Key]; w != *tag.Value {
				t.Errorf("%s: tag %q=%q, want %q", when, *tag.Key, *tag.Value, w)
			}
		}
	}
	check("after the put")
	if got := aws.ToString(head(t, c, key).WebsiteRedirectLocation); got != "/elsewhere" {
		t.Errorf("redirect %q", got)
	}
	in := resealInput(key, *head(t, c, key).ETag)
	in.StorageClass = types.StorageClassStandardIa
	if _, err := c.CopyObject(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	check("after the copy")
}

func TestConditionsAndErrors(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	put(t, c, "k", "one")
	etag := *head(t, c, "k").ETag
	put(t, c, "k", "two")
	tests := []struct {
		name string
		call func(ctx context.Context) error
		want string
	}{
		{"copy of an overwritten object", func(ctx context.Context) error { _, err := c.CopyObject(ctx, resealInput("k", etag)); return err }, "PreconditionFailed"},
		{"copy onto itself without a change", func(ctx context.Context) error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k"), CopySource: copySourceOf("k")})
			return err
		}, "InvalidRequest"},
		{"copy of nothing", func(ctx context.Context) error { _, err := c.CopyObject(ctx, resealInput("none", etag)); return err }, "NoSuchKey"},
		{"copy under an unknown key", func(ctx context.Context) error {
			in := resealInput("k", *head(t, c, "k").ETag)
			in.SSEKMSKeyId = aws.String("arn:aws:kms:eu-west-1:111122223333:key/no")
			_, err := c.CopyObject(ctx, in)
			return err
		}, "KMS.NotFoundException"},
		{"get of nothing", func(ctx context.Context) error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("none")})
			return err
		}, "NoSuchKey"},
		{"head of nothing", func(ctx context.Context) error {
			_, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(testBucket), Key: aws.String("none")})
			return err
		}, "NotFound"},
		{"no such bucket", func(ctx context.Context) error {
			_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("absent")})
			return err
		}, "NoSuchBucket"},
		{"other owner", func(ctx context.Context) error {
			_, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(testBucket), ExpectedBucketOwner: aws.String("999999999999")})
			return err
		}, "Forbidden"},
		{"unsupported", func(ctx context.Context) error {
			_, err := c.GetBucketAccelerateConfiguration(ctx, &s3.GetBucketAccelerateConfigurationInput{Bucket: aws.String(testBucket)})
			return err
		}, "NotImplemented"},
		{"short SSE-C key", func(ctx context.Context) error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k"), Body: strings.NewReader("x"),
				SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: aws.String("c2hvcnQ="), SSECustomerKeyMD5: aws.String("x")})
			return err
		}, "InvalidArgument"},
		{"wrong secret", func(ctx context.Context) error {
			id := longLived
			id.SecretKey = "wrong"
			_, err := r.s3(id).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k")})
			return err
		}, "SignatureDoesNotMatch"},
		{"unknown access key", func(ctx context.Context) error {
			id := longLived
			id.AccessKeyID = "AKIDUNKNOWN"
			_, err := r.s3(id).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k")})
			return err
		}, "InvalidAccessKeyId"},
		{"anonymous", func(ctx context.Context) error {
			_, err := r.s3(longLived, func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }).
				GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k")})
			return err
		}, "AccessDenied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := codeOf(tt.call(t.Context())); got != tt.want {
				t.Errorf("code %q, want %q", got, tt.want)
			}
		})
	}
	if got := head(t, c, "k"); got.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("after refused copies the object is %s", got.ServerSideEncryption)
	}
}

func TestPayloadModesOfTheSDK(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	big := bytes.Repeat([]byte("0123456789abcdef"), 20<<10) // 320 KiB, several chunks
	for _, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256} {
		key := "k-" + string(algorithm)
		// A reader that cannot seek makes the SDK send trailing checksums in chunks.
		_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: &key, ContentLength: aws.Int64(int64(len(big))),
			Body: io.MultiReader(bytes.NewReader(big)), ChecksumAlgorithm: algorithm})
		if err != nil {
			t.Fatalf("streamed put with %s: %v", algorithm, err)
		}
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: &key, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, big) { // the SDK checks the checksum here
			t.Fatalf("%s: read back %d bytes, %v", algorithm, len(got), err)
		}
		if out.ContentEncoding != nil {
			t.Errorf("%s: stored content encoding %q", algorithm, *out.ContentEncoding)
		}
	}
}

func TestPresignedGetAndPut(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{Identities: []Identity{{AccessKeyID: "ASIAX", SecretKey: "s", SessionToken: "tok/+=", AccountID: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}}})
	id := *r.front.verify.keys.identities["ASIAX"]
	c := r.s3(id)
	put(t, c, "a b+c", "hello")
	signed, err := s3.NewPresignClient(c).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("a b+c"), ExpectedBucketOwner: aws.String("111122223333")})
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.client.Get(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 200 || string(body) != "hello" {
		t.Errorf("presigned get: %d %s", res.StatusCode, body)
	}
	other := strings.Replace(signed.URL, "111122223333", "111122223334", 1)
	res2, err := r.client.Get(other)
	if err != nil {
		t.Fatal(err)
	}
	defer res2.Body.Close()
	if res2.StatusCode != 403 {
		t.Errorf("changed presigned URL: %d, want 403", res2.StatusCode)
	}
}

func TestMultipartCopy(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{BodyFolder: t.TempDir()})
	c := r.s3(longLived)
	const size = 12 << 20 // above what the core keeps as bytes
	key := "big file"
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: &key, Body: bytes.NewReader(make([]byte, size))})
	if err != nil {
		t.Fatal(err)
	}
	etag := *head(t, c, key).ETag
	created, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(testBucket), Key: &key,
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(testKey), Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for i, rng := range []string{"bytes=0-6291455", "bytes=6291456-12582911"} {
		n := aws.Int32(int32(i + 1))
		part, err := c.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: aws.String(testBucket), Key: &key, UploadId: created.UploadId, PartNumber: n,
			CopySource: copySourceOf(key), CopySourceRange: &rng, CopySourceIfMatch: &etag})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{PartNumber: n, ETag: part.CopyPartResult.ETag})
	}
	listed, err := c.ListParts(t.Context(), &s3.ListPartsInput{Bucket: aws.String(testBucket), Key: &key, UploadId: created.UploadId})
	if err != nil || len(listed.Parts) != 2 || *listed.Parts[1].Size != size/2 {
		t.Fatalf("list parts: %+v, %v", listed, err)
	}
	uploads, err := c.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(testBucket)})
	if err != nil || len(uploads.Uploads) != 1 || *uploads.Uploads[0].Key != key {
		t.Fatalf("list uploads: %+v, %v", uploads, err)
	}
	complete := &s3.CompleteMultipartUploadInput{Bucket: aws.String(testBucket), Key: &key, UploadId: created.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, IfMatch: aws.String(`"0123"`), MpuObjectSize: aws.Int64(size)}
	if _, err := c.CompleteMultipartUpload(t.Context(), complete); codeOf(err) != "PreconditionFailed" {
		t.Fatalf("complete with another ETag: %v, want PreconditionFailed", err)
	}
	complete.IfMatch = &etag
	done, err := c.CompleteMultipartUpload(t.Context(), complete)
	if err != nil {
		t.Fatal(err)
	}
	h := head(t, c, key)
	if *h.ETag != *done.ETag || *h.ContentLength != size || h.ServerSideEncryption != types.ServerSideEncryptionAwsKms || h.Metadata["a"] != "b" {
		t.Errorf("after the multipart copy: %+v", h)
	}
	aborted, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(testBucket), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String(testBucket), Key: &key, UploadId: aborted.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("part")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String(testBucket), Key: &key, UploadId: aborted.UploadId}); err != nil {
		t.Fatal(err)
	}
	_, err = c.ListParts(t.Context(), &s3.ListPartsInput{Bucket: aws.String(testBucket), Key: &key, UploadId: aborted.UploadId})
	if codeOf(err) != "NoSuchUpload" {
		t.Errorf("parts of an aborted upload: %v, want NoSuchUpload", err)
	}
}

func TestVersionsAndUpdateEncryption(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	_, err := c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String(testBucket), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	if err != nil {
		t.Fatal(err)
	}
	first := put(t, c, "v <&> \x01", "1")
	put(t, c, "v <&> \x01", "2")
	deleted, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(testBucket), Key: aws.String("v <&> \x01")})
	if err != nil || !aws.ToBool(deleted.DeleteMarker) {
		t.Fatalf("delete: %+v, %v", deleted, err)
	}
	_, err = c.UpdateObjectEncryption(t.Context(), &s3.UpdateObjectEncryptionInput{Bucket: aws.String(testBucket), Key: aws.String("v <&> \x01"), VersionId: first.VersionId,
		ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: aws.String(testKey), BucketKeyEnabled: aws.Bool(true)}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(testBucket), Key: aws.String("v <&> \x01"), VersionId: first.VersionId})
	if err != nil || aws.ToString(h.SSEKMSKeyId) != testKey || !aws.ToBool(h.BucketKeyEnabled) || *h.ETag != *first.ETag {
		t.Errorf("after the update: %+v, %v", h, err)
	}
	list, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String(testBucket), EncodingType: types.EncodingTypeUrl})
	if err != nil || len(list.Versions) != 2 || len(list.DeleteMarkers) != 1 {
		t.Fatalf("versions: %+v, %v", list, err)
	}
	if !*list.DeleteMarkers[0].IsLatest || *list.Versions[1].VersionId != *first.VersionId || *list.Versions[1].Key != "v+%3C%26%3E+%01" {
		t.Errorf("versions %q %q, marker %+v", *list.Versions[1].VersionId, *list.Versions[1].Key, list.DeleteMarkers[0])
	}
}

// TestChecksumsThatS3Requires sends documents without any checksum of them.
func TestChecksumsThatS3Requires(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	put(t, r.s3(longLived), "k", "body")
	for _, tt := range []struct{ method, query, body string }{
		{"PUT", "encryption", `<ObjectEncryption><SSE-KMS><KMSKeyArn>` + testKey + `</KMSKeyArn></SSE-KMS></ObjectEncryption>`},
		{"POST", "delete", `<Delete><Object><Key>k</Key></Object></Delete>`},
	} {
		path := "/" + testBucket
		if tt.query == "encryption" {
			path += "/k"
		}
		req, err := http.NewRequestWithContext(t.Context(), tt.method, r.url+path+"?"+tt.query+"=", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Content-Sha256", hashOf(tt.body))
		if err := s3Signer().SignHTTP(t.Context(), credentialsOf(longLived), req, hashOf(tt.body), "s3", "eu-west-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		res, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 400 || !strings.Contains(string(answer), "<Code>InvalidRequest</Code>") {
			t.Errorf("%s ?%s without a checksum: %d %s, want 400 InvalidRequest", tt.method, tt.query, res.StatusCode, answer)
		}
	}
	if h := head(t, r.s3(longLived), "k"); h.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("the refused update took effect: %s", h.ServerSideEncryption)
	}
}
