package simulator

import (
	"io"
	"strings"
	"testing"
	"time"
)

func (b *bench) del(bucket, key, version string) *DeleteObjectOutput {
	b.Helper()
	out, err := b.DeleteObject(b.tick(), &DeleteObjectInput{Request: in(bucket), Key: key, VersionID: version})
	b.must(err)
	return out
}

// TestPutLimits: S3 User Guide, UsingMetadata, object-keys, qfacts; S3 API Reference, ErrorResponses.
func TestPutLimits(t *testing.T) {
	tests := []struct {
		name string
		set  func(*PutObjectInput)
		code string
	}{
		{"key of 1024 bytes", func(p *PutObjectInput) { p.Key = strings.Repeat("ü", 512) }, ""},
		{"key of 1025 bytes", func(p *PutObjectInput) { p.Key = strings.Repeat("k", 1025) }, "KeyTooLongError"},
		{"key that is no UTF-8", func(p *PutObjectInput) { p.Key = "\xff" }, "InvalidURI"},
		{"odd key", func(p *PutObjectInput) { p.Key = "/../a//b+%41 \n?x=&" }, ""},
		{"metadata of 2048 bytes", func(p *PutObjectInput) {
			p.Metadata = &Metadata{User: map[string]string{"name": strings.Repeat("v", 2044)}}
		}, ""},
		{"metadata of 2049 bytes", func(p *PutObjectInput) {
			p.Metadata = &Metadata{User: map[string]string{"name": strings.Repeat("v", 2045)}}
		}, "MetadataTooLarge"},
		{"5 GiB", func(p *PutObjectInput) { p.Body = Synthetic(5<<30, 1) }, ""},
		{"more than 5 GiB", func(p *PutObjectInput) { p.Body = Synthetic(5<<30+1, 1) }, "EntityTooLarge"},
		{"class", func(p *PutObjectInput) { p.StorageClass = "OUTPOSTS" }, "InvalidStorageClass"},
		{"redirect", func(p *PutObjectInput) { p.WebsiteRedirect = "ftp://x" }, "InvalidRedirectLocation"},
		{"lock without a lock bucket", func(p *PutObjectInput) { p.Lock.LegalHold = "ON" }, "InvalidRequest"},
		{"ACL without ACLs", func(p *PutObjectInput) { p.ACL.Canned = "private" }, "AccessControlListNotSupported"},
		{"the ACL that is always allowed", func(p *PutObjectInput) { p.ACL.Canned = "bucket-owner-full-control" }, ""},
		{"eleven tags", func(p *PutObjectInput) { p.Tags = manyTags(11) }, "BadRequest"},
		{"checksum", func(p *PutObjectInput) { p.Checksum.Algorithm = "CRC7" }, "InvalidRequest"},
	}
	for _, tt := range tests {
		b := newBench(t, Config{})
		p := &PutObjectInput{Request: in("bkt"), Key: "k", Body: Bytes([]byte("x"))}
		tt.set(p)
		_, err := b.PutObject(b.tick(), p)
		code := ""
		if err != nil {
			code = err.Code
		}
		if code != tt.code {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.code)
		}
	}
}

func manyTags(n int) (tags []Tag) {
	for i := range n {
		tags = append(tags, Tag{strings.Repeat("k", i+1), "v"})
	}
	return tags
}

