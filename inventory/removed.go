package inventory

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"golang.org/x/sync/errgroup"

	"reseal/inventory/iceberg"
	"reseal/inventory/vector"
)

// The ids of the columns of a file of deletes by position (Iceberg Table Spec, Reserved
// Field IDs).
const (
	pathID     = 2147483546
	positionID = 2147483545
)

// removals are the rows of data files that a table's delete files take out. They keep
// their numbers, so that a job counts the same rows whatever is deleted.
type removals struct {
	positions map[int]*roaring64.Bitmap // by data file
	values    []*removedValues
	files     []iceberg.File // the data files
	seeds     [2]maphash.Seed

	mu    sync.Mutex
	sizes map[int]uint64 // of positions, in bytes
	bytes uint64         // all of them
	left  int64          // rows that may still be taken into values
}

// removedValues are rows that are no more, by the values of some columns.
type removedValues struct {
	columns []int // ids, rising
	of      iceberg.Delete
	rows    map[[16]byte]int64 // by a hash of the values: the sequence number of the last delete
}

// applies tells whether rows of a data file are looked up.
func (v *removedValues) applies(f *iceberg.File) bool {
	return v.of.Global || v.of.Partition == f.Partition
}

// bytesPerRemoved is what a row takes that is no more by its values, rounded up.
const bytesPerRemoved = 64

// removals reads the delete files of the snapshot; nil where there are none.
func (t *tableFiles) removals(ctx context.Context, r *Report) (*removals, error) {
	if len(t.files.Deletes) == 0 {
		return nil, nil
	}
	out := &removals{positions: map[int]*roaring64.Bitmap{}, sizes: map[int]uint64{}, files: t.files.Data, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		left: max(1<<20, r.opts.Memory/4/bytesPerRemoved)}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(r.opts.openFiles(Parquet))
	for i := range t.deletes {
		if within.Err() != nil {
			break
		}
		g.Go(func() (err error) {
			defer func() {
				if v := recover(); v != nil { // a damaged file must not end the program
					err = fmt.Errorf("%.200q: %v", t.deletes[i].Key, v)
				}
			}()
			if err := t.readDelete(within, r, out, i); err != nil {
				return fmt.Errorf("%.200q: %w", t.deletes[i].Key, err)
			}
			return nil
		})
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return nil, fmt.Errorf("delete file %w", err)
	}
	return out, nil
}

// readDelete reads one delete file.
func (t *tableFiles) readDelete(ctx context.Context, r *Report, out *removals, i int) error {
	f, d := t.deletes[i], &t.files.Deletes[i]
	file, err := r.spool.fetch(ctx, f, f.Key)
	if err != nil {
		return err
	}
	defer file.close()
	c, err := openColumnar(Parquet, file, file.size, r.opts)
	if err != nil {
		return err
	}
	if err := f.checkRows(c.NumRows()); err != nil {
		return err
	}
	fields := c.fields()
	if len(d.Equality) == 0 {
		return t.readPositions(ctx, r, out, d, c, fields)
	}
	if err := r.opts.mapping.table.identify(fields); err != nil {
		return err
	}
	return t.readValues(ctx, r, out, d, c, fields)
}

// named finds a column by its id, or by its name in a file without ids; "" where there
// is none.
func named(fields []columnarField, id int, name string) string {
	for _, f := range fields {
		if f.id == id || f.id == 0 && f.name == name {
			return f.name
		}
	}
	return ""
}

// readPositions reads a file that names data files and rows of them.
func (t *tableFiles) readPositions(ctx context.Context, r *Report, out *removals, d *iceberg.Delete, c columnarFile, fields []columnarField) error {
	paths, positions := named(fields, pathID, "file_path"), named(fields, positionID, "pos")
	if paths == "" || positions == "" {
		return &SchemaError{Reason: "it has no columns file_path and pos"}
	}
	rows, err := c.open([]string{paths, positions}, 0, c.NumRows(), r.opts)
	if err != nil {
		return err
	}
	pathAt, err := rows.text(paths)
	if err != nil {
		return err
	}
	position, err := rows.Int64(positions)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i := range t.files.Data {
		at[t.files.Data[i].Name] = i
	}
	p := &positionReader{out: out, d: d, name: t.table.Name, at: at, file: -1, most: uint64(r.opts.Memory / 4)}
	return eachBatch(ctx, rows, func(n int) error { return p.add(n, pathAt, position) })
}

// eachBatch calls do with the number of rows of each batch.
func eachBatch(ctx context.Context, rows columnarRows, do func(n int) error) error {
	for {
		n, err := rows.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(n); err != nil {
			return err
		}
	}
}

// positionReader adds rows to the positions.
type positionReader struct {
	out  *removals
	d    *iceberg.Delete
	name func(path string) (string, error)
	at   map[string]int // data files by their names
	most uint64         // bytes for all positions

	path string
	file int // of path; -1: none that the delete file takes rows from
}

