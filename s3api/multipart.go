package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/engine"
	"reseal/plan"
)

// multipart copies an object onto itself in parts. Nothing of the object comes
// along by itself, so all of it is read first, sent at creation, and read again
// right before the completion: that takes hours after the first look at a
// large object, and tags and ACLs have no condition. What the upload cannot be
// given beforehand is put afterwards.
func (w *work) multipart(ctx context.Context) (engine.Effect, error) {
	effect, err := w.copyInParts(ctx)
	var oe *engine.ObjectError
	if !w.completing && errors.As(err, &oe) {
		oe.Untouched = true
		if two := (*contradiction)(nil); errors.As(oe.Err, &two) {
			oe.Err = fmt.Errorf("nothing was written: %w", oe.Err)
		}
	}
	return effect, err
}

func (w *work) copyInParts(ctx context.Context) (engine.Effect, error) {
	before, err := w.attributes(ctx)
	if err != nil {
		return engine.Effect{}, err
	}
	if err := w.untried(before.among(w.task.Untried)); err != nil {
		return engine.Effect{}, err
	}
	in, err := w.createInput(before)
	if err != nil {
		return engine.Effect{}, err
	}
	owed, err := w.owed(ctx, &before)
	if err != nil {
		return engine.Effect{}, err
	}
	up, err := w.upload(ctx, in, owed)
	if err != nil {
		return engine.Effect{}, err
	}
	defer w.live.Delete(up.id)
	effect, err := w.finish(ctx, up, before)
	effect.LeftOut = before.left
	if err != nil {
		w.drop(ctx, up, err)
		if err = w.withoutChecksum(err, in); !errors.Is(err, errPlainParts) {
			return engine.Effect{}, err
		}
		w.plainParts = true
		return w.copyInParts(ctx)
	}
	tags, err := w.pay(ctx, owed, effect.VersionID, effect.ETag)
	if err != nil {
		return effect, err // the note stays, for whoever comes back to the object
	}
	kept := keptOf(before.head, before.sent(), before.grants)
	if want, known := tags.Get(); known {
		kept.Tags = want
	}
	effect, err = w.confirm(ctx, effect, kept)
	w.settled(effect, err)
	return effect, err
}

// errPlainParts says that the object is to be copied in parts without a checksum.
var errPlainParts = errors.New("the endpoint takes no checksum for parts that are copied")

// withoutChecksum is the error of an upload, made clear where an endpoint that is
// not AWS's own refuses to copy parts into an upload that has a checksum
// algorithm, as MinIO does. Where that loss is accepted it is errPlainParts.
func (w *work) withoutChecksum(err error, in *s3.CreateMultipartUploadInput) error {
	var oe *engine.ObjectError
	if in.ChecksumAlgorithm == "" || w.config.Facts.AWS == plan.Yes || !errors.As(err, &oe) || oe.Op != plan.StepPart.String() ||
		oe.Class != engine.Permanent || oe.HTTPStatus != http.StatusBadRequest && oe.HTTPStatus != http.StatusNotImplemented {
		return err
	}
	if slices.Contains(w.config.AcceptLoss, plan.ChecksumAlgorithm) {
		return errPlainParts
	}
	out := *oe
	out.Reason = plan.Unfaithful
	out.Said, out.Code, out.HTTPStatus = "", "", 0 // the words say what the code does not
	out.Err = fmt.Errorf("nothing was written: the endpoint does not copy parts into an upload with a checksum by %s, so the object would lose it "+
		"(--accept %s): %w", in.ChecksumAlgorithm, plan.ChecksumAlgorithm.Hazard(), oe.Err)
	return &out
}

// drop gives an upload up after err, unless the run is being stopped and a
// later one will know of it. What is owed is remembered where the completion may
// have taken effect all the same: a look at the object tells.
func (w *work) drop(ctx context.Context, up *upload, err error) {
	var oe *engine.ObjectError
	stopped := ctx.Err() != nil || !errors.As(err, &oe) // the gate's own errors are about stopping
	if stopped && w.config.Notes != nil {
		return
	}
	_ = w.sweep(ctx, up)
	_ = w.abort(ctx, up.id)
	if up.owed == nil || up.sent == 0 || up.sent == 1 && oe != nil && oe.Class != engine.Transient {
		w.forget()
	}
}

// abort tells S3 to throw an upload away, also where ctx has ended. What is
// left behind where that does not work is no object, and the lifecycle rule for
// incomplete uploads is there for it.
func (w *work) abort(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
	defer cancel()
	return w.do(ctx, plan.StepAbort, func(ctx context.Context) error {
		_, err := w.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, UploadId: &id,
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		return err
	})
}
