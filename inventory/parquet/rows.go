package parquet

import (
	"context"
	"fmt"
	"io"

	"reseal/inventory/vector"
)

// Options say how rows are read. The zero value is good for S3 Inventory.
type Options struct {
	BatchRows int   // rows in a batch at most; 0 means 1024
	Memory    int64 // bytes that pages, dictionaries and buffers of all columns may take; 0 means 256 MiB
}

// Rows reads chosen columns of a range of rows, batch after batch. It is not
// for use by several goroutines at once.
type Rows struct {
	f     *File
	cols  []*column
	batch int

	next, to int64 // rows of the file
	group    int   // the row group that holds next, or one before
	end      int64 // of the row group that the columns are in; 0 before the first
	first    int64
	err      error
}

// Rows returns a reader for the rows from to to, the latter excluded, of the
// columns with the given names.
func (f *File) Rows(names []string, from, to int64, o Options) (*Rows, error) {
	if from < 0 || to > f.rows || from > to {
		return nil, &Error{Row: -1, Err: fmt.Errorf("rows %d to %d of %d", from, to, f.rows)}
	}
	if o.BatchRows <= 0 {
		o.BatchRows = 1024
	}
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	r := &Rows{f: f, next: from, to: to, batch: o.BatchRows}
	b, x, large := &budget{o.Memory}, &expander{}, &largePage{}
	for _, name := range names {
		field, err := f.field(name)
		if err != nil {
			return nil, &Error{Column: name, Row: -1, Err: err}
		}
		r.cols = append(r.cols, &column{field: field, budget: b, expand: x, win: window{r: f.r, budget: b, large: large}})
	}
	return r, nil
}

// field finds a column that can be read.
func (f *File) field(name string) (found Field, err error) {
	n := 0
	for _, field := range f.fields {
		if field.Name == name {
			found = field
			n++
		}
	}
	switch n {
	case 0:
		return Field{}, fmt.Errorf("no such column")
	case 1:
		return found, found.readable()
	}
	return Field{}, fmt.Errorf("two columns have this name")
}

// First returns the number of the first row of the batch, counted through the file.
func (r *Rows) First() int64 { return r.first }

// Next fills the vectors with the rows that follow, and returns how many there
// are: at least one, and never of two row groups. At the end it returns 0 and
// io.EOF. Any other error is an *Error, and final. The context is asked once a
// batch; a ReadAt under way is not interrupted.
func (r *Rows) Next(ctx context.Context) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, column, err := r.advance(ctx)
	if err != nil && err != io.EOF {
		err = &Error{Column: column, Row: r.next, Err: err}
	}
	r.err = err
	return n, err
}

func (r *Rows) advance(ctx context.Context) (n int, column string, err error) {
	if err := ctx.Err(); err != nil {
		return 0, "", err
	}
	if r.next == r.to {
		return 0, "", io.EOF
	}
	if r.next >= r.end {
		if column, err := r.enter(); err != nil {
			return 0, column, err
		}
	}
	n = int(min(int64(r.batch), r.end-r.next, r.to-r.next))
	for _, c := range r.cols {
		if err := c.read(n); err != nil {
			return 0, c.field.Name, err
		}
	}
	r.first = r.next
	r.next += int64(n)
	return n, "", nil
}

// enter moves to the row group of the next row.
func (r *Rows) enter() (string, error) {
	for r.f.groups[r.group].First+r.f.groups[r.group].Rows <= r.next {
		r.group++
	}
	g := &r.f.groups[r.group]
	r.end = g.First + g.Rows
	for _, c := range r.cols {
		if err := c.begin(g); err != nil {
			return c.field.Name, err
		}
		if err := c.skip(r.next - g.First); err != nil {
			return c.field.Name, err
		}
	}
	return "", nil
}

// column returns a column that was asked for, whose values are of a kind.
func (r *Rows) column(name string, want valueKind) (*column, error) {
	for _, c := range r.cols {
		if c.field.Name != name {
			continue
		}
		if c.field.values() != want {
			return nil, &Error{Column: name, Row: -1, Err: fmt.Errorf("holds %v", c.field.Type())}
		}
		return c, nil
	}
	return nil, &Error{Column: name, Row: -1, Err: fmt.Errorf("was not asked for")}
}

// Bytes returns the vector of a column of strings. It stays the same from batch
// to batch.
func (r *Rows) Bytes(name string) (*BytesColumn, error) {
	c, err := r.column(name, texts)
	if err != nil {
		return nil, err
	}
	return &c.bytes, nil
}

// Int64 returns the vector of a column of whole numbers: integers, and decimals
// without a fraction. It stays the same from batch to batch.
func (r *Rows) Int64(name string) (*vector.Int64, error) {
	c, err := r.column(name, integers)
	if err != nil {
		return nil, err
	}
	return &c.numbers, nil
}

// Bool returns the vector of a column of truth values. It stays the same from
// batch to batch.
func (r *Rows) Bool(name string) (*vector.Bool, error) {
	c, err := r.column(name, truths)
	if err != nil {
		return nil, err
	}
	return &c.bools, nil
}

// Timestamp returns the vector of a column of instants. It stays the same from
// batch to batch. Timestamps that a file calls local, not adjusted to UTC, are
// taken for UTC.
func (r *Rows) Timestamp(name string) (*vector.Timestamp, error) {
	c, err := r.column(name, instants)
	if err != nil {
		return nil, err
	}
	return &c.times, nil
}
