package s3api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/http1"
	"reseal/plan"
)

// objects are the requests that a run sends for each object. The SDK's client
// sends them, and so does slim, with a sixth of its CPU time.
type objects interface {
	CopyObject(context.Context, *s3.CopyObjectInput, ...func(*s3.Options)) (*s3.CopyObjectOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	UpdateObjectEncryption(context.Context, *s3.UpdateObjectEncryptionInput, ...func(*s3.Options)) (*s3.UpdateObjectEncryptionOutput, error)
}

var _ objects = (*s3.Client)(nil)

// slim sends CopyObject, HeadObject and UpdateObjectEncryption about one bucket
// without the SDK's middleware, which takes most of the CPU time of a request, and mostly without
// net/http (see package http1), which takes most of the rest.
//
// It leaves to the SDK all that has rules: where requests go and in which scope
// they are signed is read off a request that the SDK made, credentials come from
// its chain, inputs with unusual members are sent by it, and every answer that
// is not a plain success is handed to it to be read. So there is one reading of
// errors, and what slim knows is how a request that works looks.
//
// Safe for concurrent use.
type slim struct {
	sdk         *s3.Client
	credentials aws.CredentialsProvider
	pool        *pool             // nil: not bounded
	http1       *http1.Client     // nil: send does it
	send        http.RoundTripper // net/http's

	scheme, host string // of the endpoint; host as the Host header has it
	address      string // host to connect to, with port
	prefix       string // escaped path up to the key
	plainPrefix  string // the same, unescaped
	agent        string // User-Agent
	signer       signer
	peer         *peer                 // the endpoint; its clock dates the requests
	order        atomic.Pointer[order] // of the last update
	bucket       string
	log          *requestLog // nil: none
}

// newSlim returns a slim for a bucket, or nil where the SDK's client has to send
// the requests: that was asked for, there are no credentials, or they are not signed as usual.
func (c *Client) newSlim(bucket string) *slim {
	h, ok := c.aws.HTTPClient.(*http.Client)
	if c.config.SDKClient || !ok || h.Transport == nil || c.aws.Credentials == nil || aws.IsCredentialsProvider(c.aws.Credentials, aws.AnonymousCredentials{}) {
		return nil
	}
	r := specimen(c.tasks, bucket)
	if r == nil {
		return nil
	}
	region, service, ok := scopeOf(r.Header.Get("Authorization"))
	if !ok {
		return nil
	}
	escaped, found := strings.CutSuffix(r.URL.EscapedPath(), specimenKey)
	plain, same := strings.CutSuffix(r.URL.Path, specimenKey)
	if !found || !same || r.URL.RawQuery != "" || r.URL.Opaque != "" || r.Header.Get("X-Amz-Content-Sha256") != noPayload ||
		r.Header.Get("Accept-Encoding") != "identity" {
		return nil // the SDK does something here that slim does not know
	}
	s := &slim{
		sdk: c.tasks, credentials: c.aws.Credentials, send: h.Transport,
		scheme: r.URL.Scheme, address: r.URL.Host, host: r.Host, prefix: escaped, plainPrefix: plain,
		agent: r.Header.Get("User-Agent"), signer: signer{region: region, service: service},
		bucket: bucket, log: c.config.log,
	}
	if s.host == "" {
		s.host = s.address
	}
	if p, ok := h.Transport.(*pool); ok {
		s.pool, s.send, s.peer = p, p.Transport, p.peerOf(s.address)
		if s.host == s.address && http1.Lawful(s.agent) {
			s.http1 = p.clientFor(r.URL)
		}
	} else {
		s.peer = newPeer(s.address)
	}
	return s
}

// objects returns what sends the requests about each object.
func (r *Rewriter) objects() objects {
	if r.slim != nil {
		return r.slim
	}
	return r.s3
}

const specimenKey = "k"

// specimen returns a request of the SDK about the bucket, made and signed with
// worthless credentials, but not sent; nil where it makes none.
func specimen(c *s3.Client, bucket string) *http.Request {
	key := specimenKey
	r, _ := unsent(c, func(c *s3.Client, with func(*s3.Options)) error {
		_, err := c.HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key}, with)
		return err
	})
	return r
}

