package inventory

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"reseal/inventory/orc"
	"reseal/inventory/vector"
)

// None of the ways of writing that there is no value, and no value that S3 has not, is
// taken for one: whatever kind of file it is in, or in the name of its folder.
func TestNoValueIsUnknown(t *testing.T) {
	const names = "bucket,key,version_id,size,e_tag,storage_class,encryption_status,is_latest,is_delete_marker,last_modified_date,replication_status," +
		"object_lock_retain_until_date,object_lock_mode,object_lock_legal_hold_status,object_lock_event_hold_status,bucket_key_status,kms_key_arn,intelligent_tiering_access_tier"
	columns := strings.Split(names, ",")
	row := func(value string) string {
		return "b,k" + strings.Repeat(","+value, len(columns)-2) + "\n"
	}
	want := Record{Known: ColumnsOf(ColBucket, ColKey), ByHand: true, Bucket: "b", Key: "k", Size: -1}
	check := func(what string, unnamed bool, r *Report, err error) {
		t.Helper()
		want.Unnamed = unnamed // a column of versions is there
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		for _, got := range resultRows(t, r) {
			got.Pos = Position{}
			if d := diff(got, want); d != "" {
				t.Errorf("%s: %s", what, d)
			}
		}
	}
	for _, value := range []string{"", `\N`, "NULL", "None", " null ", "NaN", "(null)", `"NULL"`, `""`} {
		r, err := openResult(t, put(t, map[string]string{"a.csv": names + "\n" + row(value)}), auto)
		check("with names, "+value, true, r, err)
		r, err = openResult(t, put(t, map[string]string{"a.csv": row(value)}), Results{Columns: names})
		check("without names, "+value, true, r, err)
		if value = strings.Trim(value, `"`); value == "" {
			continue
		}
		r, err = openResult(t, put(t, map[string]string{"version_id=" + value + "/storage_class=" + value + "/a.csv": "bucket,key\nb,k\n"}), auto)
		check("folders, "+value, false, r, err)
		m := newMemory()
		written := []orcColumn{{name: "bucket", value: "b"}, {name: "key", value: "k"}}
		for _, c := range columns[2:] {
			written = append(written, orcColumn{name: c, value: value})
		}
		for i := range written {
			written[i].kind = orc.String
		}
		m.put("out/a.orc", orcOf(t, 1, written...))
		found, err := Locate(t.Context(), Location{Bucket: "x", Name: "out/"}, func(string) Source { return m }, Options{Results: auto})
		if err != nil {
			t.Errorf("ORC, %s: %v", value, err)
			continue
		}
		check("ORC, "+value, true, found.Report, nil)
	}
	for _, odd := range []string{"standard", "AES256", "maybe"} {
		r, err := openResult(t, put(t, map[string]string{"a.csv": "bucket,key,storage_class,encryption_status,object_lock_mode,object_lock_legal_hold_status,bucket_key_status\nb,k" +
			strings.Repeat(","+odd, 5) + "\n"}), auto)
		check(odd, false, r, err)
	}
	r, err := openResult(t, put(t, map[string]string{"a.csv": "bucket,key,version_id,object_lock_mode,bucket_key_status\nb,null,null,compliance,true\n"}), auto)
	if err != nil {
		t.Fatal(err)
	}
	if got := resultRows(t, r)[0]; got.Key != "null" || got.VersionID != "null" || got.LockMode != "COMPLIANCE" || got.BucketKey != "ENABLED" {
		t.Errorf("%+v; want the key null and what S3 calls the null version, and the rest as S3 spells it", got)
	}
	if notes := fmt.Sprint(r.Warnings()); !strings.Contains(notes, "version_id null is taken") {
		t.Errorf("notes %s say nothing of the null version", notes)
	}
	// Lists have the null version empty, as the reports that they are cut from. Other words are no version.
	m := newMemory()
	m.put("l.csv", []byte("b,k,NULL\nb,k,\\N\nb,k,\nb,k,v\n"))
	list, err := OpenList(t.Context(), m, "l.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for _, rec := range readReport(t, list).all() {
		versions = append(versions, fmt.Sprintf("%s %t %t", rec.VersionID, rec.Known.Has(ColVersionID), rec.ByHand))
	}
	if got := strings.Join(versions, ", "); got != " false true,  false true, null true true, v true true" {
		t.Errorf("versions of a list: %s", got)
	}
}

