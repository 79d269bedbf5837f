package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// fileSystem is what a Dir needs of the folder that it lives in. Names are
// slash-separated and relative to that folder.
type fileSystem interface {
	OpenFile(name string, flag int, perm fs.FileMode) (file, error)
	Mkdir(name string, perm fs.FileMode) error
	Rename(from, to string) error
	Remove(name string) error
	ReadDir(name string) ([]fs.DirEntry, error)

	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error

	// TryLock takes the lock file name, which goes with the process, or
	// returns nil where another one has it.
	TryLock(name string) (unlock func() error, err error)
}

// file is an open file. Writes are durable after Sync only.
type file interface {
	io.ReadWriteCloser
	io.WriterAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// rootFS is a folder of the operating system. Symbolic links that leave it
// are refused.
type rootFS struct{ root *os.Root }

func (r rootFS) OpenFile(name string, flag int, perm fs.FileMode) (file, error) {
	f, err := r.root.OpenFile(filepath.FromSlash(name), flag, perm)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

func (r rootFS) Mkdir(name string, perm fs.FileMode) error {
	return r.root.Mkdir(filepath.FromSlash(name), perm)
}

func (r rootFS) Rename(from, to string) error {
	return r.root.Rename(filepath.FromSlash(from), filepath.FromSlash(to))
}

func (r rootFS) Remove(name string) error { return r.root.Remove(filepath.FromSlash(name)) }

func (r rootFS) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(r.root.FS(), name)
}

func (r rootFS) SyncDir(name string) error {
	d, err := r.root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (r rootFS) TryLock(name string) (func() error, error) {
	// The lock is taken by path, past os.Root, so a link is refused here. Only
	// the owner of the folder, whose mode is 0700, could put one there in between.
	switch info, err := r.root.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "lock", Path: name, Err: errors.New("not a regular file")}
	}
	// Opened for writing, so that a read-only folder is noticed before any
	// work is done, and because NFS locks only such files.
	l := flock.New(filepath.Join(r.root.Name(), name), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(filePerm))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return nil, err
	}
	return l.Unlock, nil
}
