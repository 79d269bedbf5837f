package s3api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// headLimit bounds the head of an answer. S3 allows 8 KB of metadata (Amazon
	// S3 User Guide, "Working with object metadata", read 2026-11-21).
	headLimit = 256 << 10

	// unusualLimit bounds an answer that net/http's reader reads, chunks and all.
	unusualLimit = headLimit + 2*bodyLimit

	// maxInformational is how many answers of status 1xx may precede the real
	// one; net/http's transport takes as many.
	maxInformational = 5
)

// pair is a header of an answer, its name in canonical form.
type pair struct{ name, value string }

// received is an answer, read to its end.
type received struct {
	status int
	text   string // code and reason, as "200 OK"
	header []pair // no name twice
	body   string
	err    error          // that reading the body ended with; nil for its end
	parsed *http.Response // as net/http read it; nil where it did not
}

// get returns the value of a header, "" if there is none.
func (r *received) get(name string) string {
	for i := range r.header {
		if r.header[i].name == name {
			return r.header[i].value
		}
	}
	return ""
}

// response is the answer as net/http has it, but for its body.
func (r *received) response() *http.Response {
	if r.parsed != nil {
		answer := *r.parsed
		return &answer
	}
	h := make(http.Header, len(r.header))
	for _, p := range r.header {
		h[p.name] = []string{p.value}
	}
	return &http.Response{Status: r.text, StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, ContentLength: int64(len(r.body))}
}

// take fills r with what net/http read of an answer.
func (r *received) take(response *http.Response, body []byte, err error) {
	*r = received{status: response.StatusCode, text: response.Status, header: r.header[:0], body: string(body), err: err, parsed: response}
	for name, values := range response.Header {
		if len(values) > 0 {
			r.header = append(r.header, pair{name, values[0]})
		}
	}
}

var (
	errHeadTooLong = fmt.Errorf("the answer's head is longer than %d KiB", headLimit>>10)
	errNoEnd       = errors.New("more informational answers than anybody needs")
)

// receive reads an answer into m.got, and tells whether the connection can be
// used for another request. An error says that no head of an answer came;
// m.in is empty if nothing came at all. Once the head is there, the rest has
// time until the given one.
func (m *message) receive(c *http1Conn, method string, at time.Time) (keep bool, err error) {
	m.in = m.in[:0]
	end := 0
	for end == 0 {
		if m.in, err = readMore(c, m.in); err != nil {
			return false, err
		}
		if end = headEnd(m.in); end == 0 && len(m.in) >= headLimit {
			return false, errHeadTooLong
		}
	}
	h := head{header: m.got.header[:0]}
	if !h.parse(m.in[:end]) || method != http.MethodHead && h.length < 0 {
		return m.receiveUnusual(c, method, at)
	}
	if method == http.MethodHead {
		h.length = 0
	}
	total, begun := end+int(h.length), false
	for len(m.in) < total && err == nil {
		if total-end > bodyLimit {
			err = errBodyTooLong
			break
		}
		if !begun {
			if err = c.until(time.Now(), at); err != nil {
				break
			}
			begun = true
		}
		m.in, err = readMore(c, m.in)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	text := string(m.in[:min(len(m.in), total)])
	h.point(text)
	m.got = received{status: h.status, text: text[h.text[0]:h.text[1]], header: h.header, body: text[end:], err: err}
	return err == nil && len(m.in) == total, nil
}

// readMore appends what one read gives.
func readMore(r io.Reader, b []byte) ([]byte, error) {
	if len(b) == cap(b) {
		b = append(b, 0)[:len(b)]
	}
	n, err := r.Read(b[len(b):cap(b)])
	if n > 0 {
		err = nil // it comes again, if it is one
	}
	return b[:len(b)+n], err
}

// headEnd returns the length of an answer's head, the empty line included; 0 if
// that has not come yet.
func headEnd(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		rest := b[from+i+1:]
		switch {
		case len(rest) > 0 && rest[0] == '\n':
			return from + i + 2
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return from + i + 3
		}
		from += i + 1
	}
}

// receiveUnusual has net/http's reader read an answer of which m.in came already.
func (m *message) receiveUnusual(c *http1Conn, method string, at time.Time) (keep bool, err error) {
	if err := c.until(time.Now(), at); err != nil {
		return false, err
	}
	came := bytes.NewReader(m.in)
	in := bufio.NewReader(io.MultiReader(came, io.LimitReader(c, unusualLimit)))
	asked := &http.Request{Method: method}
	response, err := http.ReadResponse(in, asked)
	for n := 0; err == nil && response.StatusCode < 200 && response.StatusCode != http.StatusSwitchingProtocols; n++ {
		if n == maxInformational {
			return false, errNoEnd
		}
		response, err = http.ReadResponse(in, asked)
	}
	if err != nil {
		return false, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit+1))
	if err == nil && len(body) > bodyLimit {
		err = errBodyTooLong
	}
	m.got.take(response, body, err)
	return err == nil && !response.Close && response.StatusCode >= 200 && in.Buffered() == 0 && came.Len() == 0, nil
}

