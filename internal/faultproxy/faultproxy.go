// Package faultproxy passes requests on to an S3 server, with the faults of what lies
// between a client and S3: pages of proxies and firewalls, lost and broken answers,
// silence, wrong clocks, expired tokens, servers that refuse headers. For tests.
package faultproxy

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"reseal/internal/wait"
)

// Request is a request on its way.
type Request struct {
	*http.Request
	Kind string // see KindOf
	N    int    // how many of its kind came up to now, this one included
	Body []byte
}

// Answer is what a client gets. Nil means that the connection is reset.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Pieces []string // sent one after the other, chunked, in place of Body
	Length int      // announced in place of the body's length; 0 = as it is
}

// Fault decides about one request: it returns what the client gets. pass carries
// the request out, once.
type Fault func(r *Request, pass func() *Answer) *Answer

// Proxy is a server that passes on what it gets. Faults can be changed under way.
type Proxy struct {
	*httptest.Server
	upstream *url.URL
	through  http.RoundTripper

	mu     sync.Mutex
	fault  Fault
	counts map[string]int
}

// New starts a proxy in front of the server at upstream, an http:// address.
// Close it.
func New(upstream string, fault Fault) (*Proxy, error) {
	to, err := url.Parse(upstream)
	if err != nil {
		return nil, fmt.Errorf("parse upstream: %w", err)
	}
	p := &Proxy{upstream: to, fault: fault, counts: map[string]int{},
		through: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	return p, nil
}

// Set changes the fault; nil passes everything on.
func (p *Proxy) Set(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Counts returns how many requests of each kind came.
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// KindOf names a request: copy, part, create, complete, or the method and the
// first word of the query, as "GET tagging"; for other services the operation.
func KindOf(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	q := r.URL.Query()
	source := r.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case r.Method == http.MethodPut && source && q.Has("partNumber"):
		return "part"
	case r.Method == http.MethodPut && source:
		return "copy"
	case r.Method == http.MethodPost && q.Has("uploadId"):
		return "complete"
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "create"
	}
	first, _, _ := strings.Cut(r.URL.RawQuery, "&")
	first, _, _ = strings.Cut(first, "=")
	return strings.TrimSpace(r.Method + " " + strings.TrimPrefix(first, "x-id"))
}

func (p *Proxy) serve(w http.ResponseWriter, raw *http.Request) {
	body, err := io.ReadAll(raw.Body)
	if err != nil {
		return
	}
	r := &Request{Request: raw, Kind: KindOf(raw), Body: body}
	p.mu.Lock()
	p.counts[r.Kind]++
	r.N = p.counts[r.Kind]
	fault := p.fault
	p.mu.Unlock()
	pass := func() *Answer { return p.pass(r) }
	var a *Answer
	if fault == nil {
		a = pass()
	} else {
		a = fault(r, pass)
	}
	send(w, raw.Method, a)
}

// pass carries a request out, as it is.
func (p *Proxy) pass(r *Request) *Answer {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host = p.upstream.Scheme, p.upstream.Host
	out.RequestURI, out.Body, out.ContentLength = "", io.NopCloser(bytes.NewReader(r.Body)), int64(len(r.Body))
	if len(r.Body) == 0 {
		out.Body = nil
	}
	response, err := p.through.RoundTrip(out)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

func send(w http.ResponseWriter, method string, a *Answer) {
	if a == nil {
		panic(http.ErrAbortHandler) // ends the connection, and says nothing
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	if a.Pieces != nil {
		w.Header().Del("Content-Length")
		w.WriteHeader(a.Status)
		for _, piece := range a.Pieces {
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		}
		return
	}
	if method != http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(max(a.Length, len(a.Body))))
	}
	w.WriteHeader(a.Status)
	if method != http.MethodHead {
		_, _ = w.Write(a.Body)
	}
	if a.Length > len(a.Body) {
		panic(http.ErrAbortHandler)
	}
}

// Every applies f to every n-th request of a kind, "" for any.
func Every(n int, kind string, f Fault) Fault {
	return func(r *Request, pass func() *Answer) *Answer {
		if kind != "" && r.Kind != kind || r.N%n != 0 {
			return pass()
		}
		return f(r, pass)
	}
}

// Page answers with a page for people, as proxies, firewalls and login pages do,
// without a request id.
func Page(status int) Fault {
	return func(*Request, func() *Answer) *Answer {
		return &Answer{Status: status, Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Server": {"gateway/1.0"}},
			Body: []byte("<html><head><title>Blocked</title></head><body><h1>Blocked</h1></body></html>")}
	}
}

// Bare answers with a status and nothing else.
func Bare(status int) Fault {
	return func(*Request, func() *Answer) *Answer { return &Answer{Status: status, Header: http.Header{}} }
}

// Away leads to another address, as a login page does.
func Away(status int, to string) Fault {
	return func(*Request, func() *Answer) *Answer {
		return &Answer{Status: status, Header: http.Header{"Location": {to}}}
	}
}

// Failure answers with an error document of S3's, without a request id in the head.
func Failure(status int, code, message string) Fault {
	return func(*Request, func() *Answer) *Answer {
		return &Answer{Status: status, Header: http.Header{"Content-Type": {"application/xml"}}, Body: []byte(fmt.Sprintf(
			`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<Error><Code>%s</Code><Message>%s</Message><RequestId>PROXY</RequestId></Error>`, code, message))}
	}
}

// Lost carries the request out and loses the answer.
func Lost(_ *Request, pass func() *Answer) *Answer { pass(); return nil }

// Refused loses the request.
func Refused(*Request, func() *Answer) *Answer { return nil }

// Silent says nothing for a time, or until the client has gone, and then loses the request.
func Silent(d time.Duration) Fault {
	return func(r *Request, _ func() *Answer) *Answer {
		_ = wait.For(r.Context(), d)
		return nil
	}
}

// Cut carries the request out and breaks the answer off in the middle. announced
// says that the head tells the whole length, as S3's does.
func Cut(announced bool) Fault {
	return func(_ *Request, pass func() *Answer) *Answer {
		a := pass()
		if a == nil || len(a.Body) < 2 {
			return a
		}
		whole := len(a.Body)
		a.Body = a.Body[:whole/2]
		a.Header.Del("Content-Length")
		if announced {
			a.Length = whole
		}
		return a
	}
}

// Spaced sends white space before the document, in pieces, as S3 does while it copies.
func Spaced(_ *Request, pass func() *Answer) *Answer {
	a := pass()
	if a == nil || a.Status != http.StatusOK || !bytes.HasPrefix(a.Body, []byte("<?xml")) {
		return a
	}
	declaration, rest, _ := bytes.Cut(a.Body, []byte("?>"))
	a.Pieces = []string{string(declaration) + "?>", " \n", " \n", string(rest)}
	return a
}

// Clock has the server's clock go by that much later than the real one: it
// refuses what is signed for another time, as S3 does.
func Clock(by time.Duration) Fault {
	return func(r *Request, pass func() *Answer) *Answer {
		now := time.Now().Add(by)
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		var a *Answer
		if off := now.Sub(signed); err != nil || off > 15*time.Minute || off < -15*time.Minute {
			a = Failure(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")(r, nil)
		} else if a = pass(); a == nil {
			return nil
		}
		a.Header.Set("Date", now.UTC().Format(http.TimeFormat))
		return a
	}
}

// Without refuses requests with one of the named headers or subresources, as
// stores do that do not know them.
func Without(names ...string) Fault {
	return func(r *Request, pass func() *Answer) *Answer {
		for _, name := range names {
			if r.Header.Get(name) != "" || r.URL.Query().Has(name) {
				return Failure(http.StatusNotImplemented, "NotImplemented", name+" is not implemented")(r, nil)
			}
		}
		return pass()
	}
}

// Expired refuses requests with the credentials of an access key as expired.
func Expired(accessKey string) Fault {
	return func(r *Request, pass func() *Answer) *Answer {
		switch {
		case !strings.Contains(r.Header.Get("Authorization"), "Credential="+accessKey+"/"):
			return pass()
		case r.Method == http.MethodHead:
			return Bare(http.StatusBadRequest)(r, nil)
		}
		return Failure(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")(r, nil)
	}
}
