package s3api

import (
	"net/url"
	"strings"
	"testing"
)

func TestCopySource(t *testing.T) {
	for _, tt := range []struct{ key, version, want string }{
		{"k", "", "b/k"},
		{"a b+c%2F?versionId=x&#", "", "b/a%20b%2Bc%252F%3FversionId%3Dx%26%23"},
		{"/lead//twice/./../", "", "b//lead//twice/./../"},
		{"ü\x00\n\xff", "", "b/%C3%BC%00%0A%FF"},
		{"safe-_.~", "null", "b/safe-_.~?versionId=null"},
		{"k", "3/L4kqt&", "b/k?versionId=3%2FL4kqt%26"},
	} {
		if got := copySource("b", tt.key, tt.version); got != tt.want {
			t.Errorf("copySource(%q, %q) = %q, want %q", tt.key, tt.version, got, tt.want)
		}
	}
}

// Whatever the key, decoding gives it back, and the value is plain ASCII
// without anything that a header, a query or S3's own parser could take apart.
func FuzzCopySource(f *testing.F) {
	for _, key := range []string{"k", "a b", "100%", "%41", "a+b", "?versionId=x", "ü", "\xff\x00", "//", "..", "a/../b"} {
		f.Add("bucket", key, "")
		f.Add("bucket", key, "v1")
	}
	f.Fuzz(func(t *testing.T, bucket, key, version string) {
		got := copySource(bucket, key, version)
		path, query, named := strings.Cut(got, "?")
		if named != (version != "") {
			t.Fatalf("copySource(%q, %q, %q) = %q: has a query: %v", bucket, key, version, got, named)
		}
		decoded, err := url.PathUnescape(path)
		if err != nil || decoded != bucket+"/"+key {
			t.Fatalf("%q decodes to %q, %v; want %q", path, decoded, err, bucket+"/"+key)
		}
		if named {
			v, err := url.PathUnescape(strings.TrimPrefix(query, "versionId="))
			if err != nil || v != version {
				t.Fatalf("%q decodes to %q, %v; want %q", query, v, err, version)
			}
		}
		for i := 0; i < len(path); i++ {
			if c := path[i]; !unreserved(c) && c != '/' && c != '%' {
				t.Fatalf("%q holds byte %#x", path, c)
			}
		}
	})
}
