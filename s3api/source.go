package s3api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// Source reads a report from the bucket that it was delivered to. Safe for
// concurrent use.
type Source struct {
	bucket string
	client atomic.Pointer[Client] // replaced once where the bucket turns out to be in another Region
	stall  time.Duration
	owned  bool // the client's expectation of an owner is about this bucket
}

var _ inventory.Source = (*Source)(nil)

// Source returns a source over bucket, in whatever Region it is. No owner is
// expected of it: reports are often delivered to another account, and every
// byte of one is checked against its manifest.
func (c *Client) Source(bucket string) *Source {
	s := &Source{bucket: bucket, stall: readLimit}
	s.client.Store(c)
	return s
}

// owner returns the account that must own the bucket, nil where none is expected to.
func (s *Source) owner(c *Client) *string {
	if !s.owned {
		return nil
	}
	return c.bucketOwner()
}

// Open returns an object's bytes from offset on; see inventory.Source. It fails
// after a minute without an answer, and reading after a minute without a byte.
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
	var out *s3.GetObjectOutput
	err := s.do("GetObject", name, func(c *Client) (err error) {
		out, err = s.get(ctx, c, in)
		return err
	})
	if err != nil {
		return nil, info, err
	}
	info.ETag = unquoted(out.ETag)
	switch {
	case offset > 0 && out.ContentRange == nil:
		return nil, info, errors.Join(fmt.Errorf("GetObject s3://%s/%s: the server ignores the range that was asked for", s.bucket, name), out.Body.Close())
	case out.ContentRange != nil:
		info.Size = totalOf(*out.ContentRange)
	case out.ContentLength != nil:
		info.Size = *out.ContentLength
	}
	return out.Body, info, nil
}

