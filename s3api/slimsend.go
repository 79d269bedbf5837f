package s3api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"reseal/internal/http1"
	"reseal/plan"
)

// message is the room in which one request is made and its answer read. It is
// used again for another, so nothing of it may be kept.
type message struct {
	fields  []field
	body    string // of the request
	hash    string // SHA-256 of body, in hex
	scratch []byte // canonical request; where net/http sends, then the body of the answer
	out     http1.Request
	got     http1.Answer
	sum     [32]byte
}

// field is one signed header.
type field struct {
	name  string // as the SDK spells it
	lower string
	value string
}

var messages = sync.Pool{New: func() any {
	return &message{fields: make([]field, 0, 32), scratch: make([]byte, 0, 3<<10)}
}}

// takeMessage returns an empty message.
func takeMessage() *message {
	m := messages.Get().(*message)
	m.fields, m.body, m.hash = m.fields[:0], "", noPayload
	return m
}

// release gives m back. Signed headers hold session tokens, so they are cleared.
func (m *message) release() {
	clear(m.fields[:cap(m.fields)])
	m.got.Reset()
	const most = 64 << 10
	if cap(m.scratch) > most || m.got.Room() > most || m.out.Room() > most {
		return
	}
	messages.Put(m)
}

// add appends a header where it has a value.
func (m *message) add(name, lower, value string) {
	if value != "" {
		m.fields = append(m.fields, field{name, lower, value})
	}
}

// point appends a header where it has a value, be that "".
func (m *message) point(name, lower string, value *string) {
	if value != nil {
		m.fields = append(m.fields, field{name, lower, *value})
	}
}

// number appends a header where it has a value.
func (m *message) number(name, lower string, value *int32) {
	if value != nil {
		m.fields = append(m.fields, field{name, lower, strconv.FormatInt(int64(*value), 10)})
	}
}

// Headers whose values are known only when the request is signed.
const (
	fieldHost = "host"
	fieldDate = "x-amz-date"
	fieldAuth = "x-amz-security-token"
)

// fieldLength is the header that net/http writes itself.
const fieldLength = "content-length"

// late holds the place of a header whose value set fills in.
func (m *message) late(name, lower string) {
	m.fields = append(m.fields, field{name, lower, ""})
}

