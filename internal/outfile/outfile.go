// Package outfile turns what the program writes for its user into files.
//
// A name leads to one of three things. A regular file, or nothing yet: the file
// appears as a whole or not at all, through a temporary file beside it. One that was
// there keeps its mode, and its owner where the system allows that; a new one is for
// its owner alone (0600). Access lists, extended attributes and further hard links
// of one that was there stay with the old content. A FIFO, a device, or a
// descriptor of this process (/dev/stdout): it is opened and written, never
// replaced. All else (a folder, a socket) is an error. Symbolic links are followed,
// and stay.
//
// What lies below a folder that others may write in, such as a job's, is not
// written here but through os.Root, which follows no link out of it.
package outfile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// FolderError says that the folder of a file to be written is not there.
type FolderError struct {
	Name   string // the file
	Folder string // that is not there
}

func (e *FolderError) Error() string {
	return fmt.Sprintf("write %s: the folder %s is not there", e.Name, e.Folder)
}

// TargetError says that a name leads to nothing that can be written as a file.
type TargetError struct {
	Name string // as the user gave it
	Why  string
}

// Error names the file and says why.
func (e *TargetError) Error() string { return "write " + e.Name + ": " + e.Why }

// PartError says that a file which cannot be replaced as a whole, such as a FIFO or
// a device, got a part of what was to be written.
type PartError struct {
	Name string
	Err  error
}

func (e *PartError) Error() string {
	return fmt.Sprintf("write %s: %s; what it got is not whole", e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *PartError) Unwrap() error { return e.Err }

// Write writes what write does to the file called name. An error of write is
// returned as it is where the file was to be replaced, which then did not happen.
// The errors about the file are *FolderError, *PartError and others. The end of ctx
// ends the wait for the reader of a FIFO, and for room in it.
func Write(ctx context.Context, name string, write func(io.Writer) error) error {
	return writeFile(ctx, name, 0o600, write)
}

// WriteReadable is Write, but all may read a file that is new: for one that the program of
// another user is to read, and that holds nothing secret.
func WriteReadable(ctx context.Context, name string, write func(io.Writer) error) error {
	return writeFile(ctx, name, 0o644, write)
}

// writeFile is Write; fresh is the mode of a file that is new.
func writeFile(ctx context.Context, name string, fresh fs.FileMode, write func(io.Writer) error) error {
	t, err := find(name)
	if err != nil {
		return err
	}
	if t.kind == replaceable {
		return t.replace(fresh, write)
	}
	file, err := t.open(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { expire(file) })
	defer stop()
	buffer := bufio.NewWriterSize(file, 1<<16)
	err = write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return &PartError{name, cause(err)}
	}
	return nil
}

// Check tells, before the work that makes what is to be written, whether the file
// called name can be. The errors are those of Write. Nothing is changed.
func Check(name string) error {
	t, err := find(name)
	if err != nil || t.kind != replaceable {
		return err
	}
	if t.info != nil {
		if err := t.writable(); err != nil {
			return err
		}
	}
	if err := unix.Access(filepath.Dir(t.path), unix.W_OK); err != nil {
		return t.failed(fmt.Errorf("its folder: %w", err))
	}
	return nil
}

// Same tells whether two names lead to one file that is replaced as a whole, be it there yet
// or not. Descriptors, devices and FIFOs take what several write.
func Same(name, other string) bool {
	a, err := find(name)
	b, otherErr := find(other)
	switch {
	case err != nil || otherErr != nil || a.kind != replaceable || b.kind != replaceable || (a.info == nil) != (b.info == nil):
		return false
	case a.info != nil:
		return os.SameFile(a.info, b.info)
	}
	folder, err := os.Stat(realDir(a.path))
	otherFolder, otherErr := os.Stat(realDir(b.path))
	return err == nil && otherErr == nil && os.SameFile(folder, otherFolder) && filepath.Base(a.path) == filepath.Base(b.path)
}

// Append opens the file called name to add to its end. It is made if it is not
// there. The errors are those of Write.
func Append(ctx context.Context, name string) (*os.File, error) {
	t, err := find(name)
	if err != nil {
		return nil, err
	}
	if t.kind != replaceable {
		return t.open(ctx)
	}
	file, err := os.OpenFile(t.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, t.failed(err)
	}
	return file, nil
}

// Create makes a file that is not there yet, for a folder that the caller made. What
// is in it after a crash is not whole.
func Create(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, cause(err))
	}
	return file, nil
}

// replace puts a new file in the place of the one at t.path, or of none, in which case it
// has mode fresh.
func (t *target) replace(fresh fs.FileMode, write func(io.Writer) error) error {
	mode := fresh
	if t.info != nil {
		if err := t.writable(); err != nil {
			return err
		}
		mode = t.info.Mode().Perm()
	}
	file, err := renameio.NewPendingFile(t.path, renameio.WithTempDir(filepath.Dir(t.path)), renameio.WithStaticPermissions(fresh))
	if err != nil {
		return t.failed(err)
	}
	defer file.Cleanup()
	watched := &watchedWriter{w: file}
	buffer := bufio.NewWriterSize(watched, 1<<16)
	err = write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	if err != nil && watched.err == nil {
		return err // of the caller's own
	}
	if err == nil && t.info != nil {
		err = file.Chmod(keepOwner(file.File, t.info, mode))
	}
	if err == nil {
		err = file.CloseAtomicallyReplace()
	}
	if err != nil {
		return t.failed(err)
	}
	syncFolder(filepath.Dir(t.path))
	return nil
}

// writable tells whether the file at t.path may be written: one that its owner made
// read-only is not replaced behind his back.
func (t *target) writable() error {
	file, err := os.OpenFile(t.path, os.O_WRONLY|syscall.O_NONBLOCK, 0) // it may be a FIFO by now
	if err != nil {
		return t.failed(err)
	}
	return file.Close()
}

// failed says that nothing was written, and why.
func (t *target) failed(err error) error {
	if t.info != nil {
		return fmt.Errorf("write %s: %w; it is as it was", t.name, cause(err))
	}
	return fmt.Errorf("write %s: %w; nothing was written there", t.name, cause(err))
}

// syncFolder makes a change of a folder durable, where its file system can.
func syncFolder(name string) {
	folder, err := os.Open(name)
	if err != nil {
		return // a folder that may be written and not read
	}
	defer folder.Close()
	_ = folder.Sync() // some file systems refuse it for folders; the file itself is synced
}

// watchedWriter remembers the first error of w.
type watchedWriter struct {
	w   io.Writer
	err error
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// cause is err without the operation and path that package os adds.
func cause(err error) error {
	var (
		path *fs.PathError
		link *os.LinkError
	)
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// MoveFolder gives a folder that is whole its name, where nothing has that name, and makes
// that durable. Both are in one folder.
func MoveFolder(made, name string) error {
	syncFolder(made)
	if _, err := os.Lstat(name); err == nil {
		return &TargetError{name, "something of that name is there by now"}
	}
	if err := os.Rename(made, name); err != nil { // over an empty folder at most
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	syncFolder(filepath.Dir(name))
	return nil
}
