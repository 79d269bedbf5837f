package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Limits of a CSV row. A key of 1,024 bytes takes 3,072 when all of it is
// escaped, and the longest column, the ACL, some kilobytes more.
const (
	maxRecordBytes = 1 << 20
	maxFields      = 256
	splitBuffer    = 256 << 10
)

var (
	errUnclosed  = errors.New("quoted field does not end")
	errBareQuote = errors.New("quote inside an unquoted field")
	errAfter     = errors.New("text after the end of a quoted field")
	errTooLong   = fmt.Errorf("longer than %d bytes", maxRecordBytes)
	errTooMany   = fmt.Errorf("more than %d fields", maxFields)
)

// csvField is one field of a row, without its quotes.
type csvField struct {
	raw     []byte
	doubled bool // quotes in it are written twice
}

// csvSplitter cuts CSV into rows and fields: fields quoted or not, line ends LF
// or CRLF, line ends inside quotes kept as they are. Lines with nothing in
// them are not rows.
type csvSplitter struct {
	r        io.Reader
	ctx      context.Context // asked once a buffer: rows can be skipped for minutes
	buf      []byte
	pos, end int
	err      error // of r, met at end
	fields   []csvField
}

func newCSVSplitter(ctx context.Context, r io.Reader) *csvSplitter {
	return &csvSplitter{r: r, ctx: ctx, buf: make([]byte, splitBuffer), fields: make([]csvField, 0, 32)}
}

// next moves to the next row and returns its fields, which are valid until the
// next call. After the last row the error is io.EOF; any other error is final.
func (s *csvSplitter) next() ([]csvField, error) {
	for {
		data := s.buf[s.pos:s.end]
		for len(data) > 0 && (data[0] == '\n' || data[0] == '\r' && len(data) > 1 && data[1] == '\n') {
			n := bytes.IndexByte(data, '\n') + 1
			s.pos += n
			data = data[n:]
		}
		n, err := s.split(data)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			s.pos += n
			return s.fields, nil
		}
		if s.err != nil {
			if s.err == io.EOF && len(data) > 0 && !(len(data) == 1 && data[0] == '\r') {
				return nil, errUnclosed
			}
			return nil, s.err
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads until the buffer is full, making room first.
func (s *csvSplitter) fill() error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.pos > 0 {
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if s.end >= maxRecordBytes {
			return errTooLong
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for s.end < len(s.buf) && s.err == nil {
		var n int
		n, s.err = s.r.Read(s.buf[s.end:])
		s.end += n
	}
	return nil
}

// split sets s.fields to those of the first row of data and returns its length
// with the line end; 0 where the row is not complete in data.
func (s *csvSplitter) split(data []byte) (int, error) {
	s.fields = s.fields[:0]
	final := s.err == io.EOF
	for i := 0; ; i++ {
		if len(s.fields) == maxFields {
			return 0, errTooMany
		}
		var f csvField
		if i < len(data) && data[i] == '"' {
			i++
			from := i
			for {
				if i = indexQuote(data, i); i < 0 {
					return 0, nil
				}
				i++
				if i < len(data) && data[i] == '"' {
					f.doubled = true
					i++
					continue
				}
				break
			}
			f.raw = data[from : i-1]
		} else {
			from := i
			for i < len(data) && data[i] != ',' && data[i] != '\n' {
				if data[i] == '"' {
					if bytes.HasPrefix(data[from:i], byteOrderMark) {
						return 0, errMark
					}
					return 0, errBareQuote
				}
				i++
			}
			f.raw = data[from:i]
			if i > from && data[i-1] == '\r' && (i < len(data) && data[i] == '\n' || i == len(data)) {
				f.raw = data[from : i-1]
			}
		}
		if i == len(data) { // the row may go on in what was not read yet
			if !final || len(data) == 0 {
				return 0, nil
			}
			s.fields = append(s.fields, f)
			return i, nil
		}
		s.fields = append(s.fields, f)
		switch {
		case data[i] == ',':
			continue
		case data[i] == '\n':
			return i + 1, nil
		case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
			return i + 2, nil
		case data[i] == '\r' && i+1 == len(data):
			if !final {
				return 0, nil
			}
			return i + 1, nil
		}
		return 0, errAfter
	}
}

// indexQuote returns the index of the first quote in b from i on, -1 where there
// is none. Most fields are shorter than what a call of IndexByte pays for.
func indexQuote(b []byte, i int) int {
	const short = 16
	end := min(len(b), i+short)
	for ; i < end; i++ {
		if b[i] == '"' {
			return i
		}
	}
	k := bytes.IndexByte(b[i:], '"')
	if k < 0 {
		return -1
	}
	return i + k
}

// appendUndoubled appends raw with each pair of quotes made one.
func appendUndoubled(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '"')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i+1]...)
		raw = raw[i+1:]
		if len(raw) > 0 && raw[0] == '"' {
			raw = raw[1:]
		}
	}
}
