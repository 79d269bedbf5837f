package inventory

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errReset = errors.New("connection reset")

func TestReadThroughBrokenConnections(t *testing.T) {
	for _, memoryLimit := range []int64{0, 1} { // in memory, in a temporary file
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			name := m.load(t, "good/csv")
			dir := t.TempDir()
			r := m.openReport(t, name, Options{Memory: memoryLimit, TempDir: dir})
			broke := map[string]int{}
			m.fault = func(name string, offset int64) (int, error) {
				if broke[name]++; broke[name]%4 == 0 {
					return -1, errReset
				}
				return 30_000, errReset
			}
			c := readReport(t, r)
			if got := len(c.all()); got != 3300 {
				t.Errorf("%d rows, want 3300: %v", got, c.errs)
			}
			var resumed int
			for _, o := range m.opened() {
				if !strings.HasSuffix(o, " 0") {
					resumed++
				}
			}
			if resumed < 8 {
				t.Errorf("resumed %d times: %v", resumed, m.opened())
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("temporary files left: %v, %v", left, err)
			}
		})
	}
}

// A file that cannot be had is told after a bounded number of tries; the others
// are read.
func TestReadUnavailable(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault error
		opens int
	}{
		{"broken", errReset, 1 + spoolRetries},
		{"denied", fs.ErrPermission, 1},
		{"missing", fs.ErrNotExist, 1},
		{"changed", ErrChanged, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 10), numbered("y", 10)), Options{})
			m.opens = nil
			m.fault = func(name string, offset int64) (int, error) {
				if name == "data/0.csv.gz" {
					return -1, tt.fault
				}
				return 0, nil
			}
			c := readReport(t, r)
			var fe *FileError
			if !errors.As(c.errs[0], &fe) || !errors.Is(fe, tt.fault) || !fe.Unavailable || fe.Name != "data/0.csv.gz" || fe.Row != -1 {
				t.Errorf("%s: %+v", tt.name, c.errs[0])
			}
			if c.errs[1] != nil || c.rows[1] != 10 {
				t.Errorf("%s: the other file has %d rows, %v", tt.name, c.rows[1], c.errs[1])
			}
			if got := len(m.opened()) - 1; got != tt.opens {
				t.Errorf("%s: opened %d times, want %d", tt.name, got, tt.opens)
			}
		})
	}
}

// While nobody gets an answer a file is waited for, as long as the reader was told
// to, in the middle of it as well; what the place then says of it counts again.
func TestReadWaitsForAnOutage(t *testing.T) {
	const patience = time.Hour
	for _, tt := range []struct {
		name     string
		offset   bool // it begins in the middle of the file
		outage   time.Duration
		patience time.Duration
		whole    bool
	}{
		{"at the beginning", false, patience - time.Minute, patience, true},
		{"in the middle", true, patience - time.Minute, patience, true},
		{"for too long", false, patience + time.Minute, patience, false},
		{"without patience", false, time.Minute, 0, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 5000)), Options{})
			var waited []string
			r.WaitFor(tt.patience, func(name string, err error) { waited = append(waited, name) })
			over := time.Now().Add(tt.outage)
			m.fault = func(name string, offset int64) (int, error) {
				switch {
				case time.Now().After(over):
					return 0, nil
				case tt.offset && offset == 0:
					return 100, errReset
				}
				return -1, fmt.Errorf("no route to host: %w", ErrUnanswered)
			}
			segs, err := r.Segments(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c, err := readSegments(t.Context(), r, segs)
			var out *OutageError
			if ended := tt.patience > 0 && !tt.whole; ended != errors.As(err, &out) || !ended && err != nil {
				t.Errorf("%s: the reading ends with %v", tt.name, err)
			}
			if tt.whole != (err == nil && c.errs[0] == nil && c.rows[0] == 5000) {
				t.Errorf("%s: %d rows, %v", tt.name, c.rows[0], c.errs[0])
			}
			if want := min(1, int(tt.patience)); len(waited) != want {
				t.Errorf("%s: told of waiting for %q", tt.name, waited)
			}
			if took := time.Since(over.Add(-tt.outage)); took > max(tt.patience, tt.outage)+lastBackoff {
				t.Errorf("%s: it took %s", tt.name, took)
			}
			if tt.patience == 0 {
				if fe := (*FileError)(nil); !errors.As(c.errs[0], &fe) || !fe.Unavailable {
					t.Errorf("%s: %v is not a file that is unavailable", tt.name, c.errs[0])
				}
			}
		})
	}
}

