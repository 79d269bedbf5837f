package inventory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A person may name any file of a report, its prefix without the slash, a page of the
// console or an ARN: the manifest is found, in a bucket as on disk.
func TestManifestByAnyHandle(t *testing.T) {
	const root = "testdata/fixtures/good/csv"
	const config = "inv/acme-media-archive/daily-full"
	const manifest = config + "/2025-11-21T02-00Z/manifest.json"
	data, err := filepath.Glob(filepath.Join(root, config, "data", "*.csv.gz"))
	if err != nil || len(data) == 0 {
		t.Fatalf("the fixture has no data files: %v", err)
	}
	bucket := func(string) Source {
		local, err := NewLocal(root)
		if err != nil {
			t.Fatal(err)
		}
		return local
	}
	handles := []string{
		manifest,
		config + "/2025-11-21T02-00Z/manifest.checksum",
		config + "/2025-11-21T02-00Z/",
		config + "/hive/dt=2025-11-21-02-00/symlink.txt",
		config + "/data/" + filepath.Base(data[0]),
		config + "/",
	}
	for _, handle := range handles {
		for _, place := range []string{root + "/", "s3://d/", "arn:aws:s3:::d/", "https://d.s3.eu-west-1.amazonaws.com/"} {
			at, err := ParseLocation(place + handle)
			if err != nil {
				t.Fatal(err)
			}
			l, err := Locate(t.Context(), at, bucket, Options{})
			if err != nil {
				t.Errorf("%s%s: %v", place, handle, err)
				continue
			}
			if !strings.HasSuffix(filepath.ToSlash(l.URI), manifest) {
				t.Errorf("%s%s leads to %s, want %s", place, handle, l.URI, manifest)
			}
			if beside := !strings.HasSuffix(handle, "/") && handle != manifest; (l.Named != "") != beside {
				t.Errorf("%s%s: named %q", place, handle, l.Named)
			}
		}
	}
}

// A data file that no report lists is what it is, and so is one beside no report.
func TestHandlesOfNoReport(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "data", "list.csv")
	if err := os.WriteFile(list, []byte("b,k\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Locate(t.Context(), Location{Name: list}, nil, Options{})
	if err != nil || l.URI != list || l.Named != "" {
		t.Errorf("a list in a folder called data: %+v, %v", l, err)
	}
}

// A list in a folder that is called data is no data file of a report there that lists
// another one of its name.
func TestDataFileOfAnotherReport(t *testing.T) {
	m := newMemory()
	name := m.putDated(t, "daily", "2025-11-20T01-00Z", true)
	manifest := strings.ReplaceAll(string(m.objects[name]), `"files":[]`, `"files":[{"key":"other/data/list.csv","size":5,"MD5checksum":"00000000000000000000000000000000"}]`)
	m.put(name, []byte(manifest))
	m.put("p/b/daily/data/list.csv", []byte("b,k\n"))
	at := Location{"d", "p/b/daily/data/list.csv"}
	got, err := manifestOf(t.Context(), at, func(string) Source { return m })
	if err != nil || got != at {
		t.Errorf("leads to %v, %v", got, err)
	}
	m.put(name, []byte(strings.ReplaceAll(manifest, "other/data", "p/b/daily/data")))
	if got, err := manifestOf(t.Context(), at, func(string) Source { return m }); err != nil || got != (Location{"d", name}) {
		t.Errorf("its own leads to %v, %v", got, err)
	}
}

func TestWebAddresses(t *testing.T) {
	for in, want := range map[string]Location{
		"https://eu-west-1.console.aws.amazon.com/s3/object/d?region=eu-west-1&bucketType=general&prefix=inv/a%20b/manifest.json": {"d", "inv/a b/manifest.json"},
		"https://s3.console.aws.amazon.com/s3/buckets/d?prefix=inv/&showversions=false":                                           {"d", "inv/"},
		"https://console.amazonaws.cn/s3/buckets/d":                                                                               {"d", ""},
		"https://console.amazonaws-us-gov.com/s3/buckets/d":                                                                       {"d", ""},
		"https://d.s3.amazonaws.com/inv/manifest.json?X-Amz-Signature=secret":                                                     {"d", "inv/manifest.json"},
		"https://d.with.dots.s3.eu-west-1.amazonaws.com/k":                                                                        {"d.with.dots", "k"},
		"https://s3.eu-west-1.amazonaws.com/d/k/l":                                                                                {"d", "k/l"},
		"https://d.s3.cn-north-1.amazonaws.com.cn/k":                                                                              {"d", "k"},
		"https://d.s3.dualstack.eu-west-1.amazonaws.com/k":                                                                        {"d", "k"},
		"arn:aws:s3:::d":          {"d", ""},
		"arn:aws-cn:s3:::d/a/b c": {"d", "a/b c"},
		// none of S3
		"https://eu-west-1.console.aws.amazon.com/kms/home":                 {},
		"https://console.aws.amazon.com.example.org/s3/buckets/d?prefix=x/": {},
		"https://d.s3.amazonaws.com.example.org/k":                          {},
		"https://s3.eu-west-1.amazonaws.com/":                               {},
		"https://console.aws.amazon.com/s3/buckets/":                        {},
	} {
		got, err := ParseLocation(in)
		if got != want || (err != nil) != (want == Location{}) {
			t.Errorf("%q: %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"arn:aws:s3:::*", "arn:aws:kms:::d"} { // files with odd names
		if got, err := ParseLocation(in); err != nil || got != (Location{Name: in}) {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
}
