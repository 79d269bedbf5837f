package outfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"reseal/internal/wait"
)

// kind is how a target can be written.
type kind int

const (
	replaceable kind = iota // a regular file, or nothing there
	fifo
	device
	descriptor // of this process
)

// mostLinks is how many symbolic links in a row are followed, as Linux does.
const mostLinks = 40

// readerEvery is how often a FIFO without a reader is looked at again.
const readerEvery = 20 * time.Millisecond

// target is what the name of a file leads to.
type target struct {
	name string // as the user gave it
	path string // at the end of the links
	kind kind
	info fs.FileInfo // nil where nothing is there
	fd   int         // of a descriptor
}

// ownDescriptor is the name of a descriptor of this process; %d stands for its
// process number.
const ownDescriptor = `^(?:/dev/fd|/proc/self/fd|/proc/%d/fd)/([0-9]{1,6})$`

// find follows name to its end.
func find(name string) (*target, error) {
	t := &target{name: name, path: name}
	if strings.HasSuffix(name, string(filepath.Separator)) {
		return nil, &TargetError{name, "that names a folder, not a file"}
	}
	descriptors := regexp.MustCompile(fmt.Sprintf(ownDescriptor, os.Getpid()))
	for range mostLinks {
		if fd := descriptors.FindStringSubmatch(realFolder(t.path)); fd != nil {
			t.kind = descriptor
			t.fd, _ = strconv.Atoi(fd[1]) // digits
			return t, nil
		}
		info, err := os.Lstat(t.path)
		if errors.Is(err, fs.ErrNotExist) {
			return t, t.absent()
		}
		if errors.Is(err, syscall.ENOTDIR) {
			return nil, &TargetError{name, filepath.Dir(t.path) + " is not a folder"}
		}
		if err != nil {
			return nil, t.failed(err)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			t.info = info
			return t, t.classify()
		}
		to, err := os.Readlink(t.path)
		if err != nil {
			return nil, t.failed(err)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(realDir(t.path), to)
		}
		t.path = to
	}
	return nil, &TargetError{name, "its symbolic links lead in a circle"}
}

// realDir is the folder of a path, without symbolic links where it is there.
func realDir(path string) string {
	dir := filepath.Dir(path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// realFolder is a path whose folder has no symbolic links.
func realFolder(path string) string { return filepath.Join(realDir(path), filepath.Base(path)) }

// absent checks the folder of a file that is not there.
func (t *target) absent() error {
	dir := filepath.Dir(t.path)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &FolderError{t.name, dir}
	case err != nil:
		return t.failed(err)
	case !info.IsDir():
		return &TargetError{t.name, dir + " is not a folder"}
	}
	return nil
}

// classify tells how what is there can be written.
func (t *target) classify() error {
	switch mode := t.info.Mode(); {
	case mode.IsRegular():
		t.kind = replaceable
	case mode&fs.ModeNamedPipe != 0:
		t.kind = fifo
	case mode&fs.ModeDevice != 0:
		t.kind = device
	case mode.IsDir():
		return &TargetError{t.name, "that is a folder; name a file in it"}
	case mode&fs.ModeSocket != 0:
		return &TargetError{t.name, "that is a socket, which cannot be written as a file"}
	default:
		return &TargetError{t.name, fmt.Sprintf("that is no file that can be written (%s)", mode.Type())}
	}
	return nil
}

// noticeKey is the key of a notice in a context.
type noticeKey struct{}

// WithNotice returns a context under which waiting is called, with the name of the file,
// when the wait for the reader of a FIFO begins.
func WithNotice(ctx context.Context, waiting func(name string)) context.Context {
	return context.WithValue(ctx, noticeKey{}, waiting)
}

// notice says that the reader of a FIFO is waited for, where somebody wants to know.
func (t *target) notice(ctx context.Context) {
	if waiting, ok := ctx.Value(noticeKey{}).(func(name string)); ok {
		waiting(t.name)
	}
}

// open opens what is not replaced. A FIFO is waited for until it has a reader.
func (t *target) open(ctx context.Context) (*os.File, error) {
	if t.kind == descriptor {
		fd, err := unix.FcntlInt(uintptr(t.fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			return nil, fmt.Errorf("write %s: descriptor %d: %w", t.name, t.fd, err)
		}
		return os.NewFile(uintptr(fd), t.name), nil
	}
	for said := false; ; {
		// Without O_NONBLOCK the system would wait for the reader, whom no context ends.
		file, err := os.OpenFile(t.path, os.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
		if t.kind == fifo && errors.Is(err, syscall.ENXIO) {
			if !said {
				said = true
				t.notice(ctx)
			}
			if err := wait.For(ctx, readerEvery); err != nil {
				return nil, fmt.Errorf("write %s: nobody reads it: %w", t.name, err)
			}
			continue
		}
		if err != nil {
			return nil, t.failed(err)
		}
		if info, err := file.Stat(); err != nil || !os.SameFile(info, t.info) {
			file.Close()
			return nil, fmt.Errorf("write %s: it was replaced meanwhile; nothing was written", t.name)
		}
		return file, nil
	}
}

// expire ends the writes that wait for room in file, where the system lets them.
func expire(file *os.File) { _ = file.SetWriteDeadline(time.Unix(1, 0)) }

// keepOwner gives file the owner and group of info where the system allows it, and
// returns mode without what would then be the right of another group.
func keepOwner(file *os.File, info fs.FileInfo, mode fs.FileMode) fs.FileMode {
	was, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return mode
	}
	if file.Chown(int(was.Uid), int(was.Gid)) == nil || file.Chown(-1, int(was.Gid)) == nil {
		return mode
	}
	return mode &^ 0o070
}