// head is an answer's head while it is read.
type head struct {
	status  int
	text    [2]int // where code and reason are
	header  []pair
	extents [maxHeaders]extent
	length  int64 // Content-Length; -1 for none
}

// extent is where a header's name and value are.
type extent struct{ name, colon, value, end int }

const maxHeaders = 48

// parse reads a head, the empty line included. It is sure of what it accepts:
// HTTP/1.1, a final status with a body of stated length, lines that end in CRLF,
// names that are tokens and come once, values of one line without control
// characters, nothing about framing but one Content-Length, and a connection that
// stays. Names are put into canonical form in b itself.
func (h *head) parse(b []byte) bool {
	const version = "HTTP/1.1 "
	h.length = -1
	line, rest, ok := cutLine(b)
	if !ok || !bytes.HasPrefix(line, []byte(version)) || len(line) < len(version)+3 {
		return false
	}
	for i, c := range line[len(version):] {
		switch {
		case i < 3 && (c < '0' || c > '9'), i == 3 && c != ' ', i == 4 && c == ' ', c < ' ' || c > '~':
			return false
		case i < 3:
			h.status = h.status*10 + int(c-'0')
		}
	}
	if line[len(line)-1] == ' ' && len(line) > len(version)+4 || h.status < 200 || h.status == http.StatusNoContent || h.status == http.StatusNotModified {
		return false
	}
	h.text = [2]int{len(version), len(line)}
	for n := 0; ; n++ {
		at := len(b) - len(rest)
		if line, rest, ok = cutLine(rest); !ok {
			return false
		}
		if len(line) == 0 {
			return len(rest) == 0
		}
		if n == maxHeaders || !h.field(b, at, line, n) {
			return false
		}
	}
}

// cutLine splits a line that ends in CRLF off b.
func cutLine(b []byte) (line, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, false
	}
	return b[:i-1], b[i+1:], true
}

// field reads the n-th header, which begins at b[at].
func (h *head) field(b []byte, at int, line []byte, n int) bool {
	colon := canonical(line)
	if colon <= 0 {
		return false
	}
	value, end := colon+1, len(line)
	for value < end && blank(line[value]) {
		value++
	}
	for end > value && blank(line[end-1]) {
		end--
	}
	for _, c := range line[value:end] {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	s := extent{at, at + colon, at + value, at + end}
	name := b[s.name:s.colon]
	for _, o := range h.extents[:n] {
		if o.colon-o.name == len(name) && bytes.Equal(b[o.name:o.colon], name) {
			return false
		}
	}
	h.extents[n] = s
	h.header = append(h.header, pair{})
	return h.frame(name, line[value:end])
}

// frame heeds the headers that say where the answer ends.
func (h *head) frame(name, value []byte) bool {
	switch string(name) {
	case "Content-Length":
		if len(value) == 0 || len(value) > 18 {
			return false
		}
		h.length = 0
		for _, c := range value {
			if c < '0' || c > '9' {
				return false
			}
			h.length = h.length*10 + int64(c-'0')
		}
	case "Connection":
		return bytes.EqualFold(value, []byte("keep-alive"))
	case "Transfer-Encoding", "Trailer", "Upgrade":
		return false
	}
	return true
}

// point has the headers point into text, which begins with the head.
func (h *head) point(text string) {
	for i := range h.header {
		s := &h.extents[i]
		h.header[i] = pair{text[s.name:s.colon], text[s.value:s.end]}
	}
}

// canonical puts the name that line begins with into canonical form, and returns
// its length; -1 where there is none, or one that is no token. Such a line it
// leaves as it is.
func canonical(line []byte) int {
	n := bytes.IndexByte(line, ':')
	if n <= 0 {
		return -1
	}
	for _, c := range line[:n] {
		if !unreserved(c) && strings.IndexByte("!#$%&'*+^`|", c) < 0 {
			return -1
		}
	}
	upper := true
	for i, c := range line[:n] {
		if upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			line[i] = c ^ 0x20
		}
		upper = c == '-'
	}
	return n
}

func blank(c byte) bool { return c == ' ' || c == '\t' }
