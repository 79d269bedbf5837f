package inventory

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// openResult opens what lies in a local folder, or a local file.
func openResult(t testing.TB, at string, asked Results) (*Report, error) {
	t.Helper()
	found, err := Locate(t.Context(), Location{Name: at}, nil, Options{Results: asked})
	if err != nil {
		return nil, err
	}
	return found.Report, nil
}

func resultRows(t testing.TB, r *Report) (rows []Record) {
	t.Helper()
	segs, err := r.Split(t.Context(), 1e6)
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range r.Read(t.Context(), segs) {
		if err != nil || b.Err != nil {
			t.Fatal(err, b.Err)
		}
		for i := range b.Records {
			rows = append(rows, b.Records[i].Clone())
		}
	}
	return rows
}

// auto are results whose files name their columns.
var auto = Results{Columns: AutoColumns}

// What DuckDB writes reads the same in all forms: what it has no value for is unknown.
func TestResultsOfDuckDB(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	all := ColumnsOf(ColBucket, ColKey, ColSize, ColVersionID, ColIsLatest, ColIsDeleteMarker, ColEncryption, ColETag, ColLastModified, ColStorageClass)
	withKey := all.With(ColKMSKey).With(ColBucketKey)
	want := []Record{
		{Known: all, Bucket: "media", Key: "a/plain.txt", Size: 10, VersionID: "v1", IsLatest: true, Encryption: SSES3, ETag: "d41d8cd98f00b204e9800998ecf8427e",
			LastModified: at("2026-03-01T10:11:12.5Z"), StorageClass: Standard},
		{Known: withKey, Bucket: "media", Key: "b/space and+plus%41.txt", Size: 20, VersionID: "v2", IsLatest: true, Encryption: SSEKMS, ETag: "e41d8cd98f00b204e9800998ecf8427e",
			LastModified: at("2026-03-02T10:11:12Z"), StorageClass: Standard, KMSKeyARN: "arn:aws:kms:eu-west-1:111122223333:key/k1", BucketKey: "ENABLED"},
		{Known: withKey.Without(ColumnsOf(ColVersionID)), Unnamed: true, Bucket: "media", Key: "c/\"quote\", comma\nline ü.txt", Size: 30, Encryption: DSSEKMS, ETag: "f41d8cd98f00b204e9800998ecf8427e-3",
			LastModified: at("2026-03-03T10:11:12.000001Z"), StorageClass: GlacierIR, KMSKeyARN: "arn:aws:kms:eu-west-1:111122223333:key/k2", BucketKey: "DISABLED"},
		{Known: ColumnsOf(ColBucket, ColKey, ColVersionID, ColIsLatest, ColIsDeleteMarker), Bucket: "media", Key: "d/unknown", Size: -1, VersionID: "v4", IsLatest: true},
	}
	for _, name := range []string{"types.parquet", "decimal.parquet", "texts.parquet", "header.csv", "header.csv.gz", "hive"} {
		t.Run(name, func(t *testing.T) {
			r, err := openResult(t, "testdata/results/"+name, auto)
			if err != nil {
				t.Fatal(err)
			}
			if m := r.Manifest(); m.SourceBucket != "media" || m.Columns != withKey {
				t.Errorf("bucket %q, columns %v", m.SourceBucket, m.Columns.Names())
			}
			got := resultRows(t, r)
			if len(got) != len(want) {
				t.Fatalf("%d rows, want %d", len(got), len(want))
			}
			for i := range want {
				want[i].Pos, want[i].ByHand = got[i].Pos, true
				if d := diff(got[i], want[i]); d != "" {
					t.Errorf("row %d: %s", i, d)
				}
			}
		})
	}
	r, err := openResult(t, "testdata/results/bare.csv", Results{Columns: "bucket,key,size,e_tag"})
	if err != nil {
		t.Fatal(err)
	}
	if got := resultRows(t, r); len(got) != 4 || got[2].Key != want[2].Key || got[2].ETag != want[2].ETag || got[3].Size != -1 || got[3].Known.Has(ColSize) {
		t.Errorf("%+v", got)
	}
}

