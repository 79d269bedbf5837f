package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"reseal/inventory/orc"
	"reseal/inventory/parquet"
	"reseal/inventory/vector"
)

// columnarFile is an ORC or Parquet file.
type columnarFile interface {
	NumRows() int64

	// fields returns the columns at the top of the schema.
	fields() []columnarField

	// firsts returns the first row of each part that the file can be cut before: of
	// each stripe or row group.
	firsts() []int64

	// open chooses columns, and rows from to to, to excluded.
	open(names []string, from, to int64, o Options) (columnarRows, error)
}

type columnarField struct {
	name string
	kind string // of its values, for people
	id   int    // in the schema of a table, 0 for none
}

// columnarRows are chosen rows of a file. Its vectors are filled by Next and stay
// the same from batch to batch.
type columnarRows interface {
	Next(context.Context) (int, error)
	Bool(name string) (*vector.Bool, error)
	Int64(name string) (*vector.Int64, error)
	Timestamp(name string) (*vector.Timestamp, error)
	Days(name string) (*vector.Int64, error) // since 1970-01-01, where dates are not read as timestamps

	// text returns what gives the string of a row, nothing where it is null.
	text(name string) (func(int) []byte, error)
}

// openColumnar opens a file of size bytes, of format ORC or Parquet.
func openColumnar(format Format, r io.ReaderAt, size int64, o Options) (columnarFile, error) {
	file, err := openFormat(format, r, size, o)
	if err != nil {
		return nil, err
	}
	if rows, most := file.NumRows(), mostRows(size); rows > most {
		return nil, &RowsError{Rows: rows, Most: most, Size: size}
	}
	return file, nil
}

func openFormat(format Format, r io.ReaderAt, size int64, o Options) (columnarFile, error) {
	if format == ORC {
		f, err := orc.Open(r, size, orc.Options{BatchRows: o.BatchRows})
		if err != nil {
			return nil, err
		}
		return orcFile{f}, nil
	}
	f, err := parquet.Open(r, size)
	if err != nil {
		return nil, err
	}
	return parquetFile{f}, nil
}

// Runs of equal values take no bytes, so that a file of a kilobyte can hold any number
// of rows. Those of a report differ in their keys or versions. Keys that count up, and
// nothing beside them, were seen to take 0.08 bytes a row at the least
// (TestDensestReports); real reports take 10 to 100.
const (
	rowsPerByte = 64
	freeRows    = 1 << 20 // are read whatever the size: in about a second
)

// mostRows is how many rows a file of size bytes is believed to have.
func mostRows(size int64) int64 { return freeRows + rowsPerByte*min(size, 1<<50) }

// columnarRead says which rows of a file are read, and what is known of it.
type columnarRead struct {
	format  Format
	size    int64 // bytes
	segment Segment
	file    File
	removed *removedFrom // rows that are no more
}

// newColumnarReader reads rows from a file.
func newColumnarReader(ctx context.Context, r io.ReaderAt, of columnarRead, o Options) (rowReader, error) {
	seg := of.segment
	f, err := openColumnar(of.format, r, of.size, o)
	if err == nil {
		err = of.file.checkRows(f.NumRows())
	}
	if err != nil {
		return nil, err
	}
	from, to, err := rowRange(seg, f.NumRows())
	if err != nil {
		return nil, err
	}
	fields := f.fields()
	if err := o.mapping.identify(fields); err != nil {
		return nil, err
	}
	at, err := o.mapping.pick(fields, o.Columns)
	if err != nil {
		return nil, err
	}
	var picked []string
	for _, i := range at {
		if i >= 0 {
			picked = append(picked, fields[i].name)
		}
	}
	for _, name := range namesOf(fields, of.removed.columns()) {
		if !slices.Contains(picked, name) {
			picked = append(picked, name)
		}
	}
	rows, err := f.open(picked, from, to, o)
	if err != nil {
		return nil, o.mapping.castHint(fields, at, err)
	}
	c := &columnar{ctx: ctx, step: rows.Next, first: from, mapped: o.mapping != nil}
	for col, i := range at {
		if i < 0 {
			continue
		}
		fill, err := c.filler(rows, Column(col), fields[i].name)
		if err != nil {
			reason := fmt.Sprintf("column %s is %s: want %v", fields[i].name, fields[i].kind, Column(col).kind())
			if c.mapped {
				reason += "; have the query cast it: " + Column(col).kind().cast(fields[i].name)
			}
			return nil, &SchemaError{Reason: reason}
		}
		c.fill = append(c.fill, fill)
	}
	c.encoded = o.mapping.encodes(fields, at[ColKey])
	marks, err := of.removed.fillers(rows, fields)
	c.fill = append(c.fill, marks...)
	return c, err
}

