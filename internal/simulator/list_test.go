package simulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestListObjects: S3 API Reference, ListObjectsV2; S3 User Guide, using-prefixes. All page sizes give the same list.
func TestListObjects(t *testing.T) {
	b := newBench(t, Config{})
	b.bucket("ver", Enabled)
	keys := []string{"a", "a/", "a/b", "a/b/c", "a/d", "b", "b/x/1", "b/x/2", "b/y", "c!", "c/", "c/z", "ü", "ü/x"}
	for _, bucket := range []string{"bkt", "ver"} {
		for _, k := range keys {
			b.put(bucket, k, "1")
		}
	}
	b.put("ver", "b/gone", "1")
	b.del("ver", "b/gone", "")
	b.put("ver", "a", "2")
	tests := []struct {
		prefix, delimiter, after string
		want                     string
	}{
		{"", "", "", "a a/ a/b a/b/c a/d b b/x/1 b/x/2 b/y c! c/ c/z ü ü/x"},
		{"a", "", "", "a a/ a/b a/b/c a/d"},
		{"", "/", "", "a (a/) b (b/) c! (c/) ü (ü/)"},
		{"a/", "/", "", "a/ a/b (a/b/) a/d"},
		{"b/", "/", "", "(b/x/) b/y"},
		{"b/x/", "/", "", "b/x/1 b/x/2"},
		{"", "x/", "", "a a/ a/b a/b/c a/d b (b/x/) b/y c! c/ c/z ü ü/x"},
		{"", "", "a/b/c", "a/d b b/x/1 b/x/2 b/y c! c/ c/z ü ü/x"},
		{"", "/", "a/b", "(a/) b (b/) c! (c/) ü (ü/)"},
		{"", "/", "a/", "b (b/) c! (c/) ü (ü/)"},
		{"nothing", "", "", ""},
	}
	for _, bucket := range []string{"bkt", "ver"} {
		for _, tt := range tests {
			for _, page := range []int{1, 2, 3, 1000} {
				in := &ListObjectsInput{Request: in(bucket), Prefix: tt.prefix, Delimiter: tt.delimiter, StartAfter: tt.after, Max: page}
				var got []string
				for range 50 {
					out, err := b.ListObjects(b.tick(), in)
					b.must(err)
					var names []string
					for _, o := range out.Objects {
						names = append(names, o.Key)
					}
					for _, p := range out.CommonPrefixes {
						names = append(names, p+" ") // sorts behind the key of the same name, and is known by its end
					}
					slices.Sort(names)
					for _, n := range names {
						if p, ok := strings.CutSuffix(n, " "); ok {
							n = "(" + p + ")"
						}
						got = append(got, n)
					}
					if len(names) > page {
						t.Fatalf("%d entries on a page of %d", len(names), page)
					}
					if in.Token = out.NextToken; !out.Truncated {
						break
					}
				}
				if s := strings.Join(got, " "); s != tt.want {
					t.Errorf("%s: prefix %q, delimiter %q, after %q, pages of %d:\ngot  %s\nwant %s", bucket, tt.prefix, tt.delimiter, tt.after, page, s, tt.want)
				}
			}
		}
	}
	if out, err := b.ListObjects(b.tick(), &ListObjectsInput{Request: in("bkt"), Max: -1}); err != nil || len(out.Objects) != 0 || out.Truncated {
		t.Errorf("max-keys 0: %+v %v", out, err)
	}
	_, err := b.ListObjects(b.tick(), &ListObjectsInput{Request: in("bkt"), Token: "!"})
	b.want(err, 400, "InvalidArgument")
}

// TestListPopulation: generated, stored and deleted objects list as one.
func TestListPopulation(t *testing.T) {
	b := newBench(t, Config{})
	for _, prefix := range []string{"m/", "x/"} {
		if err := b.Populate("bkt", Population{N: 300, Seed: 2, Prefix: prefix}); err != nil {
			t.Fatal(err)
		}
	}
	p := b.buckets["bkt"].objects.pops[0]
	want := map[string]bool{}
	for i := range int64(300) {
		want[p.key(i)], want["x/"+strings.TrimPrefix(p.key(i), "m/")] = true, true
	}
	for i := int64(0); i < 300; i += 7 {
		b.del("bkt", p.key(i), "")
		delete(want, p.key(i))
	}
	b.put("bkt", p.key(7), "back")
	want[p.key(7)] = true
	for i := range 50 {
		for _, key := range []string{fmt.Sprintf("a%d", i), p.key(100) + fmt.Sprintf("!%d", i), fmt.Sprintf("z%d", i)} {
			b.put("bkt", key, "")
			want[key] = true
		}
	}
	var got []string
	in := &ListObjectsInput{Request: in("bkt"), Max: 33}
	for {
		out, err := b.ListObjects(b.tick(), in)
		b.must(err)
		for _, o := range out.Objects {
			got = append(got, o.Key)
		}
		if in.Token = out.NextToken; !out.Truncated {
			break
		}
	}
	if !slices.IsSorted(got) || len(got) != len(want) {
		t.Fatalf("%d keys, want %d", len(got), len(want))
	}
	for _, k := range got {
		if !want[k] {
			t.Errorf("%q is listed", k)
		}
	}
}

// TestListObjectVersions: S3 API Reference, ListObjectVersions.
func TestListObjectVersions(t *testing.T) {
	b := newBench(t, Config{})
	b.put("bkt", "n", "null version")
	r := in("bkt")
	b.must(b.PutBucketVersioning(b.tick(), &r, Enabled))
	for _, key := range []string{"a", "d/1", "d/2", "n", "z"} {
		for range 3 {
			b.put("bkt", key, key)
		}
	}
	b.del("bkt", "d/1", "")
	all := func(prefix, delimiter string, page int) (got []string) {
		in := &ListVersionsInput{Request: r, Prefix: prefix, Delimiter: delimiter, Max: page}
		for range 50 {
			out, err := b.ListObjectVersions(b.tick(), in)
			b.must(err)
			for _, v := range out.Versions {
				mark := ""
				if v.IsLatest {
					mark += "*"
				}
				if v.DeleteMarker {
					mark += "-"
				}
				if v.VersionID == "null" {
					mark += "0"
				}
				got = append(got, v.Key+mark)
			}
			got = append(got, out.CommonPrefixes...)
			if in.KeyMarker, in.VersionIDMarker = out.NextKeyMarker, out.NextVersionIDMarker; !out.Truncated {
				return got
			}
		}
		t.Fatal("the list does not end")
		return nil
	}
	want := "a* a a d/1*- d/1 d/1 d/1 d/2* d/2 d/2 n* n n n0 z* z z"
	for _, page := range []int{1, 2, 3, 4, 1000} {
		if got := strings.Join(all("", "", page), " "); got != want {
			t.Errorf("pages of %d: %s, want %s", page, got, want)
		}
		got := all("", "/", page)
		slices.Sort(got)
		if s := strings.Join(got, " "); s != "a a a* d/ n n n* n0 z z z*" {
			t.Errorf("pages of %d with a delimiter: %s", page, s)
		}
	}
	_, err := b.ListObjectVersions(b.tick(), &ListVersionsInput{Request: r, VersionIDMarker: "x"})
	b.want(err, 400, "InvalidArgument")
}
