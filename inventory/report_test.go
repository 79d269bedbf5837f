package inventory

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// Values that every row of odd/unknown-column-csv has in columns newer than truth.
const (
	extraACL   = "eyJ2ZXJzaW9uIjoiMjAyMi0xMS0xMCIsInN0YXR1cyI6IkFWQUlMQUJMRSIsImdyYW50cyI6W119"
	extraOwner = "8b3f0c2d9e8b3f0c2d9e8b3f0c2d9e8b3f0c2d9e8b3f0c2d9e8b3f0c2d9eabcd"
)

// wantRows returns the rows of truth that a set holds.
func wantRows(t testing.TB, s set, all []truthRow) []truthRow {
	t.Helper()
	switch {
	case s.Rows == 0:
		return nil
	case s.Rows == len(all):
		return all
	case s.name == "good/csv-minimal" || s.name == "good/csv-current":
		var out []truthRow
		for _, r := range all {
			if r.Latest && !r.Marker {
				out = append(out, r)
			}
		}
		return out
	case s.name == "good/orc-apachecpp-gmt":
		out := append([]truthRow(nil), all[:1500]...)
		for i := range out {
			out[i].Modified -= out[i].Modified % 1000
		}
		return out
	case s.Rows == 300:
		return all[3000:]
	}
	t.Fatalf("%s: which %d rows?", s.name, s.Rows)
	return nil
}

// Every cell of every report that can be read equals the truth: so the same
// rows decode to equal Records whatever the format.
func TestReadFixtures(t *testing.T) {
	all := truth(t)
	for _, s := range append(sets(t, "good/"), sets(t, "odd/")...) {
		t.Run(s.name, func(t *testing.T) {
			src, name := s.manifest(t)
			r, err := Open(t.Context(), src, name, Options{BatchRows: 100})
			if err != nil {
				t.Fatal(err)
			}
			m := r.Manifest()
			if string(m.Format) != s.Format || len(m.Files) != s.Files || m.SourceBucket != "acme-media-archive" ||
				m.DestinationBucket != "acme-inventory-reports" || !m.Created.Equal(time.UnixMilli(1763690400000)) {
				t.Errorf("manifest %+v", m)
			}
			c := readReport(t, r)
			want := wantRows(t, s, all)
			got := c.all()
			if len(got) != len(want) {
				t.Fatalf("%d rows, want %d; errors %v", len(got), len(want), c.errs)
			}
			bad, at := 0, 0
			for seg, recs := range c.records {
				if c.errs[seg] != nil || c.rows[seg] != int64(len(recs)) {
					t.Errorf("segment %d: %d records, rows %d, err %v", seg, len(recs), c.rows[seg], c.errs[seg])
				}
				for row, got := range recs {
					w := want[at].record(m.Columns, seg, int64(row))
					if s.name == "odd/unknown-column-csv" {
						w.Known, w.ACL, w.Owner = w.Known.With(ColACL).With(ColOwner), extraACL, extraOwner
					}
					if d := diff(got, w); d != "" && bad < 10 {
						t.Error(d)
						bad++
					}
					at++
				}
			}
		})
	}
}