// The ORC files of other programs read as a result, by the names in their schema, as
// they do by a manifest.
func TestResultsInORC(t *testing.T) {
	for _, s := range sets(t, "good/orc-") {
		t.Run(s.name, func(t *testing.T) {
			src, name := s.manifest(t)
			report, err := Open(t.Context(), src, name, Options{})
			if err != nil {
				t.Fatal(err)
			}
			type object struct{ key, version string }
			want := map[object]Record{}
			for _, rec := range resultRows(t, report) {
				rec.Pos, rec.ByHand = Position{}, true
				if rec.VersionID == nullVersion { // S3 leaves it empty; from anybody else that says nothing
					rec.VersionID, rec.Known, rec.Unnamed = "", rec.Known&^ColumnsOf(ColVersionID), true
				}
				want[object{rec.Key, rec.VersionID}] = rec
			}
			result, err := openResult(t, filepath.Join(s.dir(), "inv/acme-media-archive/daily-full/data"), auto)
			if err != nil {
				t.Fatal(err)
			}
			if m := result.Manifest(); m.Format != ORC || m.SourceBucket != report.Manifest().SourceBucket || m.Columns != report.Manifest().Columns {
				t.Errorf("%s of %s, columns %v", m.Format, m.SourceBucket, m.Columns.Names())
			}
			rows := resultRows(t, result)
			if len(rows) != s.Rows || len(want) != s.Rows {
				t.Fatalf("%d rows, %d by the manifest, want %d", len(rows), len(want), s.Rows)
			}
			for _, rec := range rows {
				rec.Pos = Position{}
				if d := diff(rec, want[object{rec.Key, rec.VersionID}]); d != "" {
					t.Fatal(d)
				}
			}
		})
	}
}

