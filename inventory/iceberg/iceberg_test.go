package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestFilesOfASnapshot(t *testing.T) {
	s := tableOf(t,
		[]any{
			fileOf("s3://tables/data/a.parquet"),
			fileOf("s3a://tables/data/b.parquet", set("status", int32(0)), set("sequence_number", int64(1))),
			fileOf("s3://tables/data/gone.parquet", set("status", int32(2))),
		},
		[]any{
			fileOf("s3://tables/data/p.parquet", set("content", int32(1))),
			fileOf("s3://tables/data/e.parquet", set("content", int32(2)), set("equality_ids", []int32{2, 1})),
		})
	files, err := filesOf(s)
	if err != nil {
		t.Fatal(err)
	}
	if files.Snapshot.ID != 8 || files.Snapshot.Sequence != 2 || files.Snapshot.Time.UnixMilli() != 2000 {
		t.Errorf("snapshot %+v", files.Snapshot)
	}
	part, values := `0 {"bucket":"photos"}`, map[int]string{1: "photos"}
	want := []File{
		{Name: "data/a.parquet", Size: 100, Rows: 3, Sequence: 2, Partition: part, Values: values},
		{Name: "data/b.parquet", Size: 100, Rows: 3, Sequence: 1, Partition: part, Values: values},
	}
	if !reflect.DeepEqual(files.Data, want) {
		t.Errorf("data files\n%+v, want\n%+v", files.Data, want)
	}
	if len(files.Deletes) != 2 || files.Deletes[0].Name != "data/p.parquet" || files.Deletes[0].Equality != nil || !slices.Equal(files.Deletes[1].Equality, []int{2, 1}) {
		t.Fatalf("delete files %+v", files.Deletes)
	}
	// The file of the same write: by positions yes, by values no.
	for i, want := range [][2]bool{{true, true}, {false, true}} {
		for j := range 2 {
			if got := files.Deletes[i].TakesFrom(&files.Data[j]); got != want[j] {
				t.Errorf("delete file %d takes from data file %d: %v", i, j, got)
			}
		}
	}
}

