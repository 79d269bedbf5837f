package s3api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/plan"
)

// Scratch is a folder of objects that exist only to ask the endpoint questions.
// Its name is random, under a prefix that the user named. Clean deletes what it
// made, each version by its id, and nothing else. Safe for concurrent use.
type Scratch struct {
	client *Client
	bucket string
	folder string

	mu      sync.Mutex
	made    []scratchVersion
	uploads map[string]string // key by upload id
	sent    map[string]int64  // requests by operation
}

// scratchVersion is one version that a scratch folder made; version is "" in a
// bucket without versions.
type scratchVersion struct{ key, version string }

// Reply is how the service answered one request. A good answer has a nil Err.
type Reply struct {
	Status    int // of HTTP; 0 where no answer came, or a good one
	Code      string
	RequestID string
	Took      time.Duration
	Err       error

	// Lacks names the permission for want of which the request was refused, as far
	// as can be told; "" for every other answer.
	Lacks string
}

// Written is the answer to a request that wrote an object.
type Written struct {
	Reply
	ETag      string
	VersionID string
	SSE       string // as the answer states it, "" where it does not
	KMSKeyID  string
	Checksum  string // algorithm that the answer has a value of, "" where none
}

// ScratchObject is an object to be made. All but Name may be left empty.
type ScratchObject struct {
	Name      string // within the folder
	Data      []byte
	Class     string
	Plain     bool   // without headers, metadata and tags
	Algorithm string // of a checksum to store, such as SHA256
	Redirect  string // website redirect location
	Grantee   string // canonical user that is granted FULL_CONTROL and READ, "" for the default ACL
	SSE       string // AES256 or aws:kms, "" for the bucket's default
	KMSKeyID  string
	BucketKey bool
}

// ScratchCopy is a copy of a scratch object onto itself.
type ScratchCopy struct {
	Name          string
	SourceVersion string
	SourceIfMatch string // ETag without quotes
	IfMatch       string // on the destination, likewise
	Class         string // "" sends none
	Redirect      string // likewise
	Grantee       string // likewise, see ScratchObject
	SSE           string // "" sends none
	KMSKeyID      string
	BucketKey     bool
	NewMetadata   bool // replaces the user metadata, so that the copy changes something
}

// Scratch makes a folder under prefix. It sends nothing.
func (c *Client) Scratch(bucket, prefix string) (*Scratch, error) {
	if prefix == "" {
		return nil, errors.New("scratch objects need a prefix that they may be written under")
	}
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, fmt.Errorf("name scratch folder: %w", err)
	}
	return &Scratch{
		client: c, bucket: bucket, folder: prefix + scratchName + hex.EncodeToString(random[:]) + "/",
		uploads: map[string]string{}, sent: map[string]int64{},
	}, nil
}

// Folder returns the prefix of all keys that the scratch folder writes.
func (s *Scratch) Folder() string { return s.folder }

// Requests returns how many requests were sent, by operation.
func (s *Scratch) Requests() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int64, len(s.sent))
	for op, n := range s.sent {
		out[op] = n
	}
	return out
}

// key returns the object key of a name within the folder.
func (s *Scratch) key(name string) *string {
	key := s.folder + name
	return &key
}

// ask sends one request and takes down how it was answered.
func (s *Scratch) ask(op string, send func() error) Reply {
	s.mu.Lock()
	s.sent[op]++
	s.mu.Unlock()
	began := time.Now()
	err := send()
	r := Reply{Took: time.Since(began), Err: err}
	if err != nil {
		a := answerOf(err)
		r.Status, r.Code, r.RequestID, r.Lacks = a.status, a.code, a.requestID, a.lacks(op)
	}
	return r
}

// wrote remembers a version, so that Clean deletes it.
func (s *Scratch) wrote(key, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made = append(s.made, scratchVersion{key, version})
}

// The attributes that every scratch object has unless it is to be plain.
const (
	scratchHeader   = "reseal selfcheck"
	scratchEncoding = "identity"
	scratchTags     = "purpose=selfcheck&text=a+b%2Fc"
)

// scratchExpires is the Expires header of scratch objects.
func scratchExpires() time.Time { return time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC) }

