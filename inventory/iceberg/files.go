package iceberg

import (
	"context"
	"fmt"
)

// Files are the files of one snapshot.
type Files struct {
	Snapshot Snapshot
	Data     []File
	Deletes  []Delete
}

// File is a file of a table.
type File struct {
	Name string // in the place of the table: a key of its bucket, or a path below its folder
	Size int64  // bytes
	Rows int64

	Sequence int64 // later writes have larger ones

	// Partition is equal for files of the same partition of the same partition spec.
	// Global: the spec does not divide the table.
	Partition string
	Global    bool

	// Values are those of columns that all rows of the file have, by the ids of the
	// columns: texts, truth values and whole numbers as text. The file may lack them.
	Values map[int]string
}

// Delete is a file of rows that are no more.
type Delete struct {
	File

	// Equality are the ids of the columns whose values tell which rows are no more.
	// Where there are none, the file names data files and numbers of rows.
	Equality []int
}

// TakesFrom tells whether the delete file can take rows out of a data file (Iceberg
// Table Spec, Scan Planning): of the same partition, or of any where its own spec does
// not divide the table, and written before it. A file that names data files and rows
// can be of the same write.
func (d *Delete) TakesFrom(f *File) bool {
	if len(d.Equality) == 0 {
		return f.Sequence <= d.Sequence && d.Partition == f.Partition
	}
	return f.Sequence < d.Sequence && (d.Global || d.Partition == f.Partition)
}

// Name returns the name in the table's place of a file as the table spells its path.
func (t *Table) Name(path string) (string, error) { return t.place.name(path) }

// listed is an entry of a manifest list.
type listed struct {
	Path     string `avro:"manifest_path"`
	Length   int64  `avro:"manifest_length"`
	Spec     int32  `avro:"partition_spec_id"`
	Content  int32  `avro:"content"` // 0 data, 1 deletes; not in format 1
	Sequence int64  `avro:"sequence_number"`
}

// listFields are those that listed has (Iceberg Table Spec, Manifest Lists).
var listFields = []wanted{
	{"manifest_path", 500, true, true}, {"manifest_length", 501, true, true}, {"partition_spec_id", 502, true, true},
	{"content", 517, false, true}, {"sequence_number", 515, false, true},
}

// Files reads the manifest list of a snapshot and its manifests.
func (t *Table) Files(ctx context.Context, s Snapshot) (*Files, error) {
	if s.list == "" {
		return nil, &UnsupportedError{fmt.Sprintf("snapshot %d has no manifest list, as tables of the first years", s.ID)}
	}
	name, err := t.place.name(s.list)
	if err != nil {
		return nil, err
	}
	manifests, err := t.manifests(ctx, name)
	if err != nil {
		return nil, err
	}
	c := &collector{table: t, out: &Files{Snapshot: s}, seen: map[string]bool{}, partitions: map[string]partition{}}
	for _, m := range manifests {
		if err := c.manifest(ctx, m); err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

// manifests reads a manifest list.
func (t *Table) manifests(ctx context.Context, name string) ([]listed, error) {
	var out []listed
	seen := map[string]bool{}
	err := t.readAvro(ctx, name, func(root *node) error { return check(root, t.needed(listFields)) }, func(decode func(any) error) error {
		var m listed
		if err := decode(&m); err != nil {
			return ended(err)
		}
		switch {
		case m.Content != 0 && m.Content != 1:
			return &UnsupportedError{fmt.Sprintf("the manifest %q has content of kind %d", m.Path, m.Content)}
		case seen[m.Path]:
			return fmt.Errorf("the manifest %q is listed twice", m.Path)
		case len(out) == maxManifests:
			return fmt.Errorf("there are more than %d manifests", maxManifests)
		}
		if _, known := t.global[int(m.Spec)]; !known {
			return fmt.Errorf("the manifest %q has partition spec %d, which the table does not have", m.Path, m.Spec)
		}
		seen[m.Path] = true
		out = append(out, m)
		return nil
	})
	return out, err
}

// needed are the fields that a table of this format must have: format 2 has them all.
func (t *Table) needed(fields []wanted) []wanted {
	if t.Format == 1 {
		return fields
	}
	all := make([]wanted, len(fields))
	for i, f := range fields {
		all[i] = f
		all[i].required = f.required || f.inFormat2
	}
	return all
}
