package s3api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"reseal/engine"
	"reseal/plan"
)

// multipart copies an object onto itself in parts. Nothing of the object comes
// along by itself, so all of it is read first, sent at creation, and read again
// right before the completion: that takes hours after the first look at a
// large object, and tags and ACLs have no condition. What the upload cannot be
// given beforehand is put afterwards.
func (w *work) multipart(ctx context.Context) (engine.Effect, error) {
	before, err := w.attributes(ctx)
	if err != nil {
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
	effect, err := w.finish(ctx, up, before)
	if err != nil {
		w.drop(ctx, up, err)
		return engine.Effect{}, err
	}
	tags, err := w.pay(ctx, owed, effect.VersionID, effect.ETag)
	if err != nil {
		return effect, err // the note stays, for whoever comes back to the object
	}
	w.forget()
	was := *before.head
	if tags >= 0 {
		was.TagCount = tags
	}
	return w.confirm(ctx, effect, &was, plainTags(before.tags))
}

// attributes are what of an object a multipart copy has to bring along by hand.
type attributes struct {
	head   *plan.Head
	tags   []types.Tag // sorted
	grants grants

	annotations []annotation
}

// oversized tells whether the tags are more than a header holds, so that they
// are put after the copy.
func (a *attributes) oversized() bool { return len(encodeTags(a.tags)) > maxTagging }

// sent are the tags that go with the upload.
func (a *attributes) sent() []plan.Tag {
	if a.oversized() {
		return nil
	}
	return plainTags(a.tags)
}

// attributes reads what HeadObject did not say.
func (w *work) attributes(ctx context.Context) (attributes, error) {
	a := attributes{head: w.task.Head}
	h := a.head
	switch {
	case !w.task.Record.Current():
		return a, w.refuse(engine.Refused, plan.Noncurrent, errors.New("a copy of an old version would become the current one"))
	case h == nil || h.ETag == "":
		return a, w.refuse(engine.Permanent, plan.RequestError, errors.New("a multipart copy needs a look at the object first"))
	case h.MissingMeta > 0:
		return a, w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("%d metadata entries cannot be written as headers, so a multipart copy would lose them", h.MissingMeta))
	}
	if h.Expires != "" {
		if _, err := http.ParseTime(h.Expires); err != nil {
			return a, w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("the header Expires is %q, which is no date, so a multipart copy would lose it", h.Expires))
		}
	}
	if err := w.lockShown(ctx); err != nil {
		return a, err
	}
	if err := w.readChecksum(ctx, &a); err != nil {
		return a, err
	}
	if err := w.readAnnotationsAndACL(ctx, &a); err != nil {
		return a, err
	}
	return a, w.readTags(ctx, &a)
}

// readChecksum asks for the stored checksum, which another look has not: the new
// object is to have one of the same kind, and S3 is to compare them. Servers other
// than AWS's make checksums of copied parts or not.
func (w *work) readChecksum(ctx context.Context, a *attributes) error {
	if w.config.Facts.AWS != plan.Yes || a.head.Checksum != "" {
		return nil
	}
	h, err := w.head(ctx, plan.StepHeadChecksum, "")
	switch {
	case err != nil:
		return err
	case h.ETag != a.head.ETag || h.VersionID != a.head.VersionID:
		return w.refuse(engine.Changed, plan.Changing, errors.New("another client wrote the object before its parts were copied"))
	}
	with := *a.head
	with.Checksum, with.ChecksumType, with.ChecksumValue = h.Checksum, h.ChecksumType, h.ChecksumValue
	a.head = &with
	return nil
}

// readAnnotationsAndACL reads what can be changed without writing the object.
func (w *work) readAnnotationsAndACL(ctx context.Context, a *attributes) (err error) {
	if a.annotations, err = w.annotations(ctx, ""); err != nil {
		return err
	}
	if w.config.Facts.ACLs != plan.No {
		a.grants, err = w.grants(ctx, "")
	}
	return err
}

// readTags reads the tags, as those of a version that stays where there is one:
// so it is known before the copy that they can be compared after it.
func (w *work) readTags(ctx context.Context, a *attributes) (err error) {
	if a.head.TagCount == 0 { // -1: not shown to who may not read them, which does not mean that there are none
		return nil
	}
	a.tags, err = w.tags(ctx, w.survivor())
	return err
}

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

		WebsiteRedirectLocation:          carry.redirect,
		ObjectLockMode:                   carry.lockMode,
		ObjectLockRetainUntilDate:        carry.lockUntil,
		ObjectLockLegalHoldStatus:        carry.legalHold,
		ObjectLockEventHold:              carry.eventHold,
		ObjectLockEventHoldDurationDays:  carry.eventHoldDays,
		ObjectLockEventHoldDurationYears: carry.eventHoldYears,

		GrantFullControl: optional(a.grants.fullControl),
		GrantRead:        optional(a.grants.read),
		GrantReadACP:     optional(a.grants.readACP),
		GrantWriteACP:    optional(a.grants.writeACP),
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

// upload is one multipart upload in progress.
type upload struct {
	id   string
	owed *debt // once it is completed
	sent int   // how often its completion was sent

	mu    sync.Mutex
	parts map[int32]types.CompletedPart // finished
}