// put writes files below a new folder.
func put(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func utf16LE(text string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range text {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}

// What lies in a folder is read, named as left out, or refused with its name.
func TestResultFolders(t *testing.T) {
	const rows = "bucket,key,size\nb,k1,1\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		asked Results
		keys  string // that are read
		note  string // part of a warning
		want  string // part of the error, "" for none
	}{
		{name: "as Spark writes it", files: map[string]string{"part-0.csv": rows, "part-1.csv": "bucket,key,size\nb,k2,1\n", "_SUCCESS": "", ".part-0.csv.crc": "x", "part-2.csv": "bucket,key,size\n"},
			keys: "k1 k2", note: `_SUCCESS`},
		{name: "as Athena writes it", files: map[string]string{"20260301_101112_00001_abcde_0f": zipped("b,k1,1\n"), "20260301_101112_00001_abcde_1f.gz": zipped("b,k2,2\n"), "q-manifest.csv": "s3://x/y\n", "q.metadata": "x", "marker": ""},
			asked: Results{Columns: "bucket,key,size"}, keys: "k1 k2", note: `q-manifest.csv`},
		{name: "empty ones are counted", files: map[string]string{"a.csv": rows, "b.csv": ""}, keys: "k1", note: "1 without a byte"},
		{name: "columns of folders", files: map[string]string{"bucket=b/dt=2026-01-01/a.csv": "key\nk1\n", "bucket=c/a.csv": "key\nk1\n"}, keys: "k1 k1"},
		{name: "the bucket that is asked for", files: map[string]string{"a.csv": "key\nk1\n"}, asked: Results{Columns: "auto", Bucket: "b"}, keys: "k1"},
		{name: "header in another order", files: map[string]string{"a.csv": rows, "b.csv": "size,colour,key,bucket\n1,red,k2,b\n"}, keys: "k1 k2"},
		{name: "byte order mark", files: map[string]string{"a.csv": "\xef\xbb\xbf" + rows}, keys: "k1"},
		{name: "UTF-16", files: map[string]string{"a.csv": utf16LE(rows)}, keys: "k1"},
		{name: "encoded keys", files: map[string]string{"a.csv": "bucket,encoded_key\nb,a%2Bb+c\n"}, keys: "a+b c"},
		{name: "keys that look encoded", files: map[string]string{"a.csv": "bucket,key\nb,a%2Bb+c\n"}, keys: "a%2Bb+c", note: "encoded_key"},
		{name: "keys that are not encoded", files: map[string]string{"a.csv": "bucket,key\nb,a%2Bb c\n"}, keys: "a%2Bb c"},

		{name: "a header although the columns are named", files: map[string]string{"a.csv": rows}, asked: Results{Columns: "bucket,key,size"}, keys: "k1"},

		{name: "two columns of one name", files: map[string]string{"a.csv": "bucket,key,Size,size\nb,k,1,2\n"}, want: "column Size is there twice"},
		{name: "no key", files: map[string]string{"a.csv": "bucket,size\nb,1\n"}, want: "required column missing: Key"},
		{name: "no bucket", files: map[string]string{"a.csv": "key,size\nk,1\n"}, want: "required column missing: Bucket"},
		{name: "no first line", files: map[string]string{"a.csv": "b,k,1\n"}, want: "the first line does not name"},
		{name: "two formats", files: map[string]string{"a.csv": rows, "b": "PAR1xxxxxxxx"}, want: `b" is Parquet`},
		{name: "no format", files: map[string]string{"a.csv": rows, "b.json": "{}"}, want: ".json file is not read"},
		{name: "JSON, compressed", files: map[string]string{"a.json.gz": "x"}, want: ".json file is not read"},
		{name: "Parquet, compressed once more", files: map[string]string{"a.parquet.gz": "x"}, want: "compressed within"},
		{name: "another compression", files: map[string]string{"a.csv.zst": "x"}, want: ".zst file is not read"},
		{name: "Delta", files: map[string]string{"_delta_log/00.json": "{}", "a.parquet": "x"}, want: "Delta table"},
		{name: "Hudi", files: map[string]string{".hoodie/x": "{}", "a.parquet": "x"}, want: "Hudi table"},
		{name: "Iceberg", files: map[string]string{"metadata/v1.metadata.json": "{}", "data/a.parquet": "x"}, want: "Iceberg table"},
		{name: "still written", files: map[string]string{"_temporary/0/a.csv": rows, "a.csv": rows}, want: "has not ended"},
		{name: "a report", files: map[string]string{"x/manifest.json": "{}"}, want: "leave --columns out"},
		{name: "nothing", files: map[string]string{}, want: "nothing is there"},
		{name: "only notes", files: map[string]string{"_SUCCESS": ""}, want: "no file there has rows"},
		{name: "no rows", files: map[string]string{"a.csv": "bucket,key\n"}, want: "none of its files has a row"},
		{name: "keys as folders", files: map[string]string{"key=a/a.csv": "bucket\nb\n"}, want: "not cut by keys"},
		{name: "no bucket name", files: map[string]string{"a.csv": "bucket,key\n../x,k\n"}, want: "no name of a general purpose bucket"},
		{name: "columns of no such name", files: map[string]string{"a.csv": "b,k\n"}, asked: Results{Columns: "bucket,key,sise"}, want: `"sise" is none of`},
		{name: "columns for Parquet", files: map[string]string{"a": "PAR1xxxx"}, asked: Results{Columns: "bucket,key"}, want: "want --columns auto"},
		{name: "fewer fields than columns", files: map[string]string{"a.csv": "b,k\n"}, asked: Results{Columns: "bucket,key,size"}, want: "2 fields, want 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.asked.Columns == "" {
				tt.asked = auto
			}
			r, err := openResult(t, put(t, tt.files), tt.asked)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("%v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var keys []string
			for _, rec := range resultRows(t, r) {
				keys = append(keys, rec.Key)
			}
			if slices.Sort(keys); strings.Join(keys, " ") != tt.keys {
				t.Errorf("keys %q, want %q", keys, tt.keys)
			}
			if notes := fmt.Sprint(r.Warnings()); !strings.Contains(notes, tt.note) {
				t.Errorf("notes %s, want %q", notes, tt.note)
			} else if encoded := strings.Contains(notes, "encoded_key"); encoded != (tt.note == "encoded_key") {
				t.Errorf("notes %s: told that keys look encoded: %v", notes, encoded)
			}
		})
	}
}