// TestTagLimits: S3 User Guide, object-tagging.
func TestTagLimits(t *testing.T) {
	tests := []struct {
		name string
		tags []Tag
		code string
	}{
		{"ten", manyTags(10), ""},
		{"eleven", manyTags(11), "BadRequest"},
		{"long key", []Tag{{strings.Repeat("ü", 128), ""}}, ""},
		{"too long key", []Tag{{strings.Repeat("ü", 129), ""}}, "InvalidTag"},
		{"long value", []Tag{{"k", strings.Repeat("v", 256)}}, ""},
		{"too long value", []Tag{{"k", strings.Repeat("v", 257)}}, "InvalidTag"},
		{"astral signs count twice", []Tag{{"k", strings.Repeat("\U0001f600", 129)}}, "InvalidTag"},
		{"empty key", []Tag{{"", "v"}}, "InvalidTag"},
		{"twice", []Tag{{"k", "1"}, {"k", "2"}}, "InvalidTag"},
		{"system", []Tag{{"aws:x", "1"}}, "InvalidTag"},
	}
	b := newBench(t, Config{})
	before := b.put("bkt", "k", "x")
	o := &ObjectInput{Request: in("bkt"), Key: "k"}
	for _, tt := range tests {
		_, err := b.PutObjectTagging(b.tick(), o, tt.tags)
		b.want(err, 400, tt.code)
		if tt.code == "" {
			if got, err := b.GetObjectTagging(b.tick(), o); err != nil || len(got.Tags) != len(tt.tags) {
				t.Errorf("%s: read back %v %v", tt.name, got, err)
			}
		}
	}
	if got := b.head("bkt", "k", ""); got.LastModified != before.LastModified || got.ETag != before.ETag {
		t.Errorf("tagging changed %s or %s", got.LastModified, got.ETag)
	}
	_, err := b.DeleteObjectTagging(b.tick(), o)
	b.must(err)
	if got := b.head("bkt", "k", "").Tags; len(got) != 0 {
		t.Errorf("tags %v after their deletion", got)
	}
}

func TestParseTagging(t *testing.T) {
	got, err := ParseTagging("a=1&b+c=%2B%C3%BC&d")
	if err != nil || len(got) != 3 || got[1] != (Tag{"b c", "+ü"}) || got[2] != (Tag{"d", ""}) {
		t.Errorf("got %v %v", got, err)
	}
	if _, err := ParseTagging("a=%zz"); err == nil {
		t.Error("no error for %zz")
	}
}

// TestVersioning: S3 User Guide, AddingObjectstoVersioningEnabledBuckets, AddingObjectstoVersionSuspendedBuckets,
// DeletingObjectVersions and DeletingObjectsfromVersioningSuspendedBuckets.
func TestVersioning(t *testing.T) {
	b := newBench(t, Config{})
	r := in("bkt")
	if got := b.put("bkt", "k", "zero"); got.VersionID != "" {
		t.Errorf("version id %q in a bucket without versioning", got.VersionID)
	}
	b.must(b.PutBucketVersioning(b.tick(), &r, Enabled))
	if got := b.head("bkt", "k", ""); got.VersionID != "null" {
		t.Errorf("old object has version id %q, want null", got.VersionID)
	}
	one := b.put("bkt", "k", "one")
	b.checkVersions("k", one.VersionID, "null")
	b.must(b.PutBucketVersioning(b.tick(), &r, Suspended))
	if got := b.put("bkt", "k", "two"); got.VersionID != "null" {
		t.Errorf("version id %q in a suspended bucket, want null", got.VersionID)
	}
	b.checkVersions("k", "null", one.VersionID) // the old null version was replaced, the other lives on
	if got := b.del("bkt", "k", ""); !got.DeleteMarker || got.VersionID != "null" {
		t.Errorf("delete in a suspended bucket: %+v", got)
	}
	b.checkVersions("k", "null", one.VersionID)
	_, err := b.HeadObject(b.tick(), &GetObjectInput{Request: r, Key: "k"})
	b.want(err, 404, "NoSuchKey")
	if !err.DeleteMarker {
		t.Error("404 of a delete marker does not say so")
	}
	_, err = b.HeadObject(b.tick(), &GetObjectInput{Request: r, Key: "k", VersionID: "null"})
	b.want(err, 405, "MethodNotAllowed")
	_, err = b.GetObjectTagging(b.tick(), &ObjectInput{Request: r, Key: "k", VersionID: "null"})
	b.want(err, 405, "MethodNotAllowed")

	b.must(b.PutBucketVersioning(b.tick(), &r, Enabled))
	marker := b.del("bkt", "k", "")
	b.checkVersions("k", marker.VersionID, "null", one.VersionID)
	if got := b.del("bkt", "k", marker.VersionID); !got.DeleteMarker {
		t.Errorf("removal of a marker: %+v", got)
	}
	b.del("bkt", "k", "null")
	if got := b.head("bkt", "k", ""); got.VersionID != one.VersionID {
		t.Errorf("current is %s, want %s back", got.VersionID, one.VersionID)
	}
	b.del("bkt", "k", one.VersionID)
	b.del("bkt", "k", one.VersionID)
	b.checkVersions("k")
	b.want(b.DeleteBucket(b.tick(), &r), 0, "")
}