// unsent returns the request that send makes, which is to pass on the option that
// it is given: signed with worthless credentials, and not sent.
func unsent(c *s3.Client, send func(*s3.Client, func(*s3.Options)) error) (*http.Request, error) {
	var taken *http.Request
	err := send(c, func(o *s3.Options) {
		o.Credentials = worthless
		o.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
			taken = r
			return nil, errNotNeeded
		})
	})
	if taken == nil {
		return nil, err
	}
	return taken, nil
}

// doer is an HTTP client made of a function.
type doer func(*http.Request) (*http.Response, error)

// Do implements s3.HTTPClient.
func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

var errNotNeeded = errors.New("not to be sent")

// worthless signs requests that are not sent.
var worthless = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "-", SecretAccessKey: "-"}, nil
})

// scopeOf reads Region and service off an Authorization header of Signature
// Version 4: AWS4-HMAC-SHA256 Credential=key/date/region/service/aws4_request, ...
func scopeOf(authorization string) (region, service string, ok bool) {
	rest, ok := strings.CutPrefix(authorization, signingAlgorithm+" Credential=")
	if !ok {
		return "", "", false
	}
	scope, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(scope, "/")
	if n := len(parts); n == 5 && parts[4] == scopeEnd && parts[2] != "" {
		return parts[2], parts[3], true
	}
	return "", "", false
}

// CopyObject is the SDK's.
func (s *slim) CopyObject(ctx context.Context, in *s3.CopyObjectInput, options ...func(*s3.Options)) (*s3.CopyObjectOutput, error) {
	if len(options) > 0 || in.Key == nil || *in.Key == "" || unusualCopy(in) {
		return s.sdk.CopyObject(ctx, in, options...)
	}
	m := takeMessage()
	defer m.release()
	m.copy(in)
	if err := s.do(ctx, m, plan.StepCopy, *in.Key, "x-id=CopyObject"); err != nil {
		return nil, err
	}
	got := &m.got
	if got.Err == nil && got.Status == http.StatusOK {
		if out := copyOutput(got.Header, got.Body); out != nil {
			return out, nil
		}
	}
	return s.sdk.CopyObject(context.WithoutCancel(ctx), in, replay(got))
}

// HeadObject is the SDK's.
func (s *slim) HeadObject(ctx context.Context, in *s3.HeadObjectInput, options ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if len(options) > 0 || in.Key == nil || *in.Key == "" || unusualHead(in) {
		return s.sdk.HeadObject(ctx, in, options...)
	}
	m := takeMessage()
	defer m.release()
	m.head(in)
	query := ""
	if in.VersionId != nil {
		query = "versionId=" + escaped(*in.VersionId, "")
	}
	if err := s.do(ctx, m, plan.StepHead, *in.Key, query); err != nil {
		return nil, err
	}
	got := &m.got
	if got.Err == nil && got.Status == http.StatusOK {
		if out := headOutput(got.Header); out != nil {
			return out, nil
		}
	}
	return s.sdk.HeadObject(context.WithoutCancel(ctx), in, replay(got))
}

// clock keeps requests signable on a machine whose clock is wrong, by the time
// that answers bear. Safe for concurrent use.
type clock struct {
	offset atomicDuration
	seen   atomic.Pointer[string] // the last Date; one second has many
}

// offBy is how far the clock is off before that is heeded. S3 accepts 15
// minutes either way (Amazon S3 API Reference, error RequestTimeTooSkewed, read
// 2026-11-21), and the Date of an answer is in whole seconds and some way old.
const offBy = time.Minute

// now returns the time to sign with.
func (c *clock) now() time.Time { return time.Now().Add(c.offset.load()).UTC() }

// see takes note of the Date of an answer to a request sent at sent.
func (c *clock) see(date string, sent time.Time) {
	if last := c.seen.Load(); date == "" || last != nil && *last == date {
		return
	}
	kept := strings.Clone(date)
	c.seen.Store(&kept)
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	middle := sent.Add(time.Since(sent) / 2)
	offset := theirs.Sub(middle)
	if d := offset - c.offset.load(); d > offBy || d < -offBy {
		c.offset.store(offset)
	}
}