// finish copies the parts that are missing, looks again, and completes.
func (w *work) finish(ctx context.Context, up *upload, before attributes) (engine.Effect, error) {
	if err := w.copyParts(ctx, up); err != nil {
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
	looked := time.Now()
	var out *s3.CompleteMultipartUploadOutput
	err := w.do(ctx, plan.StepComplete, func(ctx context.Context) (err error) {
		if fresh && time.Since(looked) > w.fresh {
			return errStale
		}
		up.sent++
		out, err = w.s3.CompleteMultipartUpload(ctx, in)
		return err
	})
	if err != nil {
		return engine.Effect{}, err
	}
	return engine.Effect{ETag: unquoted(out.ETag), VersionID: value(out.VersionId), KMSKeyID: value(out.SSEKMSKeyId),
		RequestID: requestID(out.ResultMetadata)}, nil
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

// copyParts copies the parts that up has not, several at a time.
func (w *work) copyParts(ctx context.Context, up *upload) error {
	o, h := &w.config.Options, w.task.Head
	source := copySource(o.Bucket, w.task.Record.Key, "")
	size, count := plan.PartSize(h.Size), plan.PartCount(h.Size)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(w.config.PartConcurrency)
	for n := int32(1); int64(n) <= count && ctx.Err() == nil; n++ {
		if up.has(n) {
			continue
		}
		in := &s3.UploadPartCopyInput{
			Bucket: &o.Bucket, Key: &w.task.Record.Key, UploadId: &up.id, PartNumber: &n,
			CopySource: &source, CopySourceIfMatch: quoted(h.ETag),
			ExpectedBucketOwner: w.owner, ExpectedSourceBucketOwner: w.owner, RequestPayer: w.payer,
		}
		if count > 1 { // S3 takes ranges of large sources only
			first := int64(n-1) * size
			r := fmt.Sprintf("bytes=%d-%d", first, min(first+size, h.Size)-1)
			in.CopySourceRange = &r
		}
		group.Go(func() error {
			var out *s3.UploadPartCopyOutput
			err := w.do(ctx, plan.StepPart, func(ctx context.Context) (err error) {
				out, err = w.s3.UploadPartCopy(ctx, in)
				return err
			})
			if err != nil {
				return err
			}
			p := out.CopyPartResult
			if p == nil || p.ETag == nil {
				return w.refuse(engine.Permanent, plan.RequestError, fmt.Errorf("the answer to the copy of part %d has no ETag", n))
			}
			up.add(types.CompletedPart{PartNumber: &n, ETag: p.ETag,
				ChecksumCRC32: p.ChecksumCRC32, ChecksumCRC32C: p.ChecksumCRC32C, ChecksumCRC64NVME: p.ChecksumCRC64NVME,
				ChecksumSHA1: p.ChecksumSHA1, ChecksumSHA256: p.ChecksumSHA256, ChecksumSHA512: p.ChecksumSHA512, ChecksumMD5: p.ChecksumMD5,
				ChecksumXXHASH64: p.ChecksumXXHASH64, ChecksumXXHASH3: p.ChecksumXXHASH3, ChecksumXXHASH128: p.ChecksumXXHASH128})
			return nil
		})
	}
	return group.Wait()
}

func (u *upload) add(p types.CompletedPart) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts[*p.PartNumber] = p
}

func (u *upload) has(n int32) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.parts[n]
	return ok
}

// unchanged reads the object once more, and fails with class Changed where it
// is not what the upload was made from. Tags, which change most often, are read
// last.
func (w *work) unchanged(ctx context.Context, before attributes) error {
	now := attributes{}
	if err := w.readAnnotationsAndACL(ctx, &now); err != nil {
		return err
	}
	head, err := w.head(ctx, plan.StepHead, "")
	if err != nil {
		return err
	}
	changed := func(what string) error {
		return w.refuse(engine.Changed, plan.Changing, fmt.Errorf("another client changed %s while its parts were copied", what))
	}
	h := before.head
	if head.ETag != h.ETag || head.VersionID != h.VersionID || !head.LastModified.Equal(h.LastModified) {
		return changed("the object")
	}
	if lost := append(lostByWrite(h, head), lostByWrite(head, h)...); len(lost) > 0 {
		return changed(words(slices.Compact(lost)))
	}
	now.head = head
	if err := w.readTags(ctx, &now); err != nil {
		return err
	}
	switch {
	case !sameTags(before.tags, now.tags):
		return changed("the tags")
	case !slices.Equal(before.annotations, now.annotations):
		return changed("the annotations")
	case before.grants != now.grants:
		return changed("the ACL")
	}
	return nil
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
	w.abort(ctx, up.id)
	if up.owed == nil || up.sent == 0 || up.sent == 1 && oe != nil && oe.Class != engine.Transient {
		w.forget()
	}
}

// abort tells S3 to throw an upload away, also where ctx has ended. That it did
// not work is not reported: what is left behind is no object, and the lifecycle
// rule for incomplete uploads is there for it.
func (w *work) abort(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortLimit)
	defer cancel()
	_ = w.do(ctx, plan.StepAbort, func(ctx context.Context) error {
		_, err := w.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, UploadId: &id,
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		return err
	})
}
