package outfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// text returns a callback that writes s.
func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// must ends the test when err is one.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds demands what a file holds, its mode, and that nothing else is in its folder
// but the files named.
func holds(t *testing.T, name, want string, mode fs.FileMode, others ...string) {
	t.Helper()
	got, err := os.ReadFile(name)
	must(t, err)
	info, err := os.Lstat(name)
	must(t, err)
	if string(got) != want || info.Mode() != mode {
		t.Errorf("%s holds %q with mode %v, want %q and %v", name, got, info.Mode(), want, mode)
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	must(t, err)
	if len(entries) != 1+len(others) {
		t.Errorf("in the folder: %v; want %s and %v alone", entries, filepath.Base(name), others)
	}
}

// A new file is for its owner alone, whatever the umask; one that was there keeps
// its mode.
func TestWriteModes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.html")
	must(t, Write(t.Context(), name, text("one")))
	holds(t, name, "one", 0o600)
	must(t, os.Chmod(name, 0o664))
	must(t, Write(t.Context(), name, text("two")))
	holds(t, name, "two", 0o664)
}

// What fails while it is written leaves a file as it was, or no file, and the error
// of who writes is returned as it is.
func TestWriteFailsWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.html")
	broken := errors.New("the results cannot be read")
	fail := func(w io.Writer) error {
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<18))
		return broken
	}
	if err := Write(t.Context(), name, fail); err != broken {
		t.Errorf("error %v, want that of the writer", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
	must(t, os.WriteFile(name, []byte("old"), 0o640))
	must(t, os.Chmod(name, 0o640))
	if err := Write(t.Context(), name, fail); err != broken {
		t.Errorf("error %v, want that of the writer", err)
	}
	holds(t, name, "old", 0o640)
}

// A link is followed, also a chain of them, a relative one, and one to a file that is
// not there yet; the links stay.
func TestWriteFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
	must(t, os.Symlink("real", filepath.Join(dir, "folder")))
	must(t, os.Symlink("../real/target", filepath.Join(dir, "real", "first")))
	must(t, os.Symlink("folder/first", filepath.Join(dir, "second")))
	for _, content := range []string{"new", "again"} {
		must(t, Write(t.Context(), filepath.Join(dir, "second"), text(content)))
		holds(t, filepath.Join(dir, "real", "target"), content, 0o600, "first")
	}
	for link, to := range map[string]string{"second": "folder/first", "real/first": "../real/target"} {
		if got, err := os.Readlink(filepath.Join(dir, link)); got != to {
			t.Errorf("%s leads to %q (%v), want %q", link, got, err, to)
		}
	}
}

// A FIFO gets what is written, and stays one.
func TestWriteFIFO(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(name, 0o600))
	want := strings.Repeat("0123456789abcdef", 1<<14) // more than a pipe holds
	read := make(chan string)
	go func() {
		got, _ := os.ReadFile(name)
		read <- string(got)
	}()
	must(t, Write(t.Context(), name, text(want)))
	if got := <-read; got != want {
		t.Errorf("the reader got %d bytes, want %d", len(got), len(want))
	}
	if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the FIFO is now %v (%v)", info.Mode(), err)
	}
}

// The wait for a reader of a FIFO, and for room in it, ends with the context.
func TestWriteFIFOGivenUp(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(name, 0o600))
	gone := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if err := Write(ctx, name, text("x")); !errors.Is(err, gone) {
		t.Errorf("error %v, want %v", err, gone)
	}
	reader, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // reads nothing
	must(t, err)
	defer reader.Close()
	ctx, cancel = context.WithCancelCause(t.Context())
	err = Write(ctx, name, func(w io.Writer) error {
		cancel(gone)
		_, err := w.Write(make([]byte, 1<<20))
		return err
	})
	var part *PartError
	if !errors.As(err, &part) || !errors.Is(err, gone) {
		t.Errorf("error %v, want one that says that the reader got a part", err)
	}
}

// Who waits for the reader of a FIFO is told once, and the context bounds the wait.
func TestNotice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(name, 0o600))
	late := errors.New("too late")
	for what, write := range map[string]func(ctx context.Context) error{
		"Write":  func(ctx context.Context) error { return Write(ctx, name, text("x")) },
		"Append": func(ctx context.Context) error { _, err := Append(ctx, name); return err },
	} {
		synctest.Test(t, func(t *testing.T) {
			var said []string
			ctx := WithNotice(t.Context(), func(name string) { said = append(said, name) })
			ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, late)
			defer cancel()
			if err := write(ctx); !errors.Is(err, late) || !strings.Contains(err.Error(), "nobody reads it") {
				t.Errorf("%s: error %v, want %v", what, err, late)
			}
			if len(said) != 1 || said[0] != name {
				t.Errorf("%s: said %q, want the name once", what, said)
			}
		})
	}
}