func (b *bench) checkVersions(key string, want ...string) {
	b.Helper()
	out, err := b.ListObjectVersions(b.tick(), &ListVersionsInput{Request: in("bkt"), Prefix: key})
	b.must(err)
	var got []string
	for i, v := range out.Versions {
		got = append(got, v.VersionID)
		if v.IsLatest != (i == 0) {
			b.Errorf("version %d (%s) of %s: IsLatest %v", i, v.VersionID, key, v.IsLatest)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		b.Errorf("versions of %s are %v, want %v", key, got, want)
	}
}

// TestReadConditions: S3 API Reference, GetObject and CopyObject, with their precedence rules.
func TestReadConditions(t *testing.T) {
	b := newBench(t, Config{})
	etag := b.put("bkt", "k", "x").ETag
	at := b.now
	before, after := at.Add(-time.Hour), at.Add(time.Hour)
	tests := []struct {
		name      string
		c         ReadConditions
		get, copy int // status; 0 is good
	}{
		{"none", ReadConditions{}, 0, 0},
		{"match", ReadConditions{IfMatch: `"` + etag + `"`}, 0, 0},
		{"match without quotes", ReadConditions{IfMatch: etag}, 0, 0},
		{"match of a list", ReadConditions{IfMatch: `"x", "` + etag + `"`}, 0, 0},
		{"match of anything", ReadConditions{IfMatch: "*"}, 0, 0},
		{"no match", ReadConditions{IfMatch: `"x"`}, 412, 412},
		{"none match", ReadConditions{IfNoneMatch: `"` + etag + `"`}, 304, 412},
		{"none match of another", ReadConditions{IfNoneMatch: `"x"`}, 0, 0},
		{"unmodified", ReadConditions{IfUnmodifiedSince: after}, 0, 0},
		{"unmodified at the second", ReadConditions{IfUnmodifiedSince: at}, 0, 0},
		{"modified", ReadConditions{IfUnmodifiedSince: before}, 412, 412},
		{"match makes unmodified void", ReadConditions{IfMatch: etag, IfUnmodifiedSince: before}, 0, 0},
		{"no match in spite of unmodified", ReadConditions{IfMatch: "x", IfUnmodifiedSince: after}, 412, 412},
		{"modified since", ReadConditions{IfModifiedSince: before}, 0, 0},
		{"not modified since", ReadConditions{IfModifiedSince: at}, 304, 412},
		{"none match false, modified since true", ReadConditions{IfNoneMatch: etag, IfModifiedSince: before}, 304, 412},
		{"none match makes modified since void", ReadConditions{IfNoneMatch: "x", IfModifiedSince: after}, 0, 0},
	}
	for _, tt := range tests {
		_, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k", Conditions: tt.c})
		if got := statusOf(err); got != tt.get {
			t.Errorf("GET, %s: got %d, want %d", tt.name, got, tt.get)
		}
		_, err = b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Key, c.Source.Conditions = "other", tt.c }))
		if got := statusOf(err); got != tt.copy {
			t.Errorf("copy, %s: got %d, want %d", tt.name, got, tt.copy)
		}
	}
}

func statusOf(err *Error) int {
	if err == nil {
		return 0
	}
	return err.HTTPStatus
}

// TestWriteConditions: S3 User Guide, conditional-writes.
func TestWriteConditions(t *testing.T) {
	b := newBench(t, Config{})
	b.bucket("ver", Enabled)
	etag := b.put("ver", "there", "x").ETag
	b.put("ver", "deleted", "x")
	b.del("ver", "deleted", "")
	tests := []struct {
		key    string
		c      WriteConditions
		status int
		code   string
	}{
		{"there", WriteConditions{IfMatch: `"` + etag + `"`}, 0, ""},
		{"there", WriteConditions{IfMatch: `"x"`}, 412, "PreconditionFailed"},
		{"there", WriteConditions{IfNoneMatch: "*"}, 412, "PreconditionFailed"},
		{"there", WriteConditions{IfNoneMatch: etag}, 501, "NotImplemented"},
		{"deleted", WriteConditions{IfMatch: etag}, 404, "NoSuchKey"},
		{"deleted", WriteConditions{IfNoneMatch: "*"}, 0, ""},
		{"never", WriteConditions{IfMatch: etag}, 404, "NoSuchKey"},
	}
	for _, tt := range tests {
		_, err := b.PutObject(b.tick(), &PutObjectInput{Request: in("ver"), Key: tt.key, Body: Bytes([]byte("x")), Conditions: tt.c})
		b.want(err, tt.status, tt.code)
	}
	_, err := b.DeleteObject(b.tick(), &DeleteObjectInput{Request: in("ver"), Key: "there", IfMatch: "x"})
	b.want(err, 412, "PreconditionFailed")
}

