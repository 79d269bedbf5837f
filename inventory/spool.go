package inventory

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync/atomic"
	"time"

	"reseal/internal/outfile"
	"reseal/internal/wait"
)

// memorySpool is the size of a data file up to which it is held in memory, if
// the budget has room.
const memorySpool = 32 << 20

// Reading a data file is taken up again this often without progress in
// between, waiting firstBackoff and then twice as long each time.
const (
	spoolRetries = 6
	firstBackoff = 250 * time.Millisecond
	progress     = 1 << 20 // bytes that count as progress

	lastBackoff = 15 * time.Second // while a place does not answer, as often as a run asks its endpoint
)

// spool fetches data files whole and checks them before a row of them counts.
// Safe for concurrent use.
type spool struct {
	src     Source
	tempDir string
	keepDir string
	room    atomic.Int64 // bytes of memory left for data files
	wait    waiting
}

// waiting is how an outage of the place that data files are in is met.
type waiting struct {
	patience time.Duration                // how long it is waited for; 0 counts each try like any other
	told     func(name string, err error) // where not nil: is told when waiting for a file begins
}

// spooled is a data file whose bytes were found to be the promised ones.
type spooled struct {
	io.ReaderAt
	size    int64
	closer  func()
	changed func() error // tells whether a file read in place is still the one that was checked
}

func (s *spooled) close() {
	if s.closer != nil {
		s.closer()
	}
}

// localError is a failure of the machine that reads, not of the file read:
// a full disk, say. It ends the whole reading.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// OutageError says that the place of the report did not answer for as long as it was
// to be waited for. It says nothing of the file that was asked for, and ends the
// whole reading: the next file would be waited for in vain, too.
type OutageError struct {
	Name   string // of the file that was asked for
	Waited time.Duration
	Err    error // of the last try
}

// Error names the file, and for how long it was asked for.
func (e *OutageError) Error() string {
	return fmt.Sprintf("the report could not be read: its file %s could not be had for %s: %v", e.Name, e.Waited, e.Err)
}

// Unwrap returns the cause.
func (e *OutageError) Unwrap() error { return e.Err }

// endsReading tells whether err is no matter of the file that was read: no other
// could be read either.
func endsReading(err error) bool {
	var (
		local  *localError
		outage *OutageError
	)
	return errors.As(err, &local) || errors.As(err, &outage)
}

// unavailableError is a failure to get at the bytes, as opposed to wrong bytes.
type unavailableError struct{ err error }

func (e *unavailableError) Error() string { return e.err.Error() }
func (e *unavailableError) Unwrap() error { return e.err }

// fetch reads the object called name, which must be the data file f.
func (s *spool) fetch(ctx context.Context, f File, name string) (*spooled, error) {
	if s.keepDir == "" || f.MD5 == "" {
		return s.download(ctx, f, name)
	}
	kept := filepath.Join(s.keepDir, f.KeptName())
	if file, err := os.Open(kept); err == nil {
		sp, err := inPlace(ctx, file, f)
		if err == nil {
			return sp, nil
		}
		file.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if err := s.keep(ctx, f, name, kept); err != nil {
		return nil, err
	}
	file, err := os.Open(kept)
	if err != nil {
		return nil, &localError{err}
	}
	sp, err := inPlace(ctx, file, f)
	if err != nil {
		file.Close()
		return nil, &localError{fmt.Errorf("read back %s: %w", kept, err)}
	}
	return sp, nil
}

// keep downloads f to the file called kept, which appears only when complete.
func (s *spool) keep(ctx context.Context, f File, name, kept string) error {
	if err := os.MkdirAll(s.keepDir, 0o700); err != nil {
		return &localError{err}
	}
	var download error
	err := outfile.Write(ctx, kept, func(w io.Writer) error {
		download = s.copy(ctx, w, f, name)
		return download
	})
	if err != nil && download == nil {
		return &localError{err}
	}
	return cmp.Or(download, err)
}

// KeptName is the name of a data file with an MD5 in a folder of kept ones.
func (f File) KeptName() string { return f.MD5 + path.Ext(safeName(f.Key)) }

// kept opens a data file where it is kept; nil where it is not. Its bytes are not
// verified.
func (s *spool) kept(f File) *os.File {
	if s.keepDir == "" || f.MD5 == "" {
		return nil
	}
	file, err := os.Open(filepath.Join(s.keepDir, f.KeptName()))
	if err != nil {
		return nil
	}
	return file
}

// head reads the first bytes of a data file, limit at most, where it is kept or
// else at name. They are not verified.
func (s *spool) head(ctx context.Context, f File, name string, limit int64) ([]byte, error) {
	if file := s.kept(f); file != nil {
		defer file.Close()
		return io.ReadAll(io.LimitReader(&contextReader{ctx, file}, limit))
	}
	return readHead(ctx, s.src, name, limit)
}

// safeName keeps of an object key only what is harmless in a file name.
func safeName(key string) string {
	b := []byte(path.Base(key))
	for i, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '-' {
			b[i] = '_'
		}
	}
	return string(b[max(0, len(b)-64):])
}