// Damage is told, names the file, and leaves the other files alone.
func TestReadDamaged(t *testing.T) {
	const someRow = -2 // depends on how the decompressor cuts its output
	type fact struct {
		open string         // in the error of Open
		errs map[int]string // by file: in the error of the segment
		row  int64          // where reading of that file must stop
	}
	facts := map[string]fact{
		"damaged/csv-truncated-gzip":      {errs: map[int]string{1: "unexpected EOF"}, row: someRow},
		"damaged/csv-wrong-md5":           {errs: map[int]string{2: "MD5"}, row: -1},
		"damaged/csv-wrong-size":          {errs: map[int]string{0: "size"}, row: -1},
		"damaged/csv-not-gzip":            {errs: map[int]string{0: "gzip"}, row: -1},
		"damaged/csv-ragged":              {errs: map[int]string{0: "3 fields, want 18"}, row: 10},
		"damaged/csv-bad-values":          {errs: map[int]string{0: "neither true nor false"}, row: 3},
		"damaged/csv-missing-key":         {open: "missing: Key"},
		"damaged/csv-schema-mismatch":     {errs: map[int]string{0: "18 fields, want 10"}, row: 0},
		"damaged/manifest-bad-checksum":   {open: "MD5"},
		"damaged/manifest-no-checksum":    {open: "manifest.checksum is missing"},
		"damaged/manifest-unknown-format": {open: "Avro"},
		"damaged/parquet-truncated":       {errs: map[int]string{0: ""}, row: -1},
		"damaged/parquet-bad-footer":      {errs: map[int]string{0: ""}, row: -1},
		"damaged/parquet-not-at-all":      {errs: map[int]string{0: ""}, row: -1},
		"damaged/parquet-zero-bytes":      {errs: map[int]string{0: ""}, row: -1},
		"damaged/orc-truncated":           {errs: map[int]string{0: ""}, row: -1},
		"damaged/orc-bad-footer":          {errs: map[int]string{0: ""}, row: -1},
		"damaged/orc-not-at-all":          {errs: map[int]string{0: ""}, row: -1},
	}
	for _, s := range sets(t, "damaged/") {
		t.Run(s.name, func(t *testing.T) {
			want, ok := facts[s.name]
			if !ok {
				t.Fatalf("what should %s do?", s.name)
			}
			src, name := s.manifest(t)
			r, err := Open(t.Context(), src, name, Options{})
			if want.open != "" {
				var me *ManifestError
				if !errors.As(err, &me) || me.Name != name || !strings.Contains(err.Error(), want.open) {
					t.Fatalf("Open: %v, want a ManifestError with %q", err, want.open)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c := readReport(t, r)
			for i, err := range c.errs {
				text, bad := want.errs[i]
				if !bad {
					if err != nil || c.rows[i] < 1 {
						t.Errorf("file %d, which is whole: %d rows, %v", i, c.rows[i], err)
					}
					continue
				}
				var fe *FileError
				if !errors.As(err, &fe) {
					t.Fatalf("file %d: %v is no FileError", i, err)
				}
				if want.row == someRow && fe.Row > 0 {
					want.row = fe.Row
				}
				if fe.Name != r.Manifest().Files[i].Key || fe.File != i || !strings.Contains(fe.Error(), text) || fe.Row != want.row || fe.Unavailable {
					t.Errorf("file %d: %+v (%v), want %q at row %d", i, fe, fe, text, want.row)
				}
				if int64(len(c.records[i])) != max(0, want.row) {
					t.Errorf("file %d: %d records before the damage at row %d", i, len(c.records[i]), want.row)
				}
				t.Log(err)
			}
		})
	}
}

func TestOpenAllowed(t *testing.T) {
	for _, tt := range []struct {
		set  string
		opts Options
		want error
	}{
		{"damaged/manifest-bad-checksum", Options{AllowBadChecksum: true}, nil},
		{"damaged/manifest-no-checksum", Options{AllowNoChecksum: true}, nil},
		{"damaged/manifest-bad-checksum", Options{AllowNoChecksum: true}, &ChecksumError{}},
		{"damaged/manifest-no-checksum", Options{AllowBadChecksum: true}, ErrNoChecksum},
	} {
		src, name := set{name: tt.set}.manifest(t)
		r, err := Open(t.Context(), src, name, tt.opts)
		if tt.want == nil {
			if err != nil || len(r.Warnings()) != 1 {
				t.Errorf("%s %+v: %v, want one warning", tt.set, tt.opts, err)
			} else if c := readReport(t, r); len(c.all()) != 300 {
				t.Errorf("%s: %d rows, want 300", tt.set, len(c.all()))
			}
			continue
		}
		ce, ok := tt.want.(*ChecksumError)
		if ok && errors.As(err, &ce) || errors.Is(err, tt.want) {
			continue
		}
		t.Errorf("%s %+v: %v, want %v", tt.set, tt.opts, err, tt.want)
	}
	src, err := NewLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), src, "manifest.json", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v, want fs.ErrNotExist", err)
	}
}
