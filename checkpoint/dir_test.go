package checkpoint

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// realDir returns a locked Dir in a real folder that it made.
func realDir(t testing.TB) (*Dir, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job")
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Lock(t.Context(), Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Release() })
	return d, path
}

func TestPutComparesAndSwaps(t *testing.T) {
	d, _ := realDir(t)
	ctx := t.Context()
	if _, _, err := d.Get(ctx, "plan.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("get of nothing: %v", err)
	}
	v1, err := d.Put(ctx, "plan.json", []byte("one"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, expect := range []Version{"", "other"} {
		var conflict *ConflictError
		if _, err := d.Put(ctx, "plan.json", []byte("two"), expect); !errors.As(err, &conflict) || conflict.Have != v1 {
			t.Errorf("put over version %q expecting %q: %v", v1, expect, err)
		}
	}
	var conflict *ConflictError
	if _, err := d.Put(ctx, "state/000000.a", []byte("x"), v1); !errors.As(err, &conflict) || conflict.Have != "" {
		t.Errorf("put over nothing expecting %q: %v", v1, err)
	}
	v2, err := d.Put(ctx, "plan.json", []byte("two"), v1)
	if err != nil || v2 == v1 {
		t.Fatalf("put: version %q after %q, %v", v2, v1, err)
	}
	if data, v, err := d.Get(ctx, "plan.json"); string(data) != "two" || v != v2 || err != nil {
		t.Errorf("get: %q, %q, %v; want two, %q", data, v, err, v2)
	}
}

func TestWritingNeedsTheLock(t *testing.T) {
	d, err := CreateDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(t.Context(), "plan.json", nil, ""); !errors.Is(err, ErrNotLocked) {
		t.Errorf("put: %v", err)
	}
	if _, err := d.Put(t.Context(), "results/r", nil, ""); !errors.Is(err, ErrNotLocked) {
		t.Errorf("append: %v", err)
	}
	l, err := d.Lock(t.Context(), Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Release(), l.Release()); err != nil {
		t.Errorf("release: %v", err)
	}
	if _, err := d.Put(t.Context(), "plan.json", nil, ""); !errors.Is(err, ErrNotLocked) {
		t.Errorf("put after release: %v", err)
	}
}

func TestNamesStayInside(t *testing.T) {
	d, _ := realDir(t)
	for _, name := range []string{"", ".", "..", "../x", "state/..", "/etc/passwd", "state//x", "a/b/c", ".hidden", "state/.x", "UPPER", "a b", "a\\b", "a\x00b", strings.Repeat("a", 101),
		"generations/000002/", "generations/000002/../plan.json", "generations/000002/a/b/c", "generations/2/a/b", "x/generations/000002/a"} {
		if _, _, err := d.Get(t.Context(), name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get %q: %v", name, err)
		}
		if _, err := d.Put(t.Context(), name, nil, ""); err == nil {
			t.Errorf("put %q works", name)
		}
	}
	// The documents of a later generation are read in those of its job, and not written.
	const later = "generations/000002/verified.json"
	if _, _, err := d.Get(t.Context(), later); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get %q: %v", later, err)
	}
	if _, err := d.Put(t.Context(), later, nil, ""); err == nil {
		t.Errorf("put %q works", later)
	}
}

func TestLinksOutOfTheFolderAreRefused(t *testing.T) {
	d, path := realDir(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plan.json", "state/000000.a", "results/r"} {
		if err := os.Symlink(outside, filepath.Join(path, name)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Get(t.Context(), name); err == nil {
			t.Errorf("get %s follows a link out of the folder", name)
		}
		if _, err := d.Put(t.Context(), name, []byte("x"), ""); err == nil {
			t.Errorf("put %s over a link works", name)
		}
	}
	if got, err := os.ReadFile(outside); string(got) != "precious" {
		t.Errorf("the file outside is now %q, %v", got, err)
	}

	other := t.TempDir()
	nothing := filepath.Join(t.TempDir(), "nothing")
	if err := os.Symlink(nothing, filepath.Join(other, "lock")); err != nil {
		t.Fatal(err)
	}
	o, err := OpenDir(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Lock(t.Context(), Self("test")); err == nil {
		t.Error("lock follows a link out of the folder")
	}
	if _, err := os.Lstat(nothing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lock makes a file outside the folder: %v", err)
	}
}

func TestModes(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	d, path := realDir(t)
	if _, err := d.Put(t.Context(), "state/000000.a", []byte("x"), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(t.Context(), "results/r", []byte("x"), ""); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		".": 0o700, "state": 0o700, "results": 0o700, "lock": 0o600, "state/000000.a": 0o600, "results/r": 0o600,
	} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestCreateDirAdoptsOnlyJobs(t *testing.T) {
	for name, tt := range map[string]struct {
		files []string
		ok    bool
	}{
		"empty":          {nil, true},
		"a job":          {[]string{"plan.json", "notes-of-mine"}, true},
		"something else": {[]string{"thesis.tex"}, false},
	} {
		path := t.TempDir()
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, f := range tt.files {
			if err := os.WriteFile(filepath.Join(path, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := CreateDir(path)
		info, _ := os.Stat(path)
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o755}[tt.ok]; (err == nil) != tt.ok || info.Mode().Perm() != want {
			t.Errorf("%s: %v, mode %v; want ok=%v, mode %v", name, err, info.Mode().Perm(), tt.ok, want)
		}
	}
	if _, err := CreateDir(filepath.Join(t.TempDir(), "no", "parent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a parent folder: %v", err)
	}
	if _, err := OpenDir(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of nothing: %v", err)
	}
}

func TestListSkipsWhatACrashLeft(t *testing.T) {
	d, path := realDir(t)
	if _, err := d.Put(t.Context(), "state/000001.b", []byte("12345"), ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state/.000001.a.new", "state/.x"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.List(t.Context(), "state")
	if want := []Info{{"state/000001.b", 5}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("list: %v, %v; want %v", got, err, want)
	}
	if got, err := d.List(t.Context(), "nothing"); len(got) != 0 || err != nil {
		t.Errorf("list of a missing folder: %v, %v", got, err)
	}
	// What was left does not stop the next write.
	if _, err := d.Put(t.Context(), "state/000001.a", []byte("x"), ""); err != nil {
		t.Errorf("put over a left file: %v", err)
	}
}

// After a crash in a rename, some file systems have the file under both names.
func TestPutLeavesAFileUnderTwoNamesAlone(t *testing.T) {
	d, path := realDir(t)
	v, err := d.Put(t.Context(), "state/000000.a", []byte("good"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(path, "state/000000.a"), filepath.Join(path, "state/.000000.a.new")); err != nil {
		t.Fatal(err)
	}
	d.fsys = failingRename{d.fsys}
	if _, err := d.Put(t.Context(), "state/000000.a", []byte("half"), v); err == nil {
		t.Fatal("put works without a rename")
	}
	if got, _, err := d.Get(t.Context(), "state/000000.a"); string(got) != "good" {
		t.Errorf("a put that failed left %q, %v", got, err)
	}
}

type failingRename struct{ fileSystem }

func (failingRename) Rename(_, _ string) error { return errors.New("no rename") }

func TestDirObeysTheContext(t *testing.T) {
	d, _ := realDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, get := d.Get(ctx, "plan.json")
	_, put := d.Put(ctx, "plan.json", nil, "")
	_, list := d.List(ctx, "state")
	_, open := d.Open(ctx, "plan.json")
	for name, err := range map[string]error{"get": get, "put": put, "list": list, "open": open} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGetIsBounded(t *testing.T) {
	d, path := realDir(t)
	if err := os.WriteFile(filepath.Join(path, "plan.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(path, "plan.json"), 1000); err != nil {
		t.Fatal(err)
	}
	if data, err := d.read("plan.json", 999); err == nil {
		t.Errorf("read %d bytes where 999 are allowed", len(data))
	}
	if data, err := d.read("plan.json", 1000); err != nil || len(data) != 1000 {
		t.Errorf("read %d bytes, %v; want 1000", len(data), err)
	}
	body, err := d.Open(t.Context(), "plan.json")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if n, err := io.Copy(io.Discard, body); n != 1000 || err != nil {
		t.Errorf("open: %d bytes, %v", n, err)
	}
}
