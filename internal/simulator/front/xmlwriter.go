package front

import (
	"strconv"
	"time"
	"unicode/utf8"
)

const (
	xmlHeader   = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
	xmlTime     = "2006-01-02T15:04:05.000Z"
)

// xmlDoc builds an answer's document. encoding/xml would do too, at several
// times the cost of the whole request for the copy and list answers, and it
// replaces the control characters S3 sends as numeric references.
type xmlDoc struct{ buf []byte }

// newXMLDoc begins a document with the root element and S3's namespace.
func newXMLDoc(root string) *xmlDoc {
	d := &xmlDoc{buf: make([]byte, 0, 512)}
	d.buf = append(d.buf, xmlHeader...)
	d.buf = append(append(d.buf, '<'), root...)
	d.buf = append(d.buf, ` xmlns="`+s3Namespace+`">`...)
	return d
}

func (d *xmlDoc) open(name string) {
	d.buf = append(append(append(d.buf, '<'), name...), '>')
}

func (d *xmlDoc) close(name string) {
	d.buf = append(append(append(d.buf, '<', '/'), name...), '>')
}

// text adds an element with a text.
func (d *xmlDoc) text(name, value string) {
	d.open(name)
	d.buf = appendXMLText(d.buf, value)
	d.close(name)
}

// optional adds an element unless value is empty.
func (d *xmlDoc) optional(name, value string) {
	if value != "" {
		d.text(name, value)
	}
}

func (d *xmlDoc) int(name string, value int64) {
	d.open(name)
	d.buf = strconv.AppendInt(d.buf, value, 10)
	d.close(name)
}

func (d *xmlDoc) bool(name string, value bool) {
	d.open(name)
	d.buf = strconv.AppendBool(d.buf, value)
	d.close(name)
}

func (d *xmlDoc) time(name string, value time.Time) {
	d.open(name)
	d.buf = value.UTC().AppendFormat(d.buf, xmlTime)
	d.close(name)
}

// etag adds an ETag in its quotes, which S3 escapes.
func (d *xmlDoc) etag(value string) {
	d.buf = append(d.buf, "<ETag>&quot;"...)
	d.buf = appendXMLText(d.buf, value)
	d.buf = append(d.buf, "&quot;</ETag>"...)
}

// appendXMLText escapes s for element content. Control characters become
// numeric references, as S3 writes them, although XML 1.0 forbids most: this is
// why clients ask for encoding-type=url. What is not UTF-8 becomes U+FFFD.
func appendXMLText(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>':
			dst = append(dst, "&gt;"...)
		case c == '&':
			dst = append(dst, "&amp;"...)
		case c == '"':
			dst = append(dst, "&quot;"...)
		case c < ' ':
			dst = append(dst, "&#x"...)
			dst = strconv.AppendUint(dst, uint64(c), 16)
			dst = append(dst, ';')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
