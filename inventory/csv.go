package inventory

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"reseal/inventory/inflate"
)

// rowReader decodes the rows of one data file, in order.
type rowReader interface {
	// read sets records, from the front, to the rows that follow, with
	// Pos.Row set, and returns how many there were. Records that came with an error
	// are good; after the last row the error is io.EOF. Errors are final.
	read(recs []Record) (int, error)

	// row is the number of the row that read would decode next.
	row() int64

	close()
}

// csvShape says how a CSV file is written.
type csvShape struct {
	layout     []Column // what each field is; numColumns where it is ignored
	optional   int      // this many fields may be missing at the end, from all rows or none
	plain      bool     // not compressed
	decodeKeys bool
	noVersion  bool // an empty version names none, instead of the null version
	byHand     bool // keys may not be encoded although they should be
	query      bool // no S3 wrote it, but a query: see stated

	header bool    // the first line names the columns
	names  bool    // and they may be any, in any order: the layout is what it says
	sniff  bool    // compressed or not, as the first bytes say
	given  Columns // that the file need not have
	bucket string  // that a report is of: a first line that repeats the schema is no row; "" for lists
}

type csvReader struct {
	split   *csvSplitter
	zipped  bool
	shape   csvShape
	fields  int      // fields of each row; 0 before the first where some are optional
	named   csvShape // as it was given, with the columns that are not wanted
	begun   bool
	want    Columns
	next    int64
	scratch []byte
	arena   arena
	interns [numColumns]interner
}

// newCSVReader reads CSV from r; columns outside of want are skipped.
func newCSVReader(ctx context.Context, r io.Reader, shape csvShape, want Columns) (*csvReader, error) {
	c := &csvReader{shape: shape, named: shape}
	c.want = want
	if shape.optional == 0 && !shape.names {
		c.fields = len(shape.layout)
	}
	c.shape.layout = make([]Column, len(shape.layout))
	for i, col := range shape.layout {
		if col < numColumns && !want.Has(col) {
			col = numColumns
		}
		c.shape.layout[i] = col
	}
	for i := range c.interns {
		c.interns[i].col = Column(i)
	}
	if shape.sniff {
		b := bufio.NewReaderSize(r, 64<<10)
		head, _ := b.Peek(2) // an error is met again
		c.shape.plain, r = !bytes.Equal(head, gzipMagic), b
	}
	if !c.shape.plain {
		gz, err := inflate.NewGzip(r)
		if err != nil {
			return nil, fmt.Errorf("open gzip: %w", unexpectedEOF(err))
		}
		c.zipped, r = true, gz
	}
	text, err := plainText(r)
	if err != nil {
		return nil, err
	}
	c.split = newCSVSplitter(ctx, text)
	return c, nil
}

// unexpectedEOF keeps an early end of bytes from being taken for the end of rows.
func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *csvReader) row() int64 { return c.next }

func (c *csvReader) close() {}

// skip passes over n rows, which must be there.
func (c *csvReader) skip(n int64) error {
	for range n {
		if _, err := c.record(); err != nil {
			return &rowError{c.next, unexpectedEOF(err)}
		}
		c.next++
	}
	return nil
}

func (c *csvReader) read(recs []Record) (int, error) {
	for i := range recs {
		fields, err := c.record()
		if err != nil {
			return i, err
		}
		recs[i] = Record{Pos: Position{Row: c.next}, Size: -1, ByHand: c.shape.query || c.shape.byHand}
		if err := c.decode(&recs[i], fields); err != nil {
			return i, err
		}
		c.next++
	}
	return len(recs), nil
}

// record splits the next row and checks the number of its fields. A first line that
// names the columns is no row.
func (c *csvReader) record() ([]csvField, error) {
	fields, err := c.line()
	if first := !c.begun; first && err == nil {
		c.begun = true
		if c.shape.names {
			if err := c.takeNames(fields); err != nil {
				return nil, err
			}
			return c.line()
		}
		if c.shape.header || (c.shape.bucket != "" || c.shape.sniff) && c.named.isHeader(fields) {
			return c.line()
		}
	}
	return fields, err
}

