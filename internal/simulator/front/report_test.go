package front

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/simulator"
)

// fixtures are reports of one imaginary bucket by writers that are not part of
// this project, with the truth beside them.
const fixtures = "../../../inventory/testdata/fixtures"

const sourceBucket = "acme-media-archive"

func fixture(t testing.TB, set string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(fixtures, set, "inv", "*", "*", "*Z", "manifest.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("fixture %s: %d manifests, %v", set, len(found), err)
	}
	return found[0]
}

type truthRow struct {
	Key               string  `json:"key"`
	VersionID         *string `json:"version_id"`
	IsLatest          bool    `json:"is_latest"`
	DeleteMarker      bool    `json:"is_delete_marker"`
	Size              int64   `json:"size"`
	LastModified      int64   `json:"last_modified_date"`
	ETag              string  `json:"e_tag"`
	StorageClass      string  `json:"storage_class"`
	Replication       string  `json:"replication_status"`
	Encryption        string  `json:"encryption_status"`
	LockRetainUntil   int64   `json:"object_lock_retain_until_date"`
	LockMode          string  `json:"object_lock_mode"`
	LegalHold         string  `json:"object_lock_legal_hold_status"`
	AccessTier        string  `json:"intelligent_tiering_access_tier"`
	BucketKey         string  `json:"bucket_key_status"`
	ChecksumAlgorithm string  `json:"checksum_algorithm"`
}

func (r *truthRow) id() string {
	if r.VersionID == nil {
		return "null"
	}
	return *r.VersionID
}

