package s3api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/inventory"
	"reseal/plan"
)

// This file holds the only requests that delete objects, and they delete only
// versions that a probe made itself, under a random name.

// ProbeIfMatch finds out whether the endpoint takes no notice of If-Match on
// the destination of a copy: Yes where it does not, No where it honours it,
// Unknown with an error where the answers show neither. It writes one scratch
// object under prefix, which the user allowed for that, and deletes it. Of o
// the bucket and the encryption are used.
func (c *Client) ProbeIfMatch(ctx context.Context, o plan.Options, prefix string) (plan.Answer, error) {
	answer := plan.Unknown
	err := c.withScratch(ctx, o, prefix, func(s *scratch) error {
		err := s.copyOnto(ctx, "00000000000000000000000000000000")
		switch a := answerOf(err); {
		case err == nil:
			answer = plan.Yes
			return nil
		case a.status != 412:
			return fmt.Errorf("copy with a condition that does not hold: %w", err)
		}
		if err := s.copyOnto(ctx, s.etag); err != nil { // refusing everything is not honouring it
			return fmt.Errorf("copy with a condition that holds: %w", err)
		}
		answer = plan.No
		return nil
	})
	return answer, err
}

// CopyProbe is what became of a scratch object that was copied onto itself.
type CopyProbe struct {
	Lost      []plan.Attribute // that the endpoint does not keep
	SilentSSE bool             // the answer does not state the encryption, which takes one HeadObject more for each object
	Tags      plan.Answer      // HeadObject counts the tags of an object
	Refused   error            // a single copy of an object onto itself is not taken; nil where it is
}

// ProbeCopy finds out what of an object gets lost on this endpoint when it is
// copied as o says. That it does not get encrypted at all is an error. It writes
// one scratch object under prefix and deletes it.
func (c *Client) ProbeCopy(ctx context.Context, o plan.Options, prefix string) (found CopyProbe, err error) {
	err = c.withScratch(ctx, o, prefix, func(s *scratch) error {
		before, err := s.snapshot(ctx, o)
		if err != nil {
			return err
		}
		if tags, _ := before.Tags.Get(); len(tags) > 0 {
			found.Tags = plan.AnswerOf(before.Head.TagCount == len(tags))
		}
		if o.SSE == string(types.ServerSideEncryptionAes256) && before.Head.Encryption == inventory.SSES3 {
			return nil // nothing that a copy onto itself could change
		}
		rewrite := s.copy
		if o.CopyVia == plan.ViaMultipart {
			rewrite = s.copyInParts
		}
		if err := rewrite(ctx, &before.Head, &found); err != nil || found.Refused != nil {
			return err
		}
		after, err := s.snapshot(ctx, o)
		if err != nil {
			return err
		}
		if w := (&work{Rewriter: &Rewriter{config: RewriteConfig{Options: o}}}); !w.target(sseOf(after.Head.Encryption), after.Head.KMSKeyID) {
			return w.notEncrypted(&after.Head)
		}
		c := o.Compare(before, after, time.Now())
		found.Lost = c.Attributes()
		if slices.Contains(found.Lost, plan.Body) || slices.Contains(found.Lost, plan.Length) {
			return errors.New("the data of the scratch object changed when it was copied")
		}
		return nil
	})
	return found, err
}

// copy copies the scratch object onto itself as a run would.
func (s *scratch) copy(ctx context.Context, before *plan.Head, found *CopyProbe) error {
	owner := s.client.bucketOwner()
	source := copySource(s.bucket, s.key, "")
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: &s.key, CopySource: &source, CopySourceIfMatch: quoted(s.etag),
		MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
		StorageClass:        types.StorageClass(before.StorageClass),
		ChecksumAlgorithm:   types.ChecksumAlgorithm(before.Checksum),
		ExpectedBucketOwner: owner, ExpectedSourceBucketOwner: owner,
	}
	in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = s.encryption()
	out, err := s.client.preflight.CopyObject(ctx, in)
	if head := s.unanswered(ctx, err); head != nil {
		s.wrote(value(head.VersionId))
		return nil
	}
	if err != nil {
		setup := setupError("CopyObject", "s3://"+s.bucket+"/"+s.key, err)
		if a := answerOf(err); a.code == "InvalidRequest" || a.status == http.StatusNotImplemented {
			found.Refused = setup
			return nil
		}
		return fmt.Errorf("copy scratch object: %w", setup)
	}
	s.wrote(value(out.VersionId))
	found.SilentSSE = out.ServerSideEncryption == ""
	return nil
}

// copyInParts rewrites the scratch object as a run would with
// plan.ViaMultipart: by the very code that does it there.
func (s *scratch) copyInParts(ctx context.Context, before *plan.Head, found *CopyProbe) error {
	r := s.rewriter(s.options)
	r.config.AcceptLoss, r.leave = plan.Losses(), true // looked for by the caller
	task := s.task(before)
	task.Action = plan.MultipartCopy
	effect, err := r.Rewrite(ctx, task, direct{})
	if err != nil {
		return fmt.Errorf("copy scratch object in parts: %w", err)
	}
	s.wrote(effect.VersionID)
	return nil
}