// Rows behind a link would be missing without a word.
func TestResultsBehindALink(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "b.csv")
	for name, text := range map[string]string{filepath.Join(dir, "a.csv"): "bucket,key,size\nb,k1,1\n", elsewhere: "bucket,key,size\nb,k2,1\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "_hidden"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"b.csv": elsewhere, "more": filepath.Dir(elsewhere), ".hidden": elsewhere, "_hidden/b.csv": elsewhere} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
		_, err := openResult(t, dir, auto)
		if refused := err != nil && strings.Contains(err.Error(), link) && strings.Contains(err.Error(), "link"); refused == strings.Contains(link, "hidden") {
			t.Errorf("%s: %v", link, err)
		}
		if err := os.Remove(filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
}

// A set of files is bound by what they are: the same at another place is the same, and a
// byte, a name or a file more is another.
func TestResultsAreFrozen(t *testing.T) {
	const rows = "bucket,key,size\nb,k1,1\n"
	sum := func(files map[string]string, asked Results) string {
		r, err := openResult(t, put(t, files), asked)
		if err != nil {
			t.Fatal(err)
		}
		return r.Manifest().MD5
	}
	first := sum(map[string]string{"a.csv": rows}, auto)
	if got := sum(map[string]string{"a.csv": rows, "_SUCCESS": ""}, auto); got != first {
		t.Error("the same files are another set")
	}
	for name, got := range map[string]string{
		"a byte":         sum(map[string]string{"a.csv": strings.Replace(rows, "k1", "k2", 1)}, auto),
		"a name":         sum(map[string]string{"b.csv": rows}, auto),
		"a file":         sum(map[string]string{"a.csv": rows, "b.csv": "bucket,key\n"}, auto),
		"another bucket": sum(map[string]string{"a.csv": rows}, Results{Columns: "auto", Bucket: "c"}),
	} {
		if got == first {
			t.Errorf("%s more is the same set", name)
		}
	}
}

// A file that changes after it was listed is refused by name, here and in a bucket.
func TestResultsThatChange(t *testing.T) {
	dir := put(t, map[string]string{"a.csv": "bucket,key\nb,k1\n"})
	r, err := openResult(t, dir, auto)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("bucket,key\nb,k1\nb,k2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var size *SizeError
	if err := readOnce(t.Context(), r); !errors.As(err, &size) || !strings.Contains(err.Error(), "a.csv") {
		t.Errorf("a file that grew: %v", err)
	}
	m := newMemory()
	m.put("out/a", []byte("bucket,key\nb,k1\n"))
	found, err := Locate(t.Context(), Location{Bucket: "x", Name: "out"}, func(string) Source { return m }, Options{Results: auto})
	if err != nil {
		t.Fatal(err)
	}
	m.put("out/a", []byte("bucket,key\nb,k2\n"))
	if err := readOnce(t.Context(), found.Report); !errors.Is(err, ErrChanged) {
		t.Errorf("an object that was replaced: %v", err)
	}
}

func readOnce(ctx context.Context, r *Report) error {
	segs, err := r.Segments(ctx)
	if err != nil {
		return err
	}
	for b, err := range r.Read(ctx, segs) {
		if err != nil || b.Err != nil {
			return errors.Join(err, b.Err)
		}
	}
	return nil
}

// A hundred thousand files are listed, and some asked for their columns; the rest is left
// to who reads them.
func TestManyResultFiles(t *testing.T) {
	const n = 100_000
	m := newMemory()
	for i := range n {
		m.put(fmt.Sprintf("out/x/%06d.csv", i), []byte("bucket,key\nb,k\n"))
	}
	m.put("out/../traversal.csv", []byte("bucket,key\nb,k\n"))
	found, err := Locate(t.Context(), Location{Bucket: "x", Name: "out/"}, func(string) Source { return m }, Options{Results: auto})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(fmt.Sprint(found.Report.Warnings()), "../traversal.csv") {
		t.Errorf("notes %v name no file above the place", found.Report.Warnings())
	}
	if files, opened := len(found.Report.Manifest().Files), len(m.opened()); files != n || opened > mostAsked+2 {
		t.Errorf("%d files, %d opened", files, opened)
	}
}
