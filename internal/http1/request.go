package http1

import (
	"errors"
	"net/http"
	"strings"
)

// Request is a request as it goes over the wire. It is written from the start to
// the end: Start, any number of headers, Finish. Starting another uses its memory
// again. Its zero value is ready.
type Request struct {
	method string
	out    []byte
	bad    bool // something in it would not stay where it belongs
}

// ErrUnlawful says that a request could be read as another one, or as two: a line
// break, or another character that cannot be there, is in its head.
var ErrUnlawful = errors.New("a request's head has a character that cannot be in it")

// Start begins a request. The target is a path with its query, escaped; the
// host is as in a URL, with the port if it has one.
func (r *Request) Start(method, path, query, host string) {
	r.method, r.bad = method, !token(method) || !lawfulTarget(path) || path == "" || !lawfulTarget(query) || !plainHost(host)
	b := append(r.out[:0], method...)
	b = append(b, ' ')
	b = append(b, path...)
	if query != "" {
		b = append(b, '?')
		b = append(b, query...)
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	r.out = append(b, host...)
}

// Header adds a header, its value without white space round it. The caller is
// answerable for there being no other of that name, and none about framing but
// the Content-Length of a body.
func (r *Request) Header(name, value string) {
	if !token(name) || !Lawful(value) {
		r.bad = true
	}
	r.begin(name)
	r.out = append(r.out, strings.Trim(value, " \t")...)
}

// HeaderBytes is Header for a value that is bytes without white space round them.
func (r *Request) HeaderBytes(name string, value []byte) {
	if !token(name) || !Lawful(value) {
		r.bad = true
	}
	r.begin(name)
	r.out = append(r.out, value...)
}

// begin begins a header.
func (r *Request) begin(name string) {
	r.out = append(r.out, "\r\n"...)
	r.out = append(r.out, name...)
	r.out = append(r.out, ": "...)
}

// Finish ends the head and adds the body, whose length a header has said; for none
// it says that there is none. ErrUnlawful says that the request is not to be sent.
func (r *Request) Finish(body string) error {
	if body == "" && r.method != http.MethodHead && r.method != http.MethodGet {
		r.out = append(r.out, "\r\nContent-Length: 0"...)
	}
	r.out = append(r.out, "\r\n\r\n"...)
	r.out = append(r.out, body...)
	if r.bad {
		return ErrUnlawful
	}
	return nil
}

// Room returns how much memory r holds, in bytes.
func (r *Request) Room() int { return cap(r.out) }

// Lawful tells whether a value can be in a header: it has no control characters but tabs.
func Lawful[T string | []byte](v T) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// lawfulTarget tells whether a path or a query can be in the first line.
func lawfulTarget(v string) bool {
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}

// plainHost tells whether a host, with or without port, goes into a Host header as it is.
func plainHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; !unreserved(c) && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return host != ""
}

// token tells whether a text is a token: a method, or the name of a header.
func token[T string | []byte](v T) bool {
	for i := range len(v) {
		if c := v[i]; !unreserved(c) && strings.IndexByte("!#$%&'*+^`|", c) < 0 {
			return false
		}
	}
	return len(v) > 0
}

// unreserved tells whether a character needs no escape in a URL.
func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~'
}
