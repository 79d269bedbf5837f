package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Opener opens an object of the place that a table is in: of a bucket, or of a
// local folder. A missing one is an error that wraps fs.ErrNotExist.
type Opener func(ctx context.Context, name string) (io.ReadCloser, error)

// At says where a metadata.json is.
type At struct {
	Bucket string // "" where it is in a local folder
	Name   string // key in the bucket, or path in the folder that holds the table, with slashes
}

// OutsideError says that a table names a file that is not in the table's own
// bucket or folder. Whoever writes a table could have another one's files read.
type OutsideError struct {
	Path  string // as the table spells it
	Place string // the bucket or folder that files are read from
}

// Error names both.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("the table names the file %q, which is not in %s: it is not read", e.Path, e.Place)
}

// place maps the paths that a table spells to names in the place that it is in.
type place struct {
	at       At
	location string // of the table as its metadata spells it, without scheme of local files and slash at the end
}

// maxPath is how long a path may be: a key of S3 has at most 1,024 bytes.
const maxPath = 2048

// name returns the name of a file in the place.
func (p place) name(file string) (string, error) {
	if len(file) > maxPath || file == "" || strings.ContainsRune(file, 0) {
		return "", fmt.Errorf("a path of %d bytes is none", len(file))
	}
	if p.at.Bucket == "" {
		return p.local(file)
	}
	bucket, key, ok := cutBucket(file)
	if !ok || bucket != p.at.Bucket {
		return "", &OutsideError{Path: file, Place: "the bucket " + p.at.Bucket}
	}
	if slices.Contains(strings.Split(key, "/"), "..") { // S3 has such keys, and most clients read another one
		return "", fmt.Errorf("the table names a path with ..: %q: it is not read", file)
	}
	if key == "" || strings.HasSuffix(key, "/") {
		return "", fmt.Errorf("%q names no file", file)
	}
	return key, nil
}

// local takes the place of the metadata file for that of the table: a table that was
// copied to a folder still spells the paths of where it was.
func (p place) local(file string) (string, error) {
	rest, ok := strings.CutPrefix(withoutFileScheme(file), p.location+"/")
	if !ok || p.location == "" {
		return "", &OutsideError{Path: file, Place: "the table's folder " + p.location}
	}
	if path.Clean("/"+rest) != "/"+rest {
		return "", &OutsideError{Path: file, Place: "the table's folder " + p.location}
	}
	return rest, nil
}

// cutBucket takes a path of S3 apart. Tables spell it with the schemes of Hadoop, too.
func cutBucket(file string) (bucket, key string, ok bool) {
	scheme, rest, ok := strings.Cut(file, "://")
	if !ok || scheme != "s3" && scheme != "s3a" && scheme != "s3n" {
		return "", "", false
	}
	bucket, key, _ = strings.Cut(rest, "/")
	return bucket, key, bucket != ""
}

func withoutFileScheme(file string) string {
	if rest, ok := strings.CutPrefix(file, "file:"); ok {
		return "/" + strings.TrimLeft(rest, "/")
	}
	return file
}

// errTooLarge says that a file has more bytes than are read.
var errTooLarge = errors.New("too large")

// bounded reads no more than left bytes, and fails where there are more.
type bounded struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
