package s3api

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// finish copies the parts that are missing, looks again, and completes.
func (w *work) finish(ctx context.Context, up *upload, before attributes) (engine.Effect, error) {
	if err := w.copyParts(ctx, up); err != nil {
		return engine.Effect{}, err
	}
	if err := w.sweep(ctx, up); err != nil {
		return engine.Effect{}, err
	}
	if err := w.promise(ctx, up); err != nil {
		return engine.Effect{}, err
	}
	for looks := 1; ; looks++ {
		if err := w.unchanged(ctx, before); err != nil {
			return engine.Effect{}, err
		}
		effect, err := w.complete(ctx, up, before, looks < maxLooks)
		if !errors.Is(err, errStale) {
			return effect, err
		}
	}
}

// A look at the object is stale after freshness: the completion, which had to
// wait for its turn or to be sent again, is then preceded by another, up to
// maxLooks. What a client changes in between has no condition to stop it.
const (
	freshness = 2 * time.Second
	maxLooks  = 5
)

var errStale = errors.New("the last look at the object is too long ago")

// complete makes the upload the object. Unless it is to be sent at any rate, it
// is not sent later than freshness from now, and the error is then errStale.
func (w *work) complete(ctx context.Context, up *upload, before attributes, fresh bool) (engine.Effect, error) {
	in := w.completeInput(up, before)
	looked := time.Now()
	var out *s3.CompleteMultipartUploadOutput
	err := w.do(ctx, plan.StepComplete, func(ctx context.Context) (err error) {
		if fresh && time.Since(looked) > w.fresh {
			return errStale
		}
		up.sent++
		w.completing = true
		out, err = w.s3.CompleteMultipartUpload(ctx, in)
		return err
	})
	if err != nil {
		return engine.Effect{}, err
	}
	w.took(plan.StepComplete, out.ResultMetadata)
	return engine.Effect{ETag: unquoted(out.ETag), VersionID: value(out.VersionId), KMSKeyID: value(out.SSEKMSKeyId),
		RequestID: requestID(out.ResultMetadata)}, nil
}

// completeInput is the completion of an upload all of whose parts are there.
func (w *work) completeInput(up *upload, before attributes) *s3.CompleteMultipartUploadInput {
	parts := make([]types.CompletedPart, 0, len(up.parts))
	for _, n := range slices.Sorted(maps.Keys(up.parts)) {
		parts = append(parts, up.parts[n])
	}
	size := before.head.Size
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, UploadId: &up.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		MpuObjectSize:   &size, ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	}
	var algorithm types.ChecksumAlgorithm
	if algorithm, in.ChecksumType = w.checksum(before.head); in.ChecksumType == types.ChecksumTypeFullObject {
		in.ChecksumCRC64NVME, in.ChecksumCRC32, in.ChecksumCRC32C = fullChecksum(before.head, algorithm)
	}
	if w.config.Facts.IgnoresIfMatch != plan.Yes {
		in.IfMatch = quoted(before.head.ETag)
	}
	return in
}

// fullChecksum returns the checksum over the whole object that it has by this
// algorithm, as the one of the three that it is: S3 compares it with that of the
// parts, and makes no object of other data (Amazon S3 API Reference,
// CompleteMultipartUpload, read 2026-11-21).
func fullChecksum(h *plan.Head, a types.ChecksumAlgorithm) (crc64, crc32, crc32c *string) {
	if h.ChecksumType != string(types.ChecksumTypeFullObject) || h.Checksum != string(a) {
		return nil, nil, nil
	}
	sum := optional(h.ChecksumValue)
	switch a {
	case types.ChecksumAlgorithmCrc64nvme:
		return sum, nil, nil
	case types.ChecksumAlgorithmCrc32:
		return nil, sum, nil
	case types.ChecksumAlgorithmCrc32c:
		return nil, nil, sum
	}
	return nil, nil, nil
}
