package s3api

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// Inspect reads what is to be rewritten as it is now, and pays what an earlier
// attempt left owed to it; see engine.Rewriter.
func (r *Rewriter) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Head, error) {
	w := &work{Rewriter: r, task: t, gate: g}
	version := w.meant()
	head, err := w.met(ctx, plan.StepHead, version)
	if err != nil {
		return nil, err
	}
	w.shown(head)
	if err = w.classShown(ctx, version, head); err == nil {
		err = w.settle(ctx, head)
	}
	if err == nil && w.config.Options.NeedsTags(head) { // after what is owed, which tags may be
		head, err = w.selectingTags(ctx, version, head)
	}
	if err != nil {
		return nil, err
	}
	return head, nil
}

// meant returns the version that a look at the task's object is about, "" for
// whatever is current: the row's own where that is not the current one, or
// where every version is asked for by itself.
func (w *work) meant() string {
	t, c := w.task, &w.config
	if !t.Record.Current() || t.Action == plan.Update && c.Options.AllVersions && c.Facts.Versioning != plan.Unversioned {
		return t.Record.VersionID
	}
	return ""
}

// head sends one HeadObject.
func (w *work) head(ctx context.Context, k plan.StepKind, version string) (*plan.Head, error) {
	in := &s3.HeadObjectInput{
		Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	}
	if w.config.Checksums || k == plan.StepHeadChecksum || w.config.Facts.AWS == plan.No { // no other endpoint has KMS asked for that
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	var head *plan.Head
	step := w.step(k)
	if in.ChecksumMode != "" && k != plan.StepHeadChecksum {
		step.Demand = w.paced(k).Step(plan.StepHeadChecksum).Demand // S3 asks KMS for the checksum of an object under a key
	}
	err := w.doStep(ctx, step, func(ctx context.Context) error {
		out, err := w.objects().HeadObject(ctx, in)
		if err == nil {
			err = headersShown(out)
		}
		if err == nil {
			head = headOf(out)
			head.ChecksumAsked = in.ChecksumMode != ""
		}
		return err
	})
	return head, err
}

// look sends a HeadObject of kind k, and finds out why it was refused.
func (w *work) look(ctx context.Context, k plan.StepKind, version string) (*plan.Head, error) {
	head, err := w.head(ctx, k, version)
	if err != nil {
		if err = w.explain(ctx, version, err); errors.Is(err, errPassed) {
			head, err = w.head(ctx, k, version)
		}
	}
	return head, err
}

// errPassed says that what a bad request was about is over: credentials that
// had expired were renewed meanwhile.
var errPassed = errors.New("the same would be answered now")

// explain finds out why HeadObject was refused: its answers have no body and so
// no error code, and an expired token looks like a bad request. One byte of a
// GetObject has a body that says it.
func (w *work) explain(ctx context.Context, version string, err error) error {
	var head *engine.ObjectError
	if !errors.As(err, &head) || head.Code != "BadRequest" && head.Code != "Forbidden" {
		return err
	}
	why := w.do(ctx, plan.StepGetBody, func(ctx context.Context) error {
		out, err := w.s3.GetObject(ctx, &s3.GetObjectInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
			Range: firstByte(), ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, io.LimitReader(out.Body, 1<<10))
		return errors.Join(err, out.Body.Close())
	})
	if why == nil && head.Code == "BadRequest" {
		return errPassed
	}
	var get *engine.ObjectError
	if why != nil && !errors.As(why, &get) {
		return why // it was not sent: the run is stopping, and the object keeps for the next
	}
	if get == nil || get.HTTPStatus != head.HTTPStatus || get.Code == head.Code {
		return err // it says nothing of what HeadObject met
	}
	get.Op = head.Op
	return get
}

func firstByte() *string {
	s := "bytes=0-0"
	return &s
}

// headOf translates the answer of a HeadObject.
func headOf(o *s3.HeadObjectOutput) *plan.Head {
	h := &plan.Head{
		RequestID:          requestID(o.ResultMetadata),
		ETag:               unquoted(o.ETag),
		VersionID:          value(o.VersionId),
		Size:               value(o.ContentLength),
		LastModified:       value(o.LastModified),
		StorageClass:       inventory.StorageClass(o.StorageClass),
		Encryption:         encryptionOf(o),
		KMSKeyID:           value(o.SSEKMSKeyId),
		BucketKey:          value(o.BucketKeyEnabled),
		ContentType:        value(o.ContentType),
		CacheControl:       value(o.CacheControl),
		ContentDisposition: value(o.ContentDisposition),
		ContentEncoding:    value(o.ContentEncoding),
		ContentLanguage:    value(o.ContentLanguage),
		Expires:            value(o.ExpiresString),
		Metadata:           o.Metadata,
		MissingMeta:        int(value(o.MissingMeta)),
		TagCount:           -1,
		Redirect:           value(o.WebsiteRedirectLocation),
		LockMode:           string(o.ObjectLockMode),
		LockRetainUntil:    value(o.ObjectLockRetainUntilDate),
		LegalHold:          string(o.ObjectLockLegalHoldStatus),
		EventHold:          string(o.ObjectLockEventHold),
		EventHoldDays:      value(o.ObjectLockEventHoldDurationDays),
		EventHoldYears:     value(o.ObjectLockEventHoldDurationYears),
		ChecksumType:       string(o.ChecksumType),
		Parts:              int(value(o.PartsCount)),
	}
	if h.StorageClass == "" {
		h.StorageClass = inventory.Standard // S3 leaves it out for STANDARD
	}
	h.Archived = h.StorageClass == inventory.Glacier || h.StorageClass == inventory.DeepArchive || o.ArchiveStatus != ""
	h.Restored = restored(value(o.Restore))
	if o.TagCount != nil {
		h.TagCount = int(*o.TagCount)
	}
	h.Checksum, h.ChecksumValue = firstSum([...]*string{o.ChecksumCRC64NVME, o.ChecksumCRC32, o.ChecksumCRC32C, o.ChecksumSHA1, o.ChecksumSHA256,
		o.ChecksumSHA512, o.ChecksumMD5, o.ChecksumXXHASH64, o.ChecksumXXHASH3, o.ChecksumXXHASH128})
	return h
}

// encryptionOf says how an object is encrypted, in the words of S3 Inventory.
func encryptionOf(o *s3.HeadObjectOutput) inventory.Encryption {
	switch {
	case o.SSECustomerAlgorithm != nil:
		return inventory.SSEC
	case o.ServerSideEncryption == types.ServerSideEncryptionAes256:
		return inventory.SSES3
	case o.ServerSideEncryption == types.ServerSideEncryptionAwsKms:
		return inventory.SSEKMS
	case o.ServerSideEncryption == types.ServerSideEncryptionAwsKmsDsse:
		return inventory.DSSEKMS
	case o.ServerSideEncryption == "":
		return inventory.NotSSE
	}
	return inventory.EncryptionUnknown
}

// restored tells whether an x-amz-restore header speaks of a readable copy:
// ongoing-request="false", expiry-date="…". While the restore goes on there is none.
func restored(header string) bool {
	return strings.Contains(header, `ongoing-request="false"`)
}