func truth(t testing.TB) map[[2]string]truthRow {
	t.Helper()
	f, err := os.Open(filepath.Join(fixtures, "truth.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[[2]string]truthRow{}
	for lines := bufio.NewScanner(zip); lines.Scan(); {
		var r truthRow
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows[[2]string{r.Key, r.id()}] = r
	}
	return rows
}

func TestLoadManifestGivesTheTruth(t *testing.T) {
	want := truth(t)
	current := map[string]string{} // id of the current version by key
	for at, r := range want {
		if r.IsLatest {
			current[at[0]] = at[1]
		}
	}
	for _, tt := range []struct {
		set     string
		rows    int
		current bool
	}{{"good/csv", 3300, false}, {"good/csv-raw-quoted", 3300, false}, {"good/csv-current", 1750, true}, {"odd/reordered-csv", 300, false}, {"odd/empty-string-nulls-csv", 300, false}} {
		t.Run(tt.set, func(t *testing.T) {
			w := simulator.New(simulator.Config{})
			filled, err := loadManifest(t.Context(), w, fixture(t, tt.set), FillOptions{Now: signTime})
			if err != nil {
				t.Fatal(err)
			}
			if n := filled.Objects + filled.DeleteMarkers; int(n) != tt.rows || filled.Bucket != sourceBucket {
				t.Fatalf("filled %+v, want %d rows", filled, tt.rows)
			}
			seen := 0
			latest := map[string]bool{}
			for o := range w.Walk(sourceBucket) {
				seen++
				id := o.VersionID
				if tt.current {
					id = current[o.Key]
				} else if id == "" {
					id = "null"
				}
				r, ok := want[[2]string{o.Key, id}]
				if !ok {
					t.Fatalf("object %q version %q is not in the truth", o.Key, id)
				}
				if o.IsLatest && latest[o.Key] {
					t.Errorf("%q has two current versions", o.Key)
				}
				latest[o.Key] = latest[o.Key] || o.IsLatest
				if tt.current { // columns of that set
					r = truthRow{Key: r.Key, Size: r.Size, LastModified: r.LastModified, ETag: r.ETag, StorageClass: r.StorageClass, Encryption: r.Encryption}
				}
				checkObject(t, o, r, tt.rows == 3300)
			}
			if seen != tt.rows {
				t.Errorf("the bucket holds %d versions, want %d", seen, tt.rows)
			}
		})
	}
}

func checkObject(t *testing.T, o simulator.ObjectInfo, r truthRow, whole bool) {
	t.Helper()
	if whole && o.IsLatest != r.IsLatest { // a set of the last rows may lack the current version
		t.Errorf("%q %q: latest %t, want %t", o.Key, o.VersionID, o.IsLatest, r.IsLatest)
	}
	if o.DeleteMarker != r.DeleteMarker || o.LastModified.Unix() != r.LastModified/1000 {
		t.Errorf("%q %q: marker %t at %s, want %+v", o.Key, o.VersionID, o.DeleteMarker, o.LastModified, r)
	}
	if o.DeleteMarker {
		return
	}
	hold := map[string]string{"ON": "ON"}[strings.ToUpper(r.LegalHold)]
	tier := map[string]string{"ARCHIVE": "ARCHIVE_ACCESS", "DEEP_ARCHIVE": "DEEP_ARCHIVE_ACCESS"}[r.AccessTier]
	var until int64
	if !o.Lock.RetainUntil.IsZero() {
		until = o.Lock.RetainUntil.UnixMilli()
	}
	encrypted := r.Encryption == "SSE-KMS" || r.Encryption == "DSSE-KMS"
	got := []any{o.Size, o.ETag, string(o.StorageClass), o.Replication, string(o.Encryption.Type), o.Encryption.BucketKeyEnabled, o.Encryption.KMSKeyARN != "",
		o.Lock.Mode, until, o.Lock.LegalHold, o.AccessTier, o.Checksum.Algorithm}
	want := []any{r.Size, r.ETag, r.StorageClass, r.Replication, r.Encryption, encrypted && r.BucketKey == "ENABLED", encrypted,
		strings.ToUpper(r.LockMode), r.LockRetainUntil, hold, tier, r.ChecksumAlgorithm}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q %q:\n got %v\nwant %v", o.Key, o.VersionID, got, want)
	}
}

func TestLoadManifestRefusesDamage(t *testing.T) {
	for set, want := range map[string]string{
		"damaged/csv-truncated-gzip":      "unexpected EOF",
		"damaged/csv-wrong-md5":           "MD5",
		"damaged/csv-wrong-size":          "bytes, the manifest says",
		"damaged/csv-not-gzip":            "gzip",
		"damaged/csv-ragged":              "fields",
		"damaged/csv-bad-values":          "row ",
		"damaged/csv-missing-key":         "no Key",
		"damaged/csv-schema-mismatch":     "fields",
		"damaged/manifest-bad-checksum":   "manifest.checksum",
		"damaged/manifest-unknown-format": "format",
		"good/parquet-duckdb-snappy":      "format Parquet",
	} {
		_, err := loadManifest(t.Context(), simulator.New(simulator.Config{}), fixture(t, set), FillOptions{Now: signTime})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", set, err, want)
		}
	}
	for _, set := range []string{"good/empty-csv", "good/empty-csv-zero-rows"} {
		filled, err := loadManifest(t.Context(), simulator.New(simulator.Config{}), fixture(t, set), FillOptions{Now: signTime})
		if err != nil || filled.Objects != 0 || filled.Bucket == "" {
			t.Errorf("%s: %+v, %v, want an empty bucket", set, filled, err)
		}
	}
}

func TestFillStops(t *testing.T) {
	broken := errors.New("broken")
	rows := func(n int, err error) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) {
			for i := range n {
				if !yield(Row{Key: fmt.Sprint(i)}, nil) {
					return
				}
			}
			yield(Row{}, err)
		}
	}
	w := simulator.New(simulator.Config{})
	if _, err := Fill(t.Context(), w, "b-one", rows(3, broken), FillOptions{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the rows", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f, err := Fill(ctx, w, "b-two", rows(1<<30, broken), FillOptions{}); !errors.Is(err, context.Canceled) || f.Objects > 2048 {
		t.Errorf("%+v, %v, want a stop after the context ended", f, err)
	}
	if _, err := Fill(t.Context(), w, "b-three", func(yield func(Row, error) bool) { yield(Row{Key: "k", Encryption: "SSE-NEW"}, nil) }, FillOptions{}); err == nil {
		t.Error("an unknown encryption status was accepted")
	}
}