// get sends one GetObject. It fails where the answer does not begin in time, and
// so does reading the body where it stalls.
func (s *Source) get(ctx context.Context, c *Client, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	within, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(s.stall, cancel)
	in.ExpectedBucketOwner = s.owner(c)
	out, err := c.preflight.GetObject(within, in)
	late := !timer.Stop() && ctx.Err() == nil
	if late && err == nil {
		_ = out.Body.Close() // it can be read no more
	}
	if late {
		err = silence(s.stall)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	out.Body = &body{inner: out.Body, cancel: cancel, stall: s.stall}
	return out, nil
}

// silence is how long the other end said nothing. That is an error of the network:
// the canceled context, with which it is ended, would mean that the caller gave up.
type silence time.Duration

func (s silence) Error() string   { return fmt.Sprintf("no data for %s", time.Duration(s)) }
func (s silence) Timeout() bool   { return true }
func (s silence) Temporary() bool { return true }

var _ net.Error = silence(0)

// List returns the objects whose names start with prefix.
func (s *Source) List(ctx context.Context, prefix string) (all []inventory.ObjectInfo, err error) {
	names := map[string]bool{}
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: optional(prefix), EncodingType: types.EncodingTypeUrl}
	err = s.pages(ctx, in, func(out *s3.ListObjectsV2Output) (news bool, err error) {
		for _, o := range out.Contents {
			name, err := decodedName(value(o.Key), out.EncodingType)
			if err != nil {
				return news, err
			}
			// Some servers repeat the last name of a page on the next.
			if !names[name] {
				names[name] = true
				size := int64(-1)
				if o.Size != nil {
					size = *o.Size
				}
				all = append(all, inventory.ObjectInfo{Name: name, Size: size, ETag: unquoted(o.ETag)})
				news = true
			}
		}
		return news, nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Folders returns what follows prefix in the names that have a "/" after it, up to
// that and with it, each once.
func (s *Source) Folders(ctx context.Context, prefix string) (all []string, err error) {
	slash := "/"
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: optional(prefix), Delimiter: &slash, EncodingType: types.EncodingTypeUrl}
	err = s.pages(ctx, in, func(out *s3.ListObjectsV2Output) (news bool, err error) {
		news = len(out.Contents) > 0
		for _, c := range out.CommonPrefixes {
			name, err := decodedName(value(c.Prefix), out.EncodingType)
			if err != nil {
				return news, err
			}
			if name, below := strings.CutPrefix(name, prefix); below && !slices.Contains(all, name) {
				all, news = append(all, name), true
			}
		}
		return news, nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// pages has take called with each page of a listing. It says whether the page held
// anything new.
func (s *Source) pages(ctx context.Context, in *s3.ListObjectsV2Input, take func(*s3.ListObjectsV2Output) (news bool, err error)) error {
	prefix := value(in.Prefix)
	for list := new(leafing); ; {
		var out *s3.ListObjectsV2Output
		err := s.do("ListObjectsV2", prefix, func(c *Client) (err error) {
			one := ctx           // of this page alone
			if !c.config.paced { // else the client has a limit of its own, without the wait for a turn
				short, cancel := context.WithTimeout(ctx, s.stall)
				defer cancel()
				one = short
			}
			in.ExpectedBucketOwner = s.owner(c)
			out, err = c.preflight.ListObjectsV2(one, in)
			return err
		})
		if err != nil {
			return err
		}
		news, err := take(out)
		more := false
		if err == nil {
			more, err = list.on(value(out.IsTruncated), value(out.NextContinuationToken), news)
		}
		if err != nil {
			return fmt.Errorf("ListObjectsV2 s3://%s/%s: %w", s.bucket, prefix, err)
		}
		if !more {
			return nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// decodedName undoes the encoding that S3 was asked for, as XML cannot hold
// every byte a name can.
func decodedName(name string, encoding types.EncodingType) (string, error) {
	if encoding != types.EncodingTypeUrl {
		return name, nil
	}
	return url.QueryUnescape(name)
}

// do sends a request, once more in the bucket's Region where S3 says that it is
// in another one, and once more with credentials that were read anew where those
// that it had are expired.
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
		c, err = other, send(other)
	}
	renewable := false
	if err != nil && expired(err) {
		if renewable = c.credentials.renew(); renewable {
			err = send(c)
		}
	}
	if err == nil {
		return nil
	}
	setup := setupError(op, "s3://"+s.bucket+"/"+name, err).(*SetupError)
	if owner := s.owner(c); setup.Kind == AccessDenied && owner != nil {
		setup.Expected = *owner
	}
	status := answerOf(err).status
	switch {
	case setup.Kind == NoBucket:
	case status == http.StatusNotFound:
		return &sourceError{setup, fs.ErrNotExist}
	case status == http.StatusPreconditionFailed:
		return &sourceError{setup, inventory.ErrChanged}
	case passes(setup) || renewable && expired(setup):
		return &sourceError{setup, inventory.ErrUnanswered}
	case setup.Kind == Other || setup.Kind == Unreachable:
		return setup // may pass
	}
	return &sourceError{setup, fs.ErrPermission} // trying again does not help
}

// expired tells whether the credentials have run out, and those who issue them may
// issue new ones.
func expired(err error) bool {
	v, _ := classify(err, step{kind: plan.StepHead})
	return v.class == engine.Expired
}

// Passes tells whether err is one of those that trying again later may help with.
func Passes(err error) bool { return passes(err) }

// passes tells whether trying again may help: nothing answered, the service is
// overloaded or failing, or two writes met.
func passes(err error) bool {
	a := answerOf(err)
	switch {
	case a.fault == faultNetwork, a.fault == faultForeign, a.fault == faultClock, a.fault == faultProxy, a.fault == faultRenewal:
		return true
	case a.fault != faultNone:
		return false
	case a.status == http.StatusConflict, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout:
		return true
	}
	return a.status >= http.StatusInternalServerError && a.status != http.StatusNotImplemented
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
		err = silence(b.stall)
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.cancel()
	return b.inner.Close()
}
