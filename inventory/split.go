package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"reseal/internal/wait"
)

// pieces says where a data file can be cut.
type pieces struct {
	firsts []int64 // first rows of row groups or stripes; nil where it cannot be cut
	rows   int64   // -1 where unknown
}

// Split is Segments with large ORC and Parquet files cut between stripes or row
// groups, into pieces of at most maxRows rows where the file allows it. It reads
// the ends of the data files. The same report and maxRows give the same
// segments. A file whose footer is damaged, or that is not there, is one segment,
// and reading it says what is wrong; one that cannot be fetched now, and perhaps
// later, is an error.
func (r *Report) Split(ctx context.Context, maxRows int64) ([]Segment, error) {
	if maxRows <= 0 || r.manifest.Format != ORC && r.manifest.Format != Parquet {
		return r.Segments(ctx)
	}
	files, err := r.footers(ctx)
	if err != nil {
		return nil, err
	}
	var segs []Segment
	for i, p := range files {
		segs = appendSegments(segs, i, p, maxRows)
	}
	return segs, nil
}

// appendSegments cuts file i. The last piece of a file is open at its end, so
// that a file that was not cut looks the same with and without a footer.
func appendSegments(segs []Segment, file int, p pieces, maxRows int64) []Segment {
	first := int64(0)
	for k, at := range p.firsts {
		end := p.rows
		if k+1 < len(p.firsts) {
			end = p.firsts[k+1]
		}
		if at > first && end > at && end-first > maxRows {
			segs = append(segs, Segment{File: file, First: first, Last: at - 1})
			first = at
		}
	}
	return append(segs, Segment{File: file, First: first, Last: OpenEnd})
}

// Rows returns the number of rows of the report as the footers of its data
// files tell it; -1 for formats that have none, or where one is damaged.
func (r *Report) Rows(ctx context.Context) (int64, error) {
	if r.manifest.Format != ORC && r.manifest.Format != Parquet {
		if len(r.manifest.Files) == 0 {
			return 0, nil
		}
		return -1, nil
	}
	files, err := r.footers(ctx)
	if err != nil {
		return -1, err
	}
	var n int64
	for i, p := range files {
		if p.rows < 0 || p.rows > 0 && r.repeated(i) != nil {
			return -1, nil
		}
		n += p.rows
	}
	return n, nil
}

// footers reads the footers of all data files, several at once.
func (r *Report) footers(ctx context.Context) ([]pieces, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := make([]pieces, len(r.manifest.Files))
	var next atomic.Int64
	var once sync.Once
	var first error
	var wg sync.WaitGroup
	for range min(8, len(out)) { // requests, not work: more than the processors
		wg.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				if i >= len(out) {
					return
				}
				var err error
				if out[i], err = r.footer(ctx, i); err != nil {
					once.Do(func() { first = err })
					cancel()
					return
				}
			}
		})
	}
	wg.Wait()
	return out, first
}

// footer reads the footer of data file i. Damage is no error.
func (r *Report) footer(ctx context.Context, i int) (p pieces, err error) {
	f := r.manifest.Files[i]
	whole := pieces{rows: -1}
	defer func() {
		if v := recover(); v != nil {
			p, err = whole, nil
		}
	}()
	ra := &rangeReader{ctx: ctx, src: r.spool.src, size: f.Size, etag: f.ETag}
	defer ra.close()
	if ra.name, err = r.locate(f); err != nil {
		return r.absent(i, err)
	}
	if _, err = ra.ReadAt(nil, f.Size); ra.failed != nil { // got no end of the file
		if kept := r.spool.kept(f); kept != nil {
			ra.close()
			ra.file, ra.failed = kept, nil
		}
	}
	file, err := openColumnar(r.manifest.Format, ra, f.Size, r.opts)
	switch {
	case ctx.Err() != nil:
		return whole, ctx.Err()
	case errors.As(err, new(*SizeError)): // reading the file will say so
		return whole, nil
	case ra.failed != nil:
		return r.absent(i, ra.failed)
	case err != nil:
		return whole, nil
	}
	return pieces{file.firsts(), file.NumRows()}, nil
}

// absent is what is known of data file i where it could not be had: that it is
// whole, if it is not there at all, and else nothing.
func (r *Report) absent(i int, err error) (pieces, error) {
	if errors.Is(err, fs.ErrNotExist) {
		return pieces{rows: -1}, nil
	}
	return pieces{}, &FileError{File: i, Name: r.manifest.Files[i].Key, Row: -1, Unavailable: true, Err: err}
}

// tailBytes is read at once from the end of a file: the footers of most files
// fit in it.
const tailBytes = 64 << 10

// rangeReader reads parts of an object with one request each.
type rangeReader struct {
	ctx    context.Context
	src    Source
	name   string
	size   int64
	etag   string
	tail   []byte // the last bytes, once read
	file   *os.File
	failed error // the first error of the source
}

func (r *rangeReader) close() {
	if r.file != nil {
		r.file.Close()
	}
}

func (r *rangeReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > r.size {
		return 0, fmt.Errorf("read at %d of %d bytes", off, r.size)
	}
	if r.file != nil {
		return r.file.ReadAt(p, off)
	}
	if r.tail == nil {
		from := max(0, r.size-tailBytes)
		tail := make([]byte, r.size-from)
		n, err := r.get(tail, from)
		if err != nil {
			return 0, err
		}
		r.tail = tail[:n]
		if r.file != nil {
			return r.file.ReadAt(p, off)
		}
	}
	if from := r.size - int64(len(r.tail)); off >= from {
		n := copy(p, r.tail[off-from:])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	return r.get(p, off)
}

// get fills p from off on, trying again a few times.
func (r *rangeReader) get(p []byte, off int64) (n int, err error) {
	for try := 0; ; try++ {
		if n, err = r.getOnce(p, off); err == nil {
			return n, nil
		}
		if try == spoolRetries || final(err) || r.ctx.Err() != nil {
			r.failed = err
			return 0, err
		}
		if err := wait.For(r.ctx, firstBackoff<<try); err != nil {
			return 0, err
		}
	}
}

func (r *rangeReader) getOnce(p []byte, off int64) (int, error) {
	body, info, err := r.src.Open(r.ctx, r.name, off, r.etag)
	if err != nil {
		return 0, err
	}
	if file, ok := body.(*os.File); ok {
		r.file = file
		if info.Size != r.size {
			return 0, &SizeError{Want: r.size, Got: info.Size}
		}
		n, err := file.ReadAt(p, off)
		if errors.Is(err, io.EOF) && n == len(p) {
			err = nil
		}
		return n, err
	}
	defer body.Close()
	if info.Size >= 0 && info.Size != r.size {
		return 0, &SizeError{Want: r.size, Got: info.Size}
	}
	r.etag = cmp.Or(r.etag, info.ETag)
	return io.ReadFull(&contextReader{r.ctx, body}, p)
}
