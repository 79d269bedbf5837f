package iceberg

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// entry is a record of a manifest.
type entry struct {
	Status   int32     `avro:"status"` // 0 existing, 1 added, 2 deleted
	Sequence *int64    `avro:"sequence_number"`
	File     entryFile `avro:"data_file"`
}

// entryFile is the file that an entry is about.
type entryFile struct {
	Content   int32   `avro:"content"` // 0 data, 1 deletes by position, 2 by values
	Path      string  `avro:"file_path"`
	Format    string  `avro:"file_format"`
	Partition any     `avro:"partition"`
	Rows      int64   `avro:"record_count"`
	Size      int64   `avro:"file_size_in_bytes"`
	Key       []byte  `avro:"key_metadata"`
	Equality  []int32 `avro:"equality_ids"`
	Offset    *int64  `avro:"content_offset"` // of a deletion vector in its file
}

// Fields of a manifest (Iceberg Table Spec, Manifests). Content is not in format 1.
var (
	entryFields = []wanted{{"status", 0, true, true}, {"sequence_number", 3, false, true}, {"data_file", 2, true, true}}
	fileFields  = []wanted{
		{"content", 134, false, true}, {"file_path", 100, true, true}, {"file_format", 101, true, true}, {"partition", 102, true, true},
		{"record_count", 103, true, true}, {"file_size_in_bytes", 104, true, true}, {"key_metadata", 131, false, false},
		{"equality_ids", 135, false, false}, {"content_offset", 144, false, false},
	}
)

// The values of entry.Status and entryFile.Content.
const (
	existing = 0
	added    = 1
	deleted  = 2

	dataFile        = 0
	positionDeletes = 1
	equalityDeletes = 2
)

// collector collects the files of a snapshot.
type collector struct {
	table      *Table
	out        *Files
	seen       map[string]bool      // names of files
	partitions map[string]partition // each once in memory
	columns    map[string]int       // of the manifest that is read: the columns that the fields of its partitions are
}

// partition is where the rows of a file belong.
type partition struct {
	key    string
	values map[int]string
}

// manifest adds the files that a manifest names.
func (c *collector) manifest(ctx context.Context, m listed) error {
	name, err := c.table.place.name(m.Path)
	if err != nil {
		return err
	}
	fields := func(root *node) error {
		if err := check(root, c.table.needed(entryFields)); err != nil {
			return err
		}
		file := field(root, "data_file").Type
		if err := check(&file, c.table.needed(fileFields)); err != nil {
			return err
		}
		c.columns = map[string]int{}
		for _, f := range field(&file, "partition").Type.Fields {
			id, _ := number(f.Props["field-id"])
			if column, ok := c.table.identity[int(m.Spec)][int(id)]; ok {
				c.columns[f.Name] = column
			}
		}
		return nil
	}
	return c.table.readAvro(ctx, name, fields, func(decode func(any) error) error {
		var e entry
		if err := decode(&e); err != nil {
			return ended(err)
		}
		return c.add(m, &e)
	})
}

// add adds the file of an entry.
func (c *collector) add(m listed, e *entry) error {
	if e.Status == deleted {
		return nil
	}
	sequence, err := c.sequence(m, e)
	if err != nil {
		return err
	}
	f := &e.File
	if err := f.readable(m.Content); err != nil {
		return err
	}
	name, err := c.table.place.name(f.Path)
	if err != nil {
		return err
	}
	if c.seen[name] {
		return fmt.Errorf("the file %q is in the snapshot twice", f.Path)
	}
	c.seen[name] = true
	if len(c.seen) > maxFiles {
		return fmt.Errorf("the snapshot has more than %d files", maxFiles)
	}
	of, err := c.partition(m.Spec, f.Partition)
	if err != nil {
		return fmt.Errorf("the file %q: %w", f.Path, err)
	}
	file := File{Name: name, Size: f.Size, Rows: f.Rows, Sequence: sequence, Partition: of.key, Values: of.values, Global: c.table.global[int(m.Spec)]}
	if f.Content == dataFile {
		c.out.Data = append(c.out.Data, file)
		return nil
	}
	d := Delete{File: file}
	for _, id := range f.Equality {
		d.Equality = append(d.Equality, int(id))
	}
	c.out.Deletes = append(c.out.Deletes, d)
	return nil
}

// sequence is the sequence number of the file of an entry. A file that was added has
// that of its manifest, unless it says otherwise; tables of format 1 have none.
func (c *collector) sequence(m listed, e *entry) (int64, error) {
	switch {
	case e.Status != existing && e.Status != added:
		return 0, fmt.Errorf("the entry of the file %q has status %d", e.File.Path, e.Status)
	case c.table.Format == 1:
		return 0, nil
	case e.Sequence != nil:
		return *e.Sequence, nil
	case e.Status == added:
		return m.Sequence, nil
	}
	return 0, fmt.Errorf("the entry of the file %q has no sequence number", e.File.Path)
}

// readable tells what of a file is not read; content is what its manifest holds.
func (f *entryFile) readable(content int32) error {
	switch {
	case content == 0 && f.Content != dataFile, content == 1 && f.Content == dataFile:
		return fmt.Errorf("the file %q has content of kind %d, which its manifest does not hold", f.Path, f.Content)
	case f.Content < dataFile || f.Content > equalityDeletes:
		return &UnsupportedError{fmt.Sprintf("the file %q has content of kind %d", f.Path, f.Content)}
	case f.Offset != nil || strings.EqualFold(f.Format, "puffin"):
		return &UnsupportedError{fmt.Sprintf("the file %q is a deletion vector", f.Path)}
	case !strings.EqualFold(f.Format, "parquet"):
		return &UnsupportedError{fmt.Sprintf("the file %q has the format %q, and not Parquet", f.Path, f.Format)}
	case f.Key != nil:
		return &UnsupportedError{fmt.Sprintf("the file %q is encrypted by the table", f.Path)}
	case f.Rows < 0 || f.Size <= 0:
		return fmt.Errorf("the file %q has %d rows in %d bytes", f.Path, f.Rows, f.Size)
	case (f.Content == equalityDeletes) != (len(f.Equality) > 0):
		return fmt.Errorf("the file %q of deletes of kind %d has %d columns to compare", f.Path, f.Content, len(f.Equality))
	}
	return nil
}

// partition makes the values of a partition comparable.
func (c *collector) partition(spec int32, values any) (partition, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return partition{}, fmt.Errorf("its partition: %w", err)
	}
	key := strconv.Itoa(int(spec)) + " " + string(text)
	if kept, ok := c.partitions[key]; ok {
		return kept, nil
	}
	p := partition{key: key}
	fields, _ := values.(map[string]any)
	for name, column := range c.columns {
		if text, ok := valueText(fields[name]); ok {
			if p.values == nil {
				p.values = map[int]string{}
			}
			p.values[column] = text
		}
	}
	c.partitions[key] = p
	return p, nil
}

// valueText spells the value of a partition; ok is false where there is none, or none of
// these kinds.
func valueText(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int32:
		return strconv.Itoa(int(v)), true
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}
