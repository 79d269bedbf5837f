package inventory

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/avro/ocf"

	"reseal/internal/avrotest"
	"reseal/inventory/parquet"
)

// aTable is a table that a test writes to a folder: of objects of the bucket media.
type aTable struct {
	t        testing.TB
	dir      string
	location string
	columns  []any // of the schema
	entries  map[int][]any
	props    map[string]string
	edit     func(map[string]any) // of the metadata
}

func newTable(t testing.TB) *aTable {
	t.Helper()
	out := &aTable{t: t, dir: t.TempDir(), location: "s3://warehouse/t", entries: map[int][]any{}, props: map[string]string{}}
	for i, name := range []string{"bucket", "key", "size", "version_id", "e_tag", "kms_key_arn", "storage_class"} {
		typ := "string"
		if name == "size" {
			typ = "long"
		}
		out.column(i+1, name, typ)
	}
	return out
}

func (a *aTable) column(id int, name, typ string) {
	a.columns = append(a.columns, map[string]any{"id": id, "name": name, "type": typ, "required": false})
}

// cell is a value of a row: nil, text, a number or a truth value.
type cell = any

// file writes a Parquet file and returns its size.
func (a *aTable) file(name string, columns []parquet.Field, rows ...[]cell) int64 {
	a.t.Helper()
	var buf bytes.Buffer
	w, err := parquet.NewWriter(&buf, "table", columns)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, row := range rows {
		for i, v := range row {
			switch v := v.(type) {
			case nil:
				w.Null(i)
			case string:
				w.Text(i, v)
			case int:
				w.Int64(i, int64(v))
			case bool:
				w.Bool(i, v)
			}
		}
		if err := w.EndRow(); err != nil {
			a.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		a.t.Fatal(err)
	}
	a.write(name, buf.Bytes())
	return int64(buf.Len())
}

func (a *aTable) write(name string, data []byte) {
	a.t.Helper()
	file := filepath.Join(a.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// entry notes a file of the snapshot: content 0 data, 1 deletes by position, 2 by values.
func (a *aTable) entry(content int, name string, sequence, rows int, size int64, class any, equality ...int32) {
	var ids any
	if equality != nil {
		ids = equality
	}
	kind := min(content, 1)
	a.entries[kind] = append(a.entries[kind], map[string]any{"status": int32(0), "snapshot_id": nil, "sequence_number": int64(sequence), "data_file": map[string]any{
		"content": int32(content), "file_path": a.location + "/" + name, "file_format": "PARQUET", "partition": map[string]any{"class": class},
		"record_count": int64(rows), "file_size_in_bytes": size, "equality_ids": ids, "key_metadata": nil, "content_offset": nil}})
}

// data adds a data file, with rows of all columns.
func (a *aTable) data(name string, sequence int, class any, columns []parquet.Field, rows ...[]cell) {
	a.t.Helper()
	a.entry(0, name, sequence, len(rows), a.file(name, columns, rows...), class)
}

// positions adds a file of deletes by position.
func (a *aTable) positions(name string, sequence int, class any, rows ...[]cell) {
	a.t.Helper()
	columns := []parquet.Field{{Name: "file_path", ID: pathID, Kind: parquet.ByteArray}, {Name: "pos", ID: positionID, Kind: parquet.Int64}}
	for _, row := range rows {
		row[0] = a.location + "/" + row[0].(string)
	}
	a.entry(1, name, sequence, len(rows), a.file(name, columns, rows...), class)
}

// values adds a file of deletes by values.
func (a *aTable) values(name string, sequence int, class any, columns []parquet.Field, rows ...[]cell) {
	a.t.Helper()
	var ids []int32
	for _, c := range columns {
		ids = append(ids, int32(c.ID))
	}
	a.entry(2, name, sequence, len(rows), a.file(name, columns, rows...), class, ids...)
}

// save writes the metadata and returns where it is.
func (a *aTable) save() string {
	a.t.Helper()
	var list []any
	for content, name := range []string{"m0.avro", "m1.avro"} {
		if len(a.entries[content]) == 0 {
			continue
		}
		a.avro("metadata/"+name, avrotest.Manifest("class"), a.entries[content]...)
		list = append(list, map[string]any{"manifest_path": a.location + "/metadata/" + name, "manifest_length": int64(1),
			"partition_spec_id": int32(0), "content": int32(content), "sequence_number": int64(9), "added_files_count": nil})
	}
	a.avro("metadata/snap.avro", avrotest.ManifestList, list...)
	schema := map[string]any{"type": "struct", "schema-id": 0, "fields": a.columns}
	m := map[string]any{"format-version": 2, "table-uuid": "u", "location": a.location, "current-schema-id": 0, "schemas": []any{schema}, "properties": a.props,
		"partition-specs":     []any{map[string]any{"spec-id": 0, "fields": []any{map[string]any{"source-id": 7, "field-id": 1000, "name": "class", "transform": "identity"}}}},
		"current-snapshot-id": 77,
		"snapshots": []any{map[string]any{"snapshot-id": 77, "sequence-number": 9, "timestamp-ms": 1764547200000, "schema-id": 0,
			"manifest-list": a.location + "/metadata/snap.avro"}}}
	if a.edit != nil {
		a.edit(m)
	}
	data, err := json.Marshal(m)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write("metadata/v3.metadata.json", data)
	return filepath.Join(a.dir, "metadata", "v3.metadata.json")
}

func (a *aTable) avro(name, schema string, records ...any) {
	a.t.Helper()
	a.write(name, avrotest.File(a.t, schema, records, ocf.WithSyncMarker([16]byte{1}))) // the same bytes each time
}

// tableFields are columns of a Parquet file by "name:id", of numbers where it ends in "#".
func tableFields(specs ...string) (out []parquet.Field) {
	for _, spec := range specs {
		name, number, _ := strings.Cut(spec, ":")
		f := parquet.Field{Name: name, Kind: parquet.ByteArray, Optional: true}
		if rest, is := strings.CutSuffix(number, "#"); is {
			f.Kind, number = parquet.Int64, rest
		}
		for _, digit := range number {
			f.ID = 10*f.ID + int(digit-'0')
		}
		out = append(out, f)
	}
	return out
}

// keysOf are the keys of the rows of the table that count.
func keysOf(t testing.TB, at string) (keys []string) {
	t.Helper()
	r, err := openResult(t, at, Results{})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range resultRows(t, r) {
		if row.Bucket != "media" {
			t.Errorf("row %d is of the bucket %q", i, row.Bucket)
		}
		if !row.Removed {
			keys = append(keys, row.Key)
		}
	}
	return keys
}
