package engine

import (
	"errors"
	"testing"
)

// An error about a bucket as a whole names no object in it.
func TestObjectErrorWithoutAKey(t *testing.T) {
	for want, e := range map[string]*ObjectError{
		`CopyObject s3://media/"a b": denied`:    {Op: "CopyObject", Bucket: "media", Key: "a b", Err: errors.New("denied")},
		`ListObjectsV2 s3://media: denied`:       {Op: "ListObjectsV2", Bucket: "media", Err: errors.New("denied")},
		`CopyObject s3://media/"k" version 7: x`: {Op: "CopyObject", Bucket: "media", Key: "k", VersionID: "7", Err: errors.New("x")},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
