package inventory

import (
	"context"
	"fmt"
	"io"
	"path"
	"runtime"
	"strings"
	"sync"
)

// Options say how a report is read. The zero value is the usual choice.
type Options struct {
	Columns Columns // wanted; the others are unknown in Records. 0 means all. Bucket and Key always come

	// Open is the number of data files read at once; 0 means one a processor, at
	// least 2. Memory, if it is small, lowers it.
	Open int

	// Memory is the number of bytes that data files and decoders may take
	// together; 0 means 256 MiB. One file is read however small it is.
	Memory int64

	BatchRows int // records in a batch at most; 0 means 512

	TempDir string // for data files that do not fit in memory; "" is the system's
	KeepDir string // where verified data files are kept for another time; "" keeps none

	AllowNoChecksum  bool // go on without a manifest.checksum
	AllowBadChecksum bool // go on with a manifest.json that does not match it

	Results   Results // how Locate reads data files that have no manifest
	TableName string  // what the user called the table whose metadata is located; "" where that was it

	mapping *Mapping // of data files that have no manifest; nil for those of reports
}

// What one open file takes in its decoder and batches, rounded up. Of Parquet 17
// MiB were measured with pages of 1 MiB and 35 with one page a column of 122,880
// rows, of ORC 4 without large dictionaries (BenchmarkOpenFiles of
// inventory/parquet and inventory/orc, 2026-11-21).
const (
	csvMemory     = 8 << 20
	orcMemory     = 16 << 20
	parquetMemory = 48 << 20
)

func (o Options) withDefaults() Options {
	if o.Columns == 0 {
		o.Columns = AllColumns
	}
	o.Columns = o.Columns.With(ColBucket).With(ColKey)
	if o.Open <= 0 {
		o.Open = max(2, runtime.GOMAXPROCS(0))
	}
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	if o.BatchRows <= 0 {
		o.BatchRows = 512 // 200 KiB of records: they stay in the cache between decoder and consumer
	}
	return o
}

// openFiles is the number of files that the memory allows: half of it is for
// decoders, half for the bytes of data files.
func (o Options) openFiles(f Format) int {
	per := int64(csvMemory)
	switch f {
	case ORC:
		per = orcMemory
	case Parquet:
		per = parquetMemory
	}
	return int(max(1, min(int64(o.Open), o.Memory/2/per)))
}

// Report is one report that can be read. Safe for concurrent use.
type Report struct {
	name     string
	manifest *Manifest
	spool    *spool
	opts     Options
	shape    csvShape // of CSV data files and of lists
	warnings []error
	given    map[int][]Value // by data file: see FileSet.Values
	removed  *removals       // rows of a table that are no more; nil for none
	also     []string        // names of other files that the rows are made of

	repeatsOnce sync.Once
	repeats     []int // see repeated
}

// locator is a Source whose data files may lie elsewhere than at their keys.
type locator interface {
	Locate(manifest, key string) (string, error)
}

// Open reads the manifest called name and checks it. Data files are not touched.
// Errors are *ManifestError; they wrap ErrNoChecksum, ErrNotManifest,
// *ChecksumError, *FormatError, *SchemaError or fs.ErrNotExist where that is
// what is wrong.
func Open(ctx context.Context, src Source, name string, opts Options) (*Report, error) {
	m := &manifestText{src: src, name: name, sum: askChecksum(ctx, src, name)}
	defer m.sum.end()
	var err error
	if m.data, err = readAll(ctx, src, name, maxManifestBytes); err != nil {
		return nil, &ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
	}
	return m.open(ctx, opts)
}

func newReport(src Source, name string, opts Options) *Report {
	opts = opts.withDefaults()
	r := &Report{name: name, opts: opts, spool: &spool{src: src, tempDir: opts.TempDir, keepDir: opts.KeepDir}}
	r.spool.room.Store(opts.Memory / 2)
	return r
}

// checksumName is the name of the checksum of a manifest.
func checksumName(manifest string) string {
	return strings.TrimSuffix(manifest, path.Ext(path.Base(manifest))) + ".checksum"
}

// readAll reads a small object; a larger one is an error.
func readAll(ctx context.Context, src Source, name string, limit int64) ([]byte, error) {
	body, info, err := src.Open(ctx, name, 0, "")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return readBody(ctx, name, body, info.Size, limit)
}

// readBody reads the body of a small object of that name and size.
func readBody(ctx context.Context, name string, body io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", name, size, limit)
	}
	data, err := io.ReadAll(io.LimitReader(&contextReader{ctx, body}, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, nil
}

// Name returns the name of the manifest in its source.
func (r *Report) Name() string { return r.name }

// Manifest returns the manifest. It must not be changed.
func (r *Report) Manifest() *Manifest { return r.manifest }

// Warnings returns what was wrong with the manifest and allowed by Options, and
// what about it leaves a doubt.
func (r *Report) Warnings() []error { return r.warnings }

// Segments returns one segment a data file, in the order of the manifest.
func (r *Report) Segments(ctx context.Context) ([]Segment, error) {
	segs := make([]Segment, len(r.manifest.Files))
	for i := range segs {
		segs[i] = Segment{File: i, Last: OpenEnd}
	}
	return segs, ctx.Err()
}

// locate finds the object that holds a data file.
func (r *Report) locate(f File) (string, error) {
	if l, ok := r.spool.src.(locator); ok && r.opts.mapping == nil {
		return l.Locate(r.name, f.Key)
	}
	return f.Key, nil
}
