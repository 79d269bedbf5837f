package s3api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"reseal/internal/http1"
	"reseal/partition"
)

// peer is what has been learned about one host that requests go to: how its own
// answers look, and how far its clock is from ours. What does not look like an
// answer of the service comes from something between: a proxy, a firewall, a
// login page, a load balancer. It is an error as if there were no answer, as it says
// nothing about the object. Safe for concurrent use.
type peer struct {
	aws      bool         // the host is one of S3 itself
	marked   atomic.Bool  // it puts request ids on its answers
	answered atomic.Bool  // it has answered something
	server   atomic.Value // string: the header Server of its marked answers
	clock    clock
}

// newPeer returns the peer for a host, with or without port.
func newPeer(host string) *peer {
	return &peer{aws: ofS3((&url.URL{Host: host}).Hostname())}
}

// ofS3 tells whether a host is one of S3 itself, with or without a bucket's name before it.
func ofS3(host string) bool {
	for host != "" {
		if _, ok := partition.S3Host(host); ok {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

// arrival is an answer as it came, whatever read it.
type arrival struct {
	method string
	status int
	get    func(header string) string
	body   func() []byte // its beginning; not called for HEAD
	bytes  bool          // a GetObject: the body is the object's
	signed time.Time     // as the request says it, by the peer's clock as far as known
	sent   time.Time
}

// Names of the headers that the services put on every answer of theirs, errors
// included, HEAD included (Amazon S3 API Reference, "Common response headers",
// read 2026-11-21). MinIO and Ceph do the same with the first.
const (
	headerRequestID = "X-Amz-Request-Id"
	headerHostID    = "X-Amz-Id-2"
	headerOtherID   = "X-Amzn-Requestid" // KMS, STS, Service Quotas, CloudWatch
)

// isMarked tells whether an answer bears a request id of the service.
func isMarked(get func(string) string) bool {
	return get(headerRequestID) != "" || get(headerOtherID) != "" || get(headerHostID) != ""
}

// check learns from an answer, or says why it is none: *foreignError where
// something between answered, *proxyError where that says that it is a proxy, *skewError where the request was refused for the
// time in its signature.
func (p *peer) check(a *arrival) error {
	if !p.own(a) {
		if a.status == http.StatusProxyAuthRequired {
			return &proxyError{status: a.status}
		}
		return foreign(a)
	}
	if isMarked(a.get) {
		p.learnMark(a.get("Server"))
	}
	if !p.answered.Load() {
		p.answered.Store(true)
	}
	if a.get("Age") != "" {
		return nil // kept by a cache, and as old as that
	}
	date := a.get("Date")
	skewed := skewOf(a, date)
	p.clock.see(date, a.sent)
	return skewed
}

// learnMark takes note that the host puts request ids on its answers.
func (p *peer) learnMark(server string) {
	if !p.marked.Load() {
		p.server.Store(server)
		p.marked.Store(true)
	}
}

// own tells whether an answer is the service's own. AWS marks each one. Of other
// hosts less is known: there, one without a mark is foreign if it is a page for people,
// leads elsewhere, or lacks what the host's own answers have shown so far.
func (p *peer) own(a *arrival) bool {
	page := isPage(a.get("Content-Type"))
	switch {
	case isMarked(a.get):
		return true
	case a.status == http.StatusProxyAuthRequired:
		return false
	case a.method == http.MethodHead:
		return !p.aws && p.ownHead(a, page)
	case a.bytes && a.status < 300: // an object may well be a page
		return !p.aws && (!page || !p.marked.Load() && a.get("Etag") != "")
	}
	body := bytes.TrimSpace(a.body())
	switch {
	case serviceError(body):
		return true
	case p.aws, page, looksLikePage(body), a.status >= 300 && len(body) > 0:
		return false
	}
	return !p.marked.Load() || len(body) > 0
}

// ownHead judges an answer without a mark to a HEAD, which has no body, by a host
// that is not AWS's.
func (p *peer) ownHead(a *arrival, page bool) bool {
	if !p.marked.Load() {
		return a.status < 300 && a.get("Etag") != "" || !page && !leadsAway(a)
	}
	if server, _ := p.server.Load().(string); server != "" && server == a.get("Server") && !page {
		return true // leaves its mark out at times
	}
	return a.status < 300 && a.get("Etag") != "" && !page
}

// serviceError tells whether a body is an error document of the service: XML
// that begins with Error or ErrorResponse, or JSON or CBOR that names a type.
func serviceError(body []byte) bool {
	if rest, ok := bytes.CutPrefix(body, []byte("<?xml")); ok {
		if _, rest, ok = bytes.Cut(rest, []byte("?>")); ok {
			body = bytes.TrimSpace(rest)
		}
	}
	return bytes.HasPrefix(body, []byte("<Error>")) || bytes.HasPrefix(body, []byte("<Error ")) || bytes.HasPrefix(body, []byte("<ErrorResponse")) ||
		len(body) > 0 && body[0] != '<' && bytes.Contains(body, []byte("__type"))
}

// isPage tells whether a content type is that of a page for people.
func isPage(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// looksLikePage tells whether a body is HTML, whatever its type says.
func looksLikePage(body []byte) bool {
	begin := strings.ToLower(string(body[:min(len(body), 64)]))
	return strings.HasPrefix(begin, "<!doctype html") || strings.HasPrefix(begin, "<html")
}

// leadsAway tells whether an answer sends the client elsewhere.
func leadsAway(a *arrival) bool {
	return a.status >= 300 && a.status < 400 && a.status != http.StatusNotModified && a.get("Location") != "" && a.get("X-Amz-Bucket-Region") == ""
}

// foreignError is an answer that is not the service's.
type foreignError struct {
	status      int
	contentType string
	server      string
	leads       string // host that it leads to, "" for none
}

func foreign(a *arrival) *foreignError {
	e := &foreignError{status: a.status, contentType: a.get("Content-Type"), server: a.get("Server")}
	if at, err := url.Parse(a.get("Location")); err == nil {
		e.leads = at.Host
	}
	return e
}

// maxHint bounds what is quoted of a header that somebody unknown wrote.
const maxHint = 60

// Error says what came, and that nothing is known about the request.
func (e *foreignError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "not an answer of the service, but of something between (a proxy, firewall or login page): HTTP %d", e.status)
	quote := func(name, v string) {
		if v != "" {
			fmt.Fprintf(&b, ", %s %.*q", name, maxHint, v)
		}
	}
	quote("type", e.contentType)
	quote("server", e.server)
	quote("leads to", e.leads)
	return b.String()
}

// skewError is a request that was refused because its time was too far from
// that of the service.
type skewError struct {
	by time.Duration // service's time less that of the request
}

// Error says which clock is behind, in seconds.
func (e *skewError) Error() string {
	return SkewWords(e.by) + ", and the request was refused for its time"
}

// SkewWords says in seconds how far this machine's clock is from the service's, which is by later.
func SkewWords(by time.Duration) string {
	where := "behind"
	if by < 0 {
		by, where = -by, "ahead of"
	}
	return fmt.Sprintf("this machine's clock is %d s %s the service's", int64(by.Round(time.Second)/time.Second), where)
}

// skewLimit is how far apart the clocks are before a refusal may be due to it.
// AWS's services accept 5 minutes (STS, KMS) and S3 15 (AWS General Reference,
// "Signature Version 4", and Amazon S3 API Reference, RequestTimeTooSkewed, read 2026-11-21).
const skewLimit = 5 * time.Minute

// skewOf returns the *skewError that a refusal is, nil where it is none. Refusals
// without a body, those of HEAD, tell nothing but the date.
func skewOf(a *arrival, date string) error {
	if a.status != http.StatusForbidden && a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized || a.signed.IsZero() {
		return nil
	}
	theirs, err := http.ParseTime(date)
	if err != nil {
		return nil
	}
	by := theirs.Sub(a.signed)
	if by < skewLimit && by > -skewLimit {
		return nil
	}
	if a.method != http.MethodHead && !aboutTime(a.body()) {
		return nil
	}
	return &skewError{by: by}
}

// timeCodes are the codes of refusals that a wrong clock causes, among others
// (aws-sdk-go-v2, aws/retry, clockSkewCodes).
var timeCodes = []string{"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"}

func aboutTime(body []byte) bool {
	for _, code := range timeCodes {
		if bytes.Contains(body, []byte(code)) {
			return true
		}
	}
	return false
}

// checkReceived is check for an answer that slim has.
func (p *peer) checkReceived(got *http1.Answer, method string, signed, sent time.Time) error {
	if got.Status < 300 && got.Get(headerRequestID) != "" { // nearly all
		p.learnMark(got.Get("Server"))
		if !p.answered.Load() {
			p.answered.Store(true)
		}
		if got.Get("Age") == "" {
			p.clock.see(got.Get("Date"), sent)
		}
		return nil
	}
	return p.check(&arrival{method: method, status: got.Status, get: got.Get, body: func() []byte { return []byte(got.Body[:min(len(got.Body), peekLimit)]) },
		signed: signed, sent: sent})
}

// signs is a signer of the SDK that goes by the clock of the host that the
// request is for. It signs for every service, in each of their clients.
type signs struct {
	*v4.Signer
	peers *pool
}

// SignHTTP is v4.Signer's; the time that it is told it takes no notice of.
func (s signs) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, options ...func(*v4.SignerOptions)) error {
	return s.Signer.SignHTTP(ctx, c, r, hash, service, region, s.peers.peerOf(r.URL.Host).clock.now(), options...)
}

// peekLimit is how much of a body is looked at.
const peekLimit = 4 << 10

// checkResponse is check for an answer that net/http read. It gives back the
// part of the body that it looked at.
func (p *peer) checkResponse(r *http.Request, response *http.Response, sent time.Time) error {
	signed, _ := time.Parse(signingTime, r.Header.Get("X-Amz-Date"))
	var begin []byte
	peek := func() []byte {
		if begin == nil && response.Body != nil {
			begin, _ = io.ReadAll(io.LimitReader(response.Body, peekLimit)) // its error comes again
			response.Body = &rejoined{io.MultiReader(bytes.NewReader(begin), response.Body), response.Body}
		}
		return begin
	}
	err := p.check(&arrival{method: r.Method, status: response.StatusCode, get: response.Header.Get, body: peek,
		bytes: r.Method == http.MethodGet && r.URL.Query().Get("x-id") == "GetObject", signed: signed, sent: sent})
	if err != nil && response.Body != nil {
		_, _ = io.CopyN(io.Discard, response.Body, peekLimit) // so that the connection may be used again
		_ = response.Body.Close()
	}
	return err
}

// rejoined is a body of which the beginning was read before.
type rejoined struct {
	io.Reader
	io.Closer
}

// RoundTrip implements http.RoundTripper: an answer that is not the service's is an error.
func (p *pool) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.enter(r.Context()); err != nil {
		return nil, err
	}
	sent := time.Now()
	response, err := p.Transport.RoundTrip(r)
	if log := p.log.on(); log != nil {
		logRoundTrip(log, r, response, sent, err)
	}
	if err != nil {
		p.leave()
		return nil, err
	}
	if p.flight != nil {
		response.Body = &inFlight{ReadCloser: response.Body, end: sync.OnceFunc(p.leave)}
	}
	if err := p.peerOf(r.URL.Host).checkResponse(r, response, sent); err != nil {
		return nil, err
	}
	return response, nil
}

// inFlight is the body of an answer, whose request is in flight until it is closed.
type inFlight struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (b *inFlight) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// peerOf returns what is known about a host, which is empty at first.
func (p *pool) peerOf(host string) *peer {
	host = strings.ToLower(host)
	if known, ok := p.peers.Load(host); ok {
		return known.(*peer)
	}
	made, _ := p.peers.LoadOrStore(host, newPeer(host))
	return made.(*peer)
}