// add adds n rows of a batch.
func (p *positionReader) add(n int, pathAt func(int) []byte, position *vector.Int64) error {
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	var touched []int
	for i := range n {
		path := pathAt(i)
		if len(path) == 0 || position.Null[i] {
			return errors.New("a row names no file or no position")
		}
		if string(path) != p.path {
			if err := p.turn(string(path)); err != nil {
				return err
			}
		}
		if p.file < 0 {
			continue
		}
		pos, rows := position.Values[i], p.out.files[p.file].Rows
		if pos < 0 || pos >= rows {
			return fmt.Errorf("it takes out row %d of %.200q, which has %d", pos+1, p.path, rows)
		}
		b := p.out.positions[p.file]
		if b == nil {
			b = roaring64.New()
			p.out.positions[p.file] = b
		}
		b.Add(uint64(pos))
		if !slices.Contains(touched, p.file) {
			touched = append(touched, p.file)
		}
	}
	return p.out.weigh(touched, p.most)
}

// weigh refuses positions of more than most bytes; files are those that got some more.
func (v *removals) weigh(files []int, most uint64) error {
	for _, i := range files {
		size := v.positions[i].GetSizeInBytes()
		v.bytes += size - v.sizes[i]
		v.sizes[i] = size
	}
	if v.bytes > most {
		return errManyRemoved
	}
	return nil
}

var errManyRemoved = errors.New("the table has more deleted rows than fit into memory: give reseal more by --memory, or have the table compacted")

// turn looks up the data file of the rows that follow. One that is not of the snapshot,
// or that the delete file cannot be about, is passed over.
func (p *positionReader) turn(path string) error {
	name, err := p.name(path)
	if err != nil {
		return err
	}
	p.path, p.file = path, -1
	if i, ok := p.at[name]; ok && p.d.TakesFrom(&p.out.files[i]) {
		p.file = i
	}
	return nil
}

// readValues reads a file whose rows say by values which are no more.
func (t *tableFiles) readValues(ctx context.Context, r *Report, out *removals, d *iceberg.Delete, c columnarFile, fields []columnarField) error {
	columns := slices.Sorted(slices.Values(d.Equality))
	for _, id := range columns {
		f, ok := t.table.Column(id)
		if !ok {
			return fmt.Errorf("it compares column %d, which no schema of the table has", id)
		}
		if !slices.Contains([]string{"boolean", "int", "long", "string", "binary", "timestamp", "timestamptz"}, f.Type) {
			return &iceberg.UnsupportedError{What: fmt.Sprintf("it compares the column %s of type %s", f.Name, f.Type)}
		}
		if !slices.ContainsFunc(fields, func(f columnarField) bool { return f.id == id }) {
			return fmt.Errorf("it compares the column %s, and does not have it", f.Name)
		}
	}
	rows, err := c.open(namesOf(fields, columns), 0, c.NumRows(), r.opts)
	if err != nil {
		return err
	}
	key, err := newTuple(rows, fields, columns, out.seeds)
	if err != nil {
		return err
	}
	return eachBatch(ctx, rows, func(n int) error { return out.addValues(d, columns, n, key) })
}

// addValues adds n rows of a batch.
func (v *removals) addValues(d *iceberg.Delete, columns []int, n int, key *tuple) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var to *removedValues
	for _, old := range v.values {
		if slices.Equal(old.columns, columns) && old.of.Global == d.Global && (d.Global || old.of.Partition == d.Partition) {
			to = old
		}
	}
	if to == nil {
		to = &removedValues{columns: columns, of: *d, rows: map[[16]byte]int64{}}
		v.values = append(v.values, to)
	}
	for i := range n {
		k := key.at(i)
		old, there := to.rows[k]
		if !there {
			if v.left--; v.left < 0 {
				return errManyRemoved
			}
		}
		if !there || d.Sequence > old {
			to.rows[k] = d.Sequence
		}
	}
	return nil
}

// removedFrom are the removals of one data file.
type removedFrom struct {
	positions *roaring64.Bitmap
	values    []*removedValues
	file      *iceberg.File
	seeds     [2]maphash.Seed
}

// from returns what is removed from data file i; nil for nothing.
func (v *removals) from(i int) *removedFrom {
	if v == nil {
		return nil
	}
	out := &removedFrom{positions: v.positions[i], file: &v.files[i], seeds: v.seeds}
	for _, values := range v.values {
		if values.applies(&v.files[i]) {
			out.values = append(out.values, values)
		}
	}
	if out.positions == nil && out.values == nil {
		return nil
	}
	return out
}

