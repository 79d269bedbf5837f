package inventory

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
)

// made writes a CSV report of data files and opens it.
func made(t *testing.T, schema, bucket string, files ...string) (*Report, error) {
	t.Helper()
	dir := t.TempDir()
	var list []string
	for i, text := range files {
		var gz bytes.Buffer
		w := gzip.NewWriter(&gz)
		w.Write([]byte(text))
		w.Close()
		name := fmt.Sprintf("d%d.csv.gz", i)
		if err := os.WriteFile(filepath.Join(dir, name), gz.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		sum := md5.Sum(gz.Bytes())
		list = append(list, fmt.Sprintf(`{"key":%q,"size":%d,"MD5checksum":%q}`, name, gz.Len(), hex.EncodeToString(sum[:])))
	}
	manifest := fmt.Sprintf(`{"sourceBucket":%q,"destinationBucket":"arn:aws:s3:::reports","version":"2016-11-30","creationTimestamp":"1763600400000",`+
		`"fileFormat":"CSV","fileSchema":%q,"files":[%s]}`, bucket, schema, strings.Join(list, ","))
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := NewLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), src, "manifest.json", Options{AllowNoChecksum: true})
}

// rowsOf reads all of a report: its keys, and the errors of its files.
func rowsOf(t *testing.T, r *Report) (recs []Record, errs []error) {
	t.Helper()
	segments, err := r.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range r.Read(t.Context(), segments) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Records {
			recs = append(recs, b.Records[i].Clone())
		}
		if b.Err != nil {
			errs = append(errs, b.Err)
		}
	}
	slices.SortFunc(recs, func(a, b Record) int { return strings.Compare(a.Key, b.Key) })
	return recs, errs
}

func openCase(t *testing.T, name string) (*Report, error) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", "cases", name, "inv", "*", "*", "*Z", "manifest.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", name, found, err)
	}
	src, manifest, err := LocalFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), src, manifest, Options{})
}

// Reports as they were met: what is right of them is read, the rest is refused.
func TestCases(t *testing.T) {
	for name, want := range map[string]struct {
		rows int
		size int64 // of each
		err  string
	}{
		"csv-bom-first-row-lost": {rows: 3, size: 1000},
		"csv-bom-quoted":         {rows: 3, size: 1000},
		"parquet-decimal-size":   {rows: 3, size: 1000},
		"no-size-price":          {rows: 3, size: -1},
		"same-content-twice":     {rows: 3, size: 1000, err: "has the same rows as inv/acme-media-archive/daily-full/data/a.csv.gz"},
		"source-bucket-invalid":  {err: `sourceBucket "../../x\n\x1b[31m" is no bucket name`},
	} {
		r, err := openCase(t, name)
		if err != nil {
			if want.err == "" || !strings.Contains(err.Error(), want.err) {
				t.Errorf("%s: %v, want %q", name, err, want.err)
			}
			continue
		}
		recs, errs := rowsOf(t, r)
		if len(recs) != want.rows {
			t.Errorf("%s: %d rows, want %d", name, len(recs), want.rows)
		}
		for _, rec := range recs {
			if rec.Bucket != "acme-media-archive" || rec.Size != want.size || rec.Known.Has(ColSize) != (want.size >= 0) {
				t.Errorf("%s: %+v", name, rec)
			}
		}
		if err := errors.Join(errs...); (err != nil) != (want.err != "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("%s: %v, want %q", name, err, want.err)
		}
	}
}

