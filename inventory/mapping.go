package inventory

import (
	"fmt"
	"strconv"
	"strings"

	"reseal/inventory/vector"
)

// Field is a column of an ORC or Parquet file, at the top of its schema.
type Field struct{ Name string }

// Mapping says which columns of data files are which of a report, where there is no
// manifest to say it. Values may be written otherwise than S3 Inventory does: numbers,
// truth values and times as text.
type Mapping struct {
	// Column returns the column of a report that a field is, false for none. nil goes
	// by the names, as ParseColumn reads them; encoded_key is a key that is URL-encoded.
	Column func(Field) (Column, bool)

	// Layout is what the fields of a row of CSV are, in order, numColumns where one is
	// ignored. nil: the first line of each file names them.
	Layout []Column

	EncodedKeys bool    // keys are URL-encoded, whatever their column is called
	Bucket      string  // of rows in files that have no column for it; "" has them refused
	given       Columns // that a file need not have

	table *tableColumns // goes by the ids of columns instead of their names; nil for files of no table
}

// identify gives the columns of a file their ids, where they are found by those.
func (m *Mapping) identify(fields []columnarField) error {
	if m == nil || m.table == nil {
		return nil
	}
	return m.table.identify(fields)
}

// encodedKey is the name of a column of keys that are URL-encoded, as S3 Inventory has
// them in CSV, and as queries of such a report hand them on.
const encodedKey = "encodedkey"

// parseMapped is ParseColumn for the columns of a query's result.
func parseMapped(name string) (Column, bool) {
	if foldName(name) == encodedKey {
		return ColKey, true
	}
	return ParseColumn(name)
}

func (m *Mapping) column(f columnarField) (Column, bool) {
	switch {
	case m == nil:
		return ParseColumn(f.name)
	case m.table != nil:
		return m.table.find(f)
	case m.Column != nil:
		return m.Column(Field{f.name})
	}
	return parseMapped(f.name)
}

// pick finds the wanted columns among those of a file. It returns the index of each in
// fields, by column; -1 where the file has none.
func (m *Mapping) pick(fields []columnarField, want Columns) (at [numColumns]int, err error) {
	var set Columns
	for c := range at {
		at[c] = -1
	}
	for i, f := range fields {
		c, ok := m.column(f)
		if !ok || !want.Has(c) {
			continue
		}
		if set.Has(c) {
			return at, &SchemaError{Reason: "column " + c.String() + " is there twice"}
		}
		set = set.With(c)
		at[c] = i
	}
	set |= m.unneeded()
	return at, requireColumns(set)
}

// unneeded are the columns that a file need not have.
func (m *Mapping) unneeded() (set Columns) {
	if m == nil {
		return 0
	}
	if m.Bucket != "" {
		set = ColumnsOf(ColBucket)
	}
	return set | m.given
}

// encodes tells whether the keys, which are in field i, are URL-encoded.
func (m *Mapping) encodes(fields []columnarField, i int) bool {
	return m != nil && (m.EncodedKeys || m.Column == nil && m.table == nil && i >= 0 && foldName(fields[i].name) == encodedKey)
}

// castHint adds to the error of a column that is not read as it is how a query makes it
// one that is.
func (m *Mapping) castHint(fields []columnarField, at [numColumns]int, err error) error {
	schema, ok := err.(*SchemaError)
	if m == nil || !ok {
		return err
	}
	for col, i := range at {
		if i >= 0 && strings.Contains(schema.Reason, strconv.Quote(fields[i].name)) {
			return &SchemaError{Reason: schema.Reason + "; have the query cast it: " + Column(col).kind().cast(fields[i].name)}
		}
	}
	return err
}

// with returns the options for a file whose rows all have these values.
func (o Options) with(given []Value) Options {
	if len(given) > 0 && o.mapping != nil {
		m := *o.mapping
		m.given |= columnsOf(given)
		o.mapping = &m
	}
	return o
}

func (s csvShape) with(given []Value) csvShape {
	s.given |= columnsOf(given)
	return s
}

func columnsOf(given []Value) (set Columns) {
	for _, v := range given {
		set = set.With(v.Column)
	}
	return set
}

// takeNames makes the layout of the first line of a file.
func (c *csvReader) takeNames(fields []csvField) error {
	layout, _, encoded, err := namedLayout(fieldNames(fields), c.shape.given)
	if err != nil {
		return err
	}
	c.shape.decodeKeys = c.shape.decodeKeys || encoded
	for i, col := range layout {
		if col < numColumns && !c.want.Has(col) {
			layout[i] = numColumns
		}
	}
	c.shape.layout = layout
	return nil
}

func fieldNames(fields []csvField) (names []string) {
	for _, f := range fields {
		names = append(names, string(f.raw))
	}
	return names
}

// namedLayout is the layout of CSV files whose columns have these names. Those in given
// need not be among them, and are ignored where they are.
func namedLayout(names []string, given Columns) (layout []Column, set Columns, encoded bool, err error) {
	for _, name := range names {
		col, ok := parseMapped(name)
		switch {
		case !ok:
		case set.Has(col):
			return nil, 0, false, &SchemaError{Reason: "column " + col.String() + " is there twice"}
		default:
			set = set.With(col)
			encoded = encoded || foldName(name) == encodedKey
		}
		layout = append(layout, col)
	}
	if err := requireColumns(set | given); err != nil {
		// What the line is stays unsaid: a file that was named by mistake may hold secrets.
		return nil, 0, false, fmt.Errorf("the first line does not name what is needed: %w", err)
	}
	return layout, set, encoded, nil
}

// boolText returns the text of truth values, nothing where they are null.
func boolText(v *vector.Bool) func(int) []byte {
	return func(i int) []byte {
		switch {
		case v.Null[i]:
			return nil
		case v.Values[i]:
			return []byte("true")
		}
		return []byte("false")
	}
}

// fillParsed fills a column of another kind from its text.
func (c *columnar) fillParsed(col Column, at func(int) []byte) filler {
	in := &interner{col: col}
	at = statedText(col, at)
	return func(recs []Record, from int) (int, error) {
		for i := range recs {
			if err := setField(&recs[i], col, at(from+i), &c.arena, in); err != nil {
				return i, fmt.Errorf("%s: %w", col, err)
			}
		}
		return 0, nil
	}
}

// valuesReader sets columns that all rows of a file have alike, and the bucket of rows
// that have none.
type valuesReader struct {
	rowReader
	given  []Value
	bucket string
	arena  arena
	intern [numColumns]interner
}

func (o Options) withValues(r rowReader, given []Value) rowReader {
	if o.mapping == nil || len(given) == 0 && o.mapping.Bucket == "" {
		return r
	}
	v := &valuesReader{rowReader: r, given: given, bucket: o.mapping.Bucket}
	for i := range v.intern {
		v.intern[i].col = Column(i)
	}
	return v
}

func (v *valuesReader) read(recs []Record) (int, error) {
	n, err := v.rowReader.read(recs)
	for _, g := range v.given {
		for i := range recs[:n] {
			if e := setField(&recs[i], g.Column, []byte(g.Text), &v.arena, &v.intern[g.Column]); e != nil {
				return 0, fmt.Errorf("%s: %w", g.Column, e)
			}
		}
	}
	for i := range recs[:n] {
		if r := &recs[i]; v.bucket != "" && !r.Known.Has(ColBucket) {
			r.Bucket, r.Known = v.bucket, r.Known.With(ColBucket)
		}
	}
	return n, err
}
