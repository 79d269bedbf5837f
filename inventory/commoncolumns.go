package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
)

// A column counts as one of a result only if all files have it: what a plan says of it
// must not depend on which file is the first. So all files are asked for their columns,
// by their first lines or footers: in a bucket mostAsked of them, spread over all.
const (
	mostAsked = 256
	askedOnce = 16 // at once
)

// keepCommon takes the columns off the manifest that some file with rows has not, and
// says which, with names of such files.
func (r *Report) keepCommon(ctx context.Context) error {
	files := r.filesToAsk()
	sets := make([]Columns, len(files))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(askedOnce, len(files)) {
		workers.Go(func() {
			for i := int(next.Add(1) - 1); i < len(files) && ctx.Err() == nil; i = int(next.Add(1) - 1) {
				sets[i] = r.columnsOfFile(ctx, files[i])
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var some Columns
	all := AllColumns
	for _, set := range sets {
		if set != 0 {
			some, all = some|set, all&set
		}
	}
	lacked := (some | r.manifest.Columns).Without(all) // a table may say that it has some that no file has
	if lacked == 0 {
		return nil
	}
	r.manifest.Columns &^= lacked
	r.warnings = append(r.warnings, r.lackNote(files, sets, lacked))
	return nil
}

// filesToAsk are indexes of data files, in order.
func (r *Report) filesToAsk() (files []int) {
	n := len(r.manifest.Files)
	asked := min(n, mostAsked)
	if _, local := r.spool.src.(*Local); local { // all were read for their MD5
		asked = n
	}
	for i := range asked {
		files = append(files, i*(n-1)/max(asked-1, 1))
	}
	return files
}

// lackNote says which columns not all files have, and which files have them not.
func (r *Report) lackNote(files []int, sets []Columns, lacked Columns) error {
	const named = 5
	var names []string
	without := 0
	for i, set := range sets {
		if set == 0 || lacked.Without(set) == 0 {
			continue
		}
		if without++; len(names) < named {
			names = append(names, fmt.Sprintf("%.60q", r.manifest.Files[files[i]].Key))
		}
	}
	more := ""
	if without > len(names) {
		more = ", ..."
	}
	asked := ""
	if len(files) < len(r.manifest.Files) {
		asked = fmt.Sprintf(" of %d that were asked,", len(files))
	}
	return fmt.Errorf("not all files have the columns %s, so they count as missing: %d of %d files,%s lack some of them (%s%s)",
		strings.Join(lacked.Names(), ", "), without, len(r.manifest.Files), asked, strings.Join(names, ", "), more)
}

// columnsOfFile returns the columns that a data file has, 0 where it has no rows, or cannot
// be read: that is told when its rows are.
func (r *Report) columnsOfFile(ctx context.Context, file int) (set Columns) {
	defer func() {
		if recover() != nil { // decoders are known to panic on damaged files
			set = 0
		}
	}()
	f := r.manifest.Files[file]
	given := r.given[file]
	opts := r.opts.with(given)
	if r.manifest.Format == CSV {
		body, _, err := r.spool.src.Open(ctx, f.Key, 0, f.ETag)
		if err != nil {
			return 0
		}
		defer body.Close()
		shape := r.shape.with(given)
		c, err := newCSVReader(ctx, &contextReader{ctx, body}, shape, AllColumns)
		if err != nil {
			return 0
		}
		defer c.close()
		if _, err := c.record(); err != nil {
			return 0
		}
		set = columnsIn(c.shape.layout)
	} else {
		c, err := openColumnar(r.manifest.Format, &objectReader{ctx, r.spool.src, f}, f.Size, opts)
		if err != nil || c.NumRows() == 0 {
			return 0
		}
		fields := c.fields()
		if err := opts.mapping.identify(fields); err != nil {
			return 0
		}
		for _, field := range fields {
			if col, ok := opts.mapping.column(field); ok {
				set = set.With(col)
			}
		}
	}
	return set | opts.mapping.unneeded()
}

// columnsIn is the set of the columns of a layout.
func columnsIn(layout []Column) (set Columns) {
	for _, col := range layout {
		if col < numColumns {
			set = set.With(col)
		}
	}
	return set
}

// objectReader reads parts of an object, each by a request of its own.
type objectReader struct {
	ctx  context.Context
	src  Source
	file File
}

func (o *objectReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= o.file.Size {
		return 0, io.EOF
	}
	body, _, err := o.src.Open(o.ctx, o.file.Key, off, o.file.ETag)
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(&contextReader{o.ctx, body}, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, errors.Join(err, body.Close())
}