// Put writes an object with one of each attribute that a copy has to keep.
func (s *Scratch) Put(ctx context.Context, o ScratchObject) Written {
	key := s.key(o.Name)
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: key, Body: bytes.NewReader(o.Data), ExpectedBucketOwner: s.client.bucketOwner(),
		StorageClass: types.StorageClass(o.Class), ChecksumAlgorithm: types.ChecksumAlgorithm(o.Algorithm),
		WebsiteRedirectLocation: optional(o.Redirect),
	}
	in.GrantFullControl, in.GrantRead = scratchGrants(o.Grantee)
	if !o.Plain {
		header, encoding, tags, expires := scratchHeader, scratchEncoding, scratchTags, scratchExpires()
		in.ContentType, in.CacheControl, in.ContentDisposition, in.ContentLanguage, in.ContentEncoding = &header, &header, &header, &header, &encoding
		in.Expires, in.Tagging, in.Metadata = &expires, &tags, map[string]string{"purpose": "selfcheck"}
	}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = scratchEncryption(o.SSE, o.KMSKeyID, o.BucketKey)
	var w Written
	w.Reply = s.ask("PutObject", func() error {
		out, err := s.client.preflight.PutObject(ctx, in)
		if err == nil {
			w.ETag, w.VersionID = unquoted(out.ETag), value(out.VersionId)
			w.SSE, w.KMSKeyID = string(out.ServerSideEncryption), value(out.SSEKMSKeyId)
			s.wrote(*key, w.VersionID)
		}
		return err
	})
	return w
}

// scratchGrants gives a canonical user what makes an ACL differ from the default.
func scratchGrants(user string) (fullControl, read *string) {
	if user == "" {
		return nil, nil
	}
	grantee := `id="` + user + `"`
	return &grantee, &grantee
}

// scratchEncryption is what a request states about encryption; nothing where sse is "".
func scratchEncryption(sse, key string, bucketKey bool) (types.ServerSideEncryption, *string, *bool) {
	if sse != plan.TargetKMS {
		return types.ServerSideEncryption(sse), nil, nil
	}
	return types.ServerSideEncryptionAwsKms, optional(key), &bucketKey
}

// Copy copies an object onto itself with one CopyObject.
func (s *Scratch) Copy(ctx context.Context, c ScratchCopy) Written {
	key := s.key(c.Name)
	source := copySource(s.bucket, *key, c.SourceVersion)
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: key, CopySource: &source, StorageClass: types.StorageClass(c.Class),
		WebsiteRedirectLocation: optional(c.Redirect),
		MetadataDirective:       types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
		ExpectedBucketOwner: s.client.bucketOwner(), ExpectedSourceBucketOwner: s.client.bucketOwner(),
	}
	in.GrantFullControl, in.GrantRead = scratchGrants(c.Grantee)
	if c.SourceIfMatch != "" {
		in.CopySourceIfMatch = quoted(c.SourceIfMatch)
	}
	if c.IfMatch != "" {
		in.IfMatch = quoted(c.IfMatch)
	}
	if c.NewMetadata {
		in.MetadataDirective, in.Metadata = types.MetadataDirectiveReplace, map[string]string{"purpose": "changed"}
	}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = scratchEncryption(c.SSE, c.KMSKeyID, c.BucketKey)
	var w Written
	w.Reply = s.ask("CopyObject", func() error {
		out, err := s.client.preflight.CopyObject(ctx, in)
		if err != nil {
			return err
		}
		w.VersionID, w.SSE, w.KMSKeyID = value(out.VersionId), string(out.ServerSideEncryption), value(out.SSEKMSKeyId)
		s.wrote(*key, w.VersionID)
		if out.CopyObjectResult == nil {
			return errors.New("the answer holds no result")
		}
		w.ETag = unquoted(out.CopyObjectResult.ETag)
		return nil
	})
	return w
}

// Update sends UpdateObjectEncryption for a version, "" for the current one. A
// server that takes it for an upload makes a version by it, which is deleted, too.
func (s *Scratch) Update(ctx context.Context, name, version, key string, bucketKey bool) Reply {
	reply := s.ask("UpdateObjectEncryption", func() error {
		_, err := s.client.preflight.UpdateObjectEncryption(ctx, &s3.UpdateObjectEncryptionInput{
			Bucket: &s.bucket, Key: s.key(name), VersionId: optional(version), ExpectedBucketOwner: s.client.bucketOwner(),
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: &key, BucketKeyEnabled: &bucketKey}},
		})
		return err
	})
	if reply.Err == nil {
		if head, _ := s.Head(ctx, name, ""); head != nil {
			s.wrote(*s.key(name), head.VersionID)
		}
	}
	return reply
}