// A device is written, and stays; a full one says so.
func TestWriteDevice(t *testing.T) {
	for _, name := range []string{"/dev/null", "/dev/full"} {
		if info, err := os.Stat(name); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
			t.Fatalf("%s is no device here (%v): the test cannot be made", name, err)
		}
		err := Write(t.Context(), name, text("x"))
		var part *PartError
		switch {
		case name == "/dev/null" && err != nil:
			t.Errorf("%s: %v", name, err)
		case name == "/dev/full" && (!errors.As(err, &part) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "not whole")):
			t.Errorf("%s: error %v, want that there is no space and the file is not whole", name, err)
		}
		if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
			t.Fatalf("%s was replaced by %v (%v)", name, info.Mode(), err)
		}
	}
}

// A descriptor of the process is written where it stands: what others wrote before
// into the same file stays. So it is for a link to it, as /dev/stdout is one.
func TestWriteDescriptor(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "redirected"))
	must(t, err)
	defer file.Close()
	_, err = file.WriteString("before ")
	must(t, err)
	name := fmt.Sprintf("/dev/fd/%d", file.Fd())
	must(t, os.Symlink(name, filepath.Join(dir, "link")))
	must(t, Write(t.Context(), name, text("one ")))
	must(t, Write(t.Context(), filepath.Join(dir, "link"), text("two")))
	holds(t, file.Name(), "before one two", mode(t, file.Name()), "link")
	if err := Write(t.Context(), "/dev/fd/999999", text("x")); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a descriptor that is not open: %v", err)
	}
}

func mode(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(name)
	must(t, err)
	return info.Mode()
}

// What cannot be written is an error that says why, and stays as it is.
func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("old"), 0o600))
	must(t, os.Symlink("b", filepath.Join(dir, "a")))
	must(t, os.Symlink("a", filepath.Join(dir, "b")))
	t.Chdir(dir) // the path of a socket is short
	listener, err := net.Listen("unix", "socket")
	must(t, err)
	defer listener.Close()
	for name, want := range map[string]string{
		"folder":    "that is a folder; name a file in it",
		"new/":      "names a folder",
		"socket":    "that is a socket",
		"a":         "circle",
		"x/y/z":     "the folder x/y is not there",
		"file/name": "is not a folder",
	} {
		called := false
		write := func(io.Writer) error { called = true; return nil }
		for what, err := range map[string]error{"write": Write(t.Context(), name, write), "append": appendTo(t, name), "check": Check(name)} {
			if err == nil || !strings.Contains(err.Error(), want) || called {
				t.Errorf("%s %s: error %v, want %q", what, name, err, want)
			}
			var folder *FolderError
			if errors.As(err, &folder) != (name == "x/y/z") || folder != nil && folder.Folder != "x/y" {
				t.Errorf("%s %s: %#v", what, name, err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 5 || mode(t, "socket")&fs.ModeSocket == 0 {
		t.Errorf("in the folder: %v", entries)
	}
}

func appendTo(t *testing.T, name string) error {
	t.Helper()
	file, err := Append(t.Context(), name)
	if err == nil {
		_, err = file.WriteString("x")
		err = errors.Join(err, file.Close())
	}
	return err
}

// What is appended comes after what is there; the mode stays.
func TestAppend(t *testing.T) {
	name := filepath.Join(t.TempDir(), "reseal.log")
	must(t, appendTo(t, name))
	holds(t, name, "x", 0o600)
	must(t, os.Chmod(name, 0o640))
	must(t, appendTo(t, name))
	holds(t, name, "xx", 0o640)
	if err := appendTo(t, "/dev/full"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full device: %v", err)
	}
}

// A file that is made anew replaces nothing.
func TestCreate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "manifest.csv")
	file, err := Create(name)
	must(t, err)
	must(t, file.Close())
	holds(t, name, "", 0o600)
	if _, err := Create(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want that it is there", err)
	}
}

// What is written is in the file before the caller is told: no more than the
// temporary file beside it exists while it is written.
func TestWriteIsAtomic(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.html")
	must(t, os.WriteFile(name, []byte("old"), 0o600))
	must(t, Write(t.Context(), name, func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat("n", 1<<18))
		must(t, err)
		if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 2 {
			t.Errorf("while it is written: %v (%v), want the file and one beside it", entries, err)
		}
		if got, err := os.ReadFile(name); string(got) != "old" {
			t.Errorf("while it is written the file holds %d bytes (%v)", len(got), err)
		}
		return err
	}))
	holds(t, name, strings.Repeat("n", 1<<18), 0o600)
}
