package http1

import (
	"bytes"
	"net/http"
)

// head is an answer's head while it is read.
type head struct {
	status  int
	text    [2]int // where code and reason are
	header  []Field
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
	if !Lawful(line[value:end]) {
		return false
	}
	s := extent{at, at + colon, at + value, at + end}
	name := b[s.name:s.colon]
	for _, o := range h.extents[:n] {
		if o.colon-o.name == len(name) && bytes.Equal(b[o.name:o.colon], name) {
			return false
		}
	}
	h.extents[n] = s
	h.header = append(h.header, Field{})
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
		h.header[i] = Field{text[s.name:s.colon], text[s.value:s.end]}
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
	if !token(line[:n]) {
		return -1
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
