package iceberg

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"reseal/inventory/vector"
)

// Limits. A metadata.json has some hundred bytes a snapshot that it remembers;
// a manifest some hundred a data file.
const (
	maxMetadata  = 64 << 20
	maxAvro      = 512 << 20 // of a manifest or a manifest list, as stored
	maxManifests = 1 << 17
	maxFiles     = 1 << 18 // of each kind; inventory allows its manifests as many
	maxFields    = 1 << 12
)

// The times that documents can hold, in milliseconds since 1970: the years 1 to 9999.
const (
	firstTime = vector.MinSecond * 1000
	lastTime  = vector.MaxSecond*1000 + 999
)

// Table is what a metadata.json says of a table.
type Table struct {
	UUID    string
	Format  int   // 1 or 2
	Current int64 // id of the current snapshot; -1 where the table has none

	open      Opener
	place     place
	snapshots []Snapshot
	schemas   map[int]Schema
	schema    int                 // id of the current one
	global    map[int]bool        // partition specs that do not divide the table
	identity  map[int]map[int]int // by partition spec and the id of its field: the column whose values it has
	names     map[string]int
}

// Column returns the column with that id in any schema that the table remembers: a
// delete file may compare one that is no more.
func (t *Table) Column(id int) (f Field, ok bool) {
	for _, s := range t.schemas {
		for _, f := range s {
			if f.ID == id {
				return f, true
			}
		}
	}
	return Field{}, false
}

// Names are the ids of the columns by their names in files that have no ids, as the
// property schema.name-mapping.default has them; nil where the table has none.
func (t *Table) Names() map[string]int { return t.names }

// Snapshot is one state of a table.
type Snapshot struct {
	ID       int64
	Sequence int64
	Time     time.Time
	Schema   Schema // its columns

	list string // path of the manifest list
}

// Field is a column at the top of a schema. Its id stays the same when the column
// is renamed; files are read by it.
type Field struct {
	ID   int
	Name string
	Type string // as the spec spells it, such as "string"; "struct", "list" or "map" for nested ones
}

// Schema is the columns of a table at one time.
type Schema []Field

// ID returns the id of the column called name, 0 where there is none.
func (s Schema) ID(name string) int {
	for _, f := range s {
		if f.Name == name {
			return f.ID
		}
	}
	return 0
}

// ErrNotTable says that a file is no metadata of an Iceberg table.
var ErrNotTable = errors.New("not the metadata of an Iceberg table")

// UnsupportedError names what a table has that is not read.
type UnsupportedError struct{ What string }

// Error names it.
func (e *UnsupportedError) Error() string { return e.What + ": reseal does not read that" }

// NoSnapshotError says that a table has no snapshot of that id any more, or not yet.
type NoSnapshotError struct {
	ID     int64 // 0: the current one
	Oldest time.Time
	Kept   int // snapshots that the table has
}

// Error says what the table has instead.
func (e *NoSnapshotError) Error() string {
	if e.ID == 0 {
		return "the table has no snapshot: nothing was written to it yet"
	}
	if e.Kept == 0 {
		return fmt.Sprintf("the table has no snapshot %d, and no other", e.ID)
	}
	return fmt.Sprintf("the table has no snapshot %d any more: it keeps %d, the oldest of %s", e.ID, e.Kept, e.Oldest.UTC().Format(time.RFC3339))
}

type metadataJSON struct {
	Format    *int           `json:"format-version"`
	UUID      string         `json:"table-uuid"`
	Location  string         `json:"location"`
	Schema    *schemaJSON    `json:"schema"` // format 1
	Schemas   []schemaJSON   `json:"schemas"`
	SchemaID  *int           `json:"current-schema-id"`
	Spec      []specField    `json:"partition-spec"` // format 1
	Specs     []specJSON     `json:"partition-specs"`
	Current   *int64         `json:"current-snapshot-id"`
	Snapshots []snapshotJSON `json:"snapshots"`

	Properties map[string]string `json:"properties"`
}

// nameMapping is the property that gives the columns of files without ids theirs.
const nameMapping = "schema.name-mapping.default"

// mapped is an element of the value of nameMapping.
type mapped struct {
	ID    int      `json:"field-id"`
	Names []string `json:"names"`
}

type schemaJSON struct {
	ID     int `json:"schema-id"`
	Fields []struct {
		ID   int             `json:"id"`
		Name string          `json:"name"`
		Type json.RawMessage `json:"type"`
	} `json:"fields"`
}

type specJSON struct {
	ID     int         `json:"spec-id"`
	Fields []specField `json:"fields"`
}

type specField struct {
	Source    int    `json:"source-id"`
	ID        int    `json:"field-id"` // some tables of format 1 have none
	Transform string `json:"transform"`
}

type snapshotJSON struct {
	ID       int64  `json:"snapshot-id"`
	Sequence int64  `json:"sequence-number"`
	Time     int64  `json:"timestamp-ms"`
	List     string `json:"manifest-list"`
	Schema   *int   `json:"schema-id"`
}

// Read reads a metadata.json, which may be compressed with gzip. Errors wrap
// ErrNotTable, or are *UnsupportedError, where that is what is wrong.
func Read(ctx context.Context, open Opener, at At) (*Table, error) {
	data, err := readMetadata(ctx, open, at.Name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.Name, err)
	}
	t, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.Name, err)
	}
	t.open, t.place.at = open, at
	return t, nil
}