func (c *csvReader) line() ([]csvField, error) {
	fields, err := c.split.next()
	if err != nil {
		if err != io.EOF && c.zipped && !isSplitError(err) {
			err = fmt.Errorf("decompress: %w", err)
		}
		return nil, err
	}
	if c.fields == 0 && c.shape.names {
		c.fields = len(fields)
	} else if c.fields == 0 {
		c.fields = min(max(len(fields), len(c.shape.layout)-c.shape.optional), len(c.shape.layout))
	}
	if len(fields) != c.fields {
		return nil, &fieldsError{len(fields), c.fields}
	}
	if bytes.HasPrefix(fields[0].raw, byteOrderMark) {
		return nil, errMark
	}
	return fields, nil
}

// fieldsError says that a row has another number of fields than the others, or than its
// kind of file has.
type fieldsError struct{ got, want int }

func (e *fieldsError) Error() string { return fmt.Sprintf("%d fields, want %d", e.got, e.want) }

func isSplitError(err error) bool {
	for _, e := range []error{errUnclosed, errBareQuote, errAfter, errTooLong, errTooMany, errMark, errUTF16, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (c *csvReader) decode(rec *Record, fields []csvField) error {
	for i, f := range fields {
		col := c.shape.layout[i]
		if col == numColumns || col == ColVersionID && c.shape.noVersion && len(f.raw) == 0 {
			continue
		}
		b := f.raw
		if f.doubled {
			c.scratch = appendUndoubled(c.scratch[:0], b)
			b = c.scratch
		}
		if c.shape.query || c.shape.byHand && col == ColVersionID && len(b) > 0 {
			if b = stated(col, b); len(b) == 0 && col != ColBucket {
				rec.Unnamed = rec.Unnamed || col == ColVersionID
				continue
			}
		}
		if col == ColKey && c.shape.decodeKeys {
			if c.shape.byHand && doubtful(b) {
				return fmt.Errorf("Key %.200q: %w", b, errNotEncoded)
			}
			from := 0
			if f.doubled { // b is in the scratch, so decode behind it
				from = len(c.scratch)
			}
			var err error
			if c.scratch, err = appendKey(c.scratch[:from], b); err != nil {
				return fmt.Errorf("Key %.200q: %w", b, err)
			}
			b = c.scratch[from:]
		}
		if col == ColKey && len(b) > maxKey {
			return keyTooLong(b)
		}
		if err := setField(rec, col, b, &c.arena, &c.interns[col]); err != nil {
			return fmt.Errorf("%s: %w", col, err)
		}
	}
	return nil
}

// gzipMagic is what every gzip file begins with.
var gzipMagic = []byte{0x1f, 0x8b}

var errEmpty = errors.New("empty")

// maxKey is the longest that a key can be, in bytes (Amazon S3 User Guide, object-keys,
// read 2026-11-21).
const maxKey = 1024

func keyTooLong(key []byte) error {
	return fmt.Errorf("%s %.60q...: has %d bytes, and no object has a key of more than %d", ColKey, key, len(key), maxKey)
}

// setField sets the field of rec for column col to the text b. Nothing is the
// same as null.
func setField(rec *Record, col Column, b []byte, a *arena, in *interner) (err error) {
	if len(b) == 0 {
		switch col {
		case ColBucket:
			return errEmpty
		case ColVersionID:
			rec.VersionID = nullVersion // which reports of S3 leave empty
			rec.Known = rec.Known.With(col)
		}
		return nil
	}
	switch col {
	case ColIsLatest:
		rec.IsLatest, err = parseBool(b)
	case ColIsDeleteMarker:
		rec.IsDeleteMarker, err = parseBool(b)
	case ColIsMultipart:
		rec.IsMultipart, err = parseBool(b)
	case ColSize:
		rec.Size, err = parseSize(b)
	case ColLastModified:
		rec.LastModified, err = parseTime(b)
	case ColLockRetainUntil:
		rec.LockRetainUntil, err = parseTime(b)
	case ColLifecycleExpiration:
		rec.LifecycleExpiration, err = parseTime(b)
	default:
		setString(rec, col, b, a, in)
	}
	if err == nil {
		rec.Known = rec.Known.With(col)
	}
	return err
}

// setString sets a text field of rec. Values of columns that have few are
// interned, others go to the arena.
func setString(rec *Record, col Column, b []byte, a *arena, in *interner) {
	field := rec.text(col)
	if field == nil {
		return
	}
	switch col {
	case ColKey, ColVersionID:
		*field = a.string(b)
	case ColETag:
		*field = a.string(unquoteETag(b))
	default:
		*field = in.string(b, a)
	}
}
