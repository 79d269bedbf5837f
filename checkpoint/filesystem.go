package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

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

	// Trust returns why nothing is to be written in the folder, nil where it is the
	// caller's: an *UntrustedError.
	Trust() error
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
	f, err := r.root.OpenFile(filepath.FromSlash(name), flag|syscall.O_NONBLOCK, perm) // a FIFO would have it wait
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.Close()
		return nil, err
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
	// Opened for writing, so that a read-only folder is noticed before any
	// work is done, and because NFS locks only such files.
	made, err := r.openPlain(name, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	// The lock is taken by path, past os.Root, so what was opened is looked at again.
	l := flock.New(filepath.Join(r.root.Name(), name), flock.SetFlag(os.O_RDWR|noFollow), flock.SetPermissions(filePerm))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return nil, err
	}
	if err := r.checkPlain(name, l.Stat); err != nil {
		return nil, errors.Join(err, l.Unlock())
	}
	return l.Unlock, nil
}
