package known

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"reseal/internal/outfile"
	"reseal/internal/owner"
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
// ~/Library/Application Support). Root with the HOME of another user (sudo) has its own
// home, as ssh does: a file that root made in the other's would not be for that user to
// read. Where the user has no such folder, nothing is known, and nothing can be recorded.
func Default() File {
	folder, err := configFolder()
	if err != nil {
		return File{none: err}
	}
	return File{path: filepath.Join(folder, "reseal", "known-jobs"), own: true}
}

func configFolder() (string, error) {
	folder, err := os.UserConfigDir()
	if err != nil || os.Geteuid() != 0 {
		return folder, err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return folder, nil // XDG_CONFIG_HOME says it
	}
	below, err := filepath.Rel(home, folder)
	info, look := os.Stat(home)
	if err != nil || look != nil || !filepath.IsLocal(below) {
		return folder, nil
	}
	if of, known := owner.Of(info); !known || of == 0 {
		return folder, nil
	}
	root, err := user.LookupId("0")
	if err != nil {
		return folder, nil // a container without accounts
	}
	return filepath.Join(root.HomeDir, below), nil
}

// Path is the name of the file, "" where there can be none.
func (f File) Path() string { return f.path }

// Kind is what is wrong with a file that cannot be believed.
type Kind int

// The kinds of a FileError.
const (
	Damaged    Kind = iota // it is no list of jobs
	Foreign                // it belongs to another user
	Writable               // everybody on this machine may write it
	Unreadable             // this process may not read it
)

// FileError is a file that is there and cannot be believed.
type FileError struct {
	Path string
	Why  string
	Kind Kind
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s, which says what jobs first showed here, cannot be relied on: it %s; nothing was sent", e.Path, e.Why)
}

// Check returns the *FileError of a file that cannot be believed. One that is not there, or
// that nobody can look at, is none: the job is then new.
func (f File) Check() error {
	_, err := f.read()
	if errors.As(err, new(*FileError)) {
		return err
	}
	return nil
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
		return nil, &FileError{f.path, "may not be read by you", Unreadable}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if why, kind := f.doubtful(info); why != "" {
		return nil, &FileError{f.path, why, kind}
	}
	data, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > mostBytes {
		return nil, &FileError{f.path, fmt.Sprintf("has more than %d bytes", mostBytes), Damaged}
	}
	c, err := decode(data)
	if err != nil {
		return nil, &FileError{f.path, err.Error(), Damaged}
	}
	return c, nil
}

// doubtful says why a file may have been written by somebody who is not trusted, "" where
// it may not. The rules are those of a job folder. A group may write: Kubernetes gives it
// that right each time it mounts a volume with fsGroup.
func (f File) doubtful(info fs.FileInfo) (why string, kind Kind) {
	if !info.Mode().IsRegular() {
		return "is no regular file", Damaged
	}
	if id, known := owner.Of(info); known && id != os.Geteuid() && id != 0 && !f.trusts(id) {
		return fmt.Sprintf("belongs to user %d, and this process is user %d", id, os.Geteuid()), Foreign
	}
	if info.Mode().Perm()&0o002 != 0 {
		return "may be written by everybody on this machine", Writable
	}
	return "", 0
}

// trusts tells whether a file of another user is one of this process all the same. On a
// network file system its files may belong to the user that the server makes of it.
func (f File) trusts(user int) bool {
	folder, err := os.OpenRoot(filepath.Dir(f.path))
	if err != nil {
		return false
	}
	defer folder.Close()
	makes, err := owner.OfNew(folder)
	return err == nil && makes == user
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
