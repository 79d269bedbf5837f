package inventory

import (
	"context"
	"fmt"
	"io"

	"reseal/inventory/parquet"
)

// newParquetReader reads the rows of seg from a Parquet file of size bytes.
func newParquetReader(ctx context.Context, r io.ReaderAt, size int64, seg Segment, o Options) (rowReader, error) {
	f, err := parquet.Open(r, size)
	if err != nil {
		return nil, err
	}
	from, to, err := rowRange(seg, f.NumRows())
	if err != nil {
		return nil, err
	}
	schema := f.Schema()
	names := make([]string, len(schema))
	for i, field := range schema {
		names[i] = field.Name
	}
	at, err := pickColumns(names, o.Columns)
	if err != nil {
		return nil, err
	}
	var picked []string
	for _, i := range at {
		if i >= 0 {
			picked = append(picked, names[i])
		}
	}
	// What other writers make may need more than a file's share of the memory:
	// one page a row group, say. It is refused only where that goes too far.
	memory := max(o.Memory/2, 128<<20)
	rows, err := f.Rows(picked, from, to, parquet.Options{BatchRows: o.BatchRows, Memory: memory})
	if err != nil {
		return nil, &SchemaError{Reason: err.Error()}
	}
	c := &columnar{ctx: ctx, step: rows.Next, first: from}
	for col, i := range at {
		if i < 0 {
			continue
		}
		fill, err := parquetFiller(c, rows, Column(col), names[i])
		if err != nil {
			return nil, &SchemaError{Reason: fmt.Sprintf("column %s is %v: %v", names[i], schema[i].Kind, err)}
		}
		c.fill = append(c.fill, fill)
	}
	return c, nil
}

func parquetFiller(c *columnar, rows *parquet.Rows, col Column, name string) (filler, error) {
	switch col.kind() {
	case boolValue:
		v, err := rows.Bool(name)
		return fillBool(col, func() ([]bool, []bool) { return v.Null, v.Values }), err
	case sizeValue:
		v, err := rows.Int64(name)
		return fillSize(func() ([]bool, []int64) { return v.Null, v.Values }), err
	case timeValue:
		v, err := rows.Timestamp(name)
		return fillTime(col, func() ([]bool, []int64, []int32) { return v.Null, v.Seconds, v.Nanos }), err
	}
	v, err := rows.Bytes(name)
	if err != nil {
		return nil, err
	}
	return c.fillText(col, v.At), nil
}

// parquetPieces returns the first rows of the row groups of a Parquet file, and
// how many rows it has.
func parquetPieces(r io.ReaderAt, size int64) (firsts []int64, rows int64, err error) {
	f, err := parquet.Open(r, size)
	if err != nil {
		return nil, 0, err
	}
	for _, g := range f.RowGroups() {
		firsts = append(firsts, g.First)
	}
	return firsts, f.NumRows(), nil
}