func TestDeletesKeepToTheirPartition(t *testing.T) {
	data := File{Sequence: 1, Partition: "a"}
	for _, tt := range []struct {
		name   string
		delete Delete
		want   bool
	}{
		{"positions in the partition", Delete{File: File{Sequence: 1, Partition: "a"}}, true},
		{"positions in another one", Delete{File: File{Sequence: 1, Partition: "b"}}, false},
		{"positions, before", Delete{File: File{Sequence: 0, Partition: "a"}}, false},
		{"values in the partition", Delete{File: File{Sequence: 2, Partition: "a"}, Equality: []int{1}}, true},
		{"values in another one", Delete{File: File{Sequence: 2, Partition: "b"}, Equality: []int{1}}, false},
		{"values of the same write", Delete{File: File{Sequence: 1, Partition: "a"}, Equality: []int{1}}, false},
		{"values everywhere", Delete{File: File{Sequence: 2, Partition: "b", Global: true}, Equality: []int{1}}, true},
	} {
		if got := tt.delete.TakesFrom(&data); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestColumnsKeepTheirIDs(t *testing.T) {
	s := tableOf(t, nil, nil)
	table, err := Read(context.Background(), s.open, At{Bucket: "tables", Name: metadataName})
	if err != nil {
		t.Fatal(err)
	}
	first, err := table.Snapshot(7)
	if err != nil {
		t.Fatal(err)
	}
	now, err := table.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	if first.Schema.ID("etag") != 3 || now.Schema.ID("e_tag") != 3 || now.Schema.ID("etag") != 0 || first.Schema.ID("kms_key_arn") != 0 || now.Schema.ID("kms_key_arn") != 4 {
		t.Errorf("columns %+v, then %+v", first.Schema, now.Schema)
	}
	if got := now.Schema[4].Type; got != "map" {
		t.Errorf("type of the tags: %q", got)
	}
}

// The current snapshot has the columns of now, although it was written before.
func TestColumnsOfNow(t *testing.T) {
	table, err := parse(metadataOf(func(m object) { m["snapshots"].([]any)[1].(object)["schema-id"] = 0 }))
	if err != nil {
		t.Fatal(err)
	}
	now, err := table.Snapshot(0)
	if err != nil || now.Schema.ID("e_tag") != 3 {
		t.Errorf("columns of now %+v, %v", now.Schema, err)
	}
	then, err := table.Snapshot(8)
	if err != nil || then.Schema.ID("etag") != 3 {
		t.Errorf("columns of the snapshot %+v, %v", then.Schema, err)
	}
}

// Names of columns in files without ids are those of the property alone.
func TestNameMapping(t *testing.T) {
	names := func(text string) (map[string]int, error) {
		table, err := parse(metadataOf(func(m object) { m["properties"] = object{"schema.name-mapping.default": text} }))
		if err != nil {
			return nil, err
		}
		return table.Names(), nil
	}
	got, err := names(`[{"field-id":2,"names":["key","object_key"]},{"field-id":4,"names":["arn"],"fields":[{"field-id":9,"names":["x"]}]},{"names":["none"]}]`)
	if want := map[string]int{"key": 2, "object_key": 2, "arn": 4, "none": 0}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("names %v, %v", got, err)
	}
	for text, want := range map[string]string{
		`[{"field-id":2,"names":["key"]},{"field-id":3,"names":["key"]}]`: "columns 2 and 3",
		`{`: "schema.name-mapping.default",
	} {
		if _, err := names(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	if got, err := names(""); got != nil || err != nil {
		t.Errorf("without one: %v, %v", got, err)
	}
}

// What is not read is refused by name, and nothing of the table is handed out.
func TestRefusals(t *testing.T) {
	const a = "s3://tables/data/a.parquet"
	one := []any{fileOf(a)}
	timeOf := func(ms int64) func(store) {
		return func(s store) {
			s[metadataName] = metadataOf(func(m object) { m["snapshots"].([]any)[1].(object)["timestamp-ms"] = ms })
		}
	}
	tests := map[string]struct {
		data, deletes []any
		edit          func(store)
		want          string
	}{
		"format 3":           {one, nil, func(s store) { s[metadataName] = metadataOf(func(m object) { m["format-version"] = 3 }) }, "the table has format version 3: reseal does not read that"},
		"ORC":                {[]any{fileOf(a, set("file_format", "ORC"))}, nil, nil, `a.parquet" has the format "ORC", and not Parquet`},
		"deletion vector":    {one, []any{fileOf("s3://tables/data/v.puffin", set("content", int32(1)), set("file_format", "PUFFIN"))}, nil, `v.puffin" is a deletion vector`},
		"offset of a vector": {one, []any{fileOf("s3://tables/data/v.parquet", set("content", int32(1)), set("content_offset", int64(4)))}, nil, "is a deletion vector"},
		"encrypted":          {[]any{fileOf(a, set("key_metadata", []byte("k")))}, nil, nil, "is encrypted by the table"},
		"another kind":       {one, []any{fileOf("s3://tables/x", set("content", int32(3)))}, nil, "content of kind 3"},
		"deletes among data": {[]any{fileOf(a, set("content", int32(1)))}, nil, nil, "which its manifest does not hold"},
		"data among deletes": {one, []any{fileOf("s3://tables/x")}, nil, "which its manifest does not hold"},
		"values of none":     {one, []any{fileOf("s3://tables/x", set("content", int32(2)))}, nil, "0 columns to compare"},
		"other bucket":       {[]any{fileOf("s3://elsewhere/data/a.parquet")}, nil, nil, `"s3://elsewhere/data/a.parquet", which is not in the bucket tables`},
		"other scheme":       {[]any{fileOf("https://tables/data/a.parquet")}, nil, nil, "which is not in the bucket tables"},
		"dots":               {[]any{fileOf("s3://tables/t/data/../../a/data/1.parquet")}, nil, nil, `the table names a path with ..: "s3://tables/t/data/../../a/data/1.parquet"`},
		"dots at the end":    {[]any{fileOf("s3://tables/t/data/..")}, nil, nil, "a path with .."},
		"before year 1":      {one, nil, timeOf(-62135596800001), "the time of snapshot 8, -62135596800001 ms, is not within the years 1 to 9999"},
		"after year 9999":    {one, nil, timeOf(253402300800000), "is not within the years 1 to 9999"},
		"the first of times": {one, nil, timeOf(math.MinInt64), "is not within the years 1 to 9999"},
		"the last of times":  {one, nil, timeOf(math.MaxInt64), "is not within the years 1 to 9999"},
		"no file":            {[]any{fileOf("s3://tables/")}, nil, nil, "names no file"},
		"twice":              {[]any{fileOf(a), fileOf("s3a://tables/data/a.parquet")}, nil, nil, "in the snapshot twice"},
		"status":             {[]any{fileOf(a, set("status", int32(3)))}, nil, nil, "has status 3"},
		"negative rows":      {[]any{fileOf(a, set("record_count", int64(-1)))}, nil, nil, "has -1 rows"},
		"no bytes":           {[]any{fileOf(a, set("file_size_in_bytes", int64(0)))}, nil, nil, "in 0 bytes"},
		"no sequence":        {[]any{fileOf(a, set("status", int32(0)))}, nil, nil, "has no sequence number"},
		"manifest elsewhere": {one, nil, func(s store) {
			s["metadata/snap-8.avro"] = avroFile(t, listSchema, manifestOf("s3://elsewhere/m", 0, 2))
		}, "which is not in the bucket tables"},
		"unknown spec": {one, nil, func(s store) {
			m := manifestOf("s3://tables/metadata/m1.avro", 0, 2)
			m["partition_spec_id"] = int32(9)
			s["metadata/snap-8.avro"] = avroFile(t, listSchema, m)
		}, "partition spec 9"},
		"manifest twice": {one, nil, func(s store) {
			m := manifestOf("s3://tables/metadata/m1.avro", 0, 2)
			s["metadata/snap-8.avro"] = avroFile(t, listSchema, m, m)
		}, "is listed twice"},
		"other ids": {one, nil, func(s store) {
			s["metadata/m1.avro"] = avroFile(t, strings.Replace(manifestSchema, `"field-id":100}`, `"field-id":99}`, 1), fileOf(a))
		}, "its field file_path has the id 99, want 100"},
		"a field is missing": {one, nil, func(s store) {
			s["metadata/snap-8.avro"] = avroFile(t, strings.Replace(listSchema, `"name":"content"`, `"name":"other"`, 1))
		}, "its records have no field content"},
		"list elsewhere": {one, nil, func(s store) {
			s[metadataName] = metadataOf(func(m object) { m["snapshots"].([]any)[1].(object)["manifest-list"] = "s3://elsewhere/l" })
		}, "which is not in the bucket tables"},
		"no list": {one, nil, func(s store) {
			s[metadataName] = metadataOf(func(m object) { delete(m["snapshots"].([]any)[1].(object), "manifest-list") })
		}, "has no manifest list"},
		"no snapshot":    {one, nil, func(s store) { s[metadataName] = metadataOf(func(m object) { m["current-snapshot-id"] = -1 }) }, "nothing was written to it yet"},
		"expired":        {one, nil, func(s store) { s[metadataName] = metadataOf(func(m object) { m["current-snapshot-id"] = 6 }) }, "no snapshot 6 any more: it keeps 2, the oldest of 1970-01-01T00:00:01Z"},
		"truncated":      {one, nil, func(s store) { s["metadata/m1.avro"] = s["metadata/m1.avro"][:len(s["metadata/m1.avro"])-20] }, "m1.avro"},
		"no Avro":        {one, nil, func(s store) { s["metadata/m1.avro"] = []byte("PAR1") }, "m1.avro"},
		"no metadata":    {one, nil, func(s store) { s[metadataName] = []byte(`{"a":1}`) }, ErrNotTable.Error()},
		"no JSON":        {one, nil, func(s store) { s[metadataName] = []byte(`[`) }, ErrNotTable.Error()},
		"schema is gone": {one, nil, func(s store) { s[metadataName] = metadataOf(func(m object) { m["current-schema-id"] = 4 }) }, "no schema 4"},
		"column id twice": {one, nil, func(s store) {
			s[metadataName] = []byte(strings.Replace(string(metadataOf(nil)), `"id":2,`, `"id":1,`, 1))
		}, "must be there once"},
	}
	for name, tt := range tests {
		s := tableOf(t, tt.data, tt.deletes)
		if tt.edit != nil {
			tt.edit(s)
		}
		files, err := filesOf(s)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
		if files != nil {
			t.Errorf("%s: files although refused", name)
		}
	}
}

// The first and the last time that a document can hold, and names with dots that lead
// nowhere else.
func TestWhatIsNotRefused(t *testing.T) {
	for _, ms := range []int64{-62135596800000, 253402300799999} {
		table, err := parse(metadataOf(func(m object) { m["snapshots"].([]any)[1].(object)["timestamp-ms"] = ms }))
		if err != nil {
			t.Fatalf("%d: %v", ms, err)
		}
		s, err := table.Snapshot(0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(s.Time); err != nil {
			t.Errorf("%d: %v", ms, err)
		}
	}
	if files, err := filesOf(tableOf(t, []any{fileOf("s3://tables/elsewhere/..a/b../...")}, nil)); err != nil || len(files.Data) != 1 {
		t.Errorf("a name with dots: %v, %v", files, err)
	}
}

func TestMissingManifest(t *testing.T) {
	s := tableOf(t, []any{fileOf("s3://tables/a")}, nil)
	delete(s, "metadata/m1.avro")
	if _, err := filesOf(s); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of a missing file", err)
	}
}

// A table of format 1 has neither contents nor sequence numbers.
func TestFormat1(t *testing.T) {
	drop := func(schema, line string) string {
		if !strings.Contains(schema, line) {
			t.Fatalf("the schema has no %s", line)
		}
		return strings.Replace(schema, line, "", 1)
	}
	list := drop(drop(listSchema, `{"name":"content","type":"int","field-id":517},`), `{"name":"sequence_number","type":"long","field-id":515},`)
	manifest := drop(drop(manifestSchema, `{"name":"sequence_number","type":["null","long"],"default":null,"field-id":3},`), `{"name":"content","type":"int","field-id":134},`)
	s := store{
		metadataName: metadataOf(func(m object) {
			m["format-version"] = 1
			m["schema"], m["partition-spec"] = m["schemas"].([]any)[1], []any{}
			for _, key := range []string{"schemas", "current-schema-id", "partition-specs"} {
				delete(m, key)
			}
			for _, snap := range m["snapshots"].([]any) {
				delete(snap.(object), "schema-id")
			}
		}),
		"metadata/snap-8.avro": avroFile(t, list, manifestOf("s3://tables/metadata/m1.avro", 0, 0)),
		"metadata/m1.avro":     avroFile(t, manifest, fileOf("s3://tables/data/a.parquet")),
	}
	files, err := filesOf(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(files.Data) != 1 || files.Data[0].Sequence != 0 || !files.Data[0].Global || files.Data[0].Name != "data/a.parquet" {
		t.Errorf("files %+v", files.Data)
	}
	if files.Snapshot.Schema.ID("kms_key_arn") != 4 {
		t.Errorf("columns %+v", files.Snapshot.Schema)
	}
}

// A table in a folder: its paths are those of where it was written.
func TestLocalPaths(t *testing.T) {
	for _, tt := range []struct{ location, path, want string }{
		{"s3://tables/t", "s3://tables/t/data/a", "data/a"},
		{"/mnt/t/", "/mnt/t/data/a", "data/a"},
		{"file:///mnt/t", "file:/mnt/t/data/a", "data/a"},
		{"/mnt/t", "/mnt/tt/data/a", ""},
		{"/mnt/t", "/mnt/t/../a", ""},
		{"/mnt/t", "/mnt/t/data/../../a", ""},
		{"/mnt/t", "/mnt/t//a", ""},
		{"/mnt/t", "/etc/passwd", ""},
		{"/", "/etc/passwd", ""},
		{"/mnt/t", "", ""},
		{"/mnt/t", "/mnt/t/a\x00", ""},
		{"/mnt/t", "/mnt/t/" + strings.Repeat("a", 3000), ""},
	} {
		table, err := parse(metadataOf(func(m object) { m["location"] = tt.location }))
		if err != nil {
			t.Fatal(err)
		}
		table.place.at = At{Name: "metadata/x.metadata.json"}
		got, err := table.place.name(tt.path)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%.40s in %s: %q, %v", tt.path, tt.location, got, err)
		}
	}
}

// The files of a table that claims to be large cost no more than their bytes.
func TestBombs(t *testing.T) {
	header := avroFile(t, manifestSchema)
	long := func(n int64) []byte { // as Avro writes it
		u := uint64(n<<1) ^ uint64(n>>63)
		var out []byte
		for ; u >= 0x80; u >>= 7 {
			out = append(out, byte(u)|0x80)
		}
		return append(out, byte(u))
	}
	for name, block := range map[string][]byte{
		"many records":          slices.Concat(long(1<<40), long(1), []byte{0}),
		"negative records":      slices.Concat(long(-1), long(1), []byte{0}),
		"a large block":         slices.Concat(long(1), long(1<<40)),
		"a negative block":      slices.Concat(long(1), long(-5)),
		"a block that ends":     slices.Concat(long(1), long(1<<20)),
		"a number without end":  slices.Repeat([]byte{0xff}, 64),
		"another sync sequence": slices.Concat(long(1), long(0), make([]byte, 16)),
	} {
		s := tableOf(t, nil, nil)
		s["metadata/m1.avro"] = slices.Concat(header, block)
		if _, err := filesOf(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, schema := range map[string]string{
		"a record in itself": `{"type":"record","name":"manifest_entry","fields":[{"name":"status","type":"manifest_entry","field-id":0}]}`,
		"no record":          `"int"`,
		"a data file that is none": `{"type":"record","name":"manifest_entry","fields":[{"name":"status","type":"int","field-id":0},
			{"name":"sequence_number","type":["null","long"],"field-id":3},{"name":"data_file","type":"string","field-id":2}]}`,
	} {
		s := tableOf(t, nil, nil)
		s["metadata/m1.avro"] = slices.Concat([]byte("Obj\x01"), long(1), long(11), []byte("avro.schema"), long(int64(len(schema))), []byte(schema), long(0), make([]byte, 16))
		if _, err := filesOf(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReadingStops(t *testing.T) {
	s := tableOf(t, []any{fileOf("s3://tables/a")}, nil)
	ctx, cancel := context.WithCancel(context.Background())
	table, err := Read(ctx, s.open, At{Bucket: "tables", Name: metadataName})
	if err != nil {
		t.Fatal(err)
	}
	snap, err := table.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := table.Files(ctx, snap); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after the end of its context", err)
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add(metadataOf(nil))
	f.Add([]byte(`{"format-version":1,"location":"/","schema":{"fields":[]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := parse(data)
		if err != nil {
			return
		}
		for _, s := range table.snapshots {
			if len(s.Schema) == 0 {
				t.Errorf("snapshot %d has no columns", s.ID)
			}
			if name, err := (place{At{Name: "m"}, table.place.location}).name(s.list); err == nil && !fs.ValidPath(name) {
				t.Errorf("%q leads to %q", s.list, name)
			}
		}
	})
}

func FuzzManifestList(f *testing.F) {
	f.Add(avroFile(f, listSchema, manifestOf("s3://tables/metadata/m1.avro", 0, 2)))
	f.Add(avroFile(f, listSchema, manifestOf("s3://tables/metadata/m1.avro", 1, 2), manifestOf("s3://elsewhere/m", 0, 1)))
	manifest := avroFile(f, manifestSchema, fileOf("s3://tables/data/a.parquet"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := store{metadataName: metadataOf(nil), "metadata/m1.avro": manifest, "metadata/snap-8.avro": data}
		files, err := filesOf(s)
		if err == nil && len(files.Data)+len(files.Deletes) > 1 {
			t.Errorf("%d files, of the one that there is", len(files.Data)+len(files.Deletes))
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(avroFile(f, manifestSchema, fileOf("s3://tables/data/a.parquet")), false)
	f.Add(avroFile(f, manifestSchema, fileOf("s3://tables/data/e.parquet", set("content", int32(2)), set("equality_ids", []int32{2, 1}))), true)
	f.Fuzz(func(t *testing.T, data []byte, deletes bool) {
		content := 0
		if deletes {
			content = 1
		}
		s := store{metadataName: metadataOf(nil), "metadata/m1.avro": data,
			"metadata/snap-8.avro": avroFile(t, listSchema, manifestOf("s3://tables/metadata/m1.avro", content, 2))}
		files, err := filesOf(s)
		if err != nil {
			return
		}
		for _, d := range files.Data {
			if d.Name == "" || d.Size <= 0 || d.Rows < 0 || deletes {
				t.Errorf("data file %+v", d)
			}
		}
		if !deletes && len(files.Deletes) > 0 {
			t.Error(fmt.Sprint("delete files of a manifest of data: ", files.Deletes))
		}
	})
}
