package inventory

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func TestOpenList(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       string // bucket/key@version of each record
		open, read string // errors
	}{
		{"l.csv", "b,k1\nb,k%202\n", "b/k1@ b/k 2@", "", ""},
		{"l.csv", "b,k1,v1\nb,k2,\n", "b/k1@v1 b/k2@null", "", ""},
		{"l.csv", "\"b\",\"a+b\"\r\n\r\n", "b/a b@", "", ""},
		{"l.csv.gz", "b,k1\nb,k2\n", "b/k1@ b/k2@", "", ""},
		{"l.csv", "", "", "", ""},
		{"l.csv", "b,k1\nc,k2\n", "b/k1@ c/k2@", "", ""}, // not for a reader to judge
		{"l.csv", "b,k1\nb,k2,v\n", "b/k1@", "", "3 fields, want 2"},
		{"l.csv", "b,k1,v\nb,k2\n", "b/k1@v", "", "2 fields, want 3"},
		{"l.csv", "b\n", "", "row 1: 1 fields", ""},
		{"l.csv", "b,k,v,w\n", "", "row 1: 4 fields", ""},
		{"l.csv", "b,%zz\n", "", "row 1: Key", ""},
		{"l.csv", "b,k\nb,\nb,l\n", "b/k@ b/@ b/l@", "", ""},
		{"l.csv", "b,a b\nb,\u00e9\n", "b/a b@ b/\u00e9@", "", ""}, // not encoded, and no doubt
		{"l.csv", "b,k\nb,a b+c\n", "b/k@", "", "not URL-encoded"},
		{"l.csv", "b,k\nb,\u00e9%20\n", "b/k@", "", "not URL-encoded"},
	} {
		m := newMemory()
		data := []byte(tt.text)
		if strings.HasSuffix(tt.name, ".gz") {
			var buf bytes.Buffer
			gz := gzip.NewWriter(&buf)
			gz.Write(data)
			gz.Close()
			data = buf.Bytes()
		}
		m.put(tt.name, data)
		r, err := OpenList(t.Context(), m, tt.name, Options{})
		if tt.open != "" {
			if err == nil || !strings.Contains(err.Error(), tt.open) {
				t.Errorf("%q: %v, want %q", tt.text, err, tt.open)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		c := readReport(t, r)
		var got []string
		for i, rec := range c.all() {
			got = append(got, fmt.Sprintf("%s/%s@%s", rec.Bucket, rec.Key, rec.VersionID))
			if rec.Size != -1 || rec.Pos != (Position{0, int64(i)}) || rec.Known.Has(ColVersionID) != r.Manifest().AllVersions() {
				t.Errorf("%q: record %+v", tt.text, rec)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
		if (tt.read != "") != (c.errs[0] != nil) || c.errs[0] != nil && !strings.Contains(c.errs[0].Error(), tt.read) {
			t.Errorf("%q: %v, want %q", tt.text, c.errs[0], tt.read)
		}
		if tt.want != "" && r.Manifest().SourceBucket != "b" || r.Manifest().Format != List || !isMD5(r.Manifest().MD5) {
			t.Errorf("%q: %+v", tt.text, r.Manifest())
		}
	}
	for text, want := range map[string]bool{
		"b,a\n": false, "b,a+b\n": true, "b,a+b\nb,c%2Bd\n": false, "b,a%2bb+c\n": false, "b,a+b\nb,a%2\nB": true,
	} {
		m := newMemory()
		m.put("l.csv", []byte(text))
		r, err := OpenList(t.Context(), m, "l.csv", Options{})
		if err != nil || (len(r.Warnings()) > 0) != want {
			t.Errorf("%q: %v, %v; want a warning: %v", text, err, r.Warnings(), want)
		}
		for cut := range len(text) { // wherever the text is cut on its way
			var w plusWriter
			w.Write([]byte(text[:cut/2]))
			w.Write([]byte(text[cut/2 : cut]))
			w.Write([]byte(text[cut:]))
			if (w.literal && !w.encoded) != want {
				t.Errorf("%q cut at %d and %d: %+v", text, cut/2, cut, w)
			}
		}
	}
	// A list that is replaced after it was opened is not read.
	m := newMemory()
	m.put("l", []byte("b,k1\n"))
	r, err := OpenList(t.Context(), m, "l", Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.put("l", []byte("b,k2\n"))
	if c := readReport(t, r); c.errs[0] == nil || len(c.all()) > 0 {
		t.Errorf("a list that was replaced: %v, %v", c.all(), c.errs)
	}
	if _, err := OpenList(t.Context(), m, "none", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no list: %v", err)
	}
}

func TestOpenBatchReport(t *testing.T) {
	m := newMemory()
	failed := "\"b\",\"dir/a+b%2Bc\",\"v1\",\"failed\",\"AccessDenied\",\"403\",\"Access \"\"Denied\"\"\"\n\"b\",\"k2\",\"\",\"failed\",\"\",\"500\",\"\"\n"
	m.put("job/results/failed.csv", []byte(failed))
	m.put("job/results/ok.csv", []byte("b,fine,v,succeeded,,200,\n"))
	doc := `{"Format":"Report_CSV_20180820","ReportCreationDate":"2026-01-02T03:04:05.678Z","Results":[
		{"TaskExecutionStatus":"succeeded","Bucket":"out","MD5Checksum":"%s","Key":"job/results/ok.csv"},
		{"TaskExecutionStatus":"failed","Bucket":"out","MD5Checksum":"%s","Key":"job/results/failed.csv"}],
		"ReportSchema":"Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"}`
	sum := md5.Sum([]byte(failed))
	m.put("job/manifest.json", fmt.Appendf(nil, doc, strings.Repeat("0", 32), hex.EncodeToString(sum[:])))
	r, err := OpenBatchReport(t.Context(), m, "job/manifest.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := readReport(t, r)
	got := c.all()
	if len(got) != 2 || got[0].Key != "dir/a b+c" || got[0].VersionID != "v1" || got[1].Key != "k2" || got[1].VersionID != "" || got[1].Known.Has(ColVersionID) || !got[0].Known.Has(ColVersionID) || c.errs[0] != nil {
		t.Errorf("%+v, %v", got, c.errs)
	}
	if mf := r.Manifest(); mf.SourceBucket != "b" || mf.Format != BatchReport || mf.DestinationBucket != "out" || len(mf.Files) != 1 {
		t.Errorf("%+v", mf)
	}
	m.put("job/manifest.json", fmt.Appendf(nil, doc, strings.Repeat("0", 32), strings.Repeat("0", 32)))
	if r, err = OpenBatchReport(t.Context(), m, "job/manifest.json", Options{}); err != nil {
		t.Fatal(err)
	}
	var ce *ChecksumError
	if c := readReport(t, r); !errors.As(c.errs[0], &ce) {
		t.Errorf("with a wrong MD5: %v", c.errs[0])
	}
	m.put("job/manifest.json", []byte(goodManifest))
	if _, err := OpenBatchReport(t.Context(), m, "job/manifest.json", Options{}); !errors.Is(err, ErrNotManifest) {
		t.Errorf("an inventory manifest: %v", err)
	}
}
