package inventory

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"reseal/inventory/parquet"
)

// csvRows writes the rows of a CSV data file, every field quoted.
type csvRows struct {
	gz   *gzip.Writer
	cols []Column
	row  []byte
}

func newCSVRows(w io.Writer, columns Columns) *csvRows {
	c := &csvRows{gz: gzip.NewWriter(w)}
	for col := range numColumns {
		if columns.Has(col) {
			c.cols = append(c.cols, col)
		}
	}
	return c
}

func (c *csvRows) write(r *Record) error {
	b := c.row[:0]
	for i, col := range c.cols {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		switch v := r.value(col).(type) {
		case nil:
		case string:
			if col == ColKey {
				b = appendEncodedKey(b, v)
			} else {
				b = append(b, strings.ReplaceAll(v, `"`, `""`)...)
			}
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case bool:
			b = strconv.AppendBool(b, v)
		case time.Time:
			b = v.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		}
		b = append(b, '"')
	}
	c.row = append(b, '\n')
	_, err := c.gz.Write(c.row)
	return err
}

func (c *csvRows) close() error { return c.gz.Close() }

// appendEncodedKey encodes a key as CSV reports do: a space as +, slashes kept.
func appendEncodedKey(dst []byte, key string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(key) {
		switch c := key[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-_.*", c) >= 0:
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// value returns the value of a column as reports hold it: nil for null, or a
// string, int64, bool or time.Time.
func (r *Record) value(col Column) any {
	if !r.Known.Has(col) && col != ColBucket && col != ColKey {
		return nil
	}
	switch col {
	case ColIsLatest:
		return r.IsLatest
	case ColIsDeleteMarker:
		return r.IsDeleteMarker
	case ColIsMultipart:
		return r.IsMultipart
	case ColSize:
		if r.Size < 0 {
			return nil
		}
		return r.Size
	case ColLastModified:
		return r.LastModified
	case ColLockRetainUntil:
		return r.LockRetainUntil
	case ColLifecycleExpiration:
		return r.LifecycleExpiration
	}
	s := *r.text(col)
	if s == "" || col == ColVersionID && s == "null" { // which reports leave empty
		return nil
	}
	return s
}

// parquetRows writes the rows of a Parquet data file.
type parquetRows struct {
	w    *parquet.Writer
	cols []Column
}

func newParquetRows(w io.Writer, columns Columns) (*parquetRows, error) {
	p := &parquetRows{}
	var fields []parquet.Field
	for col := range numColumns {
		if columns.Has(col) {
			p.cols = append(p.cols, col)
			fields = append(fields, parquetField(col))
		}
	}
	var err error
	p.w, err = parquet.NewWriter(w, "s3.inventory", fields)
	return p, err
}

func parquetField(col Column) parquet.Field {
	f := parquet.Field{Name: snakeName(col), Kind: parquet.ByteArray, Optional: col != ColBucket && col != ColKey}
	switch col.kind() {
	case boolValue:
		f.Kind = parquet.Boolean
	case sizeValue:
		f.Kind = parquet.Int64
	case timeValue:
		f.Kind, f.Logical = parquet.Int64, parquet.Logical{Meaning: parquet.Timestamp, Unit: parquet.Millis}
	}
	return f
}

// snakeName is the name of a column in ORC and Parquet reports.
func snakeName(col Column) string {
	if col == ColETag {
		return "e_tag"
	}
	var b strings.Builder
	for i, c := range col.String() {
		if 'A' <= c && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (p *parquetRows) write(r *Record) error {
	for i, col := range p.cols {
		switch v := r.value(col).(type) {
		case string:
			p.w.Text(i, v)
		case int64:
			p.w.Int64(i, v)
		case bool:
			p.w.Bool(i, v)
		case time.Time:
			p.w.Int64(i, v.UnixMilli())
		default:
			p.w.Null(i)
		}
	}
	return p.w.EndRow()
}

func (p *parquetRows) close() error { return p.w.Close() }

// parquetSchema is the fileSchema of a Parquet report, as S3 writes it.
func parquetSchema(columns Columns) string {
	var b strings.Builder
	b.WriteString("message s3.inventory {")
	for col := range numColumns {
		if !columns.Has(col) {
			continue
		}
		f := parquetField(col)
		repetition, annotation := "required", ""
		if f.Optional {
			repetition = "optional"
		}
		switch {
		case f.Kind == parquet.ByteArray:
			annotation = " (STRING)"
		case f.Logical.Unit == parquet.Millis:
			annotation = " (TIMESTAMP(MILLIS,true))"
		}
		fmt.Fprintf(&b, "  %s %v %s%s;", repetition, f.Kind, f.Name, annotation)
	}
	b.WriteString("}")
	return b.String()
}
