package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// WaitFor has readings that begin after it wait out outages: a data file that is
// not to be had because its Source answers ErrUnanswered is asked for again until
// that has lasted for patience, which ends the reading with an *OutageError. Told, where
// it is not nil, is called when waiting for a file begins, from any goroutine.
func (r *Report) WaitFor(patience time.Duration, told func(name string, err error)) {
	r.spool.wait = waiting{patience, told}
}

// Read reads segments, several files at once, and yields their batches as they
// come: those of one segment in order, those of different ones interleaved, so
// that no single part of the bucket takes the whole stream. A segment that
// begins in the middle of a file is read from there.
//
// Every segment ends with one batch that has End or Err set. What is wrong with
// one file is in Batch.Err and does not touch the others. The error of the
// sequence is the end of it: that of ctx, a failure of this machine, such as a
// full disk, or an *OutageError (WaitFor). When the loop over the sequence ends, for whatever reason,
// everything that was started for it has ended, too.
func (r *Report) Read(ctx context.Context, segments []Segment) iter.Seq2[Batch, error] {
	return r.ReadColumns(ctx, segments, AllColumns)
}

// ReadColumns is Read of no more than the columns in want, with Bucket and Key: the others
// are not decoded, and unknown in Records.
func (r *Report) ReadColumns(ctx context.Context, segments []Segment, want Columns) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		rd := &reading{report: r, segments: segments, out: make(chan delivery), fatal: make(chan error, 1)}
		rd.columns = r.opts.Columns & want.With(ColBucket).With(ColKey)
		rd.files = make(map[int]*sharedFile)
		for _, s := range segments {
			if rd.files[s.File] == nil {
				rd.files[s.File] = &sharedFile{}
			}
			rd.files[s.File].users++
		}
		var wg sync.WaitGroup
		defer rd.releaseAll()
		defer wg.Wait()
		defer cancel()
		for range min(r.opts.openFiles(r.manifest.Format), len(segments)) {
			wg.Go(func() { rd.work(ctx) })
		}
		for done := 0; done < len(segments); {
			select {
			case <-ctx.Done():
				yield(Batch{}, context.Cause(ctx))
				return
			case err := <-rd.fatal:
				yield(Batch{}, err)
				return
			case d := <-rd.out:
				if d.batch.End || d.batch.Err != nil {
					done++
				}
				if !yield(d.batch, nil) {
					return
				}
				if d.back != nil {
					d.back <- d.batch.Records[:0] // has room for all there are
				}
			}
		}
	}
}

// delivery is a batch on its way to the consumer, and the way back for the
// memory of its records.
type delivery struct {
	batch Batch
	back  chan<- []Record
}

// reading is one run of Report.Read.
type reading struct {
	report   *Report
	segments []Segment
	columns  Columns
	next     atomic.Int64 // index of the next segment that nobody has begun
	out      chan delivery
	fatal    chan error // has room for the first one
	files    map[int]*sharedFile
}

// sharedFile is a data file that one or more segments are cut from; it is
// fetched once.
type sharedFile struct {
	mu    sync.Mutex
	users int
	file  *spooled
	err   error
}

// work reads one segment after the other until there are no more.
func (rd *reading) work(ctx context.Context) {
	free := make(chan []Record, 2) // one batch is filled while the other is looked at
	for range cap(free) {
		free <- make([]Record, 0, rd.report.opts.BatchRows)
	}
	for {
		i := int(rd.next.Add(1) - 1)
		if i >= len(rd.segments) || ctx.Err() != nil {
			return
		}
		last := Batch{Segment: i}
		rows, err := rd.segment(ctx, i, free)
		if ctx.Err() != nil {
			return
		}
		if endsReading(err) {
			select {
			case rd.fatal <- fmt.Errorf("read inventory: %w", err):
			default: // another one was first
			}
			return
		}
		if err != nil {
			last.Err = rd.report.fileError(rd.segments[i], err)
		} else {
			last.End, last.Rows = true, rows
		}
		select {
		case rd.out <- delivery{batch: last}:
		case <-ctx.Done():
			return
		}
	}
}

