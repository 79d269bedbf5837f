package report

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxLine is the length in bytes above which a line of results is refused. The
// longest that S3's limits allow (a key of 1024 bytes, all of them escaped) has
// about a tenth of it.
const MaxLine = 128 << 10

// Lines reads result lines to the end of r. After an error nothing more comes;
// the error says in which line it is. Empty lines are passed over.
func Lines(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 0, 64<<10), MaxLine)
		n := 0
		for s.Scan() {
			n++
			if len(s.Bytes()) == 0 {
				continue
			}
			l, err := ParseLine(s.Bytes())
			if err != nil {
				yield(Line{}, fmt.Errorf("result line %d: %w", n, err))
				return
			}
			if !yield(l, nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(Line{}, fmt.Errorf("result line %d: %w", n+1, err))
		}
	}
}

// ParseLine reads one line. Names may come in any order, at most once each; names
// that are not known are passed over if their value is a string, number, null,
// true or false. A line must name a row and a status.
func ParseLine(data []byte) (Line, error) {
	p := parser{data: data}
	l := Line{Bytes: -1}
	var seen uint32
	var keyBytes string
	p.space()
	if !p.take('{') {
		return Line{}, p.fail("no object")
	}
	for first := true; ; first = false {
		p.space()
		if p.take('}') {
			break
		}
		if !first {
			if !p.take(',') {
				return Line{}, p.fail("no comma")
			}
			p.space()
		}
		name, ok := p.token()
		if !ok {
			return Line{}, p.fail("no name")
		}
		p.space()
		if !p.take(':') {
			return Line{}, p.fail("no colon")
		}
		p.space()
		bit, err := p.field(name, &l, &keyBytes)
		if err != nil {
			return Line{}, err
		}
		if seen&bit != 0 {
			return Line{}, p.fail(string(name) + " comes twice")
		}
		seen |= bit
	}
	p.space()
	switch {
	case p.at != len(p.data):
		return Line{}, p.fail("something after the object")
	case seen&(1<<fieldRow) == 0 || seen&(1<<fieldStatus) == 0:
		return Line{}, errors.New("not a result: row or status is missing")
	case seen&(1<<fieldKeyBytes) != 0:
		b, err := base64.StdEncoding.DecodeString(keyBytes)
		if err != nil {
			return Line{}, fmt.Errorf("key_bytes: %w", err)
		}
		l.Key = string(b)
	}
	return l, nil
}

// The fields that are looked for by number; the others only must not come twice.
const (
	fieldRow = iota
	fieldStatus
	fieldKeyBytes
	fieldOthers
)

// field reads the value of name into l and returns the bit that stands for the name.
func (p *parser) field(token []byte, l *Line, keyBytes *string) (uint32, error) {
	var s *string
	var n *int64
	var small int64
	bit := uint32(fieldOthers)
	switch string(token) {
	case "row":
		n, bit = &l.Pos.Row, fieldRow
	case "status":
		s, bit = &l.Status, fieldStatus
	case "key_bytes":
		s, bit = keyBytes, fieldKeyBytes
	case "ts":
		return 1 << (bit + 1), p.time(&l.Time)
	case "file":
		n, bit = &small, bit+2
	case "bucket":
		s, bit = &l.Bucket, bit+3
	case "key":
		s, bit = &l.Key, bit+4
	case "version_id":
		s, bit = &l.VersionID, bit+5
	case "action":
		s, bit = &l.Action, bit+6
	case "reason":
		s, bit = (*string)(&l.Reason), bit+7
	case "error_code":
		s, bit = &l.ErrorCode, bit+8
	case "http_status":
		n, bit = &small, bit+9
	case "attempts":
		n, bit = &small, bit+10
	case "etag_before":
		s, bit = &l.ETagBefore, bit+11
	case "etag_after":
		s, bit = &l.ETagAfter, bit+12
	case "new_version_id":
		s, bit = &l.NewVersionID, bit+13
	case "kms_key_id":
		s, bit = &l.KMSKeyID, bit+14
	case "bytes":
		n, bit = &l.Bytes, bit+15
	case "request_id":
		s, bit = &l.RequestID, bit+16
	case "ms":
		n, bit = &small, bit+17
	case "error_class":
		s, bit = &l.ErrorClass, bit+18
	case "kms_calls":
		n, bit = &l.KMSCalls, bit+19
	case "before":
		s, bit = &l.Before, bit+20
	case "error":
		s, bit = &l.Error, bit+21
	case "steps":
		s, bit = &l.Steps, bit+22
	case "lost":
		s, bit = &l.Lost, bit+23
	case "put_back":
		s, bit = &l.PutBack, bit+24
	case "left_out":
		s, bit = &l.LeftOut, bit+25
	default:
		if !p.skip() {
			return 0, p.fail("value of " + strconv.Quote(string(token)) + " is not a plain one")
		}
		return 0, nil
	}
	switch {
	case s != nil:
		v, ok := p.string()
		if !ok {
			return 0, p.fail(string(token) + " is not a string")
		}
		*s = v
	case n == &l.Bytes && p.word("null"):
		*n = -1
	default:
		v, ok := p.int()
		if !ok || v < 0 {
			return 0, p.fail(string(token) + " is not a number from 0 on")
		}
		*n = v
	}
	if small > 1<<31-1 && string(token) != "ms" || small > longestMillis {
		return 0, p.fail(string(token) + " is too large")
	}
	switch string(token) {
	case "file":
		l.Pos.File = int(small)
	case "http_status":
		l.HTTPStatus = int(small)
	case "attempts":
		l.Attempts = int(small)
	case "ms":
		l.Took = time.Duration(small) * time.Millisecond
	}
	return 1 << bit, nil
}