// Snapshot looks at all of an object. acls tells whether ACLs are in force.
func (s *Scratch) Snapshot(ctx context.Context, name string, acls plan.Answer) (*plan.Snapshot, error) {
	s.count("HeadObject", "GetObjectTagging", "GetObject")
	one := &scratch{client: s.client, bucket: s.bucket, key: *s.key(name)}
	r := one.rewriter(plan.Options{Bucket: s.bucket})
	r.config.Facts.ACLs = acls
	return r.Snapshot(ctx, one.task(nil), direct{})
}

func (s *Scratch) count(ops ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range ops {
		s.sent[op]++
	}
}

// Head looks at a version, "" for the current one.
func (s *Scratch) Head(ctx context.Context, name, version string) (*plan.Head, Reply) {
	one := &scratch{client: s.client, bucket: s.bucket, key: *s.key(name)}
	w := &work{Rewriter: one.rewriter(plan.Options{Bucket: s.bucket}), task: one.task(nil), gate: direct{}}
	var head *plan.Head
	reply := s.ask("HeadObject", func() (err error) {
		head, err = w.head(ctx, plan.StepHead, version)
		return err
	})
	return head, reply
}

// Hide makes a delete marker the current version, in a bucket that keeps versions.
func (s *Scratch) Hide(ctx context.Context, name string) (marker string, r Reply) {
	key := s.key(name)
	r = s.ask("DeleteObject", func() (err error) {
		marker, err = hideScratch(ctx, s.client, s.bucket, *key)
		if err == nil {
			s.wrote(*key, marker)
		}
		return err
	})
	return marker, r
}

// ScratchParts is a copy of a scratch object onto itself in parts.
type ScratchParts struct {
	Name      string
	Parts     int   // 1 copies the whole object in one part
	PartSize  int64 // bytes; of all parts but the last
	SSE       string
	KMSKeyID  string
	BucketKey bool
	IfMatch   string // on the completion, an ETag without quotes
	Algorithm string // of the checksum to make over the whole object, "" for none
	Plain     bool   // without headers, metadata and tags
	Class     string
	Redirect  string
	Grantee   string
}

// CopyInParts creates an upload, copies the parts one after the other, and
// completes it. The answer is that of the request that ended it; step names it.
func (s *Scratch) CopyInParts(ctx context.Context, p ScratchParts) (w Written, step string) {
	upload, reply := s.Begin(ctx, p)
	if w.Reply = reply; reply.Err != nil {
		return w, "CreateMultipartUpload"
	}
	var done []types.CompletedPart
	for n := int32(1); n <= int32(p.Parts); n++ {
		part, reply := s.part(ctx, p, upload, n)
		if w.Reply = reply; reply.Err != nil {
			return w, "UploadPartCopy"
		}
		done = append(done, part)
	}
	s.complete(ctx, p, upload, done, &w)
	return w, "CompleteMultipartUpload"
}

// Begin creates an upload, which Clean ends unless it is completed before.
func (s *Scratch) Begin(ctx context.Context, p ScratchParts) (upload string, r Reply) {
	key := s.key(p.Name)
	in := &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: key, ExpectedBucketOwner: s.client.bucketOwner(),
		ChecksumAlgorithm: types.ChecksumAlgorithm(p.Algorithm), StorageClass: types.StorageClass(p.Class), WebsiteRedirectLocation: optional(p.Redirect)}
	if !p.Plain {
		header, encoding, tags, expires := scratchHeader, scratchEncoding, scratchTags, scratchExpires()
		in.ContentType, in.CacheControl, in.ContentDisposition, in.ContentLanguage, in.ContentEncoding = &header, &header, &header, &header, &encoding
		in.Expires, in.Tagging, in.Metadata = &expires, &tags, map[string]string{"purpose": "selfcheck"}
	}
	in.GrantFullControl, in.GrantRead = scratchGrants(p.Grantee)
	if p.Algorithm != "" {
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = scratchEncryption(p.SSE, p.KMSKeyID, p.BucketKey)
	r = s.ask("CreateMultipartUpload", func() error {
		out, err := s.client.preflight.CreateMultipartUpload(ctx, in)
		if err == nil {
			upload = value(out.UploadId)
			s.mu.Lock()
			s.uploads[upload] = *key
			s.mu.Unlock()
		}
		return err
	})
	return upload, r
}

