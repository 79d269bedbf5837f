package orc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"reseal/inventory/vector"
)

// Rows reads chosen columns of a range of rows, a batch at a time. It is not for use by several goroutines at once.
type Rows struct {
	file    *File
	columns []*column
	root    presence // of the rows themselves: some writers store it, all true
	parts   []*part  // of the current stripe, indexed by type
	budget  int64    // what dictionaries of the current stripe may still take

	next, last int64 // rows of the range that are still to come
	stripe     int   // the current stripe, or the one after it when left is 0
	left       int64 // rows of the current stripe still to come
	first      int64 // first row of the batch
	absent     []bool
	err        error
}

// Rows returns a reader for rows first to last-1, counted from 0 through the file, and the named columns. Nothing is read
// before the first Next, and stripes outside the range are never read; within a stripe the rows before first are decoded
// and dropped, as ORC's streams cannot be entered in the middle without its indexes.
//
// It fails, with an *Error, where the range is not within the file, or a column is not in the file, is in it twice, is named
// twice, or is of a kind that cannot be read.
func (f *File) Rows(columns []string, first, last int64) (*Rows, error) {
	if first < 0 || last < first || last > f.rows {
		return nil, failure("open rows", fmt.Errorf("rows %d to %d of %d", first, last, f.rows))
	}
	dec, err := newDecompressor(f.codec)
	if err != nil {
		return nil, failure("open rows", err)
	}
	r := &Rows{file: f, parts: make([]*part, len(f.nodes)), next: first, last: last}
	for _, name := range columns {
		if err := r.choose(name, dec); err != nil {
			return nil, located(err, "open rows", -1, name, -1)
		}
	}
	if len(r.parts) > 0 {
		r.parts[0] = &part{budget: &r.budget}
		r.root.s = stream{file: f, dec: dec, name: "present stream of the rows"}
	}
	// The stripe that holds row first; stripes without rows are passed over by the way.
	r.stripe = sort.Search(len(f.stripes), func(i int) bool {
		return f.stripes[i].First+f.stripes[i].Rows > first
	})
	return r, nil
}

func (r *Rows) choose(name string, dec decompressor) error {
	at := -1
	for i, field := range r.file.fields {
		if field.Name != name {
			continue
		}
		if at >= 0 {
			return corrupt("two columns of this name")
		}
		at = i
	}
	if at < 0 {
		return errors.New("no column of this name")
	}
	id := r.file.nodes[0].children[at]
	if r.parts[id] != nil {
		return errors.New("column named twice")
	}
	c, err := newColumn(r.file, dec, r.file.fields[at], id)
	if err != nil {
		return err
	}
	r.parts[id] = &part{budget: &r.budget}
	r.columns = append(r.columns, c)
	return nil
}

// Bytes is the vector of a chosen column of strings. It stays the same from batch to batch.
func (r *Rows) Bytes(name string) (*BytesColumn, error) { return vectorOf[*BytesColumn](r, name) }

// Int64 is the vector of a chosen column of integers or dates. It stays the same from batch to batch.
func (r *Rows) Int64(name string) (*vector.Int64, error) { return vectorOf[*vector.Int64](r, name) }

// Bool is the vector of a chosen column of booleans. It stays the same from batch to batch.
func (r *Rows) Bool(name string) (*vector.Bool, error) { return vectorOf[*vector.Bool](r, name) }

// Timestamp is the vector of a chosen column of timestamps. It stays the same from batch to batch. A file stores a timestamp
// as the wall clock of its writer together with the time zone that clock was in; here that has been turned into the instant
// meant.
func (r *Rows) Timestamp(name string) (*vector.Timestamp, error) {
	return vectorOf[*vector.Timestamp](r, name)
}

func vectorOf[T any](r *Rows, name string) (T, error) {
	var zero T
	for _, c := range r.columns {
		if c.field.Name != name {
			continue
		}
		if v, ok := c.vector.(T); ok {
			return v, nil
		}
		return zero, located(fmt.Errorf("is of type %s", c.field.Kind), "choose vector", -1, name, -1)
	}
	return zero, located(errors.New("column was not chosen"), "choose vector", -1, name, -1)
}

// First is the number of the first row of the current batch, counted from 0 through the file.
func (r *Rows) First() int64 { return r.first }

// Next fills the vectors with the next rows, in their order, and returns how many: one at least, Options.BatchRows at most,
// and never of two stripes. At the end of the range it returns 0 and io.EOF.
//
// Any other error is an *Error and final; the vectors then hold nothing of use. The context is looked at once a batch, also
// while rows are skipped and dictionaries loaded; a ReadAt under way is not interrupted.
func (r *Rows) Next(ctx context.Context) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.batch(ctx)
	if err != nil {
		r.err = err
		return 0, err
	}
	return n, nil
}

func (r *Rows) batch(ctx context.Context) (int, error) {
	if r.next >= r.last {
		return 0, io.EOF
	}
	if r.left == 0 {
		if err := r.enter(ctx); err != nil {
			return 0, err
		}
	}
	r.first = r.next
	n := int(min(r.left, r.last-r.next, int64(r.file.opts.BatchRows)))
	if err := r.advance(ctx, n, (*column).fill); err != nil {
		return 0, err
	}
	r.next += int64(n)
	return n, nil
}

// enter opens the stripe that holds the next row, and skips the rows before it.
func (r *Rows) enter(ctx context.Context) error {
	stripes := r.file.stripes
	for stripes[r.stripe].Rows == 0 {
		r.stripe++
	}
	st := stripes[r.stripe]
	if err := r.file.readParts(r.stripe, r.parts); err != nil {
		return located(err, "read stripe footer", r.stripe, "", -1)
	}
	r.budget = int64(r.file.opts.Limits.DictionaryBytes)
	r.root.reset(r.parts[0].spans[streamPresent])
	for _, c := range r.columns {
		if err := c.open(ctx, r.parts[c.id]); err != nil {
			return located(err, "open column", r.stripe, c.field.Name, -1)
		}
	}
	r.left = st.Rows
	for before := r.next - st.First; before > 0; {
		n := int(min(before, int64(r.file.opts.BatchRows)))
		if err := r.advance(ctx, n, (*column).skip); err != nil {
			return err
		}
		before -= int64(n)
	}
	return nil
}

// advance moves all columns on by n rows of the current stripe.
func (r *Rows) advance(ctx context.Context, n int, step func(c *column, n int, parent []bool) error) error {
	row := r.file.stripes[r.stripe].First + r.file.stripes[r.stripe].Rows - r.left
	if err := ctx.Err(); err != nil {
		return located(err, "read rows", r.stripe, "", row)
	}
	parent, err := r.absentRows(n)
	if err != nil {
		return located(err, "decode", r.stripe, "", row)
	}
	for _, c := range r.columns {
		if err := step(c, n, parent); err != nil {
			return located(err, "decode", r.stripe, c.field.Name, row)
		}
	}
	if r.left -= int64(n); r.left > 0 {
		return nil
	}
	// What is left over in a stream now shows that something before was read wrong, or is damaged.
	for _, c := range r.columns {
		if err := c.finished(); err != nil {
			return located(err, "decode", r.stripe, c.field.Name, row)
		}
	}
	r.stripe++
	return nil
}

// absentRows tells which of the next n rows are null as a whole, or nil if none is.
func (r *Rows) absentRows(n int) ([]bool, error) {
	if !r.root.has {
		return nil, nil
	}
	r.absent = vector.Resize(r.absent, n)
	present, err := r.root.read(r.absent, nil)
	if err != nil || present == n {
		return nil, err
	}
	return r.absent, nil
}
