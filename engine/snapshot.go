package engine

import (
	"context"
	"errors"

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

// snapshot reads what is to be compared later, where that is asked for, and
// tells whether the object is the one that was decided on. What cannot be read
// is no reason not to re-encrypt the object: it is then proven by less.
func (r *run) snapshot(res *Result, g Gate) (same bool, err error) {
	t := &res.Task
	if !t.Snapshot || r.Snapshotter == nil {
		return true, nil
	}
	res.Before = nil // that of an earlier round is of what was there then
	before, err := r.Snapshotter.Snapshot(r.work, t, g)
	var oe *ObjectError
	switch {
	case err == nil:
		res.Before = before
		return t.Record.ETag == "" || before.Head.ETag == t.Record.ETag, nil
	case errors.As(err, &oe) && oe.Class != Changed && oe.Class != Gone && oe.Class != Fatal:
		return true, nil
	}
	return false, err
}
