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
// is no reason not to re-encrypt the object: it is then proven by less. What the
// endpoint contradicts itself in is one where a look decides what is sent.
func (r *run) snapshot(res *Result, g Gate) (same bool, err error) {
	t := &res.Task
	if !t.Snapshot || r.Snapshotter == nil {
		return true, nil
	}
	res.Before = nil // that of an earlier round is of what was there then
	now := *t
	if r.Uncertain(t.Record.Pos) { // it may be of what an earlier run made of the object
		now = r.Policy.ByNow(now)
	}
	before, err := r.Snapshotter.Snapshot(r.work, &now, g)
	var oe *ObjectError
	switch {
	case err == nil && t.Record.ETag != "" && before.Head.ETag != t.Record.ETag:
		return false, nil
	case err == nil:
		res.Before = before
		return true, nil
	case errors.As(err, &oe) && oe.Contradicted && t.Head != nil:
		return false, err
	case errors.As(err, &oe) && oe.Class != Changed && oe.Class != Gone && oe.Class != Fatal:
		return true, nil
	}
	return false, err
}
