package s3api

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/inventory"
)

// Sink stores the objects of a report in a bucket. It never replaces an object.
type Sink struct {
	source *Source // the same bucket, in whatever Region it is
	bucket string
	kmsKey string
}

var _ inventory.Sink = (*Sink)(nil)

// Sink returns a sink for bucket. Objects are put under kmsKey, or, where it is
// "", under what the bucket's default encryption says. The bucket must belong to
// the account that the client expects.
func (c *Client) Sink(bucket, kmsKey string) *Sink {
	s := c.Source(bucket)
	s.owned = true
	return &Sink{source: s, bucket: bucket, kmsKey: kmsKey}
}

func newCRC32C() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }

func inBase64(h hash.Hash) *string { return aws.String(base64.StdEncoding.EncodeToString(h.Sum(nil))) }

// putLimit is how long one PutObject may take: 5 GiB, the most it can hold
// (Amazon S3 API Reference, PutObject, read 2026-11-21), at 3 MiB/s.
const putLimit = 30 * time.Minute

// Put stores an object with checksums that S3 verifies. An object of that name
// is an error that wraps fs.ErrExist.
func (s *Sink) Put(ctx context.Context, name string, body io.ReadSeeker, size int64) error {
	md, crc := md5.New(), newCRC32C()
	n, err := io.Copy(io.MultiWriter(md, crc), body)
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes, not the %d that were announced", n, size)
	}
	if err != nil {
		return fmt.Errorf("read what is to be stored as %s: %w", name, err)
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &name, ContentLength: &size, IfNoneMatch: aws.String("*"),
		ContentMD5: inBase64(md), ChecksumCRC32C: inBase64(crc)}
	if s.kmsKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &s.kmsKey
	}
	ctx, cancel := context.WithTimeout(ctx, putLimit)
	defer cancel()
	err = s.source.do("PutObject", name, func(c *Client) error {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return err
		}
		in.Body, in.ExpectedBucketOwner = body, s.source.owner(c)
		_, err := c.preflight.PutObject(ctx, in)
		return err
	})
	if errors.Is(err, inventory.ErrChanged) { // 412: the only condition is that nothing is there
		return fmt.Errorf("s3://%s/%s is there already: %w", s.bucket, name, fs.ErrExist)
	}
	return err
}