// TestInventoryRoundTrip: a report of a bucket loaded into another world gives
// the same bucket, for a report with every kind of object in it.
func TestInventoryRoundTrip(t *testing.T) {
	o := FillOptions{Now: signTime, KMSKeyARN: testKey}
	first := simulator.New(simulator.Config{Region: "eu-west-1"})
	if _, err := loadManifest(t.Context(), first, fixture(t, "good/csv"), o); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	path, err := WriteInventory(t.Context(), first, Inventory{Bucket: sourceBucket, Destination: "reports", Prefix: "a/b", Created: signTime, RowsPerFile: 1000}, folder)
	if err != nil {
		t.Fatal(err)
	}
	if want := "a/b/" + sourceBucket + "/daily/2026-11-21T23-59Z/manifest.json"; path != want {
		t.Errorf("manifest at %s, want %s", path, want)
	}
	second := simulator.New(simulator.Config{Region: "eu-west-1"})
	filled, err := loadManifest(t.Context(), second, filepath.Join(dir, path), o)
	if err != nil {
		t.Fatal(err)
	}
	if filled.Objects != 3000 || filled.DeleteMarkers != 300 {
		t.Errorf("read back %+v, want 3,000 objects and 300 delete markers", filled)
	}
	same := func(o *simulator.ObjectInfo) { o.Checksum.Value = "" }
	if first.Digest(sourceBucket, same) != second.Digest(sourceBucket, same) {
		t.Error("the bucket changed on its way through the report")
		next, stop := iter.Pull2(second.Walk(sourceBucket))
		defer stop()
		for a := range first.Walk(sourceBucket) {
			if b, _, _ := next(); !reflect.DeepEqual(a, b) {
				t.Fatalf("first difference:\n%+v\n%+v", a, b)
			}
		}
	}
}