// download puts f into memory or a temporary file, or leaves it in place where
// the source hands out files.
func (s *spool) download(ctx context.Context, f File, name string) (*spooled, error) {
	body, info, err := s.src.Open(ctx, name, 0, f.ETag)
	if err != nil && final(err) {
		return nil, openError(ctx, err)
	}
	if err == nil {
		if file, ok := body.(*os.File); ok {
			sp, err := inPlace(ctx, file, f)
			if err != nil {
				file.Close()
			}
			return sp, err
		}
		if f.Size >= 0 && info.Size >= 0 && info.Size != f.Size {
			body.Close()
			return nil, &SizeError{Want: f.Size, Got: info.Size}
		}
	}
	d := &download{src: s.src, wait: s.wait, file: f, name: name, body: body, etag: cmp.Or(f.ETag, info.ETag), size: info.Size, err: err}
	defer d.close()
	if f.Size >= 0 && f.Size <= memorySpool && s.take(f.Size) {
		var buf bytes.Buffer
		buf.Grow(int(f.Size))
		if err := d.copyTo(ctx, &buf); err != nil {
			s.room.Add(f.Size)
			return nil, err
		}
		return &spooled{ReaderAt: bytes.NewReader(buf.Bytes()), size: f.Size, closer: func() { s.room.Add(f.Size) }}, nil
	}
	temp, err := os.CreateTemp(s.tempDir, "reseal-*") // mode 0600
	if err != nil {
		return nil, &localError{err}
	}
	// A file without a name goes away with the process, however that ends.
	// Where the system does not allow it, it is removed after use.
	unlinked := os.Remove(temp.Name()) == nil
	closer := func() {
		temp.Close()
		if !unlinked {
			os.Remove(temp.Name())
		}
	}
	if err := d.copyTo(ctx, temp); err != nil {
		closer()
		return nil, err
	}
	return &spooled{ReaderAt: temp, size: d.n, closer: closer}, nil
}

// take reserves n bytes of memory, if there are as many.
func (s *spool) take(n int64) bool {
	if s.room.Add(-n) >= 0 {
		return true
	}
	s.room.Add(n)
	return false
}

// copy downloads f to w and checks it.
func (s *spool) copy(ctx context.Context, w io.Writer, f File, name string) error {
	d := &download{src: s.src, wait: s.wait, file: f, name: name}
	defer d.close()
	return d.copyTo(ctx, w)
}

// inPlace checks a file of the file system and reads it where it is. The open
// file stays the same one when another is put in its place; that it was written
// into is noticed by its time of change.
func inPlace(ctx context.Context, file *os.File, f File) (*spooled, error) {
	before, err := file.Stat()
	if err != nil {
		return nil, &unavailableError{err}
	}
	if f.Size >= 0 && before.Size() != f.Size {
		return nil, &SizeError{Want: f.Size, Got: before.Size()}
	}
	if f.MD5 != "" {
		h := md5.New()
		r := io.NewSectionReader(file, 0, before.Size())
		if _, err := io.CopyBuffer(onlyWriter{h}, &contextReader{ctx, r}, make([]byte, 256<<10)); err != nil {
			return nil, &unavailableError{err}
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != f.MD5 {
			return nil, &ChecksumError{Want: f.MD5, Got: got}
		}
	}
	changed := func() error {
		if now, err := file.Stat(); err != nil || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
			return ErrChanged
		}
		return nil
	}
	return &spooled{ReaderAt: file, size: before.Size(), closer: func() { file.Close() }, changed: changed}, changed()
}

