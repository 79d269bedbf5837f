package s3api

import (
	"errors"
	"slices"
	"testing"

	"reseal/engine"
	"reseal/plan"
)

// An object that has something untried is not written, whichever way it would be.
func TestUntriedIsNotWritten(t *testing.T) {
	hermetic(t)
	for _, action := range []plan.Action{plan.Copy, plan.MultipartCopy} {
		s := lossyBucket(t, "")
		f := facts(t, s.aws, bucket)
		f.AWS = plan.No
		r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: f, LocksShown: true})
		task := inspected(t, r, "k")
		task.Action, task.Untried = action, []plan.Attribute{plan.ACL, plan.Tags}
		_, err := r.Rewrite(t.Context(), task, &gate{})
		var held *engine.HeldBack
		if !errors.As(err, &held) || !slices.Equal(held.Unproven, task.Untried) {
			t.Errorf("%s: %v; want it held back for both", action, err)
		}
		if now := inspected(t, r, "k"); now.Head.ETag != task.Head.ETag {
			t.Errorf("%s: the object was written", action)
		}
		task.Untried = nil
		if _, err := r.Rewrite(t.Context(), task, &gate{}); err != nil {
			t.Errorf("%s with nothing untried: %v", action, err)
		}
	}
}
