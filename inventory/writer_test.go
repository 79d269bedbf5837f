package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A report that is read and written again, in either format, reads the same.
func TestWriterRoundTrip(t *testing.T) {
	src, name := set{name: "good/csv"}.manifest(t)
	r, err := Open(t.Context(), src, name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := readReport(t, r).all()
	created := time.Date(2025, 11, 21, 2, 0, 0, 0, time.UTC)
	for _, o := range []WriterOptions{
		{Format: CSV, Columns: r.Manifest().Columns, FileRows: 1000},
		{Format: Parquet, Columns: r.Manifest().Columns, FileRows: 1000},
		{Format: Parquet, Columns: r.Manifest().Columns},
	} {
		dir := t.TempDir()
		sink, err := NewFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		o.SourceBucket, o.DestinationBucket, o.Prefix, o.Created = "acme-media-archive", "acme-lists", "some/where", created
		o.TempDir = t.TempDir()
		w, err := NewWriter(sink, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if err := w.Write(t.Context(), &want[i]); err != nil {
				t.Fatal(err)
			}
		}
		manifest, err := w.Close(t.Context())
		if err != nil || manifest != "some/where/acme-media-archive/reseal/2025-11-21T02-00Z/manifest.json" {
			t.Fatalf("%q, %v", manifest, err)
		}
		local, file, err := LocalFile(filepath.Join(dir, filepath.FromSlash(manifest)))
		if err != nil {
			t.Fatal(err)
		}
		back, err := Open(t.Context(), local, file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := back.Manifest()
		wantFiles := 4
		if o.FileRows == 0 {
			wantFiles = 1
		}
		if m.Columns != o.Columns || m.SourceBucket != o.SourceBucket || m.DestinationBucket != o.DestinationBucket || !m.Created.Equal(created) || len(m.Files) != wantFiles {
			t.Errorf("%s: manifest %+v", o.Format, m)
		}
		c := readReport(t, back)
		got := c.all()
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows, want %d: %v", o.Format, len(got), len(want), c.errs)
		}
		for i := range got {
			w := want[i]
			w.Pos = got[i].Pos
			if d := diff(got[i], w); d != "" {
				t.Fatalf("%s: row %d: %s", o.Format, i, d)
			}
		}
		left, _ := os.ReadDir(o.TempDir)
		if len(left) > 0 {
			t.Errorf("%s: temporary files left: %v", o.Format, left)
		}
	}
}

// Every column survives, also those that the fixtures do not have, and keys of
// all bytes.
func TestWriterColumns(t *testing.T) {
	at := time.Date(2031, 2, 3, 4, 5, 6, 789e6, time.UTC)
	full := Record{Known: AllColumns, Bucket: "b", Key: "k\x00\x01\"\n\r\n,%+ \xff" + strings.Repeat("é", 400), VersionID: "v", IsLatest: true, IsMultipart: true,
		Size: 1<<63 - 1, LastModified: at, ETag: "e-1", StorageClass: "NEW_CLASS", ReplicationStatus: "FAILED", Encryption: DSSEKMS, LockRetainUntil: at.Add(time.Hour),
		LockMode: "GOVERNANCE", LegalHold: "ON", EventHold: "OFF", EventHoldDuration: "12 days, \"or so\"", Tier: "ARCHIVE_INSTANT", BucketKey: "ENABLED", Checksum: "SHA1", ACL: "e30=", Owner: "o",
		LifecycleExpiration: at.AddDate(1, 0, 0), KMSKeyARN: "arn:aws:kms:eu-west-1:111122223333:key/k"}
	bare := Record{Known: ColumnsOf(ColBucket, ColKey, ColVersionID), Bucket: "b", Key: "/", VersionID: "null", Size: -1}
	marker := Record{Known: ColumnsOf(ColBucket, ColKey, ColVersionID, ColIsLatest, ColIsDeleteMarker), Bucket: "b", Key: "m", VersionID: "x", IsDeleteMarker: true, Size: -1}
	empty := full
	empty.Size, empty.IsLatest = 0, false
	want := []Record{full, bare, marker, empty}
	for _, format := range []Format{CSV, Parquet} {
		m := newMemory()
		w, err := NewWriter(memorySink{m}, WriterOptions{SourceBucket: "b", Format: format, Created: at, Columns: AllColumns})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if err := w.Write(t.Context(), &want[i]); err != nil {
				t.Fatal(err)
			}
		}
		name, err := w.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := readReport(t, m.openReport(t, name, Options{})).all()
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows", format, len(got))
		}
		for i := range want {
			want[i].Pos = got[i].Pos
			if d := diff(got[i], want[i]); d != "" {
				t.Errorf("%s: row %d: %s", format, i, d)
			}
		}
	}
}

// memorySink stores into a memory source, and notes the order.
type memorySink struct{ *memory }

func (s memorySink) Put(ctx context.Context, name string, body io.ReadSeeker, size int64) error {
	data, err := io.ReadAll(body)
	if err != nil || int64(len(data)) != size {
		return fmt.Errorf("%d bytes of %d, %v", len(data), size, err)
	}
	s.put(name, data)
	s.opens = append(s.opens, name)
	return ctx.Err()
}

// The checksum says that a report is complete, so it comes last, and not at all
// after a failure.
func TestWriterOrder(t *testing.T) {
	m := newMemory()
	o := WriterOptions{SourceBucket: "b", FileRows: 1, Created: time.Unix(0, 0)}
	w, err := NewWriter(memorySink{m}, o)
	if err != nil {
		t.Fatal(err)
	}
	rec := Record{Bucket: "b", Key: "k"}
	for range 2 {
		if err := w.Write(t.Context(), &rec); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"b/reseal/data/1970-01-01T00-00Z-00000.csv.gz", "b/reseal/data/1970-01-01T00-00Z-00001.csv.gz", "b/reseal/1970-01-01T00-00Z/manifest.json", "b/reseal/1970-01-01T00-00Z/manifest.checksum"}
	if !slices.Equal(m.opens, want) {
		t.Errorf("stored %q, want %q", m.opens, want)
	}
	if _, err := w.Close(t.Context()); err == nil {
		t.Error("closed twice")
	}

	m = newMemory()
	if w, err = NewWriter(memorySink{m}, o); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), &Record{Bucket: "b"}); err == nil {
		t.Error("a row without a key is written")
	}
	if _, err := w.Close(t.Context()); err == nil || len(m.opens) > 0 {
		t.Errorf("after a failure: %v, stored %q", err, m.opens)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if w, err = NewWriter(memorySink{m}, o); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(ctx, &rec); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

// A report without rows is one, too.
func TestWriterEmpty(t *testing.T) {
	for _, o := range []WriterOptions{{}, {SourceBucket: "b"}, {SourceBucket: "b", Created: time.Unix(0, 0), Format: ORC}} {
		if _, err := NewWriter(nil, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	m := newMemory()
	w, err := NewWriter(memorySink{m}, WriterOptions{SourceBucket: "b", Format: Parquet, Created: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	name, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := readReport(t, m.openReport(t, name, Options{})); len(c.records) != 0 {
		t.Errorf("%d segments", len(c.records))
	}
}

func TestFolderStaysInside(t *testing.T) {
	sink, err := NewFolder(filepath.Join(t.TempDir(), "in"))
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Put(t.Context(), "../out", strings.NewReader("x"), 1); err == nil {
		t.Error("wrote outside of the folder")
	}
	if err := sink.Put(t.Context(), "a", strings.NewReader("x"), 2); err == nil {
		t.Error("a body that is too short was stored")
	}
	if left, _ := os.ReadDir(sink.dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