// copy fills m with the headers of a CopyObject, in the order of their names.
func (m *message) copy(in *s3.CopyObjectInput) {
	m.add("Accept-Encoding", "accept-encoding", "identity")
	m.late("", fieldHost)
	m.point("If-Match", "if-match", in.IfMatch)
	m.add("X-Amz-Acl", "x-amz-acl", string(in.ACL))
	m.add("X-Amz-Checksum-Algorithm", "x-amz-checksum-algorithm", string(in.ChecksumAlgorithm))
	m.add("X-Amz-Content-Sha256", "x-amz-content-sha256", noPayload)
	m.point("X-Amz-Copy-Source", "x-amz-copy-source", in.CopySource)
	m.point("X-Amz-Copy-Source-If-Match", "x-amz-copy-source-if-match", in.CopySourceIfMatch)
	m.late("X-Amz-Date", fieldDate)
	m.point("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner)
	m.point("X-Amz-Grant-Full-Control", "x-amz-grant-full-control", in.GrantFullControl)
	m.point("X-Amz-Grant-Read", "x-amz-grant-read", in.GrantRead)
	m.point("X-Amz-Grant-Read-Acp", "x-amz-grant-read-acp", in.GrantReadACP)
	m.point("X-Amz-Grant-Write-Acp", "x-amz-grant-write-acp", in.GrantWriteACP)
	m.add("X-Amz-Metadata-Directive", "x-amz-metadata-directive", string(in.MetadataDirective))
	m.add("X-Amz-Object-Lock-Event-Hold", "x-amz-object-lock-event-hold", string(in.ObjectLockEventHold))
	m.number("X-Amz-Object-Lock-Event-Hold-Duration-Days", "x-amz-object-lock-event-hold-duration-days", in.ObjectLockEventHoldDurationDays)
	m.number("X-Amz-Object-Lock-Event-Hold-Duration-Years", "x-amz-object-lock-event-hold-duration-years", in.ObjectLockEventHoldDurationYears)
	m.add("X-Amz-Object-Lock-Legal-Hold", "x-amz-object-lock-legal-hold", string(in.ObjectLockLegalHoldStatus))
	m.add("X-Amz-Object-Lock-Mode", "x-amz-object-lock-mode", string(in.ObjectLockMode))
	if in.ObjectLockRetainUntilDate != nil {
		m.add("X-Amz-Object-Lock-Retain-Until-Date", "x-amz-object-lock-retain-until-date", smithytime.FormatDateTime(*in.ObjectLockRetainUntilDate))
	}
	m.add("X-Amz-Request-Payer", "x-amz-request-payer", string(in.RequestPayer))
	m.late("X-Amz-Security-Token", fieldAuth)
	m.add("X-Amz-Server-Side-Encryption", "x-amz-server-side-encryption", string(in.ServerSideEncryption))
	m.point("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", "x-amz-server-side-encryption-aws-kms-key-id", in.SSEKMSKeyId)
	if in.BucketKeyEnabled != nil {
		m.add("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "x-amz-server-side-encryption-bucket-key-enabled", strconv.FormatBool(*in.BucketKeyEnabled))
	}
	m.point("X-Amz-Source-Expected-Bucket-Owner", "x-amz-source-expected-bucket-owner", in.ExpectedSourceBucketOwner)
	m.add("X-Amz-Storage-Class", "x-amz-storage-class", string(in.StorageClass))
	m.add("X-Amz-Tagging-Directive", "x-amz-tagging-directive", string(in.TaggingDirective))
	m.point("X-Amz-Website-Redirect-Location", "x-amz-website-redirect-location", in.WebsiteRedirectLocation)
}

// unusualCopy tells whether in has members that copy does not know.
func unusualCopy(in *s3.CopyObjectInput) bool {
	return in.CopySource == nil || in.AnnotationDirective != "" || in.CacheControl != nil || in.ContentDisposition != nil ||
		in.ContentEncoding != nil || in.ContentLanguage != nil || in.ContentType != nil || in.CopySourceIfModifiedSince != nil ||
		in.CopySourceIfNoneMatch != nil || in.CopySourceIfUnmodifiedSince != nil || in.CopySourceSSECustomerAlgorithm != nil ||
		in.CopySourceSSECustomerKey != nil || in.CopySourceSSECustomerKeyMD5 != nil || in.Expires != nil || in.IfNoneMatch != nil ||
		in.Metadata != nil || in.SSECustomerAlgorithm != nil || in.SSECustomerKey != nil || in.SSECustomerKeyMD5 != nil ||
		in.SSEKMSEncryptionContext != nil || in.Tagging != nil
}

// head fills m with the headers of a HeadObject, in the order of their names.
func (m *message) head(in *s3.HeadObjectInput) {
	m.add("Accept-Encoding", "accept-encoding", "identity")
	m.late("", fieldHost)
	m.add("X-Amz-Checksum-Mode", "x-amz-checksum-mode", string(in.ChecksumMode))
	m.add("X-Amz-Content-Sha256", "x-amz-content-sha256", noPayload)
	m.late("X-Amz-Date", fieldDate)
	m.point("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner)
	m.add("X-Amz-Request-Payer", "x-amz-request-payer", string(in.RequestPayer))
	m.late("X-Amz-Security-Token", fieldAuth)
}

// unusualHead tells whether in has members that head does not know.
func unusualHead(in *s3.HeadObjectInput) bool {
	return in.IfMatch != nil || in.IfModifiedSince != nil || in.IfNoneMatch != nil || in.IfUnmodifiedSince != nil || in.PartNumber != nil ||
		in.Range != nil || in.ResponseCacheControl != nil || in.ResponseContentDisposition != nil || in.ResponseContentEncoding != nil ||
		in.ResponseContentLanguage != nil || in.ResponseContentType != nil || in.ResponseExpires != nil || in.SSECustomerAlgorithm != nil ||
		in.SSECustomerKey != nil || in.SSECustomerKeyMD5 != nil
}

// do signs and sends m, a request of kind k about a key, and reads the answer into m.got. Errors are of the types
// that the SDK's client returns where there is no answer.
func (s *slim) do(ctx context.Context, m *message, k plan.StepKind, key, query string) error {
	method := http.MethodPut
	if k == plan.StepHead {
		method = http.MethodHead
	}
	creds, err := s.credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	now := s.peer.clock.now()
	at := stamp(now)
	kept := m.fields[:0]
	for _, f := range m.fields {
		switch f.lower {
		case fieldHost:
			f.value = s.host
		case fieldDate:
			f.value = at
		case fieldAuth:
			if f.value = creds.SessionToken; f.value == "" {
				continue
			}
		}
		kept = append(kept, f)
	}
	m.fields = kept
	path := s.prefix + escaped(key, "/")
	authorization := s.signer.authorize(m, &creds, at, method, path, query)
	if err := s.pool.enter(ctx); err != nil {
		return &smithy.CanceledError{Err: err}
	}
	defer s.pool.leave()
	sent := time.Now()
	if s.http1 != nil && m.write(s, method, path, query, authorization) == nil {
		plain, at := without(ctx)
		if last := sent.Add(headerTimeout + writeLimit); at.IsZero() || at.After(last) {
			at = last
		}
		err = s.http1.Do(plain, &m.out, at, &m.got)
	} else {
		err = s.roundTrip(ctx, m, method, key, path, query, string(authorization))
	}
	if log := s.log.on(); log != nil {
		s.logSent(ctx, log, k, key, &m.got, sent, err)
	}
	if err != nil {
		if ctx.Err() != nil {
			return &smithy.CanceledError{Err: ctx.Err()}
		}
		return &smithyhttp.RequestSendError{Err: err}
	}
	if err := s.peer.checkReceived(&m.got, method, now, sent); err != nil {
		return &smithyhttp.RequestSendError{Err: err}
	}
	return nil
}

// write puts the request into m.out. An error says that net/http is to refuse it.
func (m *message) write(s *slim, method, path, query string, authorization []byte) error {
	m.out.Start(method, path, query, s.host)
	m.out.Header("User-Agent", s.agent)
	for i := range m.fields {
		if f := &m.fields[i]; f.name != "" {
			m.out.Header(f.name, f.value)
		}
	}
	m.out.HeaderBytes("Authorization", authorization)
	return m.out.Finish(m.body)
}

// roundTrip has net/http send m and reads the answer.
func (s *slim) roundTrip(ctx context.Context, m *message, method, key, path, query, authorization string) error {
	// A transport may read headers after it returned, so these are not used again.
	header := make(http.Header, len(m.fields)+1)
	values := make([]string, 0, len(m.fields)+1)
	set := func(name, value string) {
		values = append(values, value)
		header[name] = values[len(values)-1 : len(values) : len(values)]
	}
	for i := range m.fields {
		if f := &m.fields[i]; f.name != "" && f.lower != fieldLength {
			set(f.name, f.value)
		}
	}
	set("Authorization", authorization)
	set("User-Agent", s.agent)
	r := (&http.Request{
		Method: method, Host: s.host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		URL: &url.URL{Scheme: s.scheme, Host: s.address, Path: s.plainPrefix + key, RawPath: path, RawQuery: query},
	}).WithContext(ctx)
	if body := m.body; body != "" {
		r.ContentLength = int64(len(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
	}
	response, err := s.send.RoundTrip(r)
	if err != nil {
		return err
	}
	body, err := m.read(response)
	m.got.Take(response, body, err)
	return nil
}

// read reads the body of an answer to its end, so that the connection can be
// used again, and closes it. The bytes are m's.
func (m *message) read(r *http.Response) ([]byte, error) {
	b := m.scratch[:0]
	for {
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			m.scratch = b
			return b, r.Body.Close()
		case err == nil && len(b) > http1.MaxBody:
			err = http1.ErrBodyTooLong
			fallthrough
		case err != nil:
			m.scratch = b
			return b, errors.Join(err, r.Body.Close())
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}

// replay has the SDK read an answer that has come already, instead of sending
// the request.
func replay(r *http1.Answer) func(*s3.Options) {
	return func(o *s3.Options) {
		o.Credentials = worthless
		o.HTTPClient = doer(func(request *http.Request) (*http.Response, error) {
			answer := r.Response()
			answer.Request = request
			answer.Body = io.NopCloser(io.MultiReader(strings.NewReader(r.Body), failing{r.Err}))
			return answer, nil
		})
	}
}

// failing is a reader that has nothing but an error, or its end.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
