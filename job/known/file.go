package known

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"reseal/internal/outfile"
)

// How long another process is waited for that writes the file, and how often it is
// looked at. Each holds it for some milliseconds.
const (
	lockPatience = 10 * time.Second
	lockEvery    = 10 * time.Millisecond
)

// File is where jobs are written down.
type File struct {
	path string
	own  bool // its folder is this program's, and is made
	none error
}

// At is the file that the user names.
func At(path string) File { return File{path: path} }

// Default is the file that is used where none is named: known-jobs in the folder reseal
// of the user's configuration ($XDG_CONFIG_HOME, ~/.config; on macOS
// ~/Library/Application Support). Where the user has no such folder, nothing is known,
// and nothing can be recorded.
func Default() File {
	folder, err := os.UserConfigDir()
	if err != nil {
		return File{none: err}
	}
	return File{path: filepath.Join(folder, "reseal", "known-jobs"), own: true}
}

// Path is the name of the file, "" where there can be none.
func (f File) Path() string { return f.path }

// FileError is a file that is there and cannot be believed.
type FileError struct {
	Path string
	Why  string
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s, which says what jobs first showed here, cannot be relied on: it %s; nothing was sent", e.Path, e.Why)
}

// read returns what the file holds, which is nothing where it is not there. A file that
// cannot be believed is a *FileError; any other error is that nobody can look.
func (f File) read() (*contents, error) {
	if f.none != nil {
		return nil, f.none
	}
	file, err := os.OpenFile(f.path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO would have it wait
	if errors.Is(err, fs.ErrNotExist) {
		return &contents{}, nil
	}
	if err != nil {
		if _, look := os.Stat(f.path); look != nil {
			return nil, err // its folder is not for this user
		}
		return nil, &FileError{f.path, "may not be read by you"}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if why := doubtful(info); why != "" {
		return nil, &FileError{f.path, why}
	}
	data, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > mostBytes {
		return nil, &FileError{f.path, fmt.Sprintf("has more than %d bytes", mostBytes)}
	}
	c, err := decode(data)
	if err != nil {
		return nil, &FileError{f.path, err.Error()}
	}
	return c, nil
}

// doubtful says why a file may have been written by somebody else than this user or
// root, "" where it may not.
func doubtful(info fs.FileInfo) string {
	if !info.Mode().IsRegular() {
		return "is no regular file"
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() && s.Uid != 0 {
		return fmt.Sprintf("belongs to user %d, and this process is user %d", s.Uid, os.Geteuid())
	}
	if info.Mode().Perm()&0o022 != 0 {
		return "may be written by others than its owner"
	}
	return ""
}

// change reads the file, has it changed, and writes it as a whole, while no other
// process does. Where edit returns an error, nothing is written.
func (f File) change(ctx context.Context, edit func(*contents) error) (err error) {
	if f.none != nil {
		return f.none
	}
	if f.own {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			return err
		}
	}
	lock := flock.New(f.path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK), flock.SetPermissions(0o600))
	waiting, waited := context.WithTimeoutCause(ctx, lockPatience, fmt.Errorf("another process has held %s.lock for %s", f.path, lockPatience))
	defer waited()
	if _, err := lock.TryLockContext(waiting, lockEvery); err != nil {
		if cause := context.Cause(waiting); cause != nil {
			return cause
		}
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	c, err := f.read()
	if err != nil {
		return err
	}
	if err := edit(c); err != nil {
		return err
	}
	data, err := c.encode()
	if err != nil {
		return err
	}
	return outfile.Write(ctx, f.path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
