package iceberg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"github.com/twmb/avro/ocf"

	"reseal/internal/avrotest"
)

// The schemas of a manifest list and a manifest.
var listSchema, manifestSchema = avrotest.ManifestList, avrotest.Manifest("bucket")

type object = map[string]any

// avroFile is an Avro file with these records.
func avroFile(t testing.TB, schema string, records ...any) []byte {
	t.Helper()
	return avrotest.File(t, schema, records, ocf.WithCodec(ocf.DeflateCodec(6)))
}

func manifestOf(path string, content, sequence int) object {
	return object{"manifest_path": path, "manifest_length": int64(1), "partition_spec_id": int32(0), "content": int32(content), "sequence_number": int64(sequence), "added_files_count": nil}
}

// fileOf is an entry of a manifest for a file that was added.
func fileOf(path string, edit ...func(entry, file object)) object {
	file := object{"content": int32(0), "file_path": path, "file_format": "PARQUET", "partition": object{"bucket": "photos"}, "record_count": int64(3),
		"file_size_in_bytes": int64(100), "key_metadata": nil, "equality_ids": nil, "content_offset": nil}
	e := object{"status": int32(1), "snapshot_id": int64(7), "sequence_number": nil, "data_file": file}
	for _, f := range edit {
		f(e, file)
	}
	return e
}

func set(key string, value any) func(entry, file object) {
	return func(e, f object) {
		if _, ok := e[key]; ok {
			e[key] = value
		} else {
			f[key] = value
		}
	}
}

// store is the objects of a place.
type store map[string][]byte

func (s store) open(_ context.Context, name string) (io.ReadCloser, error) {
	data, ok := s[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

const metadataName = "metadata/00002.metadata.json"

// metadataOf is a table with two snapshots; edit changes it.
func metadataOf(edit func(object)) []byte {
	column := func(id int, name, typ string) object {
		return object{"id": id, "name": name, "type": typ, "required": false}
	}
	first := object{"type": "struct", "schema-id": 0, "fields": []any{column(1, "bucket", "string"), column(2, "key", "string"), column(3, "etag", "string")}}
	second := object{"type": "struct", "schema-id": 1, "fields": []any{column(1, "bucket", "string"), column(2, "key", "string"), column(3, "e_tag", "string"),
		column(4, "kms_key_arn", "string"), object{"id": 5, "name": "object_tags", "required": false, "type": object{"type": "map", "key-id": 6, "key": "string", "value-id": 7, "value": "string", "value-required": false}}}}
	m := object{
		"format-version": 2, "table-uuid": "u", "location": "s3://tables", "current-schema-id": 1, "schemas": []any{first, second},
		"partition-specs": []any{object{"spec-id": 0, "fields": []any{object{"source-id": 1, "field-id": 1000, "name": "bucket", "transform": "identity"}}}},
		"default-spec-id": 0, "current-snapshot-id": 8,
		"snapshots": []any{
			object{"snapshot-id": 7, "sequence-number": 1, "timestamp-ms": 1000, "manifest-list": "s3://tables/metadata/snap-7.avro", "schema-id": 0},
			object{"snapshot-id": 8, "sequence-number": 2, "timestamp-ms": 2000, "manifest-list": "s3://tables/metadata/snap-8.avro", "schema-id": 1},
		},
	}
	if edit != nil {
		edit(m)
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return data
}

// tableOf is a table with the snapshot 8 of these entries of data and of deletes.
func tableOf(t testing.TB, data, deletes []any) store {
	s := store{metadataName: metadataOf(nil)}
	lists := []any{manifestOf("s3://tables/metadata/m1.avro", 0, 2)}
	s["metadata/m1.avro"] = avroFile(t, manifestSchema, data...)
	if deletes != nil {
		lists = append(lists, manifestOf("s3://tables/metadata/m2.avro", 1, 2))
		s["metadata/m2.avro"] = avroFile(t, manifestSchema, deletes...)
	}
	s["metadata/snap-8.avro"] = avroFile(t, listSchema, lists...)
	return s
}

// filesOf reads the current snapshot.
func filesOf(s store) (*Files, error) {
	ctx := context.Background()
	table, err := Read(ctx, s.open, At{Bucket: "tables", Name: metadataName})
	if err != nil {
		return nil, err
	}
	snap, err := table.Snapshot(0)
	if err != nil {
		return nil, err
	}
	return table.Files(ctx, snap)
}