// TestRange: S3 API Reference, GetObject; RFC 9110, Range.
func TestRange(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "0123456789")
	b.put("bkt", "empty", "")
	for header, want := range map[string]string{"": "0123456789", "bytes=0-0": "0", "bytes=3-": "3456789", "bytes=-3": "789",
		"bytes=8-99": "89", "bytes=-99": "0123456789", "bytes=5-4": "0123456789", "bytes=0-1,3-4": "0123456789", "nonsense": "0123456789",
		"bytes=10-": "416", "bytes=10-11": "416", "bytes=-0": "416"} {
		out, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k", Range: header})
		if want == "416" {
			b.want(err, 416, "InvalidRange")
			continue
		}
		b.must(err)
		data, rerr := io.ReadAll(out.Body.Reader(out.Offset, out.Length))
		if rerr != nil || string(data) != want {
			t.Errorf("range %q: got %q %v, want %q", header, data, rerr, want)
		}
		if out.Partial != (len(want) < 10 || header == "bytes=-99") {
			t.Errorf("range %q: partial %v", header, out.Partial)
		}
	}
	_, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "empty", Range: "bytes=0-0"})
	b.want(err, 416, "InvalidRange")
	out, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k", PartNumber: 1})
	if b.must(err); out.Length != 10 || !out.Partial {
		t.Errorf("part 1 of a whole object: %d bytes", out.Length)
	}
	_, err = b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k", PartNumber: 2})
	b.want(err, 416, "InvalidPartNumber")
}

// TestOwnerAndPayer: S3 User Guide, bucket-owner-condition and RequesterPaysBuckets.
func TestOwnerAndPayer(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "x")
	r := in("bkt")
	b.must(b.PutBucketRequestPayment(b.tick(), &r, "Requester"))
	get := func(set func(*Request)) (*GetObjectOutput, *Error) {
		g := &GetObjectInput{Request: in("bkt"), Key: "k"}
		set(&g.Request)
		return b.GetObject(b.tick(), g)
	}
	_, err := get(func(r *Request) { r.ExpectedBucketOwner = owner })
	b.want(err, 0, "")
	_, err = get(func(r *Request) { r.ExpectedBucketOwner = stranger })
	b.want(err, 403, "AccessDenied")
	_, err = get(func(r *Request) { r.Principal.Account = stranger })
	b.want(err, 403, "AccessDenied")
	out, err := get(func(r *Request) { r.Principal.Account, r.RequestPayer = stranger, "requester" })
	if b.want(err, 0, ""); err == nil && !out.RequestCharged {
		t.Error("the requester was not told of the charge")
	}
	out, err = get(func(r *Request) { r.RequestPayer = "requester" })
	if b.want(err, 0, ""); err == nil && out.RequestCharged {
		t.Error("the owner was charged as a requester")
	}
	_, err = b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Source.ExpectedOwner = stranger }))
	b.want(err, 403, "AccessDenied")
}

