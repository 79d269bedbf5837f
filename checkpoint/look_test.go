package checkpoint

import (
	"errors"
	"os"
	"testing"
)

// lookedAt is a folder whose lock others have for an instant, so many times.
type lookedAt struct {
	rootFS
	looks int
}

func (f *lookedAt) TryLock(name string) (func() error, error) {
	if f.looks > 0 {
		f.looks--
		return nil, nil
	}
	return f.rootFS.TryLock(name)
}

// Whoever looks whether a folder is held keeps nobody from taking it.
func TestLooksDoNotLockOut(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	at := &lookedAt{rootFS: rootFS{root}, looks: lockTries - 1}
	lock, err := newDir(root.Name(), at).Lock(t.Context(), Self("test"))
	if err != nil {
		t.Fatalf("taken while another process looks: %v", err)
	}
	if err := newDir(root.Name(), at).Unlocked(); !errors.As(err, new(*LockedError)) {
		t.Errorf("a look at a folder that is held: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}