// longestMillis is the longest time that an object can have taken, a hundred years.
const longestMillis = int64(100 * 365 * 24 * time.Hour / time.Millisecond)

// parser walks over one JSON object without nesting.
type parser struct {
	data []byte
	at   int
}

func (p *parser) fail(what string) error { return fmt.Errorf("byte %d: %s", p.at, what) }

func (p *parser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) take(c byte) bool {
	if p.at < len(p.data) && p.data[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) word(w string) bool {
	if len(p.data)-p.at >= len(w) && string(p.data[p.at:p.at+len(w)]) == w {
		p.at += len(w)
		return true
	}
	return false
}

// skip passes over a value that is neither object nor array.
func (p *parser) skip() bool {
	if _, ok := p.string(); ok {
		return true
	}
	if p.word("null") || p.word("true") || p.word("false") {
		return true
	}
	start := p.at
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			p.at++
			continue
		}
		break
	}
	_, err := strconv.ParseFloat(string(p.data[start:p.at]), 64)
	return p.at > start && err == nil
}

func (p *parser) int() (int64, bool) {
	start := p.at
	for p.at < len(p.data) && (p.data[p.at] >= '0' && p.data[p.at] <= '9' || p.data[p.at] == '-' && p.at == start) {
		p.at++
	}
	digits := p.data[start:p.at]
	if len(digits) == 0 || len(digits) > 20 || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	return n, err == nil
}

func (p *parser) time(t *time.Time) error {
	if p.word("null") {
		return nil
	}
	s, ok := p.string()
	if !ok {
		return p.fail("ts is not a string")
	}
	v, err := time.Parse(time.RFC3339, s)
	if v = v.UTC().Truncate(time.Millisecond); err != nil || v.Year() < 0 || v.Year() > 9999 {
		return p.fail("ts is not a time")
	}
	*t = v
	return nil
}

// string reads a JSON string; ok is false, and nothing read, where there is none.
func (p *parser) string() (s string, ok bool) {
	token, ok := p.token()
	return string(token), ok
}

// token reads a JSON string. The result may share memory with the input.
func (p *parser) token() (token []byte, ok bool) {
	if p.at >= len(p.data) || p.data[p.at] != '"' {
		return nil, false
	}
	for i := p.at + 1; i < len(p.data); i++ {
		switch c := p.data[i]; {
		case c == '"':
			token = p.data[p.at+1 : i]
			if !utf8.Valid(token) {
				return nil, false
			}
			p.at = i + 1
			return token, true
		case c == '\\':
			return p.escaped(i)
		case c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// escaped reads a string whose first backslash is at i.
func (p *parser) escaped(i int) (token []byte, ok bool) {
	out := append([]byte(nil), p.data[p.at+1:i]...)
	for i < len(p.data) {
		c := p.data[i]
		switch {
		case c == '"':
			if !utf8.Valid(out) {
				return nil, false
			}
			p.at = i + 1
			return out, true
		case c < ' ':
			return nil, false
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		if i+1 >= len(p.data) {
			return nil, false
		}
		if c = p.data[i+1]; c == 'u' {
			r, n := unicodeEscape(p.data[i:])
			if n == 0 {
				return nil, false
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		plain, ok := simpleEscape(c)
		if !ok {
			return nil, false
		}
		out = append(out, plain)
		i += 2
	}
	return nil, false
}

func simpleEscape(c byte) (byte, bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	}
	return 0, false
}

// unicodeEscape reads \uXXXX, or two of them that make one character, from the
// start of data; n is 0 where there is none. Half a pair is U+FFFD.
func unicodeEscape(data []byte) (r rune, n int) {
	unit := func(b []byte) (rune, bool) {
		if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
			return 0, false
		}
		v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
		return rune(v), err == nil
	}
	r, ok := unit(data)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := unit(data[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}