// Waiting ends with the reading.
func TestReadWaitingCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 10)), Options{})
		ctx, stop := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		r.WaitFor(time.Hour, func(string, error) { stop(enough) })
		m.fault = func(string, int64) (int, error) { return -1, ErrUnanswered }
		segments, err := r.Segments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range r.Read(ctx, segments) {
			if !errors.Is(err, enough) {
				t.Errorf("reading ended with %v", err)
			}
		}
	})
}

// A file that is replaced while it is read is not mixed with its successor,
// whether the source notices or not.
func TestReadReplaced(t *testing.T) {
	for _, notice := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 5000)), Options{})
			data := m.objects["data/0.csv.gz"]
			m.fault = func(name string, offset int64) (int, error) {
				if offset > 0 {
					return 0, nil
				}
				other := slices.Clone(data)
				other[len(other)/2] ^= 1
				m.objects[name] = other // under the lock of Open
				if notice {
					m.version[name]++
				}
				return 100, errReset
			}
			c := readReport(t, r)
			fe, _ := c.errs[0].(*FileError)
			var ce *ChecksumError
			if fe == nil || notice != errors.Is(fe, ErrChanged) || notice == errors.As(fe, &ce) || notice != fe.Unavailable || len(c.all()) != 0 {
				t.Errorf("noticed %v: %v, %d rows", notice, c.errs[0], len(c.all()))
			}
		})
	}
}

// When the context ends, reading ends, also in the middle of a pause between
// tries; and every goroutine with it, or synctest would complain.
func TestReadCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 10)), Options{})
		m.fault = func(string, int64) (int, error) { return -1, errReset }
		cause := errors.New("window is over")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			synctest.Wait() // it waits for the next try
			cancel(cause)
		}()
		if _, err := readSegments(ctx, r, []Segment{{Last: OpenEnd}}); !errors.Is(err, cause) {
			t.Errorf("got %v, want %v", err, cause)
		}
	})
}

// A consumer that leaves the loop finds that everything has ended, however
// long it takes, and that all memory was given back.
func TestReadLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 5000), numbered("y", 5000), numbered("z", 5000)), Options{Open: 3, BatchRows: 10})
		segs, _ := r.Segments(t.Context())
		slow := &slowBody{Source: m, name: "data/2.csv.gz"}
		r.spool.src = slow
		n := 0
		for range r.Read(t.Context(), segs) {
			synctest.Wait() // everything that can begin has begun
			if n++; n == 7 {
				break
			}
		}
		if !slow.ended.Load() {
			t.Error("a file is still being fetched")
		}
		if r.spool.room.Load() != r.opts.Memory/2 {
			t.Errorf("%d bytes of memory are still taken", r.opts.Memory/2-r.spool.room.Load())
		}
	})
}

// slowBody is a Source one object of which hangs until the context ends, and
// then takes its time.
type slowBody struct {
	Source
	name  string
	ended atomic.Bool
}

func (s *slowBody) Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, ObjectInfo, error) {
	if name == s.name {
		<-ctx.Done()
		time.Sleep(time.Second)
		s.ended.Store(true)
		return nil, ObjectInfo{}, ctx.Err()
	}
	return s.Source.Open(ctx, name, offset, etag)
}