// TestInventoryCSV reads a report with the standard library only.
func TestInventoryCSV(t *testing.T) {
	w := simulator.New(simulator.Config{})
	if err := w.CreateBucket(signTime, &simulator.CreateBucketInput{Request: simulator.Request{Bucket: "source"}}); err != nil {
		t.Fatal(err)
	}
	for _, key := range oddKeys {
		if err := w.SeedObject("source", simulator.ObjectInfo{Key: key, Size: 7, ETag: `odd"etag`, LastModified: signTime,
			Lock: simulator.Lock{EventHold: "ON", EventHoldDuration: "30d"}}, simulator.Body{}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for _, current := range []bool{false, true} {
		path, err := WriteInventory(t.Context(), w, Inventory{Bucket: "source", Destination: "d", Created: signTime, CurrentOnly: current, RowsPerFile: 10}, folder)
		if err != nil {
			t.Fatal(err)
		}
		m, err := readManifest(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Split(m.FileSchema, ", ")
		if want := map[bool]int{false: 23, true: 20}[current]; len(names) != want {
			t.Errorf("%d columns, want %d: %s", len(names), want, m.FileSchema)
		}
		if want := (len(oddKeys) + 9) / 10; len(m.Files) != want {
			t.Errorf("%d data files, want %d", len(m.Files), want)
		}
		var keys []string
		for _, f := range m.Files {
			data, err := os.ReadFile(filepath.Join(dir, f.Key))
			if err != nil {
				t.Fatal(err)
			}
			zip, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(zip)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(plain)) {
				if !strings.HasPrefix(line, `"`) || !strings.HasSuffix(line, "\"\n") {
					t.Fatalf("fields are not all quoted: %q", line)
				}
			}
			records, err := csv.NewReader(bytes.NewReader(plain)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, record := range records {
				row := map[string]string{}
				for i, name := range names {
					row[name] = record[i]
				}
				key, err := url.QueryUnescape(row["Key"])
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, key)
				if row["Bucket"] != "source" || row["Size"] != "7" || row["ETag"] != `odd"etag` || row["LastModifiedDate"] != "2026-11-21T23:59:50.000Z" || row["VersionId"] != "" || row["ObjectLockEventHoldDuration"] != "30d" {
					t.Errorf("row %v", row)
				}
			}
		}
		want := slices.Sorted(slices.Values(oddKeys))
		if !slices.Equal(keys, want) {
			t.Errorf("keys %q, want %q", keys, want)
		}
	}
}

func TestInventoryIntoBucket(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	put(t, c, "k", "body")
	res, err := r.client.Post(r.url+"/_simulator/inventory?bucket="+testBucket+"&destination="+testBucket+"&prefix=inv", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Manifest string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != 200 {
		t.Fatalf("answer %d, %v", res.StatusCode, err)
	}
	key := strings.TrimPrefix(answer.Manifest, "s3://"+testBucket+"/")
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: &key})
	if err != nil {
		t.Fatalf("get %s: %v", answer.Manifest, err)
	}
	var m manifest
	if err := json.NewDecoder(out.Body).Decode(&m); err != nil || len(m.Files) != 1 || m.DestinationBucket != "arn:aws:s3:::"+testBucket {
		t.Fatalf("manifest %+v, %v", m, err)
	}
	if h := head(t, c, m.Files[0].Key); *h.ContentLength != m.Files[0].Size || *h.ETag != `"`+m.Files[0].MD5Checksum+`"` {
		t.Errorf("data file %+v, manifest says %+v", h, m.Files[0])
	}
}

func TestFolderStaysInside(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "in")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	folder, err := OpenFolder(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if _, err := folder.Create("../out/file"); err == nil {
		t.Error("a file outside of the folder was made")
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("a folder outside was made")
	}
}

// FuzzCSV compares with encoding/csv on what both accept.
func FuzzCSV(f *testing.F) {
	f.Add("\"a\",\"b\"\n\"c \"\"d\"\"\",\n")
	f.Add("a,b\r\nc,\"x\ny\"\n\n\"")
	f.Add(`"unclosed`)
	f.Fuzz(func(t *testing.T, text string) {
		var got [][]string
		lines := bufio.NewScanner(strings.NewReader(text))
		lines.Buffer(nil, maxCSVRecord)
		lines.Split(splitRecord)
		for lines.Scan() {
			if len(lines.Bytes()) == 0 {
				continue
			}
			var record []string
			rest := lines.Text()
			for {
				value, tail, more, err := cutField(rest)
				if err != nil {
					return
				}
				record = append(record, value)
				if !more {
					break
				}
				rest = tail
			}
			got = append(got, record)
		}
		if lines.Err() != nil || strings.Contains(text, "\r") { // encoding/csv changes CR LF inside quotes
			return
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil {
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n got %q\nwant %q", text, got, want)
		}
	})
}

// BenchmarkWriteInventory writes to nowhere; its memory must not depend on the
// number of objects.
func BenchmarkWriteInventory(b *testing.B) {
	w := simulator.New(simulator.Config{})
	if err := w.CreateBucket(signTime, &simulator.CreateBucketInput{Request: simulator.Request{Bucket: "source"}}); err != nil {
		b.Fatal(err)
	}
	const n = 100_000
	if err := w.Populate("source", simulator.Population{N: n, Seed: 1}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := WriteInventory(b.Context(), w, Inventory{Bucket: "source", Created: time.Unix(0, 0)}, nowhere{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
}

type nowhere struct{}

func (nowhere) Create(string) (io.WriteCloser, error) { return nopCloser{io.Discard}, nil }
