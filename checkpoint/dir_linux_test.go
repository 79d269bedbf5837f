package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/otheruser"
	"reseal/inventory"
)

// folderOfNobody returns a job folder that holds a little state, with mode.
func folderOfNobody(t *testing.T, mode fs.FileMode) string {
	t.Helper()
	path, err := os.MkdirTemp("", "reseal-test") // not t.TempDir, which nobody may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.Chmod(path, 0o700)
		os.RemoveAll(path)
	})
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Lock(t.Context(), Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	j, _, err := Open(t.Context(), d, PlanHash{1}, []inventory.Segment{{Last: 9}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Done(inventory.Position{Row: 0}), j.Flush(t.Context()), l.Release()); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if os.Geteuid() == 0 && err == nil {
			err = os.Chown(p, 65534, -1)
		}
		return err
	})
	if err := errors.Join(err, os.Chmod(filepath.Join(path, "lock"), mode&0o600), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadOnlyFolder(t *testing.T) {
	path := folderOfNobody(t, 0o500)
	otheruser.Do(t, func() {
		d, err := OpenDir(path)
		if err != nil {
			t.Errorf("open: %v", err)
			return
		}
		s, err := Read(t.Context(), d)
		if err != nil || s.Totals().Done != 1 {
			t.Errorf("read: %+v, %v; want 1 row done", s, err)
		}
		_, err = d.Lock(t.Context(), Self("test"))
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) {
			t.Errorf("lock: %v; want a refused permission that names %s", err, path)
		}
	})
}

func TestUnreadableFolder(t *testing.T) {
	path := folderOfNobody(t, 0)
	otheruser.Do(t, func() {
		for name, open := range map[string]func(string) (*Dir, error){"open": OpenDir, "create": CreateDir} {
			_, err := open(path)
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v; want a refused permission that names %s", name, err, path)
			}
		}
	})
}
