package s3api

import (
	"context"
	"errors"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// listedAgain asks a listing about a listed object that a look did not meet, or met
// otherwise, as h. It returns ErrGone where the object is not listed any more, nil
// where it is listed as h, and ErrUnreached where neither is known.
func (c *Client) listedAgain(ctx context.Context, r *inventory.Record, o ListOptions, h *plan.Head) error {
	w := &work{Rewriter: c.bare(RewriteConfig{Options: plan.Options{Bucket: r.Bucket}, Facts: plan.Facts{Requester: plan.AnswerOf(o.RequesterPays)}}),
		task: &plan.Task{Record: *r}}
	var entry *listEntry
	whole := true
	s := plan.Step{Kind: plan.StepList, Key: r.Key, Demand: plan.DefaultWeights(false).Of(plan.StepList, false)}
	err := c.paced(ctx, o.Gate, r.Bucket, s, func(ctx context.Context) (err error) {
		if r.VersionID == "" {
			entry, err = w.listedCurrent(ctx)
		} else {
			entry, whole, err = w.listedVersion(ctx, r.VersionID)
		}
		return err
	})
	var oe *engine.ObjectError
	switch {
	case ctx.Err() != nil, err != nil && !errors.As(err, &oe):
		return err
	case unlistable(err) != "", err == nil && !whole:
		return ErrUnreached
	case err != nil:
		return setupError(plan.StepList.String(), "s3://"+r.Bucket+"/"+r.Key, err)
	case entry == nil:
		return ErrGone
	case h == nil || !entry.shows(h, true):
		return ErrUnreached
	}
	return nil
}
