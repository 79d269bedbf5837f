package inventory

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory/iceberg"
)

// plain are the columns of most files here.
var plain = tableFields("bucket:1", "key:2", "size:3#")

// A column is found by its id: whatever it is called in a file, whatever else has its
// name there, and whether the file has it at all.
func TestTableColumnsByID(t *testing.T) {
	a := newTable(t)
	a.data("data/1.parquet", 1, nil, tableFields("bucket:1", "object_key:2", "length:3#", "key:90", "e_tag:91"), []cell{"media", "a", 1, "not the key", "dropped"})
	a.data("data/2.parquet", 2, nil, tableFields("e_tag:5", "size:3#", "key:2", "bucket:1", "kms_key_arn:6"), []cell{"tag", nil, "b", "media", "arn"}, []cell{"tag", 7, "c", "media", nil})
	at := a.save()
	r, err := openResult(t, at, Results{})
	if err != nil {
		t.Fatal(err)
	}
	m := r.Manifest()
	want := &Table{UUID: "u", Metadata: at, Snapshot: 77, Sequence: 9, Time: time.UnixMilli(1764547200000).UTC(), Files: 2}
	if *m.Table != *want || m.SourceBucket != "media" || !m.Created.Equal(want.Time) || m.Format != Parquet {
		t.Errorf("table %+v, manifest %+v", m.Table, m)
	}
	if all := ColumnsOf(ColBucket, ColKey, ColSize); m.Columns != all { // that both files have
		t.Errorf("columns %v", m.Columns.Names())
	}
	rows := resultRows(t, r)
	slices.SortFunc(rows, func(x, y Record) int { return strings.Compare(x.Key, y.Key) })
	has := ColumnsOf(ColBucket, ColKey)
	for i, want := range []Record{
		{Key: "a", Size: 1, Known: has.With(ColSize)},
		{Key: "b", Size: -1, ETag: "tag", KMSKeyARN: "arn", Known: has.With(ColETag).With(ColKMSKey)},
		{Key: "c", Size: 7, ETag: "tag", Known: has.With(ColSize).With(ColETag)},
	} {
		want.Bucket, want.Pos, want.ByHand = "media", rows[i].Pos, true
		if d := diff(rows[i], want); d != "" {
			t.Errorf("row %d: %s", i, d)
		}
	}
}