// snapshot looks at all of the scratch object.
func (s *scratch) snapshot(ctx context.Context, o plan.Options) (*plan.Snapshot, error) {
	snap, err := s.rewriter(o).Snapshot(ctx, s.task(nil), direct{})
	if err != nil {
		return nil, fmt.Errorf("look at scratch object: %w", err)
	}
	return snap, nil
}

// rewriter takes scratch objects for what a run would, where little is known of
// the endpoint but that it is not AWS's own.
func (s *scratch) rewriter(o plan.Options) *Rewriter {
	facts := plan.Facts{AWS: s.client.endpoint.AWS, IgnoresIfMatch: plan.Yes, ACLs: plan.No, ObjectLock: plan.No} // none was put on them
	o.Tags = nil                                                                                                  // which objects a job is about is nothing to a scratch object
	return &Rewriter{client: s.client, config: RewriteConfig{Options: o, Facts: facts, PartConcurrency: 1}, s3: s.client.preflight, owner: s.client.bucketOwner()}
}

// task is the scratch object as something to be rewritten.
func (s *scratch) task(head *plan.Head) *plan.Task {
	p := plan.Policy{Weights: plan.DefaultWeights(true)}
	t := p.Decide(&inventory.Record{Bucket: s.bucket, Key: s.key, Size: -1})
	t.Head = head
	return &t
}

// direct lets requests through as they come: a probe is a few in all.
type direct struct{}

// Do implements engine.Gate.
func (direct) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	return send(ctx)
}

// ProbeUpdate finds out whether the endpoint understands UpdateObjectEncryption:
// Yes only where the request left a scratch object's data and all else of it
// alone and put it under the key of o. It writes one scratch object under prefix and deletes it.
func (c *Client) ProbeUpdate(ctx context.Context, o plan.Options, prefix string) (plan.Answer, error) {
	answer := plan.Unknown
	err := c.withScratch(ctx, o, prefix, func(s *scratch) error {
		on, key := o.BucketKey, o.KMSKeyID
		before, err := s.snapshot(ctx, o)
		if err != nil {
			return err
		}
		_, err = c.preflight.UpdateObjectEncryption(ctx, &s3.UpdateObjectEncryptionInput{
			Bucket: &s.bucket, Key: &s.key, ExpectedBucketOwner: c.bucketOwner(),
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: &key, BucketKeyEnabled: &on}},
		})
		if err != nil {
			answer = plan.No
			return nil
		}
		after, err := c.preflight.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &s.key, ExpectedBucketOwner: c.bucketOwner()})
		if err != nil {
			return fmt.Errorf("read scratch object: %w", err)
		}
		s.wrote(value(after.VersionId))
		data, err := io.ReadAll(io.LimitReader(after.Body, 1<<16))
		if err := errors.Join(err, after.Body.Close()); err != nil {
			return fmt.Errorf("read scratch object: %w", err)
		}
		now, err := s.snapshot(ctx, o)
		if err != nil {
			return err
		}
		c := o.Compare(before, now, time.Now())
		answer = plan.AnswerOf(string(data) == scratchBody && len(c.Differences) == 0 && unquoted(after.ETag) == s.etag &&
			after.ServerSideEncryption == types.ServerSideEncryptionAwsKms && plan.SameKey(value(after.SSEKMSKeyId), key))
		return nil
	})
	return answer, err
}

const (
	scratchName = ".reseal-probe-"
	scratchBody = "Written by reseal to find out what this endpoint understands. It can be deleted.\n"
)

// scratch is one object that a probe made.
type scratch struct {
	client   *Client
	bucket   string
	key      string
	etag     string // as first written
	closed   bool   // the bucket takes only what says that it is to be encrypted as the job has it
	options  plan.Options
	versions []string
}

