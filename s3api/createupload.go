package s3api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// createInput is the upload that becomes the object.
func (w *work) createInput(a attributes) (*s3.CreateMultipartUploadInput, error) {
	o, h := &w.config.Options, a.head
	carry, err := w.carry()
	if err != nil {
		return nil, err
	}
	tagging := ""
	if !a.oversized() {
		tagging = encodeTags(a.tags)
	}
	sent := a.grants
	if w.owesACL(sent) {
		sent = grants{}
	}
	in := &s3.CreateMultipartUploadInput{
		Bucket:              &o.Bucket,
		Key:                 &w.task.Record.Key,
		ExpectedBucketOwner: w.owner,
		RequestPayer:        w.payer,

		ContentType:        optional(h.ContentType),
		CacheControl:       optional(h.CacheControl),
		ContentDisposition: optional(h.ContentDisposition),
		ContentEncoding:    optional(h.ContentEncoding),
		ContentLanguage:    optional(h.ContentLanguage),
		Metadata:           h.Metadata,
		Tagging:            optional(tagging),

		ServerSideEncryption: carry.sse,
		SSEKMSKeyId:          carry.key,
		BucketKeyEnabled:     carry.bucketKey,
		StorageClass:         carry.class,
		ACL:                  types.ObjectCannedACL(o.ACL),

		WebsiteRedirectLocation:          carry.redirect,
		ObjectLockMode:                   carry.lockMode,
		ObjectLockRetainUntilDate:        carry.lockUntil,
		ObjectLockLegalHoldStatus:        carry.legalHold,
		ObjectLockEventHold:              carry.eventHold,
		ObjectLockEventHoldDurationDays:  carry.eventHoldDays,
		ObjectLockEventHoldDurationYears: carry.eventHoldYears,

		GrantFullControl: optional(sent.FullControl),
		GrantRead:        optional(sent.Read),
		GrantReadACP:     optional(sent.ReadACP),
		GrantWriteACP:    optional(sent.WriteACP),
	}
	if h.Expires != "" {
		expires, err := http.ParseTime(h.Expires)
		if err != nil {
			return nil, w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("read Expires: %w", err))
		}
		in.Expires = &expires
	}
	in.ChecksumAlgorithm, in.ChecksumType = w.checksum(h)
	return in, nil
}

// checksum returns the algorithm that the object has a checksum of, and the
// type that an upload in parts can have of it, both empty where that is not
// known: S3 then makes a CRC-64/NVME (Amazon S3 User Guide,
// checking-object-integrity, read 2026-11-21).
func (w *work) checksum(h *plan.Head) (types.ChecksumAlgorithm, types.ChecksumType) {
	algorithm := types.ChecksumAlgorithm(w.task.Record.Checksum)
	if h.Checksum != "" {
		algorithm = types.ChecksumAlgorithm(h.Checksum)
	}
	if w.plainParts {
		return "", ""
	}
	switch algorithm {
	case types.ChecksumAlgorithmCrc64nvme:
		return algorithm, types.ChecksumTypeFullObject
	case types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c:
		if h.ChecksumType == string(types.ChecksumTypeComposite) {
			return algorithm, types.ChecksumTypeComposite
		}
		return algorithm, types.ChecksumTypeFullObject
	}
	if slices.Contains(algorithm.Values(), algorithm) {
		return algorithm, types.ChecksumTypeComposite
	}
	return "", "" // none, or a list of several
}
