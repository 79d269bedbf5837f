package s3api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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
// object under prefix, which the user allowed for that, and deletes it.
func (c *Client) ProbeIfMatch(ctx context.Context, bucket, prefix string) (plan.Answer, error) {
	answer := plan.Unknown
	err := c.withScratch(ctx, bucket, prefix, func(s *scratch) error {
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

// ProbeCopy finds out what of an object gets lost on this endpoint when it is
// copied as o says, in the words of RewriteConfig.AcceptLoss. That it does not
// get encrypted at all is an error. It writes one scratch object under prefix
// and deletes it.
func (c *Client) ProbeCopy(ctx context.Context, o plan.Options, prefix string) (lost []string, err error) {
	err = c.withScratch(ctx, o.Bucket, prefix, func(s *scratch) error {
		before, err := s.head(ctx)
		if err != nil {
			return err
		}
		if o.SSE == string(types.ServerSideEncryptionAes256) && before.Encryption == inventory.SSES3 {
			return nil // nothing that a copy onto itself could change
		}
		source := copySource(s.bucket, s.key, "")
		in := &s3.CopyObjectInput{
			Bucket: &s.bucket, Key: &s.key, CopySource: &source, CopySourceIfMatch: quoted(s.etag),
			MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
			ServerSideEncryption: types.ServerSideEncryption(o.SSE), StorageClass: types.StorageClass(before.StorageClass),
			ExpectedBucketOwner: c.bucketOwner(), ExpectedSourceBucketOwner: c.bucketOwner(),
		}
		if o.SSE == plan.TargetKMS {
			in.SSEKMSKeyId, in.BucketKeyEnabled = &o.KMSKeyID, &o.BucketKey
		}
		out, err := c.preflight.CopyObject(ctx, in)
		if err != nil {
			return fmt.Errorf("copy scratch object: %w", setupError("CopyObject", "s3://"+s.bucket+"/"+s.key, err))
		}
		s.wrote(value(out.VersionId))
		after, err := s.head(ctx)
		if err != nil {
			return err
		}
		if w := (&work{Rewriter: &Rewriter{config: RewriteConfig{Options: o}}}); !w.target(sseOf(after.Encryption), after.KMSKeyID) {
			return w.notEncrypted(after)
		}
		lost = lostByWrite(before, after)
		return nil
	})
	return lost, err
}

// ProbeUpdate finds out whether the endpoint understands UpdateObjectEncryption:
// Yes only where the request left a scratch object's data alone and put it
// under key. It writes one scratch object under prefix and deletes it.
func (c *Client) ProbeUpdate(ctx context.Context, bucket, prefix, key string) (plan.Answer, error) {
	answer := plan.Unknown
	err := c.withScratch(ctx, bucket, prefix, func(s *scratch) error {
		on := true
		_, err := c.preflight.UpdateObjectEncryption(ctx, &s3.UpdateObjectEncryptionInput{
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
		answer = plan.AnswerOf(string(data) == scratchBody && unquoted(after.ETag) == s.etag &&
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
	versions []string
}

// withScratch makes a scratch object, lets probe work on it, and deletes it,
// also where ctx ended meanwhile.
func (c *Client) withScratch(ctx context.Context, bucket, prefix string, probe func(*scratch) error) (err error) {
	if prefix == "" {
		return errors.New("a probe needs a prefix that it may write under")
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("name scratch object: %w", err)
	}
	s := &scratch{client: c, bucket: bucket, key: prefix + scratchName + hex.EncodeToString(random[:])}
	none := "*"
	header, expires := "probe", time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)
	out, err := c.preflight.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &s.key, Body: strings.NewReader(scratchBody), IfNoneMatch: &none, ExpectedBucketOwner: c.bucketOwner(),
		ContentType: &header, CacheControl: &header, ContentDisposition: &header, ContentLanguage: &header, // for ProbeCopy to miss
		Expires: &expires, Metadata: map[string]string{"probe": "written"},
	})
	if err != nil {
		return fmt.Errorf("write scratch object: %w", setupError("PutObject", "s3://"+bucket+"/"+s.key, err))
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

// head looks at the scratch object.
func (s *scratch) head(ctx context.Context) (*plan.Head, error) {
	out, err := s.client.preflight.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &s.key, ExpectedBucketOwner: s.client.bucketOwner()})
	if err != nil {
		return nil, fmt.Errorf("look at scratch object: %w", setupError("HeadObject", "s3://"+s.bucket+"/"+s.key, err))
	}
	return headOf(out), nil
}

// copyOnto copies the scratch object onto itself on condition that the
// destination has this ETag.
func (s *scratch) copyOnto(ctx context.Context, etag string) error {
	source := copySource(s.bucket, s.key, "")
	out, err := s.client.preflight.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: &s.key, CopySource: &source, CopySourceIfMatch: quoted(s.etag), IfMatch: quoted(etag),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"probe": "copied"}, // a copy onto itself has to change something
		ExpectedBucketOwner: s.client.bucketOwner(), ExpectedSourceBucketOwner: s.client.bucketOwner(),
	})
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
	if !strings.Contains(s.key, scratchName) {
		panic("s3api: about to delete an object that no probe made: " + s.key)
	}
	var errs []error
	gone := map[string]bool{}
	for _, version := range s.versions {
		if gone[version] {
			continue
		}
		gone[version] = true
		_, err := s.client.preflight.DeleteObject(ctx, &s3.DeleteObjectInput{
			Bucket: &s.bucket, Key: &s.key, VersionId: optional(version), ExpectedBucketOwner: s.client.bucketOwner(),
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("scratch object s3://%s/%s is left behind: %w", s.bucket, s.key, err))
		}
	}
	return errors.Join(errs...)
}
