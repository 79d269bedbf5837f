package checkpoint

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/klauspost/compress/gzip"
)

// Line is one result line.
type Line struct {
	Segment int    // index
	Data    []byte // without line end; valid until the next line is asked for
}

// readAhead is how many result files are fetched and unpacked ahead of the one
// that is read, so that a store's latency is waited for once for all of them
// (bench/README.md). A file has 8 MiB of lines and those of one flush at most, of
// which the largest known have 4 MiB.
const readAhead = 8

// Results returns the result lines that count: by segment, first those of rows
// that failed, then the others, each in the order in which they were logged.
// Where lines are lost it returns an error for that file and goes on with the
// next one if asked to.
func (s *Snapshot) Results(ctx context.Context) iter.Seq2[Line, error] {
	return s.results(ctx, s.parts, false)
}

// ResultsOf is Results for one segment, none where nothing is known of it.
func (s *Snapshot) ResultsOf(ctx context.Context, index int) iter.Seq2[Line, error] {
	i, ok := s.find(index)
	if !ok {
		return func(func(Line, error) bool) {}
	}
	return s.results(ctx, s.parts[i:i+1], false)
}

// Failures returns the lines of rows that failed when they were logged, of the
// segments that have any that failed still. It reads as little else as it can: a
// job of format 1 did not keep them apart.
func (s *Snapshot) Failures(ctx context.Context) iter.Seq2[Line, error] {
	return s.results(ctx, s.parts, true)
}

func (s *Snapshot) results(ctx context.Context, parts []part, failures bool) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		jobs := make(chan chan lineFile, readAhead) // in order; what is sent into each comes when it is read
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer close(jobs)
			s.fetch(ctx, parts, failures, jobs)
		}()
		defer func() { <-done }()
		defer stop()
		buf := make([]byte, 64<<10)
		more := true
		for job := range jobs {
			f := <-job
			if more {
				more = f.lines(ctx, buf, yield)
			}
			if f.body != nil {
				f.body.Close()
			}
			if !more {
				stop() // what was fetched ahead is thrown away
			}
		}
	}
}

// lineFile is a file of lines, or the tail of a state, as it was read.
type lineFile struct {
	index int
	name  string
	body  io.ReadCloser // nil after an error
	limit int64         // bytes of lines; math.MaxInt64 where the file counts as a whole
	err   error
}

// fetch reads the files of all segments, several at once, and sends them in order.
func (s *Snapshot) fetch(ctx context.Context, parts []part, failures bool, jobs chan<- chan lineFile) {
	send := func(read func() lineFile) bool {
		job := make(chan lineFile, 1)
		select {
		case jobs <- job:
		case <-ctx.Done():
			return false
		}
		go func() { job <- read() }() // ends with ctx, or when it was read
		return true
	}
	for state := range s.states(ctx, parts, failures) {
		found := <-state
		list := []func() lineFile{func() lineFile { return lineFile{index: found.index, name: stateFolder, err: found.err} }}
		if found.err == nil {
			list = s.filesOf(ctx, found.state, failures)
		}
		for _, read := range list {
			if !send(read) {
				return // states ends with ctx
			}
		}
	}
}

// lineState is the state of a segment with lines, as it was read.
type lineState struct {
	index int
	state *state
	err   error
}

// states reads the states of the segments that have lines, several at once, and
// sends them in order. It ends with ctx.
func (s *Snapshot) states(ctx context.Context, parts []part, failures bool) <-chan chan lineState {
	jobs := make(chan chan lineState, readers)
	go func() {
		defer close(jobs)
		for i := range parts {
			p := &parts[i]
			if !p.lines || failures && p.failed == 0 {
				continue
			}
			job := make(chan lineState, 1)
			select {
			case jobs <- job:
			case <-ctx.Done():
				return
			}
			go func() {
				state, _, err := loadCopies(ctx, s.store, p.index)
				if err == nil && state == nil {
					err = errors.New("the state is gone")
				}
				job <- lineState{p.index, state, err}
			}()
		}
	}()
	return jobs
}

// filesOf lists how to read the lines of a segment.
func (s *Snapshot) filesOf(ctx context.Context, state *state, failures bool) (list []func() lineFile) {
	for number := uint32(1); number <= state.plain && number != 0; number++ {
		f := lineFile{index: state.index, name: plainName(state.index, number), limit: math.MaxInt64}
		if number == state.plain {
			f.limit = state.length // only the last one may go on behind what counts
		}
		list = append(list, func() lineFile {
			f.body, f.err = s.store.Open(ctx, f.name)
			return f
		})
	}
	kinds := []int{streamFailed, streamSettled}
	if failures {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		t := &state.lines[kind]
		for _, ref := range t.files {
			f := lineFile{index: state.index, name: resultName(state.index, kind, ref), limit: ref.raw}
			list = append(list, func() lineFile {
				body, err := s.store.Open(ctx, f.name)
				if err != nil {
					f.err = err
					return f
				}
				defer body.Close()
				f.body, f.err = unpack(body, ref.raw)
				return f
			})
		}
		if len(t.tail) > 0 {
			f := lineFile{index: state.index, name: stateFolder, limit: t.raw}
			list = append(list, func() lineFile {
				f.body, f.err = unpack(bytes.NewReader(t.tail), t.raw)
				return f
			})
		}
	}
	return list
}

// unpack reads packed lines of raw bytes. Where there are fewer, or they are
// damaged, what there is is returned.
func unpack(packed io.Reader, raw int64) (io.ReadCloser, error) {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return io.NopCloser(bytes.NewReader(nil)), err
	}
	var b bytes.Buffer
	b.Grow(int(min(raw, 2*maxRaw)) + bytes.MinRead)
	_, err = io.Copy(&b, io.LimitReader(z, raw))
	return io.NopCloser(&b), err
}

// lines yields the lines of the file and returns whether more are wanted.
func (f *lineFile) lines(ctx context.Context, buf []byte, yield func(Line, error) bool) bool {
	fail := func(err error) bool {
		return yield(Line{Segment: f.index}, fmt.Errorf("read result lines of %s: %w", f.name, err))
	}
	if f.body == nil {
		return fail(f.err)
	}
	counted := &countingReader{r: io.LimitReader(f.body, f.limit)}
	scanner := bufio.NewScanner(counted)
	scanner.Buffer(buf, maxLine+1)
	scanner.Split(wholeLines)
	for scanner.Scan() {
		if err := ctx.Err(); err != nil {
			return yield(Line{Segment: f.index}, err)
		}
		if !yield(Line{Segment: f.index, Data: scanner.Bytes()}, nil) {
			return false
		}
	}
	if err := errors.Join(f.err, scanner.Err()); err != nil {
		return fail(err)
	}
	if f.limit != math.MaxInt64 && counted.n < f.limit {
		return yield(Line{Segment: f.index}, &ShortError{Name: f.name, Size: counted.n, Want: f.limit})
	}
	return true
}

var errCutLine = errors.New("the last line is cut off")

// wholeLines splits at line ends and accepts nothing behind the last one.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	advance, token, err = bufio.ScanLines(data, false)
	if atEOF && advance == 0 && len(data) > 0 && err == nil {
		return 0, nil, errCutLine
	}
	return advance, token, err
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
