package front

import (
	"errors"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// unreserved reports whether Signature Version 4 leaves c as it is when it
// URI-encodes (IAM User Guide, "Create a signed AWS API request").
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// appendEscaped appends s in the URI encoding of Signature Version 4. A slash
// is kept when keepSlash is set, as in paths.
func appendEscaped(dst []byte, s string, keepSlash bool) []byte {
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || keepSlash && c == '/' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// appendFormEscaped appends s in the encoding S3 uses for encoding-type=url
// and for keys in CSV inventory reports: a space becomes a plus sign, a slash
// stays.
func appendFormEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		switch {
		case unreserved(c) || c == '/' || c == '*':
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

var errBadEscape = errors.New("invalid percent escape")

// unescape decodes percent escapes; a plus sign becomes a space only when
// plusIsSpace is set. It works on bytes and never looks at the meaning of what
// it decodes, so that keys with "..", "//" or invalid UTF-8 pass unchanged.
func unescape(s string, plusIsSpace bool) (string, error) {
	i := strings.IndexByte(s, '%')
	if i < 0 && !(plusIsSpace && strings.IndexByte(s, '+') >= 0) {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", errBadEscape
			}
			out = append(out, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 2
		case c == '+' && plusIsSpace:
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return string(out), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}

// param is one decoded query parameter. Order and repeats are kept, since the
// signature covers them.
type param struct{ name, value string }

// query holds the parameters of one request. It is a slice, as almost all
// requests have fewer than four.
type query []param

// parseQuery decodes a raw query string. A parameter without "=" has an empty
// value, which is how S3 marks sub-resources such as "?tagging".
func parseQuery(raw string) (query, error) {
	if raw == "" {
		return nil, nil
	}
	q := make(query, 0, strings.Count(raw, "&")+1)
	for raw != "" {
		var piece string
		piece, raw, _ = strings.Cut(raw, "&")
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		name, err := unescape(name, true)
		if err != nil {
			return nil, err
		}
		value, err = unescape(value, true)
		if err != nil {
			return nil, err
		}
		q = append(q, param{name, value})
	}
	return q, nil
}

// get returns the first value of name, or "".
func (q query) get(name string) string {
	v, _ := q.lookup(name)
	return v
}

// has reports whether name occurs, with or without a value.
func (q query) has(name string) bool {
	_, ok := q.lookup(name)
	return ok
}

func (q query) lookup(name string) (string, bool) {
	for _, p := range q {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}