// Files are read side by side and take turns.
func TestReadInterleaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 200), numbered("y", 200), numbered("z", 200)), Options{Open: 3, BatchRows: 10})
		segs, _ := r.Segments(t.Context())
		next := [3]int64{}
		for b, err := range r.Read(t.Context(), segs) {
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // every file has its next batch ready
			for _, rec := range b.Records {
				if rec.Pos.Row != next[b.Segment] || rec.Pos.File != b.Segment || rec.Key != fmt.Sprintf("%c%d", "xyz"[b.Segment], rec.Pos.Row) {
					t.Fatalf("segment %d: %q at %+v, want row %d", b.Segment, rec.Key, rec.Pos, next[b.Segment])
				}
				next[b.Segment]++
			}
			if lead := slices.Max(next[:]) - slices.Min(next[:]); lead > 30 {
				t.Fatalf("one file is %d rows ahead: %v", lead, next)
			}
		}
		if next != [3]int64{200, 200, 200} {
			t.Errorf("rows read: %v", next)
		}
	})
}

// Reading from the middle of a file gives the rows from there on, in every format.
func TestReadSegments(t *testing.T) {
	for _, name := range []string{"good/csv", "good/parquet-duckdb-snappy", "good/parquet-duckdb-zstd", "good/orc-clickhouse-zlib"} {
		src, manifest := set{name: name}.manifest(t)
		r, err := Open(t.Context(), src, manifest, Options{BatchRows: 64})
		if err != nil {
			t.Fatal(err)
		}
		whole := readReport(t, r).records
		segs := []Segment{{1, 0, 0}, {1, 1, 1}, {0, 700, 1400}, {1, 1499, OpenEnd}, {1, 1500, OpenEnd}, {0, 1401, OpenEnd}, {0, 0, 699}, {2, 299, 299}}
		c, err := readSegments(t.Context(), r, segs)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range segs {
			want := whole[s.File][min(int(s.First), len(whole[s.File])) : min(s.Last, int64(len(whole[s.File]))-1)+1]
			if c.errs[i] != nil || c.rows[i] != int64(len(want)) || !slices.Equal(c.records[i], want) {
				t.Errorf("%s %+v: %d records, rows %d, %v, want %d", name, s, len(c.records[i]), c.rows[i], c.errs[i], len(want))
			}
		}
		// Rows that the file does not have are damage, never a silent end.
		bad := []Segment{{1, 0, 1500}, {1, 1501, OpenEnd}, {1, 5, 4}, {-1, 0, 1}, {7, 0, 1}}
		c, err = readSegments(t.Context(), r, bad)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range bad {
			if c.errs[i] == nil {
				t.Errorf("%s %+v: %d rows and no error", name, s, c.rows[i])
			}
		}
	}
}

func TestReadPanic(t *testing.T) {
	m := newMemory()
	r := m.openReport(t, m.putReport(t, "Bucket, Key", numbered("x", 3), numbered("y", 3)), Options{Open: 1})
	m.fault = func(name string, _ int64) (int, error) {
		if name == "data/0.csv.gz" {
			m.mu.Unlock() // Open's own unlocking comes after the recovery
			defer m.mu.Lock()
			panic("index out of range")
		}
		return 0, nil
	}
	c := readReport(t, r)
	var pe *PanicError
	if !errors.As(c.errs[0], &pe) || !strings.Contains(c.errs[0].Error(), "data/0.csv.gz") || c.errs[1] != nil || c.rows[1] != 3 {
		t.Errorf("got %v and %v", c.errs[0], c.errs[1])
	}
}

// A failure of this machine ends the reading: it says nothing of the files.
func TestReadLocalFailure(t *testing.T) {
	m := newMemory()
	name := m.putReport(t, "Bucket, Key", numbered("x", 3))
	for _, o := range []Options{
		{Memory: 1, TempDir: filepath.Join(t.TempDir(), "gone")},
		{KeepDir: filepath.Join(os.DevNull, "no folder")},
	} {
		r := m.openReport(t, name, o)
		_, err := readSegments(t.Context(), r, []Segment{{Last: OpenEnd}})
		if fe := (*FileError)(nil); err == nil || errors.As(err, &fe) {
			t.Errorf("%+v: %v, want an error that ends it", o, err)
		}
	}
}

