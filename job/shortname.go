package job

import (
	"path"
	"path/filepath"
)

// ShortName is what a job is called in metrics: the last part of its folder or prefix.
func ShortName(where string) string {
	if !InBucket(where) {
		if abs, err := filepath.Abs(where); err == nil {
			where = abs
		}
	}
	return path.Base(filepath.ToSlash(where))
}
