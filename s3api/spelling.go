package s3api

import (
	"context"
	"errors"
	"fmt"

	"reseal/engine"
	"reseal/plan"
)

// A row that S3 did not write may spell its key otherwise than S3 does: URL-encoded, as S3
// Inventory has keys in CSV, or decoded although it was not encoded. No object is there
// then, which looks as if it was deleted.

// misspelled returns gone, the error of an object that is not there, or another one where
// an object has the key in another spelling.
func (w *work) misspelled(ctx context.Context, gone error) error {
	decoded, plus := plan.OtherSpellings(&w.task.Record)
	for _, other := range []struct{ key, why string }{
		{decoded, "the source has its keys URL-encoded, and they were taken as they are: in a new job call the column encoded_key, or have the query decode the keys (Athena: url_decode(key))"},
		{plus, "the source has its keys as they are, and they were decoded: in a new job call the column key, or encode the keys of a list"},
	} {
		if other.key == "" {
			continue
		}
		there, err := w.isThere(ctx, other.key)
		if err != nil {
			return err
		}
		if there {
			return &engine.ObjectError{Op: plan.StepHead.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version(),
				Class: engine.Permanent, Reason: plan.KeySpelling, Untouched: true,
				Err: fmt.Errorf("nothing was written: no object has this key, and one has the key %.200q; if that is the one that is meant, %s", other.key, other.why)}
		}
	}
	return gone
}

// isThere looks whether an object has a key. One that may not be looked at counts as none.
func (w *work) isThere(ctx context.Context, key string) (bool, error) {
	_, err := w.under(key).head(ctx, plan.StepHead, "")
	var oe *engine.ObjectError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &oe) && noneSeen(oe):
		return false, nil
	}
	return false, err
}