func TestKeepDir(t *testing.T) {
	m := newMemory()
	name := m.load(t, "good/csv")
	dir := filepath.Join(t.TempDir(), "kept")
	read := func() int {
		t.Helper()
		r := m.openReport(t, name, Options{KeepDir: dir})
		m.opens = nil
		if c := readReport(t, r); len(c.all()) != 3300 {
			t.Fatalf("%d rows: %v", len(c.all()), c.errs)
		}
		return len(m.opened())
	}
	if n := read(); n != 3 {
		t.Errorf("first reading opened %d objects, want 3", n)
	}
	if n := read(); n != 0 {
		t.Errorf("second reading opened %d objects, want 0", n)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil || len(kept) != 3 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	all, _ := os.ReadDir(dir)
	if len(all) != 3 {
		t.Errorf("kept %v: unfinished files left", all)
	}
	if err := os.WriteFile(kept[1], []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := read(); n != 1 {
		t.Errorf("reading with one damaged file opened %d objects, want 1", n)
	}
}

// What says no size of its files (a Batch Operations report), and what is no
// report at all (a list), is kept, too.
func TestKeepDirOtherKinds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	m := newMemory()
	rows := []byte("b,k1,,failed,,500,\nb,k2,,failed,,500,\n")
	sum := md5.Sum(rows)
	m.put("job/failed.csv", rows)
	m.put("job/manifest.json", fmt.Appendf(nil, `{"Format":"Report_CSV_20180820","ReportSchema":"Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage",
		"Results":[{"TaskExecutionStatus":"failed","Bucket":"b","MD5Checksum":"%x","Key":"job/failed.csv"}]}`, sum))
	m.put("list", []byte("b,k1\nb,k2\n"))
	opts := Options{KeepDir: dir}
	for _, open := range []func() (*Report, error){
		func() (*Report, error) { return OpenBatchReport(t.Context(), m, "job/manifest.json", opts) },
		func() (*Report, error) { return OpenList(t.Context(), m, "list", opts) },
	} {
		for try := range 2 {
			r, err := open()
			if err != nil {
				t.Fatal(err)
			}
			name := r.Manifest().Files[0].Key
			m.opens = nil
			c := readReport(t, r)
			if len(c.all()) != 2 || c.errs[0] != nil || len(m.opened()) != 1-try {
				t.Errorf("%s, reading %d: %d rows, %v, opened %q", name, try+1, len(c.all()), c.errs[0], m.opened())
			}
			if _, err := os.Stat(filepath.Join(dir, r.Manifest().Files[0].KeptName())); err != nil {
				t.Error(err)
			}
			delete(m.objects, "job/failed.csv") // the report expires
		}
	}
}

// A local file that is written into while it is read fails.
func TestReadLocalChanged(t *testing.T) {
	dir := t.TempDir()
	m := newMemory()
	m.putReport(t, "Bucket, Key", numbered("x", 50_000))
	for name, data := range m.objects {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	src, name, err := LocalFile(filepath.Join(dir, "r", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), src, name, Options{BatchRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	touched := false
	for b, err := range r.Read(t.Context(), []Segment{{Last: OpenEnd}}) {
		if err != nil {
			t.Fatal(err)
		}
		if b.End {
			t.Fatal("read to the end")
		}
		if b.Err != nil {
			if !errors.Is(b.Err, ErrChanged) {
				t.Fatal(b.Err)
			}
			return
		}
		if !touched {
			touched = true
			f, err := os.OpenFile(filepath.Join(dir, "data", "0.csv.gz"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(f, "x")
			f.Close()
		}
	}
}

func TestSplit(t *testing.T) {
	m := newMemory()
	for _, name := range []string{"good/parquet-duckdb-snappy", "good/orc-clickhouse-zlib", "good/csv"} {
		r := m.openReport(t, m.load(t, name), Options{})
		segs, err := r.Split(t.Context(), 10)
		want := []Segment{{0, 0, OpenEnd}, {1, 0, OpenEnd}, {2, 0, OpenEnd}} // small files have one part each
		if err != nil || !slices.Equal(segs, want) {
			t.Errorf("%s: %v, %v", name, segs, err)
		}
		wantRows := int64(3300)
		if name == "good/csv" {
			wantRows = -1
		}
		if n, err := r.Rows(t.Context()); n != wantRows || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
	for _, name := range []string{"damaged/parquet-bad-footer", "damaged/parquet-zero-bytes", "damaged/orc-truncated"} {
		r := m.openReport(t, m.load(t, name), Options{})
		if segs, err := r.Split(t.Context(), 10); err != nil || !slices.Equal(segs, []Segment{{0, 0, OpenEnd}}) {
			t.Errorf("%s: %v, %v", name, segs, err)
		}
	}
	r := m.openReport(t, m.load(t, "good/orc-clickhouse-zlib"), Options{})
	gone := r.Manifest().Files[1].Key
	whole := []Segment{{0, 0, OpenEnd}, {1, 0, OpenEnd}, {2, 0, OpenEnd}}
	m.fault = func(name string, _ int64) (int, error) {
		if name == gone {
			return 0, fs.ErrPermission
		}
		return -1, nil
	}
	var fe *FileError
	if _, err := r.Split(t.Context(), 10); !errors.As(err, &fe) || !errors.Is(err, fs.ErrPermission) || fe.File != 1 {
		t.Errorf("a file that cannot be had: %v", err)
	}
	m.fault = nil
	delete(m.objects, gone)
	if segs, err := r.Split(t.Context(), 10); err != nil || !slices.Equal(segs, whole) {
		t.Errorf("a missing file: %v, %v; reading it is to say so", segs, err)
	}
	if c := readReport(t, r); c.errs[1] == nil || c.errs[0] != nil || c.errs[2] != nil {
		t.Errorf("a missing file: %v", c.errs)
	}
	if n, err := r.Rows(t.Context()); n != -1 || err != nil {
		t.Errorf("a missing file: %d rows, %v", n, err)
	}
}

// Where a large file is cut is found in the copy of it that is kept, too.
func TestSplitKept(t *testing.T) {
	m := newMemory()
	name := m.load(t, "good/orc-clickhouse-zlib")
	dir := t.TempDir()
	r := m.openReport(t, name, Options{KeepDir: dir})
	readReport(t, r)
	for _, f := range r.Manifest().Files {
		delete(m.objects, f.Key)
	}
	if n, err := r.Rows(t.Context()); n != 3300 || err != nil {
		t.Errorf("of files that are kept only: %d rows, %v", n, err)
	}
}

func TestAppendSegments(t *testing.T) {
	for _, tt := range []struct {
		p    pieces
		max  int64
		want []Segment
	}{
		{pieces{nil, -1}, 5, []Segment{{0, 0, OpenEnd}}},
		{pieces{[]int64{0}, 100}, 5, []Segment{{0, 0, OpenEnd}}},
		{pieces{[]int64{0, 10, 20, 30}, 35}, 20, []Segment{{0, 0, 19}, {0, 20, OpenEnd}}},
		{pieces{[]int64{0, 10, 20, 30}, 35}, 10, []Segment{{0, 0, 9}, {0, 10, 19}, {0, 20, 29}, {0, 30, OpenEnd}}},
		{pieces{[]int64{0, 10, 10, 20}, 20}, 1, []Segment{{0, 0, 9}, {0, 10, OpenEnd}}}, // with parts that have no rows
		{pieces{[]int64{0}, 0}, 1, []Segment{{0, 0, OpenEnd}}},
	} {
		if got := appendSegments(nil, 0, tt.p, tt.max); !slices.Equal(got, tt.want) {
			t.Errorf("%+v at most %d: %v, want %v", tt.p, tt.max, got, tt.want)
		}
	}
}