// TestAuthorize: the questions that a request leads to, and the answers without permission.
func TestAuthorize(t *testing.T) {
	var asked []string
	deny := map[string]bool{}
	b := newBench(t, Config{Authorize: func(r *AccessRequest) *Error {
		asked = append(asked, r.Action)
		if deny[r.Action] {
			return accessDenied()
		}
		return nil
	}})
	r := in("bkt")
	b.unblock("bkt")
	b.must(b.PutBucketConfig(b.tick(), &r, PolicyConfig, "", []byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bkt"}}`)))
	b.put("bkt", "k", "x", func(p *PutObjectInput) { p.Tags = manyTags(1) })
	asked = nil
	b.mustCopy(selfCopy("bkt", "k"))
	want := "s3:PutObject s3:GetObject s3:GetObjectTagging s3:PutObjectTagging kms:GenerateDataKey"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("a copy asked for %s, want %s", got, want)
	}
	for _, action := range strings.Fields(want) {
		deny = map[string]bool{action: true}
		_, err := b.copy(selfCopy("bkt", "k"))
		if b.want(err, 403, "AccessDenied"); err == nil {
			t.Errorf("copied without %s", action)
		}
	}
	deny = map[string]bool{"s3:ListBucket": true}
	_, err := b.HeadObject(b.tick(), &GetObjectInput{Request: r, Key: "gone"})
	b.want(err, 403, "AccessDenied")
	deny = map[string]bool{"s3:GetObjectTagging": true}
	if got := b.head("bkt", "k", ""); len(got.Tags) != 0 {
		t.Error("tags shown to one who may not see them")
	}
}

// TestPutChecksum: S3 User Guide, checking-object-integrity: an object without a checksum gets CRC64NVME. Only those who
// ask see the value.
func TestPutChecksum(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "k", "123456789")
	if got := b.headSum("bkt", "k"); got != (Checksum{"CRC64NVME", "FULL_OBJECT", "rosUhgp5mIg="}) {
		t.Errorf("got %+v", got)
	}
	if got := b.head("bkt", "k", "").Checksum; got.Value != "" {
		t.Errorf("value %s without checksum mode", got.Value)
	}
	b.put("bkt", "synthetic", "", func(p *PutObjectInput) { p.Body, p.Checksum.Algorithm = Synthetic(100, 1), "CRC32" })
	body := Synthetic(100, 1)
	if got := b.headSum("bkt", "synthetic"); got.Value == "" || got.Value != body.checksum("CRC32", &checksums{}) {
		t.Errorf("got %+v", got)
	}
}

// FuzzHeaders: whatever a client sends in the headers that the core parses itself, it gets an answer within the object.
func FuzzHeaders(f *testing.F) {
	f.Add("bytes=0-1", "a=b&c=%20", `"x"`, "token", "a/b")
	f.Add("bytes=-9223372036854775808", "%", "*", "", "\xff")
	f.Add("bytes=9223372036854775807-9223372036854775807", "=", ",", "AA", "")
	f.Fuzz(func(t *testing.T, header, tagging, condition, token, prefix string) {
		b := newBench(t, Config{})
		b.seed("bkt", ObjectInfo{Key: "k", Size: 6 << 20})
		out, err := b.GetObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k", Range: header})
		if err == nil && (out.Offset < 0 || out.Length < 0 || out.Offset+out.Length > 6<<20) {
			t.Errorf("range %q gives %d+%d", header, out.Offset, out.Length)
		}
		u := b.create("bkt", "k")
		part, err := b.partCopy(u, 1, CopySource{Bucket: "bkt", Key: "k"}, header)
		if err == nil && (part.Size < 0 || part.Size > 6<<20) {
			t.Errorf("copy range %q gives %d bytes", header, part.Size)
		}
		if tags, err := ParseTagging(tagging); err == nil {
			_, _ = b.PutObjectTagging(b.tick(), &ObjectInput{Request: in("bkt"), Key: "k"}, tags)
		}
		_, _ = b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) {
			c.Conditions = WriteConditions{IfMatch: condition, IfNoneMatch: token}
			c.Source.Conditions = ReadConditions{IfMatch: condition, IfNoneMatch: token}
			c.Encryption = EncryptionHeaders{Algorithm: token, KMSKeyID: condition, Context: tagging}
		}))
		list := &ListObjectsInput{Request: in("bkt"), Token: token, Prefix: prefix, Delimiter: condition, StartAfter: tagging, Max: 1}
		for range 3 {
			if out, err := b.ListObjects(b.tick(), list); err == nil {
				list.Token = out.NextToken
			}
		}
		_, _ = b.ListObjectVersions(b.tick(), &ListVersionsInput{Request: in("bkt"), Prefix: prefix, Delimiter: condition, KeyMarker: token, VersionIDMarker: tagging})
	})
}
