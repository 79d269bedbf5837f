package inventory

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const goodManifest = `{"sourceBucket":"src","destinationBucket":"arn:aws-cn:s3:::dst","version":"2016-11-30","creationTimestamp":"1514944800000",
"fileFormat":"CSV","fileSchema":"Bucket, Key,Size , FutureField","files":[{"key":"p/src/c/data/x.csv.gz","size":7,"MD5checksum":"F11166069F1990ABEB9C97ACE9CDFABC"}]}`

func TestParseManifest(t *testing.T) {
	m, err := ParseManifest([]byte("\xef\xbb\xbf" + goodManifest))
	if err != nil {
		t.Fatal(err)
	}
	if m.SourceBucket != "src" || m.DestinationBucket != "dst" || !m.Created.Equal(time.Date(2018, 1, 3, 2, 0, 0, 0, time.UTC)) ||
		m.Format != CSV || m.Columns != ColumnsOf(ColBucket, ColKey, ColSize) || m.AllVersions() || m.Bytes() != 7 || len(m.Files) != 1 ||
		m.Files[0] != (File{Key: "p/src/c/data/x.csv.gz", Size: 7, MD5: "f11166069f1990abeb9c97ace9cdfabc"}) {
		t.Errorf("%+v", m)
	}
	if len(m.layout) != 4 || m.layout[3] != numColumns {
		t.Errorf("layout %v", m.layout)
	}
	for name, spelling := range map[string]string{
		"creation time as a number": strings.Replace(goodManifest, `"1514944800000"`, `1514944800000`, 1),
		"no creation time":          strings.Replace(goodManifest, `"creationTimestamp":"1514944800000",`, ``, 1),
		"no files":                  strings.Replace(goodManifest, `"files":[{"key":"p/src/c/data/x.csv.gz","size":7,"MD5checksum":"F11166069F1990ABEB9C97ACE9CDFABC"}]`, `"files":[]`, 1),
		"a size of 0":               strings.Replace(goodManifest, `"size":7`, `"size":0`, 1),
		"lower case":                strings.Replace(goodManifest, `"CSV"`, `"csv"`, 1),
		"unknown fields":            strings.Replace(goodManifest, `{`, `{"more":{"x":[1,2]},`, 1),
	} {
		if _, err := ParseManifest([]byte(spelling)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseManifestBad(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(goodManifest, old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(goodManifest, old, new, 1)
	}
	for _, tt := range []struct {
		name, in, want string
		is             error
	}{
		{"empty", "", "", ErrNotManifest},
		{"no JSON", "<xml>", "", ErrNotManifest},
		{"cut", goodManifest[:100], "", ErrNotManifest},
		{"more behind it", goodManifest + "{}", "", ErrNotManifest},
		{"an array", "[]", "", ErrNotManifest},
		{"another document", `{"Format":"Report_CSV_20180820"}`, "", ErrNotManifest},
		{"no bucket", change(`"src"`, `""`), "sourceBucket", nil},
		{"bad time", change("1514944800000", "yesterday"), "creationTimestamp", nil},
		{"time out of range", change("1514944800000", "99999999999999999"), "creationTimestamp", nil},
		{"negative size", change(`"size":7`, `"size":-7`), "size", nil},
		{"no size", change(`"size":7,`, ``), "size", nil},
		{"size with a fraction", change(`"size":7`, `"size":7.5`), "", ErrNotManifest},
		{"short MD5", change("F11166069F", "F111"), "MD5checksum", nil},
		{"MD5 that is no number", change("F11166069F", "G11166069F"), "MD5checksum", nil},
		{"no key", change("p/src/c/data/x.csv.gz", ""), "key", nil},
		{"a file twice", change(`"files":[`, `"files":[{"key":"p/src/c/data/x.csv.gz","size":7,"MD5checksum":"F11166069F1990ABEB9C97ACE9CDFABC"},`), "twice", nil},
		{"a column twice", change("FutureField", "key"), "twice", nil},
		{"no Bucket column", change("Bucket, ", ""), "Bucket", nil},
		{"no schema", change("Bucket, Key,Size , FutureField", ""), "Bucket, Key", nil},
		{"too many columns", change("FutureField", strings.Repeat("x,", maxFields)), "columns", nil},
		{"too large", goodManifest + strings.Repeat(" ", maxManifestBytes), "larger", nil},
	} {
		_, err := ParseManifest([]byte(tt.in))
		if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v, want %q, %v", tt.name, err, tt.want, tt.is)
		}
	}
	var fe *FormatError
	if _, err := ParseManifest([]byte(change(`"CSV"`, `"Avro"`))); !errors.As(err, &fe) || fe.Format != "Avro" {
		t.Errorf("Avro: %v", err)
	}
	var se *SchemaError
	if _, err := ParseManifest([]byte(change("Key,", ""))); !errors.As(err, &se) || len(se.Missing) != 1 || se.Missing[0] != ColKey {
		t.Errorf("no Key: %v", err)
	}
}

// The columns of ORC and Parquet reports are known before a file is opened,
// whichever way their types are spelled.
func TestScanSchema(t *testing.T) {
	want := ColumnsOf(ColBucket, ColKey, ColVersionID, ColSize, ColLastModified, ColETag)
	for _, s := range []string{
		"struct<bucket:string,key:string,version_id:string,size:bigint,last_modified_date:timestamp,e_tag:string,future:array<string>>",
		"message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional binary version_id (UTF8); optional int64 size; optional int64 last_modified_date (TIMESTAMP_MILLIS); optional binary e_tag (UTF8);}",
		"message s3.inventory {  required binary bucket (STRING);  required binary key (STRING);  optional binary version_id (STRING);  optional int64 size;  optional int64 last_modified_date (TIMESTAMP(MILLIS,true));  optional binary e_tag (STRING);}",
		parquetSchema(want),
	} {
		if got := scanSchema(s); got != want {
			t.Errorf("%s: %v, want %v", s, got.Names(), want.Names())
		}
	}
}

// FuzzManifest: whatever the bytes, what is accepted keeps the promises that
// the rest relies on.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(goodManifest))
	f.Add([]byte(`{"fileFormat":"ORC","fileSchema":"struct<bucket:string>","sourceBucket":"b","files":null}`))
	f.Add([]byte(`{"Format":"Report_CSV_20180820","ReportSchema":"Bucket, Key","Results":[{"TaskExecutionStatus":"failed","Key":"k","MD5Checksum":"f11166069f1990abeb9c97ace9cdfabc"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (*Manifest, error){ParseManifest, parseBatchReport} {
			m, err := parse(data)
			if err != nil {
				continue
			}
			seen := map[string]bool{}
			for _, file := range m.Files {
				if file.Key == "" || len(file.MD5) != 32 || strings.ToLower(file.MD5) != file.MD5 || m.Format != BatchReport && (file.Size < 0 || seen[file.Key]) {
					t.Errorf("file %+v", file)
				}
				seen[file.Key] = true
			}
			if (m.Format == CSV || m.Format == BatchReport) && (requireColumns(m.Columns) != nil || len(m.layout) < 2) {
				t.Errorf("columns %v, layout %v", m.Columns.Names(), m.layout)
			}
		}
	})
}
