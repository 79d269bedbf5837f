package inventory

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Sink stores the objects of a report that is written. It is used by one
// goroutine at a time.
type Sink interface {
	// Put stores the size bytes of body under name, whole or not at all. body
	// can be read again from its beginning, where that is needed for another try.
	Put(ctx context.Context, name string, body io.ReadSeeker, size int64) error
}

// Folder is a Sink that writes files below a folder, readable for the user only.
type Folder struct{ dir string }

var _ Sink = Folder{}

// NewFolder returns the sink that writes below dir, which is made if need be.
func NewFolder(dir string) (Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Folder{}, err
	}
	return Folder{dir}, nil
}

// Put writes a file. It appears under its name once it is complete.
func (f Folder) Put(ctx context.Context, name string, body io.ReadSeeker, size int64) error {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	name = filepath.FromSlash(name)
	folder := filepath.Dir(name)
	if err := root.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temp := filepath.Join(folder, "."+filepath.Base(name)+".part")
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, &contextReader{ctx, body})
	if err == nil && n != size {
		err = fmt.Errorf("write %s: %d of %d bytes", name, n, size)
	}
	if err == nil {
		err = file.Sync()
	}
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		root.Remove(temp)
	}
	return err
}
