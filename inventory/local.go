package inventory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// Local is a Source that reads a folder of the file system. Names are slash
// separated paths below the folder. A name may begin with ".." elements, which
// lead to the folders above; from there on it is confined: neither ".." nor a
// symbolic link leads out of the folder reached. Safe for concurrent use.
type Local struct {
	dir string
}

var _ Source = (*Local)(nil)

// NewLocal returns the source that reads dir.
func NewLocal(dir string) (*Local, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve folder %s: %w", dir, err)
	}
	// The folder itself may be reached through links: only what lies below
	// (or beside the report) is not to be trusted.
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	return &Local{dir: abs}, nil
}

// LocalFile returns the source that reads the folder of the file called p, and
// the name of the file in it.
func LocalFile(p string) (*Local, string, error) {
	l, err := NewLocal(filepath.Dir(p))
	if err != nil {
		return nil, "", err
	}
	return l, filepath.Base(p), nil
}

// Dir returns the folder as an absolute path.
func (l *Local) Dir() string { return l.dir }

// Open opens a regular file. Its ETag is made of its size and the time of its
// last change.
func (l *Local) Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, ObjectInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, ObjectInfo{}, err
	}
	root, rest, err := l.root(name)
	if err != nil {
		return nil, ObjectInfo{}, err
	}
	defer root.Close()
	// Opening a named pipe would wait for a writer, so look first.
	if info, err := root.Stat(rest); err != nil {
		return nil, ObjectInfo{}, linkOut(root, name, rest, err)
	} else if !info.Mode().IsRegular() {
		return nil, ObjectInfo{}, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	f, err := root.Open(rest)
	if err != nil {
		return nil, ObjectInfo{}, err
	}
	info, err := f.Stat()
	if err == nil && etag != "" && etag != localTag(info) {
		err = ErrChanged
	}
	if err == nil && offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, ObjectInfo{}, err
	}
	return f, ObjectInfo{Name: name, Size: info.Size(), ETag: localTag(info)}, nil
}

// linkOut is err in words where it is that of a link out of the folder: the package os
// has no name for it, but any other has a number of the system.
func linkOut(root *os.Root, name, rest string, err error) error {
	if errors.As(err, new(syscall.Errno)) {
		return err
	}
	for at := rest; at != "."; at = filepath.Dir(at) {
		if info, e := root.Lstat(at); e == nil && info.Mode()&fs.ModeSymlink != 0 {
			return &fs.PathError{Op: "open", Path: name, Err: errLinkOut}
		}
	}
	return err
}

var errLinkOut = errors.New("a symbolic link leads out of its folder, and is not followed: put the file itself there")

func localTag(info fs.FileInfo) string {
	return fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixNano())
}

// root opens the folder that name starts from: the source's own, or one above.
func (l *Local) root(name string) (*os.Root, string, error) {
	dir, rest := l.dir, name
	for strings.HasPrefix(rest, "../") {
		dir, rest = filepath.Dir(dir), rest[3:]
	}
	rest = filepath.FromSlash(rest)
	if !filepath.IsLocal(rest) {
		return nil, "", &fs.PathError{Op: "open", Path: name, Err: errors.New("leads out of its folder")}
	}
	root, err := os.OpenRoot(dir)
	return root, rest, err
}

// List returns the regular files below the folder whose names start with prefix.
func (l *Local) List(ctx context.Context, prefix string) ([]ObjectInfo, error) {
	files, _, err := l.scan(ctx, prefix)
	return files, err
}

// scan is List, with the names of what it leaves out: links, whether to files or to
// folders, devices, pipes and sockets. No link is followed.
func (l *Local) scan(ctx context.Context, prefix string) (files []ObjectInfo, irregular []string, err error) {
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	top := path.Dir(prefix + "x") // only the folder that prefix lies in is walked
	err = fs.WalkDir(root.FS(), top, func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		switch {
		case d.IsDir() || !strings.HasPrefix(p, prefix):
			return nil
		case !d.Type().IsRegular():
			irregular = append(irregular, p)
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		files = append(files, ObjectInfo{Name: p, Size: info.Size(), ETag: localTag(info)})
		return nil
	})
	return files, irregular, err
}

// Locate finds the data file that a manifest calls key. A report that was
// copied to a folder has its files at key below some folder above the manifest;
// the closest one that holds the file is taken. Where only a part of the report
// was copied, the ends of key are tried, too: with the manifest in
// x/2025-11-21T01-00Z and the data in x/data, or all of it in one folder.
//
// A key of n elements is looked for at most n-1 folders above the manifest, as
// manifests lie as deep as their data files.
func (l *Local) Locate(manifest, key string) (string, error) {
	rest := filepath.FromSlash(key)
	if !fs.ValidPath(key) || !filepath.IsLocal(rest) {
		return "", &fs.PathError{Op: "open", Path: key, Err: errors.New("not a path below a folder")}
	}
	folder := path.Dir(manifest)
	var firstErr error
	for end := key; ; {
		up := folder
		for range strings.Count(end, "/") + 1 {
			name := end
			if up != "." {
				name = up + "/" + end
			}
			err := l.stat(name)
			if err == nil {
				return name, nil
			}
			if firstErr == nil || !errors.Is(err, fs.ErrNotExist) && errors.Is(firstErr, fs.ErrNotExist) {
				firstErr = err
			}
			if up == "." || up == ".." || strings.HasSuffix(up, "/..") {
				up = path.Join(up, "..")
			} else {
				up = path.Dir(up)
			}
		}
		_, tail, more := strings.Cut(end, "/")
		if !more {
			break
		}
		end = tail
	}
	if errors.Is(firstErr, fs.ErrNotExist) {
		firstErr = &fs.PathError{Op: "find", Path: key, Err: fs.ErrNotExist}
	}
	return "", firstErr
}

func (l *Local) stat(name string) error {
	root, rest, err := l.root(name)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(rest)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	return err
}
