package inventory

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree makes files below a new folder and returns it.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		p := filepath.Join(dir, filepath.FromSlash(f))
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, []byte("is "+f), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A data file is found wherever people put it when they copy a report, and the
// closest one is taken.
func TestLocate(t *testing.T) {
	const key = "inv/src/cfg/data/x.orc"
	for _, tt := range []struct {
		name  string
		files []string
		from  string // the folder that the source reads
		open  string // the manifest
		want  string // content of the file; "" where it must not be found
	}{
		{"a whole bucket", []string{"inv/src/cfg/T/manifest.json", key}, "inv/src/cfg/T", "manifest.json", key},
		{"a whole bucket, from above", []string{"d/inv/src/cfg/T/manifest.json", "d/" + key}, "d", "inv/src/cfg/T/manifest.json", "d/" + key},
		{"a source in between", []string{"d/inv/src/cfg/T/manifest.json", "d/" + key}, "d/inv/src", "cfg/T/manifest.json", "d/" + key},
		{"the configuration only", []string{"cfg/T/manifest.json", "cfg/data/x.orc"}, "cfg/T", "manifest.json", "cfg/data/x.orc"},
		{"all in one folder", []string{"manifest.json", "x.orc"}, ".", "manifest.json", "x.orc"},
		{"data below", []string{"manifest.json", "data/x.orc"}, ".", "manifest.json", "data/x.orc"},
		{"closest first", []string{"inv/src/cfg/T/manifest.json", key, "inv/src/cfg/T/" + key}, "inv/src/cfg/T", "manifest.json", "inv/src/cfg/T/" + key},
		{"the whole key before its end", []string{"inv/src/cfg/T/manifest.json", key, "inv/src/cfg/T/x.orc"}, "inv/src/cfg/T", "manifest.json", key},
		{"too far above", []string{"a/b/c/d/e/manifest.json", key}, "a/b/c/d/e", "manifest.json", ""},
		{"nowhere", []string{"manifest.json"}, ".", "manifest.json", ""},
		{"a folder of that name", []string{"manifest.json", "x.orc/y"}, ".", "manifest.json", ""},
	} {
		dir := tree(t, tt.files...)
		src, err := NewLocal(filepath.Join(dir, filepath.FromSlash(tt.from)))
		if err != nil {
			t.Fatal(err)
		}
		name, err := src.Locate(tt.open, key)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: found %s", tt.name, name)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if data, err := readAll(t.Context(), src, name, 1000); err != nil || string(data) != "is "+tt.want {
			t.Errorf("%s: %s: %q, %v, want %s", tt.name, name, data, err, tt.want)
		}
	}
}

// Neither a key nor a link leads out of the folder that holds the report.
func TestLocalConfined(t *testing.T) {
	dir := tree(t, "secret", "r/manifest.json", "r/data/ok")
	if err := errors.Join(os.Symlink("../../secret", filepath.Join(dir, "r/data/link")), os.Symlink("..", filepath.Join(dir, "r/up")), os.Symlink("data/ok", filepath.Join(dir, "r/inside"))); err != nil {
		t.Fatal(err)
	}
	src, err := NewLocal(filepath.Join(dir, "r"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"../secret", "data/../../secret", "/etc/passwd", "..", ".", "", "up/secret", "data/link", "data\x00/ok", "data//ok", "./data/ok"} {
		if name, err := src.Locate("manifest.json", key); err == nil {
			t.Errorf("key %q is found at %s", key, name)
		}
	}
	for _, name := range []string{"up/secret", "data/link", "data/../../secret", "/etc/passwd", "a/../../secret"} {
		if body, _, err := src.Open(t.Context(), name, 0, ""); err == nil {
			body.Close()
			t.Errorf("%q is opened", name)
		}
	}
	if name, err := src.Locate("manifest.json", "inside"); err != nil || name != "inside" {
		t.Errorf("a link inside: %q, %v", name, err)
	}
}

func TestLocalOpen(t *testing.T) {
	dir := tree(t, "a")
	src, name, err := LocalFile(filepath.Join(dir, "a"))
	if err != nil || name != "a" {
		t.Fatal(name, err)
	}
	body, info, err := src.Open(t.Context(), "a", 3, "")
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	body.Close()
	if string(data) != "a" || err != nil || info.Size != 4 || info.ETag == "" {
		t.Errorf("%q, %+v, %v", data, info, err)
	}
	if body, _, err = src.Open(t.Context(), "a", 0, info.ETag); err != nil {
		t.Errorf("with its ETag: %v", err)
	} else {
		body.Close()
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := src.Open(t.Context(), "a", 0, info.ETag); !errors.Is(err, ErrChanged) {
		t.Errorf("after a change: %v", err)
	}
	if _, _, err := src.Open(t.Context(), "b", 0, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, _, err := src.Open(t.Context(), ".", 0, ""); err == nil {
		t.Error("a folder is opened")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := src.Open(ctx, "a", 0, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
	if _, err := NewLocal(filepath.Join(dir, "a")); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestLocalList(t *testing.T) {
	src, err := NewLocal(tree(t, "a/b/c", "a/bc", "ab", "x/y"))
	if err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]string{"": "a/b/c a/bc ab x/y", "a": "a/b/c a/bc ab", "a/": "a/b/c a/bc", "a/b": "a/b/c a/bc", "a/b/": "a/b/c", "none/": "", "z": ""} {
		found, err := src.List(t.Context(), prefix)
		var names []string
		for _, o := range found {
			names = append(names, o.Name)
		}
		slices.Sort(names)
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("%q: %v, %v, want %s", prefix, names, err, want)
		}
	}
}
