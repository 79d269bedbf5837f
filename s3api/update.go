package s3api

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// update changes the encryption of one object version in place. The answer
// says nothing, so HeadObject has to prove the effect.
func (w *work) update(ctx context.Context) (engine.Effect, error) {
	o := &w.config.Options
	switch {
	case w.config.Facts.AWS != plan.Yes && !w.config.UpdateProven:
		return engine.Effect{}, w.refuse(engine.Fatal, plan.RequestError, errUnproven)
	case o.SSE != plan.TargetKMS || !FullKeyARN(o.KMSKeyID):
		return engine.Effect{}, w.refuse(engine.Fatal, plan.RequestError, errors.New("only SSE-KMS with a full key ARN can be set in place"))
	}
	version := w.namedVersion()
	var id string
	err := w.do(ctx, plan.StepUpdate, func(ctx context.Context) error {
		out, err := w.objects().UpdateObjectEncryption(ctx, w.updateInput(version))
		if err == nil {
			id = requestID(out.ResultMetadata)
		}
		return err
	})
	if err != nil {
		return engine.Effect{}, w.lockedOrDenied(ctx, version, err)
	}
	if w.task.Unconfirmed {
		return engine.Effect{ETag: w.etag(), VersionID: version, RequestID: id}, nil // no key id: nobody stated one
	}
	after, err := w.head(ctx, plan.StepConfirm, version)
	if err != nil {
		return engine.Effect{}, err
	}
	effect := engine.Effect{ETag: after.ETag, VersionID: after.VersionID, KMSKeyID: after.KMSKeyID, RequestID: id}
	switch {
	case w.target(sseOf(after.Encryption), after.KMSKeyID) && w.task.Head == nil:
		return effect, nil
	case w.target(sseOf(after.Encryption), after.KMSKeyID):
		return w.returned(ctx, effect, &kept{Head: *w.task.Head}, after)
	case after.ETag != w.etag():
		effect = engine.Effect{ETag: w.etag(), VersionID: version, RequestID: id} // not what the other client made
		return effect, w.refuse(engine.Changed, plan.Changing, errors.New("another client wrote the object right after it was updated"))
	}
	return effect, w.refuse(engine.Permanent, plan.NotEncrypted, w.notEncrypted(after))
}

// updateInput is the update of a version, "" for the current one.
func (w *work) updateInput(version string) *s3.UpdateObjectEncryptionInput {
	o := &w.config.Options
	return &s3.UpdateObjectEncryptionInput{
		Bucket: &o.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		// Absent would mean false, whatever the bucket's default is.
		ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: &o.KMSKeyID, BucketKeyEnabled: &o.BucketKey}},
	}
}

// lockedOrDenied tells a locked object, which S3 refuses to update with
// AccessDenied, from a missing permission, which is the same answer.
func (w *work) lockedOrDenied(ctx context.Context, version string, err error) error {
	var oe *engine.ObjectError
	if !errors.As(err, &oe) || oe.Class != engine.Denied {
		return err
	}
	h, headErr := w.head(ctx, plan.StepConfirm, version) // the lock may be newer than the task's own look
	if headErr != nil {
		if h = w.task.Head; h == nil {
			return err
		}
	}
	if h.LegalHold == "ON" || h.EventHold == "ON" || h.LockMode != "" && inForce(h.LockRetainUntil) {
		oe.Class, oe.Reason = engine.Refused, plan.Locked
	}
	return err
}