// part copies one part.
func (s *Scratch) part(ctx context.Context, p ScratchParts, upload string, n int32) (part types.CompletedPart, r Reply) {
	key := s.key(p.Name)
	source := copySource(s.bucket, *key, "")
	in := &s3.UploadPartCopyInput{Bucket: &s.bucket, Key: key, UploadId: &upload, PartNumber: &n, CopySource: &source,
		ExpectedBucketOwner: s.client.bucketOwner(), ExpectedSourceBucketOwner: s.client.bucketOwner()}
	if p.Parts > 1 {
		first := int64(n-1) * p.PartSize
		in.CopySourceRange = aws.String(fmt.Sprintf("bytes=%d-%d", first, first+p.PartSize-1))
	}
	r = s.ask("UploadPartCopy", func() error {
		out, err := s.client.preflight.UploadPartCopy(ctx, in)
		if err != nil {
			return err
		}
		if out.CopyPartResult == nil {
			return errors.New("the answer holds no result")
		}
		part = completedPart(n, out.CopyPartResult)
		return nil
	})
	return part, r
}

// complete makes the upload the object.
func (s *Scratch) complete(ctx context.Context, p ScratchParts, upload string, done []types.CompletedPart, w *Written) {
	key := s.key(p.Name)
	in := &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: key, UploadId: &upload, ExpectedBucketOwner: s.client.bucketOwner(),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}
	if p.IfMatch != "" {
		in.IfMatch = quoted(p.IfMatch)
	}
	if p.Algorithm != "" {
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	w.Reply = s.ask("CompleteMultipartUpload", func() error {
		out, err := s.client.preflight.CompleteMultipartUpload(ctx, in)
		if err == nil {
			w.ETag, w.VersionID = unquoted(out.ETag), value(out.VersionId)
			w.SSE, w.KMSKeyID = string(out.ServerSideEncryption), value(out.SSEKMSKeyId)
			s.wrote(*key, w.VersionID)
			s.mu.Lock()
			delete(s.uploads, upload)
			s.mu.Unlock()
		}
		return err
	})
}

// Read returns the data of an object.
func (s *Scratch) Read(ctx context.Context, name string) (data []byte, r Reply) {
	r = s.ask("GetObject", func() error {
		out, err := s.client.preflight.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.key(name), ExpectedBucketOwner: s.client.bucketOwner()})
		if err != nil {
			return err
		}
		data, err = io.ReadAll(io.LimitReader(out.Body, 1<<20))
		return errors.Join(err, out.Body.Close())
	})
	return data, r
}

// Owner returns the canonical id of an object's owner.
func (s *Scratch) Owner(ctx context.Context, name string) (id string, r Reply) {
	r = s.ask("GetObjectAcl", func() error {
		out, err := s.client.preflight.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &s.bucket, Key: s.key(name), ExpectedBucketOwner: s.client.bucketOwner()})
		if err == nil && out.Owner != nil {
			id = value(out.Owner.ID)
		}
		return err
	})
	return id, r
}

// Clean ends the uploads and deletes the versions that the folder made, also
// where ctx has ended. What it could not delete is in the error, by name.
func (s *Scratch) Clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
	defer cancel()
	s.mu.Lock()
	made, uploads := s.made, s.uploads
	s.made, s.uploads = nil, map[string]string{}
	s.mu.Unlock()
	var errs []error
	for id, key := range uploads {
		r := s.ask("AbortMultipartUpload", func() error {
			_, err := s.client.preflight.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &id,
				ExpectedBucketOwner: s.client.bucketOwner()})
			return err
		})
		if r.Err != nil && r.Code != "NoSuchUpload" {
			errs = append(errs, fmt.Errorf("multipart upload %s of s3://%s/%s is left behind: %w", id, s.bucket, key, r.Err))
		}
	}
	gone := map[scratchVersion]bool{}
	for _, v := range made {
		if gone[v] || !strings.HasPrefix(v.key, s.folder) {
			continue
		}
		gone[v] = true
		if r := s.ask("DeleteObject", func() error { return deleteScratch(ctx, s.client, s.bucket, v.key, v.version) }); r.Err != nil {
			errs = append(errs, fmt.Errorf("scratch object s3://%s/%s (version %q) is left behind: %w", s.bucket, v.key, v.version, r.Err))
		}
	}
	return errors.Join(errs...)
}
