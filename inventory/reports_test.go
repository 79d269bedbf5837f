package inventory

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseLocation(t *testing.T) {
	for in, want := range map[string]Location{
		"s3://b/a/manifest.json":   {"b", "a/manifest.json"},
		"S3://b/a%20b+c":           {"b", "a%20b+c"},
		"s3://b":                   {"b", ""},
		"s3://b/":                  {"b", ""},
		"s3://b//x":                {"b", "/x"},
		"file:///tmp/a%20b/m.json": {"", "/tmp/a b/m.json"},
		"file://localhost/tmp/":    {"", "/tmp/"},
		"/tmp/x":                   {"", "/tmp/x"},
		"rel/x":                    {"", "rel/x"},
		"./a?b#c%":                 {"", "./a?b#c%"},
		"c:/x":                     {"", "c:/x"},
		"":                         {},
		"s3:///key":                {},
		"gs://b/k":                 {},
		"https://example.org/key":  {},
		"file://host/x":            {},
		"file://":                  {},
	} {
		got, err := ParseLocation(in)
		if got != want || (err != nil) != (want == Location{}) {
			t.Errorf("%q: %+v, %v, want %+v", in, got, err, want)
		}
		if err == nil {
			if again, err := ParseLocation(got.String()); err != nil || again != got {
				t.Errorf("%q becomes %q, which is %+v, %v", in, got, again, err)
			}
		}
	}
	for in, want := range map[string]bool{"s3://b": true, "s3://b/p/": true, "s3://b/p": false, "/tmp/": true, "/tmp": false} {
		if l, err := ParseLocation(in); err != nil || l.Folder() != want {
			t.Errorf("%q: folder %v, %v", in, l.Folder(), err)
		}
	}
}

// putDated stores the report of putReport once more, as one of the given configuration and day.
func (m *memory) putDated(t *testing.T, config, stamp string, complete bool) string {
	t.Helper()
	m.putReport(t, "Bucket, Key, Size")
	folder := "p/b/" + config + "/" + stamp + "/"
	m.put(folder+"manifest.json", m.objects["r/manifest.json"])
	if complete {
		m.put(folder+"manifest.checksum", m.objects["r/manifest.checksum"])
	}
	delete(m.objects, "r/manifest.json")
	delete(m.objects, "r/manifest.checksum")
	return folder + "manifest.json"
}

func TestReports(t *testing.T) {
	m := newMemory()
	old := m.putDated(t, "daily", "2025-11-19T01-00Z", true)
	good := m.putDated(t, "daily", "2025-11-20T01-00Z", true)
	half := m.putDated(t, "daily", "2025-11-21T01-00Z", false)
	bad := m.putDated(t, "daily", "2025-11-22T01-00Z", true)
	m.put(bad, []byte("{"))
	m.put("p/b/daily/hive/dt=2025-11-22-01-00/symlink.txt", nil)
	found, err := Reports(t.Context(), m, "p/")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range found {
		names = append(names, l.Name)
	}
	if !slices.Equal(names, []string{bad, half, good, old}) {
		t.Fatalf("reports %q", names)
	}
	now := time.Date(2025, 11, 22, 3, 0, 0, 0, time.UTC)
	if l := found[0]; l.Err == nil || l.Manifest != nil || l.Age(now) != 2*time.Hour {
		t.Errorf("the damaged one: %+v", l)
	}
	if l := found[1]; l.Complete || !errors.Is(l.Err, ErrNoChecksum) || l.Manifest == nil {
		t.Errorf("the unfinished one: %+v", l)
	}
	if l := found[2]; !l.Complete || l.Err != nil || l.Age(now) != 50*time.Hour || l.Missing != UsefulColumns.Without(ColumnsOf(ColSize)) {
		t.Errorf("the good one: %+v, age %v", l, l.Age(now))
	}
	for _, l := range found {
		if l.Newest != (l.Name == good) || l.Config() != "p/b/daily" {
			t.Errorf("%s: newest %t, of %s", l.Name, l.Newest, l.Config())
		}
		if n, known, err := l.Rows(t.Context(), m); n != 0 || known != (l.Err == nil) || err != nil { // they have no data files
			t.Errorf("%s: %d rows, known %t, %v", l.Name, n, known, err)
		}
	}
	l, err := Newest(t.Context(), m, "p/")
	if err != nil || l.Name != good {
		t.Errorf("newest: %+v, %v, want %s", l, err, good)
	}
	if _, err := Newest(t.Context(), m, "q/"); !errors.Is(err, ErrNoReport) {
		t.Errorf("no report at all: %v", err)
	}
	if _, err := Newest(t.Context(), m, half); !errors.Is(err, ErrNoReport) || !errors.Is(err, ErrNoChecksum) {
		t.Errorf("only an unfinished report: %v", err)
	}
	m.putDated(t, "weekly", "2025-11-16T01-00Z", true)
	if _, err := Newest(t.Context(), m, "p/"); err == nil || !strings.Contains(err.Error(), "p/b/daily, p/b/weekly") {
		t.Errorf("two configurations: %v", err)
	}
	if l, err := Newest(t.Context(), m, "p/b/weekly/"); err != nil || !strings.Contains(l.Name, "weekly") {
		t.Errorf("one of two configurations: %+v, %v", l, err)
	}
	// The real layout, on disk.
	src, err := NewLocal(set{name: "good/csv"}.dir())
	if err != nil {
		t.Fatal(err)
	}
	l, err = Newest(t.Context(), src, "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), src, l.Name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := readReport(t, r); len(c.all()) != 3300 || l.Missing != 0 || l.Manifest.Format != CSV {
		t.Errorf("%d rows, %+v", len(c.all()), l)
	}
}
