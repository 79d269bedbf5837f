package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"reseal/internal/owner"
)

// UntrustedError is a job folder, or a file in it, that is not written, as somebody else
// may have made it: what is written there could end up in another file.
type UntrustedError struct {
	Path string
	Why  string // what is wrong with it
	Help string // what to do, "" where Why says all
}

// Error names the path.
func (e *UntrustedError) Error() string {
	return fmt.Sprintf("%s %s; nothing was written", e.Path, e.Why)
}

// AppendFile opens the file called name in the job folder at path to add to its end. It
// is made, mode 0600, where it is not there. A folder that is not the caller's, and
// a file that is a link, no regular file, or somebody else's, is an *UntrustedError.
func AppendFile(path, name string) (*os.File, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open job folder: %w", err)
	}
	defer root.Close()
	r := rootFS{root}
	if err := r.Trust(); err != nil {
		return nil, err
	}
	file, err := r.openPlain(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = r.trustOwner(filepath.Join(path, name), info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Trust refuses a folder that somebody else owns, or in which everybody may write.
// A group that may write is let through: Kubernetes gives it that right each time it
// mounts a volume with fsGroup. CreateDir takes it away.
func (r rootFS) Trust() error {
	info, err := r.root.Stat(".")
	if err != nil {
		return err
	}
	if err := r.trustOwner(r.root.Name(), info); err != nil {
		return err
	}
	if info.Mode().Perm()&0o002 != 0 {
		return &UntrustedError{Path: r.root.Name(), Why: "may be written in by everybody on this machine", Help: "look through it, then take that right away: chmod 700 FOLDER"}
	}
	return nil
}

// openPlain opens a file that is a regular one, reached through no link, and that has no
// other name, by which it could be a file of somebody else.
func (r rootFS) openPlain(name string, flag int) (*os.File, error) {
	path := filepath.Join(r.root.Name(), name)
	was, err := r.root.Lstat(name)
	if err == nil && !was.Mode().IsRegular() {
		return nil, notPlain(path, was)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := r.root.OpenFile(name, flag|syscall.O_NONBLOCK, filePerm) // a FIFO would have it wait
	if err != nil {
		return nil, err
	}
	if err := r.checkPlain(name, file.Stat); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// checkPlain demands that the file that was opened is the one that has the name, is
// regular, and has one name only.
func (r rootFS) checkPlain(name string, stat func() (fs.FileInfo, error)) error {
	path := filepath.Join(r.root.Name(), name)
	is, err := stat()
	if err != nil {
		return err
	}
	named, err := r.root.Lstat(name)
	switch {
	case err != nil:
		return err
	case !named.Mode().IsRegular():
		return notPlain(path, named)
	case !os.SameFile(is, named):
		return &UntrustedError{Path: path, Why: "was replaced meanwhile", Help: "run the same command again"}
	case links(is) > 1:
		return &UntrustedError{Path: path, Why: "has another name elsewhere (a hard link)", Help: "see whose it is, then give it a copy of its own: cp -p FILE FILE.own && mv FILE.own FILE"}
	}
	return nil
}

func notPlain(path string, info fs.FileInfo) error {
	if info.Mode()&fs.ModeSymlink != 0 {
		return &UntrustedError{Path: path, Why: "is a symbolic link, and those of a job folder are not followed", Help: "see where it leads (ls -l), then take it away; a log elsewhere is named with --log-file"}
	}
	return &UntrustedError{Path: path, Why: "is no regular file", Help: "see what it is (ls -l), then take it away"}
}

// trustOwner refuses what belongs neither to this process nor to root.
func (r rootFS) trustOwner(path string, info fs.FileInfo) error {
	id, known := owner.Of(info)
	if !known || id == os.Geteuid() || id == 0 {
		return nil
	}
	makes, err := owner.OfNew(r.root)
	if err != nil {
		return err
	}
	if id == makes {
		return nil
	}
	return &UntrustedError{Path: path, Why: fmt.Sprintf("belongs to %s, and this process is %s", userName(id), userName(os.Geteuid())),
		Help: "run the same command as that user; where the job is to be yours, look through it, then take it over: chown -R --no-dereference USER FOLDER"}
}

// userName is a user for people, by name where the system knows one.
func userName(id int) string {
	text := strconv.Itoa(id)
	if u, err := user.LookupId(text); err == nil {
		return u.Username + " (uid " + text + ")"
	}
	return "uid " + text
}
