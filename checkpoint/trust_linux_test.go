package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"reseal/internal/otheruser"
)

// logName is what the tests append to.
const logName = "reseal.log"

// jobFolder returns the folder of a job that nobody holds.
func jobFolder(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job")
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Lock(t.Context(), Self("test"))
	if err == nil {
		err = l.Release()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// refused demands that err says that somebody else may have made path.
func refused(t *testing.T, what string, err error, why string) {
	t.Helper()
	var untrusted *UntrustedError
	if !errors.As(err, &untrusted) || !strings.Contains(err.Error(), why) || untrusted.Help == "" {
		t.Errorf("%s: error %v, want that it %s, and what to do", what, err, why)
	}
}

// lock takes the lock of a folder, and gives it back.
func lock(t *testing.T, path string) error {
	t.Helper()
	d, err := OpenDir(path)
	if err != nil {
		return err
	}
	l, err := d.Lock(t.Context(), Self("test"))
	if err != nil {
		return err
	}
	return l.Release()
}

// What a job's folder names is written only where it is a file of its own: through a link,
// a file of the user's elsewhere would be written.
func TestPlantedFiles(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "precious")
	for name, planted := range map[string]struct {
		plant func(path string) error
		why   string
	}{
		"symbolic link":               {func(path string) error { return os.Symlink(elsewhere, path) }, "is a symbolic link"},
		"symbolic link to a new file": {func(path string) error { return os.Symlink(elsewhere+".new", path) }, "is a symbolic link"},
		"symbolic link within":        {func(path string) error { return os.Symlink(leaseName, path) }, "is a symbolic link"},
		"hard link":                   {func(path string) error { return os.Link(elsewhere, path) }, "has another name"},
		"FIFO":                        {func(path string) error { return unix.Mkfifo(path, 0o600) }, "is no regular file"},
		"folder":                      {func(path string) error { return os.Mkdir(path, 0o700) }, "is no regular file"},
	} {
		if err := os.WriteFile(elsewhere, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := jobFolder(t)
		if err := errors.Join(os.Remove(filepath.Join(path, lockName)), planted.plant(filepath.Join(path, lockName)), planted.plant(filepath.Join(path, logName))); err != nil {
			t.Fatal(err)
		}
		_, err := AppendFile(path, logName)
		refused(t, name+" as log", err, planted.why)
		refused(t, name+" as lock", lock(t, path), planted.why)
		if text, err := os.ReadFile(elsewhere); string(text) != "precious" {
			t.Errorf("%s: the file elsewhere holds %q (%v)", name, text, err)
		}
		if _, err := os.Lstat(elsewhere + ".new"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file was made elsewhere (%v)", name, err)
		}
	}
}

// A FIFO in the place of a file that is read is an error, not a wait without end.
func TestFIFOIsNotRead(t *testing.T) {
	path := jobFolder(t)
	if err := unix.Mkfifo(filepath.Join(path, planName), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Get(t.Context(), planName); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error %v, want that it is no regular file", err)
	}
}

// The log is added to, and is for its owner alone.
func TestAppendFile(t *testing.T) {
	path := jobFolder(t)
	for range 2 {
		file, err := AppendFile(path, logName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString("line\n"); err != nil {
			t.Error(err)
		}
		file.Close()
	}
	text, err := os.ReadFile(filepath.Join(path, logName))
	info, statErr := os.Stat(filepath.Join(path, logName))
	if err := errors.Join(err, statErr); err != nil || string(text) != "line\nline\n" || info.Mode() != 0o600 {
		t.Errorf("%q, %v (%v)", text, info.Mode(), err)
	}
}

// In a folder that everybody may write in, each file may be anybody's. An empty one is
// made the user's alone, and so is one that a group may write in.
func TestFolderForEverybody(t *testing.T) {
	path := jobFolder(t)
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := CreateDir(path)
	refused(t, "create", err, "everybody")
	refused(t, "lock", lock(t, path), "everybody")
	_, err = AppendFile(path, logName)
	refused(t, "log", err, "everybody")

	empty := t.TempDir()
	for _, dir := range []string{empty, path} {
		mode := map[string]fs.FileMode{empty: 0o777, path: 0o770}[dir]
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := CreateDir(dir); err != nil {
			t.Errorf("a folder of mode %v: %v", mode, err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("a folder of mode %v has %v after it (%v)", mode, info.Mode(), err)
		}
	}
}

// A folder, or a log, that belongs to somebody else is refused, with both names; one that
// belongs to whom our files get is taken: NFS gives them all to one user.
func TestFolderOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can give files to another user; run this test as root")
	}
	path := folderOfNobody(t, 0o700)
	_, err := CreateDir(path)
	refused(t, "create", err, "(uid 65534), and this process is root (uid 0)")
	refused(t, "lock", lock(t, path), "(uid 65534)")
	_, err = AppendFile(path, logName)
	refused(t, "log", err, "(uid 65534)")
	if entries, err := filepath.Glob(filepath.Join(path, ".owner-*")); err != nil || len(entries) > 0 {
		t.Errorf("left there: %v (%v)", entries, err)
	}
	otheruser.Do(t, func() {
		if err := lock(t, path); err != nil {
			t.Errorf("as its owner: %v", err)
		}
	})

	own := jobFolder(t)
	log := filepath.Join(own, logName)
	if err := errors.Join(os.WriteFile(log, nil, 0o600), os.Chown(log, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	_, err = AppendFile(own, logName)
	refused(t, "a log of another user", err, "(uid 65534)")
}