// utf16Of is text as Windows saves it.
func utf16Of(text string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// The text of a data file may begin with a mark, be in UTF-16, or repeat the schema:
// each row comes out, and nothing else.
func TestTextOfDataFiles(t *testing.T) {
	const text = "b-1,a,1\nb-1,\u00e9\U0001f600,2\n"
	const mark = "\ufeff"
	for name, file := range map[string]string{
		"plain": text, "mark": mark + text, "quoted after a mark": mark + `"b-1","a","1"` + "\n" + `"b-1","` + "\u00e9\U0001f600" + `","2"`,
		"little": utf16Of(text, false), "big": utf16Of(text, true), "header": "Bucket,Key,Size\n" + text,
		"header in quotes": mark + `"bucket","key","size"` + "\r\n" + text, "header in UTF-16": utf16Of("Bucket,Key,Size\r\n"+text, false),
	} {
		r, err := made(t, "Bucket, Key, Size", "b-1", file)
		if err != nil {
			t.Fatal(err)
		}
		recs, errs := rowsOf(t, r)
		if len(recs) != 2 || len(errs) != 0 || recs[0].Bucket != "b-1" || recs[0].Key != "a" || recs[0].Pos.Row != 0 || recs[1].Key != "\u00e9\U0001f600" || recs[1].Size != 2 {
			t.Errorf("%s: %+v, %v", name, recs, errs)
		}
	}
	for name, tt := range map[string]struct{ file, want string }{
		"mark in the middle":        {"b-1,a,1\n" + mark + "b-1,b,2\n", "byte order mark"},
		"quoted mark in the middle": {"b-1,a,1\n" + mark + `"b-1","b","2"` + "\n", "byte order mark"},
		"UTF-16 without mark":       {utf16Of(text, false)[2:], "UTF-16"},
		"UTF-16 without mark, big":  {utf16Of(text, true)[2:], "UTF-16"},
		"UTF-32":                    {"\xff\xfe\x00\x00b\x00\x00\x00", "UTF-32"},
		"half of a letter":          {utf16Of("b-1,a,1\n", false) + "x", "not whole UTF-16"},
		"half of a pair":            {utf16Of("b-1,a,1\nb-1,", false) + "\x3d\xd8,\x00", "not whole UTF-16"},
	} {
		r, err := made(t, "Bucket, Key, Size", "b-1", tt.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, errs := rowsOf(t, r); len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, errs, tt.want)
		}
	}
	// A bucket that is called like its column has rows.
	r, err := made(t, "Bucket, Key", "bucket", "bucket,key\nbucket,other\n")
	if err != nil {
		t.Fatal(err)
	}
	if recs, errs := rowsOf(t, r); len(recs) != 2 || errs != nil {
		t.Errorf("%+v, %v", recs, errs)
	}
}

// The same for lists, whose first row says of which bucket they are.
func TestTextOfLists(t *testing.T) {
	for name, tt := range map[string]struct {
		text, bucket string
		keys         int
		err          string
	}{
		"mark":                 {"\ufeffinvcases,a\r\ninvcases,b\r\n", "invcases", 2, ""},
		"header":               {"Bucket,Key\ninvcases,a\ninvcases,b\n", "invcases", 2, ""},
		"header with versions": {"bucket,key,version_id\ninvcases,a,v\n", "invcases", 1, ""},
		"header after a mark":  {"\ufeff\"Bucket\",\"Key\"\ninvcases,a\n", "invcases", 1, ""},
		"UTF-16":               {utf16Of("invcases,a\r\ninvcases,b\r\n", false), "invcases", 2, ""},
		"UTF-16 with header":   {utf16Of("Bucket,Key\ninvcases,a\n", true), "invcases", 1, ""},
		"a bucket called so":   {"bucket,key\nbucket,b\n", "bucket", 2, ""},
		"nothing but a header": {"Bucket,Key\n", "", 0, ""},
		"other order":          {"Key,Bucket\na,invcases\n", "", 0, "Key,Bucket"},
		"no bucket":            {"s3://x,a\n", "", 0, "no bucket name"},
		"spaces":               {"my bucket,a\n", "", 0, "no bucket name"},
		"a long key":           {"invcases," + strings.Repeat("k", 1025) + "\n", "", 0, "1025 bytes"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "list.csv"), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := NewLocal(dir)
		if err != nil {
			t.Fatal(err)
		}
		r, err := OpenList(t.Context(), src, "list.csv", Options{})
		if err != nil {
			if tt.err == "" || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %q", name, err, tt.err)
			}
			continue
		}
		recs, errs := rowsOf(t, r)
		if tt.err != "" || r.Manifest().SourceBucket != tt.bucket || len(recs) != tt.keys || errs != nil || r.Warnings() != nil {
			t.Errorf("%s: bucket %q, %d rows, %v, %v; want %+v", name, r.Manifest().SourceBucket, len(recs), errs, r.Warnings(), tt)
		}
		for _, rec := range recs {
			if rec.Bucket != tt.bucket {
				t.Errorf("%s: %+v", name, rec)
			}
		}
	}
}

