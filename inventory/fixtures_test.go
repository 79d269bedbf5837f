package inventory

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// set is one report of testdata/fixtures.
type set struct {
	name   string
	Format string
	Rows   int
	Files  int
	Expect string
}

func (s set) dir() string { return filepath.Join("testdata", "fixtures", filepath.FromSlash(s.name)) }

func (s set) manifest(t testing.TB) (*Local, string) {
	t.Helper()
	found, err := filepath.Glob(s.dir() + "/inv/*/*/*Z/manifest.json")
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %d manifests, %v", s.name, len(found), err)
	}
	src, name, err := LocalFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return src, name
}

// sets returns the reports whose names begin with prefix.
func sets(t testing.TB, prefix string) []set {
	t.Helper()
	data, err := os.ReadFile("testdata/fixtures/facts.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]set
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	var out []set
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(name, prefix) {
			s := all[name]
			s.name = name
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no sets %s*", prefix)
	}
	return out
}

// truthRow is a line of truth.jsonl.gz.
type truthRow struct {
	Bucket, Key string
	Version     *string `json:"version_id"`
	Latest      bool    `json:"is_latest"`
	Marker      bool    `json:"is_delete_marker"`
	Size        *int64
	Modified    int64   `json:"last_modified_date"`
	ETag        *string `json:"e_tag"`
	Class       *string `json:"storage_class"`
	Multipart   bool    `json:"is_multipart_uploaded"`
	Replication *string `json:"replication_status"`
	Encryption  *string `json:"encryption_status"`
	RetainUntil *int64  `json:"object_lock_retain_until_date"`
	LockMode    *string `json:"object_lock_mode"`
	LegalHold   *string `json:"object_lock_legal_hold_status"`
	Tier        *string `json:"intelligent_tiering_access_tier"`
	BucketKey   *string `json:"bucket_key_status"`
	Checksum    *string `json:"checksum_algorithm"`
}

// record is what the row must decode to in a report with the given columns.
func (w truthRow) record(has Columns, file int, row int64) Record {
	r := Record{Pos: Position{File: file, Row: row}, Bucket: w.Bucket, Key: w.Key, Size: -1, Known: ColumnsOf(ColBucket, ColKey)}
	know := func(c Column, there bool) bool {
		if there && has.Has(c) {
			r.Known = r.Known.With(c)
			return true
		}
		return false
	}
	text := func(c Column, dst *string, s *string) {
		if know(c, s != nil) {
			*dst = *s
		}
	}
	if know(ColVersionID, true) {
		r.VersionID = "null"
	}
	text(ColVersionID, &r.VersionID, w.Version)
	if know(ColIsLatest, true) {
		r.IsLatest = w.Latest
	}
	if know(ColIsDeleteMarker, true) {
		r.IsDeleteMarker = w.Marker
	}
	if know(ColIsMultipart, true) {
		r.IsMultipart = w.Multipart
	}
	if know(ColSize, w.Size != nil) {
		r.Size = *w.Size
	}
	if know(ColLastModified, true) {
		r.LastModified = time.UnixMilli(w.Modified).UTC()
	}
	if know(ColLockRetainUntil, w.RetainUntil != nil) {
		r.LockRetainUntil = time.UnixMilli(*w.RetainUntil).UTC()
	}
	text(ColETag, &r.ETag, w.ETag)
	text(ColStorageClass, (*string)(&r.StorageClass), w.Class)
	text(ColReplicationStatus, &r.ReplicationStatus, w.Replication)
	text(ColEncryption, (*string)(&r.Encryption), w.Encryption)
	text(ColLockMode, &r.LockMode, w.LockMode)
	text(ColLegalHold, &r.LegalHold, w.LegalHold)
	text(ColTier, &r.Tier, w.Tier)
	r.Tier = strings.TrimSuffix(r.Tier, "_ACCESS")
	text(ColBucketKey, &r.BucketKey, w.BucketKey)
	text(ColChecksum, &r.Checksum, w.Checksum)
	return r
}

// truth returns all rows of the imaginary bucket, in the order of the full reports.
func truth(t testing.TB) []truthRow {
	t.Helper()
	f, err := os.Open("testdata/fixtures/truth.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []truthRow
	sc := bufio.NewScanner(gz)
	for sc.Scan() {
		var r truthRow
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if err := sc.Err(); err != nil || len(rows) != 3300 {
		t.Fatalf("truth: %d rows, %v", len(rows), err)
	}
	return rows
}

// contents is all that was read of a report.
type contents struct {
	records [][]Record // by segment
	rows    []int64    // as Batch.Rows says; -1 where the segment did not end well
	errs    []error    // Batch.Err by segment
}

func (c contents) all() []Record { return slices.Concat(c.records...) }

// readSegments reads segments of a report whole.
func readSegments(ctx context.Context, r *Report, segs []Segment) (contents, error) {
	c := contents{make([][]Record, len(segs)), slices.Repeat([]int64{-1}, len(segs)), make([]error, len(segs))}
	ended := make([]bool, len(segs))
	for b, err := range r.Read(ctx, segs) {
		if err != nil {
			return c, err
		}
		if ended[b.Segment] {
			return c, fmt.Errorf("segment %d goes on after its end", b.Segment)
		}
		c.records[b.Segment] = append(c.records[b.Segment], b.Records...)
		if b.End {
			c.rows[b.Segment] = b.Rows
		}
		c.errs[b.Segment] = b.Err
		ended[b.Segment] = b.End || b.Err != nil
	}
	if slices.Contains(ended, false) {
		return c, errors.New("a segment has no end")
	}
	return c, nil
}

func readReport(t testing.TB, r *Report) contents {
	t.Helper()
	segs, err := r.Segments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := readSegments(t.Context(), r, segs)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// diff returns how two records differ, "" where they do not.
func diff(got, want Record) string {
	if got == want {
		return ""
	}
	g, w := strings.Fields(fmt.Sprintf("%+q", fields(got))), strings.Fields(fmt.Sprintf("%+q", fields(want)))
	var out []string
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			out = append(out, fmt.Sprintf("got %s want %s", g[i], w[min(i, len(w)-1)]))
		}
	}
	return fmt.Sprintf("key %q: %s", want.Key, strings.Join(out, ", "))
}

func fields(r Record) []string {
	var out []string
	for s := range strings.SplitSeq(fmt.Sprintf("%#v", r), ", ") {
		out = append(out, strings.ReplaceAll(s, " ", "_"))
	}
	return out
}
