package inventory

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reseal/inventory/iceberg"
)

// Table says of which state of an Iceberg table a report is made.
type Table struct {
	Name     string    `json:"name,omitempty"` // as the user called it; "" where only its metadata was named
	UUID     string    `json:"uuid,omitempty"`
	Metadata string    `json:"metadata"` // location of its metadata.json
	Snapshot int64     `json:"snapshot_id"`
	Sequence int64     `json:"sequence_number"`
	Time     time.Time `json:"snapshot_time"`
	Files    int       `json:"data_files"`
	Deletes  int       `json:"delete_files"`

	// Status is the one that S3 Metadata gave the table when a job was planned by it; ""
	// where nobody knows, and in reports, which do not say.
	Status string `json:"status,omitempty"`
}

// TableError says that what lies at a place cannot be read as an Iceberg table.
type TableError struct {
	At  string // location of its metadata
	Err error
}

func (e *TableError) Error() string { return fmt.Sprintf("table %s: %v", e.At, e.Err) }

// Unwrap returns the cause.
func (e *TableError) Unwrap() error { return e.Err }

// TableMetadata tells whether a name is one of the metadata of an Iceberg table, as all
// writers call it.
func TableMetadata(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(filepath.ToSlash(name), ".gz"))
	return strings.HasSuffix(name, ".metadata.json")
}

// openTable opens the current snapshot of the table whose metadata is at a location. The
// metadata is a file of its own for each state, so that it names the same snapshot for
// ever.
func openTable(ctx context.Context, at Location, bucket func(name string) Source, opts Options) (*Report, error) {
	fail := func(err error) (*Report, error) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &TableError{at.String(), err}
	}
	src, place, err := at.tablePlace(bucket)
	if err != nil {
		return fail(err)
	}
	sum := md5.New()
	var opened []string
	open := func(ctx context.Context, name string) (io.ReadCloser, error) {
		opened = append(opened, name)
		body, _, err := src.Open(ctx, name, 0, "")
		if err != nil || name != place.Name {
			return body, err
		}
		return summed{io.TeeReader(body, sum), body}, nil
	}
	table, err := iceberg.Read(ctx, open, place)
	if err != nil {
		return fail(err)
	}
	snapshot, err := table.Snapshot(0)
	if err != nil {
		return fail(err)
	}
	files, err := table.Files(ctx, snapshot)
	if err != nil {
		return fail(err)
	}
	t := &tableFiles{table: table, files: files, source: src}
	if err := t.prepare(ctx, opts.Results.Bucket); err != nil {
		return fail(err)
	}
	t.set.MD5 = t.digest(sum, opts.Results.Bucket)
	r := OpenFiles(src, place.Name, t.set, opts)
	r.also = append(opened, fileKeys(t.deletes)...)
	r.manifest.Created = snapshot.Time
	r.manifest.Table = &Table{Name: opts.TableName, UUID: table.UUID, Metadata: at.String(), Snapshot: snapshot.ID, Sequence: snapshot.Sequence,
		Time: snapshot.Time, Files: len(files.Data), Deletes: len(files.Deletes)}
	if r.removed, err = t.removals(ctx, r); err != nil {
		return fail(err)
	}
	if err := r.lookInto(ctx, opts.Results.Bucket); err != nil {
		return fail(err)
	}
	r.warnings = append(r.warnings, t.note(r.manifest))
	return r, nil
}

func fileKeys(files []File) (keys []string) {
	for _, f := range files {
		keys = append(keys, f.Key)
	}
	return keys
}

// summed is a body whose bytes are summed up as they are read.
type summed struct {
	io.Reader
	io.Closer
}

// tablePlace is where a table is whose metadata is at l: in the bucket, or in a local
// folder, which is the one above that of the metadata.
func (l Location) tablePlace(bucket func(name string) Source) (Source, iceberg.At, error) {
	if !l.Local() {
		return bucket(l.Bucket), iceberg.At{Bucket: l.Bucket, Name: l.Name}, nil
	}
	file, err := filepath.Abs(l.Name)
	if err != nil {
		return nil, iceberg.At{}, err
	}
	folder, name := filepath.Dir(file), filepath.Base(file)
	if filepath.Base(folder) == "metadata" {
		folder, name = filepath.Dir(folder), path.Join("metadata", name)
	}
	src, err := NewLocal(folder)
	return src, iceberg.At{Name: name}, err
}

// tableFiles makes a set of files of a snapshot.
type tableFiles struct {
	table   *iceberg.Table
	files   *iceberg.Files
	source  Source
	set     FileSet
	deletes []File // as set.Files
}

