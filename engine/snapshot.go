package engine

import (
	"context"

	"reseal/plan"
)

// Snapshotter reads all of an object that a re-encryption has to keep. Like a
// Rewriter it neither retries nor paces, and its errors are *ObjectError. Safe
// for concurrent use.
type Snapshotter interface {
	// Snapshot reads the version that Rewriter.Inspect would look at. An object
	// that was changed while it was read is an error of class Changed.
	Snapshot(ctx context.Context, t *plan.Task, g Gate) (*plan.Snapshot, error)
}

// BodyReader reads the data of objects. Safe for concurrent use.
type BodyReader interface {
	// BodyMD5 returns the MD5 of the data, in hex, of the object that h was said
	// of. One that was written since is an error of class Changed.
	BodyMD5(ctx context.Context, t *plan.Task, h *plan.Head, g Gate) (string, error)
}