func readMetadata(ctx context.Context, open Opener, name string) ([]byte, error) {
	body, err := open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	in := bufio.NewReader(&bounded{ctx, body, maxMetadata})
	if head, _ := in.Peek(2); string(head) != "\x1f\x8b" {
		return io.ReadAll(in)
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(&bounded{ctx, z, maxMetadata})
}

func parse(data []byte) (*Table, error) {
	var j metadataJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotTable, err)
	}
	switch {
	case j.Format == nil || j.Location == "":
		return nil, ErrNotTable
	case *j.Format < 1:
		return nil, fmt.Errorf("%w: format version %d", ErrNotTable, *j.Format)
	case *j.Format > 2:
		return nil, &UnsupportedError{fmt.Sprintf("the table has format version %d", *j.Format)}
	}
	t := &Table{UUID: j.UUID, Format: *j.Format, Current: -1, schemas: map[int]Schema{}, global: map[int]bool{}, identity: map[int]map[int]int{}}
	t.place.location = strings.TrimRight(withoutFileScheme(j.Location), "/")
	if j.Current != nil {
		t.Current = *j.Current
	}
	if err := t.setSchemas(&j); err != nil {
		return nil, err
	}
	specs := j.Specs
	if len(specs) == 0 {
		specs = []specJSON{{Fields: j.Spec}}
	}
	for _, s := range specs {
		t.global[s.ID], t.identity[s.ID] = undivided(s.Fields), identities(s.Fields)
	}
	if err := t.setNames(j.Properties[nameMapping]); err != nil {
		return nil, fmt.Errorf("property %s: %w", nameMapping, err)
	}
	return t, t.setSnapshots(j.Snapshots)
}

// identities are the columns whose values the fields of a partition spec have, by the
// ids of the fields.
func identities(fields []specField) map[int]int {
	const first = 1000 // where a field has no id
	out := map[int]int{}
	for i, f := range fields {
		if f.ID == 0 {
			f.ID = first + i
		}
		if f.Transform == "identity" {
			out[f.ID] = f.Source
		}
	}
	return out
}

func (t *Table) setNames(text string) error {
	if text == "" {
		return nil
	}
	var all []mapped
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return err
	}
	t.names = map[string]int{}
	for _, m := range all {
		for _, name := range m.Names {
			if old, twice := t.names[name]; twice && old != m.ID {
				return fmt.Errorf("the name %.100q is that of columns %d and %d", name, old, m.ID)
			}
			t.names[name] = m.ID
		}
	}
	return nil
}

// undivided tells whether a partition spec does not divide the table.
func undivided(fields []specField) bool {
	for _, f := range fields {
		if f.Transform != "void" {
			return false
		}
	}
	return true
}

func (t *Table) setSchemas(j *metadataJSON) error {
	all := j.Schemas
	if len(all) == 0 && j.Schema != nil {
		all = []schemaJSON{*j.Schema}
		t.schema = j.Schema.ID
	}
	if j.SchemaID != nil {
		t.schema = *j.SchemaID
	}
	for _, s := range all {
		schema, err := s.schema()
		if err != nil {
			return fmt.Errorf("schema %d: %w", s.ID, err)
		}
		t.schemas[s.ID] = schema
	}
	if t.schemas[t.schema] == nil {
		return fmt.Errorf("the table has no schema %d, which it calls the current one", t.schema)
	}
	return nil
}

func (s *schemaJSON) schema() (Schema, error) {
	if len(s.Fields) == 0 || len(s.Fields) > maxFields {
		return nil, fmt.Errorf("it has %d columns", len(s.Fields))
	}
	out := make(Schema, len(s.Fields))
	ids, names := map[int]bool{}, map[string]bool{}
	for i, f := range s.Fields {
		if f.ID <= 0 || f.Name == "" || ids[f.ID] || names[f.Name] {
			return nil, fmt.Errorf("column %q with id %d: ids and names must be there once", f.Name, f.ID)
		}
		ids[f.ID], names[f.Name] = true, true
		out[i] = Field{f.ID, f.Name, typeName(f.Type)}
	}
	return out, nil
}

// typeName is the name of a type, which a nested one has inside.
func typeName(raw json.RawMessage) string {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name
	}
	var nested struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &nested) != nil {
		return ""
	}
	return nested.Type
}

func (t *Table) setSnapshots(all []snapshotJSON) error {
	ids := map[int64]bool{}
	for _, s := range all {
		if ids[s.ID] {
			return fmt.Errorf("the table has the snapshot %d twice", s.ID)
		}
		ids[s.ID] = true
		if s.Time < firstTime || s.Time > lastTime {
			return fmt.Errorf("the time of snapshot %d, %d ms, is not within the years 1 to 9999", s.ID, s.Time)
		}
		schema := t.schemas[t.schema]
		if s.Schema != nil {
			if schema = t.schemas[*s.Schema]; schema == nil {
				return fmt.Errorf("snapshot %d has schema %d, which the table does not have", s.ID, *s.Schema)
			}
		}
		t.snapshots = append(t.snapshots, Snapshot{s.ID, s.Sequence, time.UnixMilli(s.Time).UTC(), schema, s.List})
	}
	return nil
}

// Snapshot returns the snapshot of that id; 0 is the current one, which has the columns
// that the table has now. An error is a *NoSnapshotError.
func (t *Table) Snapshot(id int64) (Snapshot, error) {
	none := &NoSnapshotError{ID: id, Kept: len(t.snapshots)}
	current := id == 0
	if id == 0 {
		if id = t.Current; id == -1 {
			return Snapshot{}, none
		}
		none.ID = id
	}
	for _, s := range t.snapshots {
		if s.ID == id {
			if current { // it may have been written before a column got its name
				s.Schema = t.schemas[t.schema]
			}
			return s, nil
		}
		if none.Oldest.IsZero() || s.Time.Before(none.Oldest) {
			none.Oldest = s.Time
		}
	}
	return Snapshot{}, none
}
