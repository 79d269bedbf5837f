package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"reseal/internal/otheruser"
)

// another is a user and group that is not ours, in tests that run as root.
const another = otheruser.ID

// A folder that may not be written in, and a file that is read-only, are errors, and
// nothing changes.
func TestWriteReadOnly(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "outfile") // reachable for another user, as t.TempDir is not
	must(t, err)
	t.Cleanup(func() { os.Chmod(dir, 0o700); os.RemoveAll(dir) })
	old := filepath.Join(dir, "old")
	must(t, os.WriteFile(old, []byte("old"), 0o600))
	must(t, os.Chmod(old, 0o666))
	must(t, os.Chmod(dir, 0o555))
	otheruser.Do(t, func() {
		for _, name := range []string{old, filepath.Join(dir, "new")} {
			if err := Write(t.Context(), name, text("x")); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: error %v, want that it is not permitted", name, err)
			}
			if err := Check(name); !errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 { // access(2) asks by the real user
				t.Errorf("%s: checked with %v, want that it is not permitted", name, err)
			}
		}
	})
	holds(t, old, "old", 0o666)
	must(t, os.Chmod(dir, 0o777))
	must(t, os.Chmod(old, 0o444))
	otheruser.Do(t, func() {
		err := Write(t.Context(), old, text("x"))
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "it is as it was") {
			t.Errorf("read-only: error %v, want that it is not permitted", err)
		}
	})
	holds(t, old, "old", 0o444)
}

// Who may give files away keeps the owner of one; who may not leaves no right of the
// old group to a new one.
func TestWriteKeepsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can give files to another user; run this test as root")
	}
	dir, err := os.MkdirTemp("/tmp", "outfile")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777))
	name := filepath.Join(dir, "report")
	must(t, os.WriteFile(name, nil, 0o600))
	must(t, os.Chmod(name, 0o660))
	must(t, os.Chown(name, another, another-1))
	must(t, Write(t.Context(), name, text("by root")))
	if uid, gid := owner(t, name); uid != another || gid != another-1 {
		t.Errorf("owner %d and group %d, want %d and %d", uid, gid, another, another-1)
	}
	holds(t, name, "by root", 0o660)
	otheruser.Do(t, func() {
		if err := Write(t.Context(), name, text("by another")); err != nil {
			t.Error(err)
		}
	})
	if uid, gid := owner(t, name); uid != another || gid != another {
		t.Errorf("owner %d and group %d, want %d and %d", uid, gid, another, another)
	}
	holds(t, name, "by another", 0o600)
}

func owner(t *testing.T, name string) (uid, gid uint32) {
	t.Helper()
	info, err := os.Lstat(name)
	must(t, err)
	was := info.Sys().(*syscall.Stat_t)
	return was.Uid, was.Gid
}
