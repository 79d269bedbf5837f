package s3api

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"reseal/internal/wait"
	"reseal/inventory"
)

const (
	// maxDocument bounds what Get reads into memory, in bytes.
	maxDocument = 1 << 30

	// documentPatience is how long a request about a document is tried again
	// while nothing or nothing useful answers: an endpoint that restarts is back
	// before, and an operator wants to know of one that is not.
	documentPatience = 10 * time.Minute

	maxDocumentPause = 15 * time.Second

	// silentPatience is how long nobody is told of that.
	silentPatience = 3 * time.Second

	// perByte is what a write has beyond the time that every request has: 1 MiB/s.
	perByte = time.Second / (1 << 20)
)

// Documents reads and writes small objects by conditions, for the state of a
// job. It is no part of the objects that a job works on: it never sees them.
// Requests that meet a service which is throttling, failing or out of reach
// are repeated for ten minutes, with a minute for each try, so that one dead
// connection does not take all of that. Safe for concurrent use.
type Documents struct {
	source  *Source
	waiting func(why error) // see Config.Waiting
}

// Documents returns the documents of a bucket, in whatever Region it is. It must
// belong to the account that the client expects.
func (c *Client) Documents(bucket string) *Documents {
	s := c.Source(bucket)
	s.owned = true
	return &Documents{s, c.tellWaiting}
}

// tellWaiting says that a request about a document is asked again.
func (c *Client) tellWaiting(why error) {
	if log := c.config.log.logger(); log != nil {
		log.Warn("state awaited", "error", logWords(why))
	}
	if c.config.Waiting != nil {
		c.config.Waiting(why)
	}
}

// Get returns an object of at most 1 GiB, its ETag as sent, and its age by the
// server's clock, to the second. A missing one wraps fs.ErrNotExist.
func (d *Documents) Get(ctx context.Context, key string) (data []byte, etag string, age time.Duration, err error) {
	err = d.patiently(ctx, func() error {
		return d.source.do("GetObject", key, func(c *Client) error {
			out, err := d.source.get(ctx, c, &s3.GetObjectInput{Bucket: &d.source.bucket, Key: &key})
			if err != nil {
				return err
			}
			defer out.Body.Close()
			if data, err = io.ReadAll(io.LimitReader(out.Body, maxDocument+1)); err != nil {
				return &net.OpError{Op: "read", Net: "tcp", Err: err} // an answer that was cut off is none
			}
			if len(data) > maxDocument {
				return fmt.Errorf("larger than %d bytes", maxDocument)
			}
			etag, age = value(out.ETag), 0
			if now := serverTime(out); out.LastModified != nil && !now.IsZero() {
				age = max(now.Sub(*out.LastModified), 0)
			}
			return nil
		})
	})
	return data, etag, age, err
}

// serverTime is when an answer was made, as the server has it; zero where it
// does not say.
func serverTime(out *s3.GetObjectOutput) time.Time {
	if r, ok := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response); ok && r.Response != nil {
		if t, err := http.ParseTime(r.Header.Get("Date")); err == nil {
			return t
		}
	}
	t, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	return t
}

// Open returns the bytes of an object. A missing one wraps fs.ErrNotExist.
func (d *Documents) Open(ctx context.Context, key string) (body io.ReadCloser, err error) {
	err = d.patiently(ctx, func() error {
		body, _, err = d.source.Open(ctx, key, 0, "")
		return err
	})
	return body, err
}

// List calls each with every object whose key begins with prefix.
func (d *Documents) List(ctx context.Context, prefix string, each func(key string, size int64) error) error {
	var all []inventory.ObjectInfo
	err := d.patiently(ctx, func() (err error) {
		all, err = d.source.List(ctx, prefix)
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := each(o.Name, o.Size); err != nil {
			return err
		}
	}
	return nil
}

// Folders returns what follows prefix in the keys that have a "/" after it, up to that
// and with it, each once.
func (d *Documents) Folders(ctx context.Context, prefix string) (all []string, err error) {
	err = d.patiently(ctx, func() (err error) {
		all, err = d.source.Folders(ctx, prefix)
		return err
	})
	return all, err
}

// Put writes an object if its ETag is still etag, "" meaning that there must be
// none, and returns the new ETag (Amazon S3 User Guide, conditional-writes,
// read 2026-11-21). Where the condition does not hold, nothing was written, or
// it was by an attempt whose answer got lost: the error wraps fs.ErrExist.
func (d *Documents) Put(ctx context.Context, key string, data []byte, etag string) (version string, err error) {
	md, crc := md5.New(), newCRC32C()
	md.Write(data)
	crc.Write(data)
	err = d.patiently(ctx, func() error {
		return d.source.do("PutObject", key, func(c *Client) error {
			in := &s3.PutObjectInput{Bucket: &d.source.bucket, Key: &key, Body: bytes.NewReader(data), ExpectedBucketOwner: d.source.owner(c)}
			in.ContentMD5, in.ChecksumCRC32C = inBase64(md), inBase64(crc) // S3 refuses uploads under a retention without one
			if none := "*"; etag == "" {
				in.IfNoneMatch = &none
			} else {
				in.IfMatch = &etag
			}
			ctx, cancel := context.WithTimeout(ctx, d.source.stall+time.Duration(len(data))*perByte)
			defer cancel()
			out, err := c.preflight.PutObject(ctx, in)
			if err == nil {
				version = value(out.ETag)
			}
			return err
		})
	})
	if errors.Is(err, inventory.ErrChanged) || etag != "" && errors.Is(err, fs.ErrNotExist) {
		err = &otherVersion{err}
	}
	return version, err
}

// otherVersion is a condition that did not hold.
type otherVersion struct{ err error }

func (e *otherVersion) Error() string   { return e.err.Error() }
func (e *otherVersion) Unwrap() []error { return []error{e.err, fs.ErrExist} }

// patiently repeats send while its error may pass.
func (d *Documents) patiently(ctx context.Context, send func() error) error {
	begun, told := time.Now(), time.Time{}
	deadline := begun.Add(documentPatience)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, maxDocumentPause) {
		err := send()
		if err == nil || !errors.Is(err, inventory.ErrUnanswered) || ctx.Err() != nil || time.Now().Add(pause).After(deadline) {
			return err
		}
		if now := time.Now(); d.waiting != nil && now.Sub(begun) >= silentPatience && now.Sub(told) >= time.Minute {
			told = now
			d.waiting(err)
		}
		if wait.For(ctx, pause) != nil {
			return err
		}
	}
}