// withScratch makes a scratch object, lets probe work on it, and deletes it,
// also where ctx ended meanwhile. The object is written as a client would that
// knows nothing of encryption, so that the probe can see what changes; where the
// bucket is closed for that, as the job would.
func (c *Client) withScratch(ctx context.Context, o plan.Options, prefix string, probe func(*scratch) error) (err error) {
	if prefix == "" {
		return errors.New("a probe needs a prefix that it may write under")
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("name scratch object: %w", err)
	}
	s := &scratch{client: c, bucket: o.Bucket, key: prefix + scratchName + hex.EncodeToString(random[:]), options: o}
	none := "*"
	// Of a kind that an object in parts can have over the whole of it, too.
	checksum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(scratchBody))))
	header, tags, expires := "probe", "probe=written", time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &s.key, Body: strings.NewReader(scratchBody), IfNoneMatch: &none, ExpectedBucketOwner: c.bucketOwner(),
		ContentType: &header, CacheControl: &header, ContentDisposition: &header, ContentLanguage: &header, // for ProbeCopy to miss
		Expires: &expires, ChecksumCRC32: &checksum, Metadata: map[string]string{"probe": "written"}, Tagging: &tags,
	}
	out, err := c.preflight.PutObject(ctx, in)
	if a := answerOf(err); err != nil && kindOf(a.code, a.status) == AccessDenied {
		s.closed = true
		in.Body = strings.NewReader(scratchBody)
		in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = s.encryption()
		out, err = c.preflight.PutObject(ctx, in)
	}
	if head := s.unanswered(ctx, err); head != nil {
		out, err = &s3.PutObjectOutput{ETag: head.ETag, VersionId: head.VersionId}, nil
	}
	if err != nil {
		return fmt.Errorf("write scratch object: %w", setupError("PutObject", "s3://"+s.bucket+"/"+s.key, err))
	}
	s.etag = unquoted(out.ETag)
	s.wrote(value(out.VersionId))
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
		defer cancel()
		err = errors.Join(err, s.remove(ctx))
	}()
	return probe(s)
}

// unanswered is what the scratch object is after a write whose first try took effect
// without an answer, so that the second met a condition that did not hold any more.
// Nobody else knows the key. nil for any other err.
func (s *scratch) unanswered(ctx context.Context, err error) *s3.HeadObjectOutput {
	if err == nil || answerOf(err).status != http.StatusPreconditionFailed {
		return nil
	}
	head, err := s.client.preflight.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &s.key, ExpectedBucketOwner: s.client.bucketOwner()})
	if err != nil || unquoted(head.ETag) == s.etag {
		return nil
	}
	return head
}

// encryption is what a job sends with everything that it writes.
func (s *scratch) encryption() (sse types.ServerSideEncryption, key *string, bucketKey *bool) {
	o := &s.options
	if sse = types.ServerSideEncryption(o.SSE); o.SSE == plan.TargetKMS {
		key, bucketKey = &o.KMSKeyID, &o.BucketKey
	}
	return sse, key, bucketKey
}

// copyOnto copies the scratch object onto itself on condition that the
// destination has this ETag.
func (s *scratch) copyOnto(ctx context.Context, etag string) error {
	source := copySource(s.bucket, s.key, "")
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: &s.key, CopySource: &source, CopySourceIfMatch: quoted(s.etag), IfMatch: quoted(etag),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"probe": "copied"}, // a copy onto itself has to change something
		ExpectedBucketOwner: s.client.bucketOwner(), ExpectedSourceBucketOwner: s.client.bucketOwner(),
	}
	if s.closed {
		in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = s.encryption()
	}
	out, err := s.client.preflight.CopyObject(ctx, in)
	if err == nil {
		s.wrote(value(out.VersionId))
	}
	return err
}

// wrote remembers a version that the probe made, "" in a bucket without versions.
func (s *scratch) wrote(version string) { s.versions = append(s.versions, version) }

// remove deletes the versions that the probe made, by their ids. In a bucket
// without versions that is the object itself, which carries a random name that
// nobody else can have chosen.
func (s *scratch) remove(ctx context.Context) error {
	var errs []error
	gone := map[string]bool{}
	for _, version := range s.versions {
		if gone[version] {
			continue
		}
		gone[version] = true
		if err := deleteScratch(ctx, s.client, s.bucket, s.key, version); err != nil {
			errs = append(errs, fmt.Errorf("scratch object s3://%s/%s is left behind: %w", s.bucket, s.key, err))
		}
	}
	return errors.Join(errs...)
}

// deleteScratch deletes one version of a scratch object; version is "" in a
// bucket without versions. It refuses every key that no probe made.
func deleteScratch(ctx context.Context, c *Client, bucket, key, version string) error {
	if !strings.Contains(key, scratchName) {
		panic("s3api: about to delete an object that no probe made: " + key)
	}
	_, err := c.preflight.DeleteObject(ctx, &s3.DeleteObjectInput{
		Bucket: &bucket, Key: &key, VersionId: optional(version), ExpectedBucketOwner: c.bucketOwner(),
	})
	return err
}

// hideScratch makes a delete marker the current version of a scratch object, in
// a bucket that keeps versions, and returns the marker's version id.
func hideScratch(ctx context.Context, c *Client, bucket, key string) (marker string, err error) {
	if !strings.Contains(key, scratchName) {
		panic("s3api: about to hide an object that no probe made: " + key)
	}
	out, err := c.preflight.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key, ExpectedBucketOwner: c.bucketOwner()})
	if err != nil {
		return "", err
	}
	if value(out.DeleteMarker) && value(out.VersionId) != "" {
		return *out.VersionId, nil
	}
	return "", errors.New("the answer names no delete marker")
}