// segment reads segment i and returns the number of its rows.
func (rd *reading) segment(ctx context.Context, i int, free chan []Record) (rows int64, err error) {
	at := int64(-1)
	var recs []Record // taken from free and not yet given away
	defer func() {
		// The decoders of foreign formats are known to panic on damaged files,
		// and one damaged file must not end the run.
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		if recs != nil {
			free <- recs[:0] // has room for all there are
		}
		if err != nil && at >= 0 {
			err = &rowError{row: at, err: err}
		}
	}()
	seg := rd.segments[i]
	file, err := rd.open(ctx, seg.File)
	defer rd.release(seg.File)
	if err != nil {
		return 0, err
	}
	dec, err := rd.report.decoder(ctx, file, seg, rd.columns)
	if err != nil {
		return 0, err
	}
	defer dec.close()
	for {
		at = dec.row()
		select {
		case recs = <-free:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		recs = recs[:cap(recs)]
		if left := seg.Last - at; left < int64(len(recs)) {
			recs = recs[:max(0, left+1)]
		}
		n, err := dec.read(recs)
		at = dec.row()
		if file.changed != nil {
			if err := file.changed(); err != nil {
				return 0, err
			}
		}
		if n > 0 {
			if err := rd.report.repeated(seg.File); err != nil {
				at = -1 // no row of it is wrong
				return 0, err
			}
		}
		for j := range n {
			recs[j].Pos.File = seg.File
		}
		if n == 0 {
			free <- recs[:0]
			recs = nil
		} else {
			select {
			case rd.out <- delivery{Batch{Segment: i, Records: recs[:n]}, free}:
				recs = nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		switch more, err := seg.goesOn(at, err); {
		case err != nil:
			return 0, err
		case !more:
			return at - seg.First, nil
		}
	}
}

// goesOn tells whether rows are left from row at on, after a read that ended in err. A
// file that ends too early is an error.
func (s *Segment) goesOn(at int64, err error) (more bool, failed error) {
	switch {
	case err == nil:
		return at <= s.Last, nil
	case err != io.EOF:
		return false, err
	case s.Last != OpenEnd && at <= s.Last:
		return false, fmt.Errorf("ends before row %d: %w", s.Last+1, io.ErrUnexpectedEOF)
	}
	return false, nil
}

// open fetches a data file, or takes the one that another segment fetched.
func (rd *reading) open(ctx context.Context, file int) (*spooled, error) {
	s := rd.files[file]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil && s.err == nil {
		if file < 0 || file >= len(rd.report.manifest.Files) {
			return nil, fmt.Errorf("the manifest has no data file %d", file)
		}
		f := rd.report.manifest.Files[file]
		name, err := rd.report.locate(f)
		if err != nil {
			s.err = &unavailableError{err}
		} else {
			s.file, s.err = rd.report.spool.fetch(ctx, f, name)
		}
	}
	return s.file, s.err
}

// releaseAll lets go of what segments that were not read any more had open.
func (rd *reading) releaseAll() {
	for _, s := range rd.files {
		if s.file != nil {
			s.file.close()
			s.file = nil
		}
	}
}

// release lets go of a data file after the last segment.
func (rd *reading) release(file int) {
	s := rd.files[file]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	if s.users == 0 && s.file != nil {
		s.file.close()
		s.file = nil
	}
}

// decoder returns a reader for some columns of the rows of seg in its data file.
func (r *Report) decoder(ctx context.Context, file *spooled, seg Segment, columns Columns) (rowReader, error) {
	if seg.First < 0 || seg.First > seg.Last {
		return nil, fmt.Errorf("rows %d to %d are no segment", seg.First+1, seg.Last+1)
	}
	given := r.given[seg.File]
	switch r.manifest.Format {
	case ORC, Parquet:
		of := columnarRead{r.manifest.Format, file.size, seg, r.manifest.Files[seg.File], r.removed.from(seg.File)}
		opts := r.opts.with(given)
		opts.Columns = columns
		c, err := newColumnarReader(ctx, file, of, opts)
		if err != nil {
			return nil, err
		}
		return r.opts.withValues(c, given), nil
	case CSV, List, BatchReport:
		c, err := newCSVReader(ctx, io.NewSectionReader(file, 0, file.size), r.shape.with(given), columns)
		if err != nil {
			return nil, err
		}
		if err := c.skip(seg.First); err != nil {
			c.close()
			return nil, err
		}
		return r.opts.withValues(c, given), nil
	}
	return nil, &FormatError{Format: string(r.manifest.Format)}
}

// fileError says what happened to which file, and where in it.
func (r *Report) fileError(s Segment, err error) *FileError {
	e := &FileError{File: s.File, Row: -1, Err: err}
	if s.File >= 0 && s.File < len(r.manifest.Files) {
		e.Name = r.manifest.Files[s.File].Key
	}
	if re := (*rowError)(nil); errors.As(err, &re) {
		e.Row, e.Err = re.row, re.err
	}
	if ue := (*unavailableError)(nil); errors.As(err, &ue) || errors.Is(err, ErrChanged) {
		e.Unavailable = true
	}
	return e
}
