package report

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
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
		p := new(parser) // for all lines, which saves memory
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, 0, 64<<10), MaxLine)
		n := 0
		for s.Scan() {
			n++
			if len(s.Bytes()) == 0 {
				continue
			}
			l, err := p.parse(s.Bytes())
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
func ParseLine(data []byte) (Line, error) { return new(parser).parse(data) }

// parse is ParseLine.
func (p *parser) parse(data []byte) (Line, error) {
	*p = parser{data: data, line: parsed{Line: Line{Bytes: -1}}}
	l := &p.line
	var seen uint32
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
		bit, err := p.field(name, l)
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
	case seen&rowBit == 0 || seen&statusBit == 0:
		return Line{}, errors.New("not a result: row or status is missing")
	case seen&keyBytesBit != 0:
		b, err := base64.StdEncoding.DecodeString(l.keyBytes)
		if err != nil {
			return Line{}, fmt.Errorf("key_bytes: %w", err)
		}
		l.Key = string(b)
	}
	return l.Line, nil
}

// longestMillis is the longest time that an object can have taken, a hundred years.
const longestMillis = int64(100 * 365 * 24 * time.Hour / time.Millisecond)

// parsed is a line that is being read.
type parsed struct {
	Line
	keyBytes string
}

// field is what one name of a line stands for: a text, or a number from 0 to most.
type field struct {
	bit    uint32 // stands for the name among those that were seen
	text   func(*parsed) *string
	number func(*parsed, int64)
	most   int64
}

// The bits of the names that are asked for.
const (
	timeBit     = 1 << iota
	rowBit      // the first of fields
	statusBit   // the second
	keyBytesBit // the third
)

// fields are the names that are known, but for the time. Each has the bit of its place
// here, from that of the row on.
var fields = func(all ...namedField) map[string]field {
	m := make(map[string]field, len(all))
	for i, f := range all {
		f.bit = rowBit << i
		m[f.name] = f.field
	}
	return m
}(
	numberField("row", math.MaxInt64, func(l *parsed, n int64) { l.Pos.Row = n }),
	textField("status", func(l *parsed) *string { return &l.Status }),
	textField("key_bytes", func(l *parsed) *string { return &l.keyBytes }),
	textField("bucket", func(l *parsed) *string { return &l.Bucket }),
	textField("key", func(l *parsed) *string { return &l.Key }),
	textField("version_id", func(l *parsed) *string { return &l.VersionID }),
	textField("action", func(l *parsed) *string { return &l.Action }),
	textField("reason", func(l *parsed) *string { return (*string)(&l.Reason) }),
	textField("error_code", func(l *parsed) *string { return &l.ErrorCode }),
	textField("etag_before", func(l *parsed) *string { return &l.ETagBefore }),
	textField("etag_after", func(l *parsed) *string { return &l.ETagAfter }),
	textField("new_version_id", func(l *parsed) *string { return &l.NewVersionID }),
	textField("kms_key_id", func(l *parsed) *string { return &l.KMSKeyID }),
	textField("request_id", func(l *parsed) *string { return &l.RequestID }),
	textField("error_class", func(l *parsed) *string { return &l.ErrorClass }),
	textField("before", func(l *parsed) *string { return &l.Before }),
	textField("error", func(l *parsed) *string { return &l.Error }),
	textField("steps", func(l *parsed) *string { return &l.Steps }),
	textField("lost", func(l *parsed) *string { return &l.Lost }),
	textField("put_back", func(l *parsed) *string { return &l.PutBack }),
	textField("left_out", func(l *parsed) *string { return &l.LeftOut }),
	numberField("bytes", math.MaxInt64, func(l *parsed, n int64) { l.Bytes = n }),
	numberField("kms_calls", math.MaxInt64, func(l *parsed, n int64) { l.KMSCalls = n }),
	numberField("file", math.MaxInt32, func(l *parsed, n int64) { l.Pos.File = int(n) }),
	numberField("http_status", math.MaxInt32, func(l *parsed, n int64) { l.HTTPStatus = int(n) }),
	numberField("attempts", math.MaxInt32, func(l *parsed, n int64) { l.Attempts = int(n) }),
	numberField("ms", longestMillis, func(l *parsed, n int64) { l.Took = time.Duration(n) * time.Millisecond }),
)

// namedField is a field on its way into fields.
type namedField struct {
	name string
	field
}

func textField(name string, text func(*parsed) *string) namedField {
	return namedField{name, field{text: text}}
}

func numberField(name string, most int64, number func(*parsed, int64)) namedField {
	return namedField{name, field{number: number, most: most}}
}

// field reads the value of name into l and returns the bit that stands for the name: 0
// for one that is not known.
func (p *parser) field(name []byte, l *parsed) (uint32, error) {
	if string(name) == "ts" {
		return timeBit, p.time(&l.Time)
	}
	f, known := fields[string(name)]
	switch {
	case !known:
		if !p.skip() {
			return 0, p.fail("value of " + strconv.Quote(string(name)) + " is not a plain one")
		}
	case f.text != nil:
		v, ok := p.string()
		if !ok {
			return 0, p.fail(string(name) + " is not a string")
		}
		*f.text(l) = v
	case string(name) == "bytes" && p.word("null"):
		l.Bytes = -1
	default:
		n, ok := p.int()
		switch {
		case !ok || n < 0:
			return 0, p.fail(string(name) + " is not a number from 0 on")
		case n > f.most:
			return 0, p.fail(string(name) + " is too large")
		}
		f.number(l, n)
	}
	return f.bit, nil
}

// parser walks over one JSON object without nesting.
type parser struct {
	data []byte
	at   int
	line parsed
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
