package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// MaxBody bounds the body of an answer, in bytes.
const MaxBody = 1 << 20

const (
	// headLimit bounds the head of an answer. S3 allows 8 KB of metadata (Amazon
	// S3 User Guide, "Working with object metadata", read 2026-11-21).
	headLimit = 256 << 10

	// unusualLimit bounds an answer that net/http's reader reads, chunks and all.
	unusualLimit = headLimit + 2*MaxBody

	// maxInformational is how many answers of status 1xx may precede the real
	// one; net/http's transport takes as many.
	maxInformational = 5
)

// Field is a header of an answer, its name in canonical form.
type Field struct{ Name, Value string }

// Answer is an answer, read to its end. Its zero value is ready to be read into.
// Its texts stay as they are when the next answer is read into it; Header does not.
type Answer struct {
	Status int
	Text   string  // code and reason, as "200 OK"
	Header []Field // no name twice: the first value of each
	Body   string
	Err    error // that reading the body ended with; nil for its end

	parsed *http.Response // as net/http read it; nil where it did not
	in     []byte         // as it came; room for the next
	keep   bool           // the connection can be used for another request
}

// Get returns the value of a header by its canonical name, "" if there is none.
func (a *Answer) Get(name string) string {
	for i := range a.Header {
		if a.Header[i].Name == name {
			return a.Header[i].Value
		}
	}
	return ""
}

// Response is the answer as net/http has it, but for its body.
func (a *Answer) Response() *http.Response {
	if a.parsed != nil {
		answer := *a.parsed
		return &answer
	}
	h := make(http.Header, len(a.Header))
	for _, f := range a.Header {
		h[f.Name] = []string{f.Value}
	}
	return &http.Response{Status: a.Text, StatusCode: a.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, ContentLength: int64(len(a.Body))}
}

// Take fills a with an answer that net/http has read: its body, and what reading
// that ended with, nil for its end.
func (a *Answer) Take(response *http.Response, body []byte, err error) {
	a.Status, a.Text, a.Header, a.Body, a.Err, a.parsed = response.StatusCode, response.Status, a.Header[:0], string(body), err, response
	for name, values := range response.Header {
		if len(values) > 0 {
			a.Header = append(a.Header, Field{name, values[0]})
		}
	}
}

// Reset empties a and keeps its memory for the next answer.
func (a *Answer) Reset() {
	clear(a.Header[:cap(a.Header)])
	*a = Answer{Header: a.Header[:0], in: a.in[:0]}
}

// Room returns how much memory a holds for the next answer, in bytes.
func (a *Answer) Room() int { return cap(a.in) }

// ErrBodyTooLong is the Err of an answer whose body is longer than MaxBody.
var ErrBodyTooLong = fmt.Errorf("the answer is longer than %d MiB", MaxBody>>20)

var (
	errHeadTooLong = fmt.Errorf("the answer's head is longer than %d KiB", headLimit>>10)
	errNoEnd       = errors.New("more informational answers than anybody needs")
)

// receive reads an answer into a, and tells whether the connection can be
// used for another request. An error says that no head of an answer came;
// a.in is empty if nothing came at all. Once the head is there, the rest has
// time until the given one.
func (a *Answer) receive(c *conn, method string, at time.Time) (keep bool, err error) {
	a.in = a.in[:0]
	end := 0
	for end == 0 {
		if a.in, err = readMore(c, a.in); err != nil {
			return false, err
		}
		if end = headEnd(a.in); end == 0 && len(a.in) >= headLimit {
			return false, errHeadTooLong
		}
	}
	h := head{header: a.Header[:0]}
	if !h.parse(a.in[:end]) || method != http.MethodHead && h.length < 0 {
		return a.receiveUnusual(c, method, at)
	}
	if method == http.MethodHead {
		h.length = 0
	}
	total, begun := end+int(h.length), false
	for len(a.in) < total && err == nil {
		if total-end > MaxBody {
			err = ErrBodyTooLong
			break
		}
		if !begun {
			if err = c.until(time.Now(), at); err != nil {
				break
			}
			begun = true
		}
		a.in, err = readMore(c, a.in)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	text := string(a.in[:min(len(a.in), total)])
	h.point(text)
	a.Status, a.Text, a.Header, a.Body, a.Err, a.parsed = h.status, text[h.text[0]:h.text[1]], h.header, text[end:], err, nil
	return err == nil && len(a.in) == total, nil
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

// receiveUnusual has net/http's reader read an answer of which a.in came already.
func (a *Answer) receiveUnusual(c *conn, method string, at time.Time) (keep bool, err error) {
	if err := c.until(time.Now(), at); err != nil {
		return false, err
	}
	came := bytes.NewReader(a.in)
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
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if err == nil && len(body) > MaxBody {
		err = ErrBodyTooLong
	}
	a.Take(response, body, err)
	return err == nil && !response.Close && response.StatusCode >= 200 && in.Buffered() == 0 && came.Len() == 0, nil
}
