package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// keepingSource keeps copies of the manifests that are read from a bucket, and reads
// them where the bucket no longer gives them: a report may expire between two
// nights. Its data files, and lists, are kept by the report itself, under their MD5.
type keepingSource struct {
	Source
	bucket, dir string
}

// maxKeptManifest bounds a manifest that is kept, as it bounds one that is read.
const maxKeptManifest = 64 << 20

// Open implements Source.
func (k *keepingSource) Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, ObjectInfo, error) {
	base := path.Base(name)
	if base != manifestFile && base != checksumFile || offset != 0 {
		body, info, err := k.Source.Open(ctx, name, offset, etag)
		if err != nil && offset == 0 && etag == "" {
			if kept, keptInfo, keptErr := k.openList(name); keptErr == nil {
				return kept, keptInfo, nil
			}
		}
		return body, info, err
	}
	kept := filepath.Join("manifests", k.bucket, filepath.FromSlash(name))
	body, info, err := k.Source.Open(ctx, name, offset, etag)
	if err != nil {
		if root, rootErr := os.OpenRoot(k.dir); rootErr == nil {
			defer root.Close()
			if data, readErr := root.ReadFile(kept); readErr == nil {
				return io.NopCloser(bytes.NewReader(data)), ObjectInfo{Name: name, Size: int64(len(data))}, nil
			}
		}
		return nil, info, err
	}
	data, err := io.ReadAll(io.LimitReader(body, maxKeptManifest+1))
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, info, err
	}
	if len(data) <= maxKeptManifest && filepath.IsLocal(kept) {
		folder, err := NewFolder(k.dir)
		if err == nil {
			err = folder.Put(ctx, filepath.ToSlash(kept), bytes.NewReader(data), int64(len(data)))
		}
		if err != nil {
			return nil, info, fmt.Errorf("keep %s: %w", name, err)
		}
	}
	return io.NopCloser(bytes.NewReader(data)), info, nil
}

// listFolder is where it stands under which name a list is kept.
const listFolder = "lists"

// noteList remembers which of the kept files is the list that was opened. The list
// gets there when it is read; until then the note leads nowhere.
func (k *keepingSource) noteList(ctx context.Context, r *Report) error {
	m := r.Manifest()
	noted := path.Join(listFolder, k.bucket, r.Name())
	if m.Format != List || !filepath.IsLocal(filepath.FromSlash(noted)) {
		return nil
	}
	folder, err := NewFolder(k.dir)
	if err == nil {
		name := m.Files[0].KeptName()
		err = folder.Put(ctx, noted, strings.NewReader(name), int64(len(name)))
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", r.Name(), err)
	}
	return nil
}

// openList opens a list that is kept.
func (k *keepingSource) openList(name string) (io.ReadCloser, ObjectInfo, error) {
	root, err := os.OpenRoot(k.dir)
	if err != nil {
		return nil, ObjectInfo{}, err
	}
	defer root.Close()
	kept, err := root.ReadFile(filepath.Join(listFolder, k.bucket, filepath.FromSlash(name)))
	if err != nil {
		return nil, ObjectInfo{}, err
	}
	file, err := root.Open(path.Base(string(kept)))
	if err != nil {
		return nil, ObjectInfo{}, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, ObjectInfo{}, errors.Join(err, fs.ErrInvalid)
	}
	return file, ObjectInfo{Name: name, Size: info.Size()}, nil
}
