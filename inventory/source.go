package inventory

import (
	"context"
	"io"
)

// Source reads the objects of the place that a report was delivered to: a
// bucket or a local folder. It may be used by several goroutines at once.
type Source interface {
	// Open returns the bytes of the object called name from offset on, and
	// what is known of the whole object. Where etag is not "", it must fail
	// with ErrChanged if the object no longer has it. The caller closes the
	// body. A missing object is an error that wraps fs.ErrNotExist.
	Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, ObjectInfo, error)

	// List returns the names of objects that start with prefix, in any order,
	// and stops at the first error. Folder-like common prefixes are not rolled up.
	List(ctx context.Context, prefix string) ([]ObjectInfo, error)
}

// ObjectInfo is what a Source knows of one object.
type ObjectInfo struct {
	Name string
	Size int64  // bytes of the whole object; -1 where unknown
	ETag string // "" where the place has none
}
