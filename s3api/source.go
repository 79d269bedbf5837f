package s3api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/inventory"
)

// Source reads a report from the bucket that it was delivered to. Safe for
// concurrent use.
type Source struct {
	bucket string
	client atomic.Pointer[Client] // replaced once where the bucket turns out to be in another Region
	stall  time.Duration
}

var _ inventory.Source = (*Source)(nil)

// Source returns a source over bucket, in whatever Region it is. No owner is
// expected of it: reports are often delivered to another account, and every
// byte of one is checked against its manifest.
func (c *Client) Source(bucket string) *Source {
	s := &Source{bucket: bucket, stall: time.Minute}
	s.client.Store(c)
	return s
}

// Open returns an object's bytes from offset on; see inventory.Source. Reading
// fails after a minute without a byte.
func (s *Source) Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, inventory.ObjectInfo, error) {
	info := inventory.ObjectInfo{Name: name, Size: -1}
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &name}
	if offset > 0 {
		r := "bytes=" + strconv.FormatInt(offset, 10) + "-"
		in.Range = &r
	}
	if etag != "" {
		in.IfMatch = quoted(etag)
	}
	ctx, cancel := context.WithCancel(ctx)
	var out *s3.GetObjectOutput
	err := s.do("GetObject", name, func(c *Client) (err error) {
		out, err = c.preflight.GetObject(ctx, in)
		return err
	})
	if err != nil {
		cancel()
		return nil, info, err
	}
	info.ETag = unquoted(out.ETag)
	switch {
	case offset > 0 && out.ContentRange == nil:
		cancel()
		return nil, info, errors.Join(fmt.Errorf("GetObject s3://%s/%s: the server ignores the range that was asked for", s.bucket, name), out.Body.Close())
	case out.ContentRange != nil:
		info.Size = totalOf(*out.ContentRange)
	case out.ContentLength != nil:
		info.Size = *out.ContentLength
	}
	return &body{inner: out.Body, cancel: cancel, stall: s.stall}, info, nil
}

// List returns the objects whose names start with prefix.
func (s *Source) List(ctx context.Context, prefix string) ([]inventory.ObjectInfo, error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: optional(prefix), EncodingType: types.EncodingTypeUrl}
	var all []inventory.ObjectInfo
	names := map[string]bool{}
	tokens := map[string]bool{}
	for barren := 0; barren < maxBarrenPages; barren++ {
		var out *s3.ListObjectsV2Output
		err := s.do("ListObjectsV2", prefix, func(c *Client) (err error) {
			out, err = c.preflight.ListObjectsV2(ctx, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, o := range out.Contents {
			name, err := decodedName(value(o.Key), out.EncodingType)
			if err != nil {
				return nil, fmt.Errorf("ListObjectsV2 s3://%s/%s: %w", s.bucket, prefix, err)
			}
			// Some servers repeat the last name of a page on the next.
			if !names[name] {
				names[name] = true
				size := int64(-1)
				if o.Size != nil {
					size = *o.Size
				}
				all = append(all, inventory.ObjectInfo{Name: name, Size: size, ETag: unquoted(o.ETag)})
				barren = -1
			}
		}
		token := value(out.NextContinuationToken)
		if !value(out.IsTruncated) {
			return all, nil
		}
		if token == "" || tokens[token] {
			break
		}
		tokens[token] = true
		in.ContinuationToken = &token
	}
	return nil, fmt.Errorf("ListObjectsV2 s3://%s/%s: the listing goes on without end", s.bucket, prefix)
}

// maxBarrenPages is how many pages without a new name are believed. S3 may send
// some while it passes over deleted objects; a broken server sends them for ever.
const maxBarrenPages = 100

// decodedName undoes the encoding that S3 was asked for, as XML cannot hold
// every byte a name can.
func decodedName(name string, encoding types.EncodingType) (string, error) {
	if encoding != types.EncodingTypeUrl {
		return name, nil
	}
	return url.QueryUnescape(name)
}

// do sends a request, once more in the bucket's Region where S3 says that it is
// in another one.
func (s *Source) do(op, name string, send func(*Client) error) error {
	c := s.client.Load()
	err := send(c)
	if err == nil {
		return nil
	}
	if region := answerOf(err).region; region != "" && region != c.Region() {
		other, regionErr := c.InRegion(region)
		if regionErr != nil {
			return regionErr
		}
		s.client.Store(other)
		err = send(other)
	}
	if err == nil {
		return nil
	}
	setup := setupError(op, "s3://"+s.bucket+"/"+name, err).(*SetupError)
	status := answerOf(err).status
	switch {
	case setup.Kind == NoBucket:
	case status == http.StatusNotFound:
		return &sourceError{setup, fs.ErrNotExist}
	case status == http.StatusPreconditionFailed:
		return &sourceError{setup, inventory.ErrChanged}
	case setup.Kind == Other || setup.Kind == Unreachable:
		return setup // may pass
	}
	return &sourceError{setup, fs.ErrPermission} // trying again does not help
}

// sourceError is an error with a second meaning for readers that know files,
// not S3.
type sourceError struct {
	*SetupError
	means error
}

// Unwrap returns both meanings.
func (e *sourceError) Unwrap() []error { return []error{e.SetupError, e.means} }

// totalOf returns the size of the whole object from a Content-Range, -1 where
// it does not say.
func totalOf(contentRange string) int64 {
	_, total, _ := strings.Cut(contentRange, "/")
	n, err := strconv.ParseInt(total, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// body ends a read that stalls, as a connection whose other end vanished would
// keep it for ever.
type body struct {
	inner  io.ReadCloser
	cancel context.CancelFunc
	stall  time.Duration
	late   atomic.Bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.stall, func() {
		b.late.Store(true)
		b.cancel()
	})
	n, err := b.inner.Read(p)
	timer.Stop()
	if err != nil && err != io.EOF && b.late.Load() {
		err = fmt.Errorf("no data for %s", b.stall) // not the canceled context, which would mean that the caller gave up
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.cancel()
	return b.inner.Close()
}