// columns are the ids of the columns that have to be read to tell.
func (f *removedFrom) columns() (ids []int) {
	if f == nil {
		return nil
	}
	for _, v := range f.values {
		ids = append(ids, v.columns...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// fillers mark the rows that are removed.
func (f *removedFrom) fillers(rows columnarRows, fields []columnarField) (out []filler, err error) {
	if f == nil {
		return nil, nil
	}
	if f.positions != nil {
		out = append(out, func(recs []Record, _ int) (int, error) {
			for i := range recs {
				recs[i].Removed = recs[i].Removed || f.positions.Contains(uint64(recs[i].Pos.Row))
			}
			return 0, nil
		})
	}
	for _, v := range f.values {
		if err := f.comparable(fields, v.columns); err != nil {
			return nil, err
		}
		key, err := newTuple(rows, fields, v.columns, f.seeds)
		if err != nil {
			return nil, err
		}
		out = append(out, func(recs []Record, from int) (int, error) {
			for i := range recs {
				if last, ok := v.rows[key.at(from+i)]; ok && f.file.Sequence < last {
					recs[i].Removed = true
				}
			}
			return 0, nil
		})
	}
	return out, nil
}

// comparable refuses a column that the file has not and its partition has: its value is
// that of the partition, and null would take out rows that are there.
func (f *removedFrom) comparable(fields []columnarField, columns []int) error {
	for _, id := range columns {
		_, given := f.file.Values[id]
		if given && !slices.ContainsFunc(fields, func(f columnarField) bool { return f.id == id }) {
			return &iceberg.UnsupportedError{What: fmt.Sprintf("rows are deleted by column %d, of which only the partition has a value", id)}
		}
	}
	return nil
}

// namesOf are the names of the columns with these ids, those that there are.
func namesOf(fields []columnarField, ids []int) (names []string) {
	for _, f := range fields {
		if slices.Contains(ids, f.id) {
			names = append(names, f.name)
		}
	}
	return names
}

// tuple makes one key of the values of some columns in a row.
type tuple struct {
	columns []func(dst []byte, row int) []byte
	seeds   [2]maphash.Seed
	scratch []byte
}

// newTuple reads the columns with these ids. One that the file does not have is null
// in all its rows.
func newTuple(rows columnarRows, fields []columnarField, ids []int, seeds [2]maphash.Seed) (*tuple, error) {
	t := &tuple{seeds: seeds}
	for _, id := range ids {
		i := slices.IndexFunc(fields, func(f columnarField) bool { return f.id == id })
		if i < 0 {
			t.columns = append(t.columns, func(dst []byte, _ int) []byte { return append(dst, 'n') })
			continue
		}
		column, err := appender(rows, fields[i].name)
		if err != nil {
			return nil, &SchemaError{Reason: fmt.Sprintf("column %s, by which rows are deleted, is %s", fields[i].name, fields[i].kind)}
		}
		t.columns = append(t.columns, column)
	}
	return t, nil
}

// at is the key of a row: 128 bits that nobody outside can aim at.
func (t *tuple) at(row int) (key [16]byte) {
	t.scratch = t.scratch[:0]
	for _, column := range t.columns {
		t.scratch = column(t.scratch, row)
	}
	for i, seed := range t.seeds {
		binary.LittleEndian.PutUint64(key[8*i:], maphash.Bytes(seed, t.scratch))
	}
	return key
}

// appender returns what appends the value of a row so that different ones differ.
func appender(rows columnarRows, name string) (func(dst []byte, row int) []byte, error) {
	if v, err := rows.Bool(name); err == nil {
		return func(dst []byte, row int) []byte {
			switch {
			case v.Null[row]:
				return append(dst, 'n')
			case v.Values[row]:
				return append(dst, 'b', 1)
			}
			return append(dst, 'b', 0)
		}, nil
	}
	if v, err := rows.Int64(name); err == nil {
		return func(dst []byte, row int) []byte {
			if v.Null[row] {
				return append(dst, 'n')
			}
			return binary.LittleEndian.AppendUint64(append(dst, 'i'), uint64(v.Values[row]))
		}, nil
	}
	if v, err := rows.Timestamp(name); err == nil {
		return func(dst []byte, row int) []byte {
			if v.Null[row] {
				return append(dst, 'n')
			}
			dst = binary.LittleEndian.AppendUint64(append(dst, 't'), uint64(v.Seconds[row]))
			return binary.LittleEndian.AppendUint32(dst, uint32(v.Nanos[row]))
		}, nil
	}
	p, is := rows.(parquetColumns)
	if !is {
		return nil, errOtherKind
	}
	v, err := p.Bytes(name)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, row int) []byte {
		if v.Null[row] {
			return append(dst, 'n')
		}
		b := v.At(row)
		dst = binary.AppendUvarint(append(dst, 's'), uint64(len(b)))
		return append(dst, b...)
	}, nil
}