// filler returns what fills col from the column called name. What is no report may have
// other values as text, and a truth value for the bucket key.
func (c *columnar) filler(rows columnarRows, col Column, name string) (filler, error) {
	fill, err := c.ownFiller(rows, col, name)
	if err == nil || !c.mapped {
		return fill, err
	}
	if v, boolErr := rows.Bool(name); boolErr == nil && col == ColBucketKey {
		return c.fillText(col, boolText(v)), nil
	}
	if v, daysErr := rows.Days(name); daysErr == nil && col.kind() == timeValue {
		return fillDays(col, v), nil
	}
	if at, textErr := rows.text(name); textErr == nil {
		return c.fillParsed(col, at), nil
	}
	return nil, err
}

// ownFiller is filler for values of the kind that reports have.
func (c *columnar) ownFiller(rows columnarRows, col Column, name string) (filler, error) {
	switch col.kind() {
	case boolValue:
		v, err := rows.Bool(name)
		return fillBool(col, v), err
	case sizeValue:
		v, err := rows.Int64(name)
		return fillSize(v), err
	case timeValue:
		v, err := rows.Timestamp(name)
		return fillTime(col, v), err
	}
	at, err := rows.text(name)
	return c.fillText(col, at), err
}

// rowRange returns the rows of a file of n rows that seg asks for, to excluded.
func rowRange(seg Segment, n int64) (from, to int64, err error) {
	if seg.First > n {
		return 0, 0, fmt.Errorf("has %d rows, want one from %d on: %w", n, seg.First+1, io.ErrUnexpectedEOF)
	}
	if seg.Last < n {
		n = seg.Last + 1
	}
	return seg.First, n, nil
}

// mapped returns what to makes of each of all.
func mapped[From, To any](all []From, to func(From) To) []To {
	out := make([]To, len(all))
	for i, one := range all {
		out[i] = to(one)
	}
	return out
}

// textOf returns what gives the string of a row of v, nothing where it is null.
func textOf[V interface{ At(int) []byte }](v V, err error) (func(int) []byte, error) {
	if err != nil {
		return nil, err
	}
	return v.At, nil
}

type orcFile struct{ *orc.File }

func (f orcFile) fields() []columnarField {
	return mapped(f.Schema(), func(c orc.Field) columnarField { return columnarField{name: c.Name, kind: c.Kind.String()} })
}

func (f orcFile) firsts() []int64 {
	return mapped(f.Stripes(), func(s orc.Stripe) int64 { return s.First })
}

func (f orcFile) open(names []string, from, to int64, _ Options) (columnarRows, error) {
	rows, err := f.Rows(names, from, to)
	if err != nil {
		return nil, err
	}
	kinds := map[string]orc.Kind{}
	for _, c := range f.Schema() {
		kinds[c.Name] = c.Kind
	}
	return orcColumns{rows, kinds}, nil
}

type orcColumns struct {
	*orc.Rows
	kinds map[string]orc.Kind
}

// Int64 leaves out dates, which ORC keeps as numbers of days.
func (r orcColumns) Int64(name string) (*vector.Int64, error) {
	if r.kinds[name] == orc.Date {
		return nil, errOtherKind
	}
	return r.Rows.Int64(name)
}

// Days are dates.
func (r orcColumns) Days(name string) (*vector.Int64, error) {
	if r.kinds[name] != orc.Date {
		return nil, errOtherKind
	}
	return r.Rows.Int64(name)
}

// text leaves out strings that are filled up with spaces to a fixed length.
func (r orcColumns) text(name string) (func(int) []byte, error) {
	if r.kinds[name] == orc.Char {
		return nil, errOtherKind
	}
	return textOf(r.Bytes(name))
}

// errOtherKind says that the values of a column stand for something else than is read.
var errOtherKind = errors.New("its values stand for something else")

type parquetFile struct{ *parquet.File }

func (f parquetFile) fields() []columnarField {
	return mapped(f.Schema(), func(c parquet.Field) columnarField { return columnarField{c.Name, c.Type(), c.ID} })
}

func (f parquetFile) firsts() []int64 {
	return mapped(f.RowGroups(), func(g parquet.RowGroup) int64 { return g.First })
}

func (f parquetFile) open(names []string, from, to int64, o Options) (columnarRows, error) {
	// What other writers make may need more than a file's share of the memory:
	// one page a row group, say. It is refused only where that goes too far.
	memory := max(o.Memory/2/int64(o.openFiles(Parquet)), 128<<20)
	rows, err := f.Rows(names, from, to, parquet.Options{BatchRows: o.BatchRows, Memory: memory})
	if err != nil {
		return nil, &SchemaError{Reason: err.Error()}
	}
	return parquetColumns{rows}, nil
}

type parquetColumns struct{ *parquet.Rows }

// Days are none: dates are read as timestamps.
func (r parquetColumns) Days(string) (*vector.Int64, error) { return nil, errOtherKind }

func (r parquetColumns) text(name string) (func(int) []byte, error) {
	return textOf(r.Bytes(name))
}