// Rows that a list has twice are said, however their keys are spelled.
func TestRowsThatAListHasTwice(t *testing.T) {
	for text, want := range map[string]string{
		"bbb,a\nbbb,b\n":                           "",
		"bbb,a\nbbb,b\nbbb,a\n":                    `a row of the list is in it before (row 3, "a")`,
		"bbb,a%20b\nbbb,a+b\nbbb,a%20b\n":          `2 rows of the list are in it before, the first one is row 2, "a+b"`,
		"bbb,a,1\nbbb,a,2\n":                       "",
		"bbb,a,1\nbbb,a,1\n":                       `row 2, "a"`,
		"\"bbb\",\"a\"\nbbb,a\n":                   `row 2, "a"`,
		utf16Of("bbb,a\nbbb,a\n", false):           `row 2, "a"`,
		"bbb,a\nbbb,b\"\nbbb,a\n":                  "", // ends at what is no row: its reader says so
		"bbb,ab,c\nbbb,a,bc\nbb,bab,c\nbbba,b,c\n": "",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "list.csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := NewLocal(dir)
		if err != nil {
			t.Fatal(err)
		}
		r, err := OpenList(t.Context(), src, "list.csv", Options{})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got := ""
		for _, w := range r.Warnings() {
			if strings.Contains(w.Error(), "before") {
				got = w.Error()
			}
		}
		if (got != "") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Two files of the same content count once, and that is said; empty ones are alike and
// do no harm.
func TestFilesOfTheSameContent(t *testing.T) {
	const rows = "b-1,a\n"
	r, err := made(t, "Bucket, Key", "b-1", "", rows, "", rows, "b-1,c\n")
	if err != nil {
		t.Fatal(err)
	}
	recs, errs := rowsOf(t, r)
	var re *RepeatError
	if len(recs) != 2 || len(errs) != 1 || !errors.As(errs[0], &re) || re.Of != "d1.csv.gz" {
		t.Errorf("%d rows, %v", len(recs), errs)
	}
}

// A manifest that cannot be used is refused in words of its own.
func TestManifestsInPlainWords(t *testing.T) {
	const whole = `{"sourceBucket":"b-1","destinationBucket":"arn:aws:s3:::r","version":"2016-11-30","fileFormat":"CSV","fileSchema":"Bucket, Key","files":[{"key":"d","size":1,"MD5checksum":"00000000000000000000000000000000"}]}`
	if _, err := ParseManifest([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for change, want := range map[[2]string]string{
		{`"size":1`, `"size":"1"`}:                       "files.size is a JSON string, want a whole number",
		{`"size":1`, `"size":1.5`}:                       "files.size is a JSON number 1.5, want a whole number",
		{`"size":1`, `"size":1e30`}:                      "files.size is a JSON number 1e30, want a whole number",
		{`"key":"d"`, `"key":7`}:                         "files.key is a JSON number, want a string",
		{`"sourceBucket":"b-1"`, `"sourceBucket":[]`}:    "sourceBucket is a JSON array, want a string",
		{`"files":[`, `"files":{"a":[`}:                  "no JSON from byte",
		{whole, `[1]`}:                                   "is a JSON array, want an object",
		{whole, whole[:40]}:                              "no JSON from byte",
		{`"b-1"`, `"b!"`}:                                "no bucket name",
		{`"b-1"`, `"a..b"`}:                              "no bucket name",
		{`"b-1"`, `"b/../c"`}:                            "no bucket name",
		{`"b-1"`, `"data--usw2-az1--x-s3"`}:              "directory bucket",
		{`"b-1"`, `"arn:aws:s3:::data--usw2-az1--x-s3"`}: "directory bucket",
	} {
		_, err := ParseManifest([]byte(strings.Replace(whole, change[0], change[1], 1)))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Go ") || strings.Contains(err.Error(), "manifestJSON") {
			t.Errorf("%q: %v, want %q", change[1], err, want)
		}
	}
	for _, name := range []string{"My_Old.Bucket", "abc", strings.Repeat("a", 255)} {
		if !ValidBucket(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, parse := range []func([]byte) error{
		func(b []byte) error { _, err := parseBatchReport(b); return err },
		func(b []byte) error { _, err := parseBatchTasks(b); return err },
	} {
		err := parse([]byte(`{"Format":5}`))
		if !errors.Is(err, ErrNotManifest) || !strings.Contains(err.Error(), "Format is a JSON number, want a string") {
			t.Errorf("%v", err)
		}
		const file = `{"TaskExecutionStatus":"failed","Bucket":"b-1","MD5Checksum":"00000000000000000000000000000000","Key":"k"}`
		err = parse([]byte(`{"Format":"Report_CSV_20180820","ReportSchema":"Bucket, Key","Results":[` + file + `,` + file + `]}`))
		if err == nil || !strings.Contains(err.Error(), "listed twice") {
			t.Errorf("%v", err)
		}
	}
}