// A version that a row does not name is unknown, and the row says so.
func TestTableVersions(t *testing.T) {
	a := newTable(t)
	a.data("1", 1, nil, tableFields("bucket:1", "key:2", "version_id:4"), []cell{"media", "a", "v1"}, []cell{"media", "b", nil}, []cell{"media", "c", "null"}, []cell{"media", "d", ""})
	r, err := openResult(t, a.save(), Results{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range resultRows(t, r) {
		want := map[string]string{"a": "v1", "c": nullVersion}[row.Key]
		if row.VersionID != want || row.Unnamed != (want == "") || row.Known.Has(ColVersionID) != (want != "") {
			t.Errorf("row %s: version %q, unnamed %v", row.Key, row.VersionID, row.Unnamed)
		}
	}
}

// Files without ids have those of the names that the table has for them, or are refused.
func TestTableNameMapping(t *testing.T) {
	a := newTable(t)
	a.data("data/1.parquet", 1, nil, tableFields("b", "key", "e_tag"), []cell{"media", "a", "x"})
	if _, err := openResult(t, a.save(), Results{}); err == nil || !strings.Contains(err.Error(), "have no ids") {
		t.Errorf("without a mapping: %v", err)
	}
	a.props["schema.name-mapping.default"] = `[{"field-id":1,"names":["b"]},{"field-id":2,"names":["key"]}]`
	r, err := openResult(t, a.save(), Results{})
	if err != nil {
		t.Fatal(err)
	}
	rows := resultRows(t, r)
	if len(rows) != 1 || rows[0].Key != "a" || rows[0].Known != ColumnsOf(ColBucket, ColKey) || r.Manifest().Columns != rows[0].Known {
		t.Errorf("rows %+v, columns %v", rows, r.Manifest().Columns.Names())
	}
}

// A value that all rows of a partition have need not be in their file.
func TestTablePartitionValues(t *testing.T) {
	a := newTable(t)
	a.data("data/1.parquet", 1, "GLACIER", plain, []cell{"media", "a", 1})
	a.data("data/2.parquet", 1, nil, plain, []cell{"media", "b", 1})
	r, err := openResult(t, a.save(), Results{})
	if err != nil {
		t.Fatal(err)
	}
	rows := resultRows(t, r)
	slices.SortFunc(rows, func(x, y Record) int { return strings.Compare(x.Key, y.Key) })
	if rows[0].StorageClass != Glacier || rows[1].StorageClass != "" || rows[1].Known.Has(ColStorageClass) {
		t.Errorf("classes %q, %q", rows[0].StorageClass, rows[1].StorageClass)
	}
}

// Deletes take out the rows that the specification says, and no others; rows keep their
// numbers.
func TestTableDeletes(t *testing.T) {
	key := tableFields("key:2")
	for _, tt := range []struct {
		name string
		make func(*aTable)
		want string // keys that are left of a to f, where a to c are older, and in another file
	}{
		{"none", func(a *aTable) {}, "abcdef"},
		{"by position", func(a *aTable) { a.positions("d", 2, nil, []cell{"1", 0}, []cell{"2", 2}, []cell{"1", 1}) }, "cde"},
		{"by position, all", func(a *aTable) { a.positions("d", 2, nil, []cell{"1", 0}, []cell{"1", 1}, []cell{"1", 2}) }, "def"},
		{"by position, of the same write", func(a *aTable) { a.positions("d", 1, nil, []cell{"1", 0}, []cell{"2", 0}) }, "bcdef"},
		{"by position, of a file that is gone", func(a *aTable) { a.positions("d", 2, nil, []cell{"0", 5}) }, "abcdef"},
		{"by position, of another partition", func(a *aTable) { a.positions("d", 2, "GLACIER", []cell{"1", 0}) }, "abcdef"},
		{"by position, two files", func(a *aTable) {
			a.positions("d", 2, nil, []cell{"1", 0})
			a.positions("e", 2, nil, []cell{"1", 2}, []cell{"1", 0})
		}, "bdef"},
		{"by value", func(a *aTable) { a.values("d", 2, nil, key, []cell{"a"}, []cell{"d"}, []cell{"x"}) }, "bcdef"},
		{"by value, later", func(a *aTable) { a.values("d", 3, nil, key, []cell{"a"}, []cell{"d"}) }, "bcef"},
		{"by value, the latest counts", func(a *aTable) {
			a.values("d", 3, nil, key, []cell{"d"})
			a.values("e", 2, nil, key, []cell{"d"})
		}, "abcef"},
		{"by value, of another partition", func(a *aTable) { a.values("d", 3, "GLACIER", key, []cell{"a"}) }, "abcdef"},
		{"by two values", func(a *aTable) {
			a.values("d", 3, nil, tableFields("key:2", "size:3#"), []cell{"a", 1}, []cell{"b", 1}, []cell{"c", nil})
		}, "bcdef"},
		{"by null", func(a *aTable) { a.values("d", 3, nil, tableFields("size:3#"), []cell{nil}) }, "abcde"},
		{"by null, and not by nothing", func(a *aTable) { a.values("d", 3, nil, tableFields("e_tag:5"), []cell{nil}) }, "abcef"},
		{"by a column that the file does not have", func(a *aTable) { a.values("d", 3, nil, tableFields("kms_key_arn:6"), []cell{nil}) }, ""},
		{"by a column that is called otherwise", func(a *aTable) { a.values("d", 3, nil, tableFields("k:2"), []cell{"a"}) }, "bcdef"},
		{"both", func(a *aTable) {
			a.positions("d", 2, nil, []cell{"2", 1})
			a.values("e", 3, nil, key, []cell{"f"})
		}, "abcd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newTable(t)
			with := tableFields("bucket:1", "key:2", "size:3#", "e_tag:5")
			a.data("1", 1, nil, with, []cell{"media", "a", 1, "x"}, []cell{"media", "b", 2, "x"}, []cell{"media", "c", 3, "x"})
			a.data("2", 2, nil, with, []cell{"media", "d", 4, nil}, []cell{"media", "e", 5, ""}, []cell{"media", "f", nil, "x"})
			tt.make(a)
			at := a.save()
			if tt.want == "" {
				if _, err := openResult(t, at, Results{}); !errors.Is(err, errNoRows) {
					t.Errorf("error %v, want one of no rows", err)
				}
				return
			}
			keys := keysOf(t, at)
			slices.Sort(keys)
			if got := strings.Join(keys, ""); got != tt.want {
				t.Errorf("left are %s, want %s", got, tt.want)
			}
			r, err := openResult(t, at, Results{})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range resultRows(t, r) {
				if at := int64(row.Key[0]-'a') % 3; row.Pos.Row != at {
					t.Errorf("row %s has number %d, want %d", row.Key, row.Pos.Row, at)
				}
			}
		})
	}
}

// What cannot be read rightly is refused by name, before a row of it counts.
func TestTableRefusals(t *testing.T) {
	one := func(a *aTable) { a.data("data/1", 1, nil, plain, []cell{"media", "a", 1}) }
	for name, tt := range map[string]struct {
		make func(*aTable)
		want string
	}{
		"a journal": {func(a *aTable) { a.column(20, "record_type", "string"); one(a) }, "it is a journal"},
		"no key":    {func(a *aTable) { a.columns = slices.Delete(a.columns, 1, 2); one(a) }, "required column missing: Key"},
		"two sizes": {func(a *aTable) { a.column(20, "Size", "long"); one(a) }, "two columns for Size"},
		"a file without keys": {func(a *aTable) {
			a.data("data/1", 1, nil, tableFields("bucket:1", "size:3#"), []cell{"media", 1})
		}, "required column missing: Key"},
		"one id twice": {func(a *aTable) {
			a.data("data/1", 1, nil, tableFields("bucket:1", "key:2", "kee:2"), []cell{"media", "a", "b"})
		}, "column Key is there twice"},
		"one name twice": {func(a *aTable) {
			a.data("data/1", 1, nil, tableFields("bucket:1", "key:2", "key:9"), []cell{"media", "a", "b"})
		}, "two columns have this name"},
		"another size":        {func(a *aTable) { a.entry(0, "data/1", 1, 1, a.file("data/1", plain, []cell{"media", "a", 1})+1, nil) }, "replaced"},
		"other rows":          {func(a *aTable) { a.entry(0, "data/1", 1, 2, a.file("data/1", plain, []cell{"media", "a", 1}), nil) }, "has 1 rows, and the table says that it has 2"},
		"rows of none":        {func(a *aTable) { a.entry(0, "data/1", 1, 0, a.file("data/1", plain, []cell{"media", "a", 1}), nil) }, "has 1 rows, and the table says that it has 0"},
		"a delete of no rows": {func(a *aTable) { one(a); a.entry(2, "d", 2, 0, a.file("d", tableFields("key:2"), []cell{"a"}), nil, 2) }, "has 1 rows, and the table says that it has 0"},
		"many rows": {func(a *aTable) {
			a.entry(0, "data/1", 1, 1<<40, a.file("data/1", plain, []cell{"media", "a", 1}), nil)
		}, "claims 1099511627776 rows"},
		"a position behind the end": {func(a *aTable) { one(a); a.positions("d", 2, nil, []cell{"data/1", 1}) }, "takes out row 2 of"},
		"a negative position":       {func(a *aTable) { one(a); a.positions("d", 2, nil, []cell{"data/1", -1}) }, "takes out row 0 of"},
		"a position elsewhere": {func(a *aTable) {
			one(a)
			a.location = "s3://other/t"
			a.positions("d", 2, nil, []cell{"data/1", 0})
			a.location = "s3://warehouse/t"
			entry := a.entries[1][0].(map[string]any)["data_file"].(map[string]any)
			entry["file_path"] = "s3://warehouse/t/d"
		}, "is not read"},
		"a delete of another size": {func(a *aTable) { one(a); a.entry(1, "d", 2, 1, a.file("d", plain, []cell{"media", "a", 1})+1, nil) }, "replaced"},
		"a delete of other rows":   {func(a *aTable) { one(a); a.entry(1, "d", 2, 3, a.file("d", plain, []cell{"media", "a", 1}), nil) }, "has 1 rows"},
		"positions without columns": {func(a *aTable) { one(a); a.entry(1, "d", 2, 1, a.file("d", plain, []cell{"media", "a", 1}), nil) },
			"no columns file_path and pos"},
		"values of an unknown column": {func(a *aTable) {
			one(a)
			a.values("d", 2, nil, tableFields("other:44"), []cell{"x"})
		}, "compares column 44, which no schema"},
		"values of a type": {func(a *aTable) {
			a.column(44, "ratio", "double")
			one(a)
			a.values("d", 2, nil, tableFields("ratio:44"), []cell{"x"})
		}, "compares the column ratio of type double"},
		"values of the partition": {func(a *aTable) {
			a.data("data/1", 1, "GLACIER", plain, []cell{"media", "a", 1})
			a.values("d", 2, "GLACIER", tableFields("storage_class:7"), []cell{nil})
		}, "of which only the partition has a value"},
		"values that are not there": {func(a *aTable) {
			one(a)
			a.entry(2, "d", 2, 1, a.file("d", tableFields("key:2"), []cell{"a"}), nil, 2, 3)
		}, "compares the column size, and does not have it"},
		"a delete that is no Parquet": {func(a *aTable) {
			one(a)
			a.write("d", []byte("PAR1 and nothing PAR1"))
			a.entry(1, "d", 2, 1, 21, nil)
		}, "delete file"},
		"no rows":               {func(a *aTable) { a.data("data/1", 1, nil, plain) }, errNoRows.Error()},
		"no file":               {func(a *aTable) {}, errNoRows.Error()},
		"no snapshot":           {func(a *aTable) { a.edit = func(m map[string]any) { m["current-snapshot-id"] = -1 } }, "nothing was written to it yet"},
		"format 3":              {func(a *aTable) { a.edit = func(m map[string]any) { m["format-version"] = 3 } }, "format version 3"},
		"no table":              {func(a *aTable) { a.edit = func(m map[string]any) { delete(m, "location") } }, iceberg.ErrNotTable.Error()},
		"a bucket that is none": {func(a *aTable) { a.data("data/1", 1, nil, plain, []cell{"no bucket!", "a", 1}) }, "no name of a general purpose bucket"},
		"outside": {func(a *aTable) {
			one(a)
			a.entries[0][0].(map[string]any)["data_file"].(map[string]any)["file_path"] = "s3://warehouse/t/../../etc/passwd"
		}, "is not in the table's folder"},
	} {
		a := newTable(t)
		tt.make(a)
		_, err := openResult(t, a.save(), Results{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
		if te := (*TableError)(nil); err != nil && !errors.As(err, &te) {
			t.Errorf("%s: error %T", name, err)
		}
	}
}

// A later file that the table says has no rows, and that has one, is read no further than
// that. One that really has none is right.
func TestTableRowsOfNone(t *testing.T) {
	for name, tt := range map[string]struct {
		rows [][]cell
		want string
	}{
		"a row":  {[][]cell{{"media", "b", 1}}, "has 1 rows, and the table says that it has 0"},
		"no row": {nil, ""},
	} {
		a := newTable(t)
		a.data("data/1", 1, nil, plain, []cell{"media", "a", 1})
		a.entry(0, "data/2", 1, 0, a.file("data/2", plain, tt.rows...), nil)
		r, err := openResult(t, a.save(), Results{})
		if err != nil {
			t.Fatal(err)
		}
		var read int
		var failed error
		segs, err := r.Split(t.Context(), 1e6)
		if err != nil {
			failed = err
		}
		for b, err := range r.Read(t.Context(), segs) {
			read += len(b.Records)
			failed = errors.Join(failed, err, b.Err)
		}
		if read != 1 || (failed != nil) != (tt.want != "") || failed != nil && !strings.Contains(failed.Error(), tt.want) {
			t.Errorf("%s: %d rows, error %v, want %q", name, read, failed, tt.want)
		}
	}
}

// Symbolic links lead nowhere outside of the table's folder.
func TestTableLinks(t *testing.T) {
	a := newTable(t)
	a.data("data/1", 1, nil, plain, []cell{"media", "a", 1})
	at := a.save()
	outside := filepath.Join(t.TempDir(), "x")
	if err := os.Rename(filepath.Join(a.dir, "data", "1"), outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(a.dir, "data", "1")); err != nil {
		t.Skip("no links here")
	}
	refused := func(what string) {
		t.Helper()
		_, err := openResult(t, at, Results{})
		if err == nil || !strings.Contains(err.Error(), "a symbolic link leads out of its folder") {
			t.Errorf("%s: error %v", what, err)
		}
	}
	refused("a file")
	if err := os.RemoveAll(filepath.Join(a.dir, "data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(outside, filepath.Join(filepath.Dir(outside), "1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(a.dir, "data")); err != nil {
		t.Fatal(err)
	}
	refused("a folder")
}

// A job is bound to the metadata, the files and what was asked for.
func TestTableMD5(t *testing.T) {
	make := func(change func(a *aTable)) string {
		a := newTable(t)
		a.data("data/1", 1, nil, plain, []cell{"media", "a", 1})
		a.data("data/2", 1, nil, plain, []cell{"media", "a", 2})
		a.positions("d", 2, nil, []cell{"data/1", 0})
		if change != nil {
			change(a)
		}
		r, err := openResult(t, a.save(), Results{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Manifest().MD5
	}
	same := make(nil)
	if !isMD5(same) || make(nil) != same {
		t.Errorf("MD5 %q, then %q", same, make(nil))
	}
	for name, change := range map[string]func(*aTable){
		"bytes of a data file": func(a *aTable) {
			a.entries[0] = a.entries[0][:1]
			a.data("data/2", 1, nil, plain, []cell{"media", "a", 3})
		},
		"bytes of a delete file": func(a *aTable) {
			a.entries[1] = nil
			a.positions("d", 2, nil, []cell{"data/2", 0})
		},
		"a sequence number": func(a *aTable) { a.entries[1][0].(map[string]any)["sequence_number"] = int64(3) },
		"the metadata":      func(a *aTable) { a.props["x"] = "y" },
	} {
		if make(change) == same {
			t.Errorf("%s: the same MD5", name)
		}
	}
}

// A file that changes between its opening and its reading is refused by its name.
func TestTableFileChanges(t *testing.T) {
	a := newTable(t)
	a.data("data/1", 1, nil, plain, []cell{"media", "a", 1})
	r, err := openResult(t, a.save(), Results{})
	if err != nil {
		t.Fatal(err)
	}
	a.file("data/1", plain, []cell{"media", "b", 1})
	for b, err := range r.Read(t.Context(), []Segment{{File: 0, Last: OpenEnd}}) {
		if err != nil || b.Err == nil || len(b.Records) > 0 {
			t.Errorf("rows %d, error %v, %v", len(b.Records), b.Err, err)
		}
	}
}

// The rows of one bucket can be asked for, and the name of a table alone says what it is.
func TestTableBucket(t *testing.T) {
	a := newTable(t)
	a.data("data/1", 1, nil, plain, []cell{"other", "a", 1}, []cell{"media", "b", 1})
	at := a.save()
	r, err := openResult(t, at, Results{Bucket: "media"})
	if err != nil || r.Manifest().SourceBucket != "media" {
		t.Errorf("bucket %+v, %v", r, err)
	}
	if _, err := openResult(t, at, Results{Columns: AutoColumns}); err == nil || !strings.Contains(err.Error(), "without --columns") {
		t.Errorf("with columns: %v", err)
	}
	if _, err := openResult(t, filepath.Join(a.dir, "metadata", "v4.metadata.json"), Results{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of metadata that is not there: %v", err)
	}
	for name, want := range map[string]bool{"a/v1.metadata.json": true, "0-x.gz.metadata.json": true, "v1.metadata.json.gz": true, "manifest.json": false, "metadata.json": false} {
		if TableMetadata(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// All files that a table is read from are known, so that no command writes over one.
func TestTableLocalPaths(t *testing.T) {
	a := newTable(t)
	a.data("data/1", 1, nil, plain, []cell{"media", "a", 1}, []cell{"media", "b", 1})
	a.positions("d", 2, nil, []cell{"data/1", 0})
	r, err := openResult(t, a.save(), Results{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range r.LocalPaths() {
		rel, _ := filepath.Rel(r.spool.src.(*Local).dir, p)
		got = append(got, filepath.ToSlash(rel))
	}
	slices.Sort(got)
	want := []string{"d", "data/1", "metadata/m0.avro", "metadata/m1.avro", "metadata/snap.avro", "metadata/v3.metadata.json"}
	if !slices.Equal(got, want) {
		t.Errorf("paths %q, want %q", got, want)
	}
}