// Dates count as instants, a null of a query is no null version, and what is no whole
// number, or of a type that is not read, is refused with what the query can do.
func TestResultTypes(t *testing.T) {
	r, err := openResult(t, "testdata/results/date.parquet", auto)
	if err != nil {
		t.Fatal(err)
	}
	want := Record{Known: ColumnsOf(ColBucket, ColKey, ColLastModified, ColSize), ByHand: true, Unnamed: true, Bucket: "media", Key: "k", Size: 3, LastModified: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	if got := resultRows(t, r); len(got) != 1 || diff(got[0], want) != "" {
		t.Errorf("%+v, want %+v", got, want)
	}
	days := vector.Int64{Null: []bool{false, true, false, false}, Values: []int64{0, 0, 20513, 1 << 40}}
	recs := make([]Record, 4)
	if n, err := fillDays(ColLastModified, &days)(recs[:3], 1); n != 2 || err == nil {
		t.Errorf("%d, %v; want the last refused", n, err)
	}
	if n, err := fillDays(ColLastModified, &days)(recs[:2], 1); n != 0 || err != nil || !recs[0].LastModified.IsZero() || !recs[1].LastModified.Equal(want.LastModified) {
		t.Errorf("%d, %v, %+v", n, err, recs)
	}
	for name, says := range map[string]string{"fraction": "no whole number", "huge": "CAST(size AS BIGINT)"} {
		_, err := openResult(t, "testdata/results/"+name+".parquet", auto)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
}

// A column is one of a result only if all files have it, whatever they are called.
func TestColumnsOfAllFiles(t *testing.T) {
	const wide, narrow = "bucket,key,size,e_tag,storage_class,encryption_status\nb,k,1,e,STANDARD,SSE-S3\n", "bucket,key,size\nb,k,1\n"
	columns := func(files map[string]string) (Columns, string) {
		r, err := openResult(t, put(t, files), auto)
		if err != nil {
			t.Fatal(err)
		}
		return r.Manifest().Columns, fmt.Sprint(r.Warnings())
	}
	few := ColumnsOf(ColBucket, ColKey, ColSize)
	for _, files := range []map[string]string{{"a.csv": wide, "b.csv": narrow}, {"a.csv": narrow, "b.csv": wide}, {"b/a.csv": wide, "b/b.csv": wide, "b/c.csv": zipped(narrow)}} {
		if got, notes := columns(files); got != few || !strings.Contains(notes, "not all files have the columns ETag, StorageClass, EncryptionStatus") || !strings.Contains(notes, ".csv\")") {
			t.Errorf("%v: columns %v, notes %s", files, got.Names(), notes)
		}
	}
	if got, _ := columns(map[string]string{"a.csv": wide, "b.csv": "bucket,key\n", "c.csv": wide}); got != UsefulColumns|few {
		t.Errorf("columns %v with a file that has no rows", got.Names())
	}
	if got, _ := columns(map[string]string{"storage_class=STANDARD/a.csv": narrow, "storage_class=__HIVE_DEFAULT_PARTITION__/a.csv": narrow}); got != few {
		t.Errorf("columns %v with a folder for no class", got.Names())
	}
	m := newMemory() // by footers alone
	strings8 := func(names ...string) (columns []orcColumn) {
		for _, n := range names {
			columns = append(columns, orcColumn{n, "b", orc.String})
		}
		return columns
	}
	m.put("out/a.orc", orcOf(t, 1, strings8("bucket", "key", "e_tag")...))
	m.put("out/b.orc", orcOf(t, 1, strings8("bucket", "key")...))
	found, err := Locate(t.Context(), Location{Bucket: "x", Name: "out/"}, func(string) Source { return m }, Options{Results: auto})
	if err != nil || found.Report.Manifest().Columns != ColumnsOf(ColBucket, ColKey) {
		t.Errorf("ORC: %+v, %v", found, err)
	}
}

// An object can be called like a folder, and a folder like an object: neither is left out
// without a word.
func TestObjectsCalledLikeFolders(t *testing.T) {
	const rows = "bucket,key\nb,%s\n"
	m := newMemory()
	m.put("out/a.csv", fmt.Appendf(nil, rows, "k1"))
	m.put("out/x/", fmt.Appendf(nil, rows, "k2"))
	m.put("both", fmt.Appendf(nil, rows, "k1"))
	m.put("both/more.csv", fmt.Appendf(nil, rows, "k2"))
	open := func(name string) (*Report, error) {
		found, err := Locate(t.Context(), Location{Bucket: "x", Name: name}, func(string) Source { return m }, Options{Results: auto})
		if err != nil {
			return nil, err
		}
		return found.Report, nil
	}
	r, err := open("out/")
	if err != nil {
		t.Fatal(err)
	}
	if got := resultRows(t, r); len(got) != 2 {
		t.Errorf("%d rows, want those of the object x/, too", len(got))
	}
	if _, err := open("both"); err == nil || !strings.Contains(err.Error(), `"both/"`) {
		t.Errorf("an object and a folder: %v", err)
	}
	m.put("data/a.csv.gz", nil)
	var none *NoReportError
	if _, err := Newest(t.Context(), m, "data/"); !errors.As(err, &none) || !none.Results {
		t.Errorf("no report, and files with rows: %v", err)
	}
	if _, err := Newest(t.Context(), m, "nothing/"); !errors.As(err, &none) || none.Results {
		t.Errorf("no report, and nothing: %v", err)
	}
	if r, err = open("both/"); err != nil || len(resultRows(t, r)) != 1 {
		t.Errorf("the folder: %v", err)
	}
}

// A third column of another name is no version.
func TestThirdColumnOfList(t *testing.T) {
	for third, want := range map[string]bool{"versionId": true, "version_id": true, "Version": true, "size": false, "etag": false} {
		fields := []csvField{{raw: []byte("bucket")}, {raw: []byte("key")}, {raw: []byte(third)}}
		if is, err := listHeader(fields); is != want || (err == nil) != want {
			t.Errorf("%s: %t, %v", third, is, err)
		}
	}
}