// onlyWriter hides other methods of a writer, so that copies go through the
// buffer they were given.
type onlyWriter struct{ io.Writer }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// download is the reading of one object through broken connections.
type download struct {
	src  Source
	wait waiting
	file File
	name string

	body io.ReadCloser // nil where it has to be opened
	etag string
	size int64 // of the object, as the source says; -1 where it does not
	err  error // of the last attempt
	n    int64 // bytes got
	sum  hash.Hash

	silent time.Time // since when the place does not answer; zero while it does
	asked  int       // how often in that time
}

func (d *download) close() {
	if d.body != nil {
		d.body.Close()
		d.body = nil
	}
}

// copyTo writes the object to w and checks size and MD5.
func (d *download) copyTo(ctx context.Context, w io.Writer) error {
	d.sum = md5.New()
	buf := make([]byte, 256<<10)
	for tries, mark := 0, int64(0); ; {
		if d.err == nil {
			d.err = d.attempt(ctx, w, buf)
			if d.err == nil {
				break
			}
			d.close()
		}
		if le := (*localError)(nil); errors.As(d.err, &le) {
			return d.err
		}
		if se := (*SizeError)(nil); errors.As(d.err, &se) {
			return d.err // wrong bytes, not missing ones
		}
		if d.n >= mark+progress {
			tries, mark = 0, d.n
		}
		if final(d.err) || ctx.Err() != nil {
			return openError(ctx, d.err)
		}
		pause, outage := d.outage()
		switch {
		case outage && pause == 0:
			return &OutageError{Name: d.name, Waited: d.wait.patience, Err: d.err}
		case !outage && tries == spoolRetries:
			return openError(ctx, d.err)
		case !outage:
			pause = firstBackoff << tries
			tries++
		}
		if err := wait.For(ctx, pause); err != nil {
			return err
		}
		d.err = nil
	}
	if d.file.Size >= 0 && d.n != d.file.Size {
		return &SizeError{Want: d.file.Size, Got: d.n}
	}
	if got := hex.EncodeToString(d.sum.Sum(nil)); d.file.MD5 != "" && got != d.file.MD5 {
		return &ChecksumError{Want: d.file.MD5, Got: got}
	}
	return nil
}

// outage tells whether the last attempt failed because nobody would get an answer
// now, and how long to pause before the next; 0 where that has lasted too long.
func (d *download) outage() (pause time.Duration, outage bool) {
	if d.wait.patience <= 0 || !errors.Is(d.err, ErrUnanswered) {
		d.silent, d.asked = time.Time{}, 0
		return 0, false
	}
	if d.silent.IsZero() {
		d.silent = time.Now()
		if d.wait.told != nil {
			d.wait.told(d.name, d.err)
		}
	}
	left := d.wait.patience - time.Since(d.silent)
	pause = min(firstBackoff<<min(d.asked, spoolRetries), lastBackoff, max(left, 0))
	d.asked++
	return pause, true
}

// attempt reads on from byte d.n to the end of the object.
func (d *download) attempt(ctx context.Context, w io.Writer, buf []byte) error {
	if d.body == nil {
		body, info, err := d.src.Open(ctx, d.name, d.n, d.etag)
		if err != nil {
			return err
		}
		d.body, d.size = body, info.Size
		if d.etag == "" {
			d.etag = info.ETag
		} else if info.ETag != "" && info.ETag != d.etag {
			return ErrChanged
		}
		if d.file.Size >= 0 && info.Size >= 0 && info.Size != d.file.Size {
			return &SizeError{Want: d.file.Size, Got: info.Size}
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := d.body.Read(buf)
		if d.file.Size >= 0 && d.n+int64(n) > d.file.Size {
			return &SizeError{Want: d.file.Size, Got: d.n + int64(n)}
		}
		d.n += int64(n)
		d.sum.Write(buf[:n])
		if _, werr := w.Write(buf[:n]); werr != nil {
			return &localError{fmt.Errorf("spool: %w", werr)}
		}
		if err == io.EOF {
			// A connection may end early and look like the end.
			if want := max(d.size, d.file.Size); d.n < want {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// final tells whether trying again cannot help.
func final(err error) bool {
	if se := (*SizeError)(nil); errors.As(err, &se) {
		return true
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrInvalid) ||
		errors.Is(err, ErrChanged) || errors.Is(err, context.Canceled) || isPathError(err)
}

// isPathError tells whether err is the file system's, where nothing changes by waiting.
func isPathError(err error) bool {
	var pe *fs.PathError
	return errors.As(err, &pe)
}

// openError turns the last error of a source into the one that is reported.
func openError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &unavailableError{err}
}