// prepare says how the data files are read, and fills in what they have to be.
func (t *tableFiles) prepare(ctx context.Context, bucket string) error {
	columns := map[int]Column{}
	for _, f := range t.files.Snapshot.Schema {
		col, ok := ParseColumn(f.Name)
		switch {
		case !ok:
		case t.set.Columns.Has(col):
			return &SchemaError{Reason: "the table has two columns for " + col.String()}
		default:
			columns[f.ID], t.set.Columns = col, t.set.Columns.With(col)
		}
	}
	if t.files.Snapshot.Schema.ID("record_type") != 0 {
		return errJournal
	}
	t.set.Mapping = Mapping{Bucket: bucket, table: &tableColumns{columns, t.table.Names()}}
	if err := requireColumns(t.set.Columns | t.set.Mapping.unneeded()); err != nil {
		return fmt.Errorf("it is no table of the objects of a bucket: %w", err)
	}
	t.set.Format, t.set.Values = Parquet, map[int][]Value{}
	for i, f := range t.files.Data {
		if most := mostRows(f.Size); f.Rows > most {
			return fmt.Errorf("%.200q %w", f.Name, &RowsError{Rows: f.Rows, Most: most, Size: f.Size})
		}
		t.set.Files = append(t.set.Files, File{Key: f.Name, Size: f.Size, Rows: f.Rows, Counted: true})
		for _, id := range slices.Sorted(maps.Keys(f.Values)) {
			if col, ok := columns[id]; ok && col != ColKey && f.Values[id] != "" {
				t.set.Values[i] = append(t.set.Values[i], Value{col, f.Values[id]})
			}
		}
	}
	for _, d := range t.files.Deletes {
		t.deletes = append(t.deletes, File{Key: d.Name, Size: d.Size, Rows: d.Rows, Counted: true})
	}
	return errors.Join(t.freeze(ctx, t.set.Files), t.freeze(ctx, t.deletes))
}

var errJournal = errors.New("it has a column record_type, so it is a journal: a row is a change, and not an object. Name the table inventory beside it")

// freeze fills in what files have to be when they are read.
func (t *tableFiles) freeze(ctx context.Context, files []File) error {
	if _, local := t.source.(*Local); !local {
		if err := askTags(ctx, t.source, files); err != nil {
			return err
		}
	}
	return freeze(ctx, t.source, &FileSet{Files: files})
}

// digest is the MD5 of what the state of a table is made of: its metadata, whose MD5 sum
// is, and the files of the snapshot.
func (t *tableFiles) digest(sum hash.Hash, bucket string) string {
	h := md5.New()
	fmt.Fprintf(h, "table, 1\n%x %d\n%q\n", sum.Sum(nil), t.files.Snapshot.ID, bucket)
	for i, f := range t.set.Files {
		d := &t.files.Data[i]
		fmt.Fprintf(h, "%q %d %d %q %d %q\n", f.Key, f.Size, f.Rows, f.ETag+f.MD5, d.Sequence, d.Partition)
	}
	for i, f := range t.deletes {
		d := &t.files.Deletes[i]
		fmt.Fprintf(h, "%q %d %d %q %d %q %v\n", f.Key, f.Size, f.Rows, f.ETag+f.MD5, d.Sequence, d.Partition, d.Equality)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// note says what was taken for the table.
func (t *tableFiles) note(m *Manifest) error {
	text := fmt.Sprintf("the rows are those of snapshot %d of %s: %d data files, %d delete files, with the columns %s",
		m.Table.Snapshot, m.Table.Time.Format("2006-01-02 15:04:05 UTC"), m.Table.Files, m.Table.Deletes, strings.Join(m.Columns.Names(), ", "))
	return errors.New(text)
}

// tableColumns find the columns of a table in its files.
type tableColumns struct {
	columns map[int]Column
	names   map[string]int // ids by name, for files without; nil where the table has none
}

// identify gives the columns of a file the ids that the table has for them. A file that
// has none of its own has those of its names, where the table says which.
func (t *tableColumns) identify(fields []columnarField) error {
	for _, f := range fields {
		if f.id != 0 {
			return nil
		}
	}
	if t.names == nil {
		return &SchemaError{Reason: "its columns have no ids, and the table has no property schema.name-mapping.default that gives them some"}
	}
	for i := range fields {
		fields[i].id = t.names[fields[i].name]
	}
	return nil
}

// find is the column of a report that a field is.
func (t *tableColumns) find(f columnarField) (Column, bool) {
	if f.id == 0 {
		return numColumns, false
	}
	col, ok := t.columns[f.id]
	return col, ok
}
